package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Why outputs may differ although a symmetry holds: weights that are not finite, outputs that overflow, and rounding where
 * large terms cancel. What may be explained by these is not shown, and no defect.
 *
 * @param causes one Finding per cause
 * @param unshown Spaces and shifts whose trial shows nothing
 */
record Doubts(List<Finding> causes, Set<Record> unshown) {
    /** How often the weights are perturbed; the largest change counts. */
    private static final int DRAWS = 2;
    /** How many times worse than in these draws the signs of rounding errors may fall. */
    private static final double LUCK = 4;
    private static final double FLOAT_UNIT = 0x1p-24;
    private static final double DOUBLE_UNIT = 0x1p-53;

    /**
     * Judges a trial. The weights are perturbed only where it failed, the Graph's weights looked through only where numbers
     * were not finite: exporters write masks as infinite constants, and these are meant.
     */
    static <T extends Record> Doubts of(Graph graph, Trial trial, Trial.Outcome<T> outcome, Seed seed) {
        List<Finding> causes = new ArrayList<>();
        Set<Record> unshown = Collections.newSetFromMap(new IdentityHashMap<>());
        boolean finite = outcome.errors().stream().allMatch(Double::isFinite);
        if (!finite || trial.notFinite() > 0) {
            causes.addAll(weights(graph));
            if (causes.isEmpty() && trial.notFinite() > 0) {
                causes.add(new Finding(Finding.Severity.WARNING, "outputs-not-finite", graph.name(), trial.notFinite()
                        + " numbers of the outputs are not finite on random inputs, though all weights are; nothing is"
                        + " shown of symmetries there"));
            }
        }
        double rounding = outcome.wrong().isEmpty() ? 0 : rounding(graph, trial, seed);
        boolean conditioned = true;
        for (int i = 0; i < outcome.wrong().size(); i++) {
            double error = outcome.errors().get(i);
            boolean rounded = error <= LUCK * rounding;
            if (rounded || !Double.isFinite(error) && !causes.isEmpty()) {
                unshown.add(outcome.wrong().get(i));
                conditioned &= !rounded;
            }
        }
        if (!conditioned) {
            causes.add(new Finding(Finding.Severity.WARNING, "ill-conditioned", graph.name(), String.format(Locale.ROOT,
                    "ill-conditioned: rounding may change the outputs by %.1e of their range, because large terms cancel;"
                            + " a symmetry is shown by outputs that agree to %.0e",
                    LUCK * rounding, Verification.TOLERANCE)));
        }
        return new Doubts(List.copyOf(causes), unshown);
    }

    /** The Finding of a symmetry that changed the outputs: the defect, unless nothing was shown. */
    Finding judged(Record space, Finding defect) {
        return unshown.contains(space) ? new Finding(Finding.Severity.WARNING, "symmetry-not-shown", defect.place(),
                "moving " + defect.place()
                        + " changes the outputs, but that may be rounding or numbers that are not finite,"
                        + " so nothing is shown and it is kept as it is")
                : defect;
    }

    private static List<Finding> weights(Graph graph) {
        List<Finding> findings = new ArrayList<>();
        Tensors.real(graph).forEach((name, tensor) -> {
            long count = Arrays.stream(tensor.toDoubles()).filter(v -> !Double.isFinite(v)).count();
            if (count > 0) {
                findings.add(new Finding(Finding.Severity.WARNING, "weights-not-finite", name, count + " of "
                        + tensor.elements() + " numbers of " + name + " are not finite; nothing is shown of symmetries"
                        + " where these reach the outputs"));
            }
        });
        return findings;
    }

    private static double rounding(Graph graph, Trial trial, Seed seed) {
        double worst = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            double change = trial.error(perturbed(graph, seed.split(draw)));
            worst = change <= worst ? worst : Double.isNaN(change) ? Double.POSITIVE_INFINITY : change;
        }
        return worst;
    }

    /**
     * The Graph as rounding may leave it. A sum of K products computed in any order is the exact sum for weights that are
     * relatively wrong by at most K u, u the unit roundoff (Higham, Accuracy and Stability of Numerical Algorithms, 3.1); a
     * moved weight is itself rounded once. So weights are multiplied by 1 ± (K + 1) u, signs at random.
     */
    static Graph perturbed(Graph graph, Seed seed) {
        Map<String, TensorData> changed = new LinkedHashMap<>();
        Tensors.real(graph).forEach((name, tensor) -> {
            boolean single = tensor.type() == DataType.FLOAT;
            if (tensor.rank() > 1 && (single || tensor.type() == DataType.DOUBLE)) {
                long terms = tensor.elements() / Math.max(1, Math.min(tensor.dim(0), tensor.dim(1)));
                double by = (terms + 1) * (single ? FLOAT_UNIT : DOUBLE_UNIT);
                RandomGenerator random = seed.split(name).generator();
                double[] values = tensor.toDoubles();
                for (int i = 0; i < values.length; i++) {
                    values[i] *= random.nextBoolean() ? 1 + by : 1 - by;
                }
                changed.put(name, Tensors.encode(tensor.type(), values, tensor.dims()));
            }
        });
        return Tensors.replace(graph, changed);
    }
}
