package dev.orbifold.train;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Locale;

/** What an experiment plots of each of its trainings. */
public enum Measure {
    /** The value of its series. */
    VALUE("value", false),
    /** Test accuracy in percent. */
    ACCURACY("accuracy", false),
    /** Mean test loss. */
    LOSS("loss", false),
    /** Weights, of Parameters with two axes or more, before, over those that are not 0 in the written model. */
    COMPRESSION("compression", true),
    /** Multiply-adds before over those of the written model. */
    SPEEDUP("speedup", true),
    /** Parameters of the written model. */
    PARAMETERS("parameters", true),
    /** Multiply-adds of the written model. */
    MACS("macs", true),
    /** The share of zero cells over all constraints, in percent. */
    ZEROS("zeros", false),
    /** Units whose fate was as predicted, in percent. */
    FATES("fates", false),
    /** Units that are dead at the end, of those whose fate was predicted, in percent. */
    DEAD("dead", false);

    private final String word;
    private final boolean factors;

    Measure(String word, boolean factors) {
        this.word = word;
        this.factors = factors;
    }

    /** As a recipe names it. */
    public String word() {
        return word;
    }

    /** Whether equal steps are equal factors, unless the recipe says otherwise. */
    boolean logarithmic() {
        return factors;
    }

    static String[] words() {
        return Arrays.stream(values()).map(Measure::word).toArray(String[]::new);
    }

    static Measure of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** The number for one training; NaN where it has none. */
    double of(TrainResult result, Graph before, Graph after, String value) {
        return switch (this) {
            case VALUE -> number(value);
            case ACCURACY -> result.after().accuracy();
            case LOSS -> result.after().loss();
            case COMPRESSION -> weights(before, false) / (double) Math.max(1, weights(after, true));
            case SPEEDUP -> result.before().macs() / (double) Math.max(1, result.after().macs());
            case PARAMETERS -> result.after().parameters();
            case MACS -> result.after().macs();
            case ZEROS -> 100.0 * result.constraints().stream().mapToLong(TrainResult.Outcome::zero).sum()
                    / Math.max(1, result.constraints().stream().mapToLong(TrainResult.Outcome::cells).sum());
            case FATES -> result.fates().map(t -> 100.0 * t.right() / t.units()).orElse(Double.NaN);
            case DEAD -> result.fates().map(t -> 100.0 * t.dead() / t.units()).orElse(Double.NaN);
        };
    }

    private static double number(String value) {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Entries of Parameters with two axes and more. */
    static long weights(Graph graph, boolean nonZero) {
        long count = 0;
        for (TensorData data : graph.parameters().values()) {
            if (data.type().isReal() && data.rank() >= 2) {
                count += nonZero ? nonZero(data) : data.elements();
            }
        }
        return count;
    }

    private static long nonZero(TensorData data) {
        long count = 0;
        for (long i = 0; i < data.elements(); i++) {
            count += data.doubleAt(i) == 0 ? 0 : 1;
        }
        return count;
    }
}
