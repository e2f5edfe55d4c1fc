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
    DEAD("dead", false),
    /** Latents of a variational network that say something. */
    ACTIVE("active", false),
    /** The divergence of its posterior from N(0, 1), in nats per item. */
    DIVERGENCE("divergence", false),
    /** The mean of what tasks ended with, test accuracy in percent. */
    TASKS("tasks", false),
    /** The same of their test loss. */
    TASKS_LOSS("tasks-loss", false),
    /** What was watched last: dead units of all Spaces. */
    DEAD_UNITS("dead-units", false),
    /** Twins of all Spaces. */
    TWINS("twins", false),
    /** The mean rank of Spaces. */
    RANK("rank", false),
    /** How many directions of its outputs the network uses. */
    OUTPUT_RANK("output-rank", false),
    /** The mean share of units near death, in percent. */
    NEAR_DEAD("near-dead", false),
    /** The mean share of units near another one, in percent. */
    NEAR_TWINS("near-twins", false),
    /** The mean share of coordinates nearly lost, in percent. */
    NEAR_LOST("near-lost", false),
    /** The mean of the median distances of units from dying. */
    DISTANCE_DEAD("distance-dead", false),
    /** The mean of the median distances of units from the nearest other one. */
    DISTANCE_TWINS("distance-twins", false),
    /** The mean of the smallest singular values over the largest. */
    DISTANCE_RANK("distance-rank", false),
    /** The mean length of units. */
    LENGTH("length", false),
    /** The mean stable rank of weights. */
    STABLE_RANK("stable-rank", false),
    /** The mean effective rank of weights. */
    EFFECTIVE_RANK("effective-rank", false),
    /** The mean of ‖g_u‖²/‖g_w‖². */
    BALANCE("balance", true),
    /** The mean cosine between the noise on both sides of Spaces whose coordinates mix. */
    NOISE_COSINE("noise-cosine", false),
    /** The mean of all alignments. */
    ALIGNMENT("alignment", false),
    /** The mean of what alignments are by chance. */
    ALIGNMENT_CHANCE("alignment-chance", false),
    /** The mean weight decay that the pull of the loss on weights of dense layers makes up for. */
    PULL("pull", true),
    /** The mean correlation of −E[g hᵀ] and WWᵀ. */
    PULL_SHAPE("pull-shape", false),
    /** The mean share of dormant units, in percent. */
    DORMANT("dormant", false),
    /** The mean symmetry-breaking distance. */
    BREAKING("breaking", false),
    /** The charges of all Spaces at the end. */
    CHARGE("charge", false),
    /** The same as the law moves them from the start. */
    CHARGE_PREDICTED("charge-predicted", false);

    private static final String ALIGNED = "alignment";

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
        return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** The number for one training; NaN where it has none. */
    double of(TrainResult result, String value, Watched watched) {
        return switch (this) {
            case VALUE -> number(value);
            case ACCURACY -> result.after().accuracy();
            case LOSS -> result.after().loss();
            case COMPRESSION -> result.weights().before() / (double) Math.max(1, result.weights().nonZero());
            case SPEEDUP -> result.before().macs() / (double) Math.max(1, result.after().macs());
            case PARAMETERS -> result.after().parameters();
            case MACS -> result.after().macs();
            case ZEROS -> 100.0 * result.constraints().stream().mapToLong(TrainResult.Outcome::zero).sum()
                    / Math.max(1, result.constraints().stream().mapToLong(TrainResult.Outcome::cells).sum());
            case FATES -> result.fates().map(t -> 100.0 * t.right() / t.units()).orElse(Double.NaN);
            case DEAD -> result.fates().map(t -> 100.0 * t.dead() / t.units()).orElse(Double.NaN);
            case ACTIVE -> result.latents().map(l -> (double) l.active()).orElse(Double.NaN);
            case DIVERGENCE -> result.latents().map(Variational.Latents::divergence).orElse(Double.NaN);
            case TASKS -> watched.tasks("accuracy");
            case TASKS_LOSS -> watched.tasks("loss");
            case DEAD_UNITS -> watched.sum("dead");
            case TWINS -> watched.sum(word);
            case NEAR_DEAD, NEAR_TWINS, NEAR_LOST, DORMANT -> 100 * watched.mean(word, n -> true);
            case RANK, OUTPUT_RANK, LENGTH, STABLE_RANK, EFFECTIVE_RANK, BALANCE, NOISE_COSINE, BREAKING
                    -> watched.mean(word,
                            n -> true);
            case DISTANCE_DEAD, DISTANCE_TWINS, DISTANCE_RANK -> watched.mean(word, "median"::equals);
            case ALIGNMENT -> watched.mean(ALIGNED, n -> !n.equals(Alignments.CHANCE));
            case ALIGNMENT_CHANCE -> watched.mean(ALIGNED, Alignments.CHANCE::equals);
            case PULL -> watched.mean(word, "measured"::equals);
            case PULL_SHAPE -> watched.mean("pull", "shape"::equals);
            case CHARGE -> watched.charge();
            case CHARGE_PREDICTED -> watched.chargePredicted();
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

    static long nonZero(TensorData data) {
        long count = 0;
        for (long i = 0; i < data.elements(); i++) {
            count += data.doubleAt(i) == 0 ? 0 : 1;
        }
        return count;
    }
}
