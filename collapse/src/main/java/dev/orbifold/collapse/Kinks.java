package dev.orbifold.collapse;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Where a loss has no second derivative: operators whose slope jumps, or that jump themselves. */
public final class Kinks {
    /** Operators with a jump of the first derivative somewhere; of ELU and its kin only some have one, by their slopes. */
    private static final Set<String> OPERATORS = Set.of("Abs", "Ceil", "Celu", "Clip", "Elu", "Floor",
            "GlobalMaxPool", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "MaxPool", "Min", "PRelu", "ReduceL1",
            "ReduceMax", "ReduceMin", "Relu", "Round", "Selu", "Shrink", "Sign", "ThresholdedRelu");

    /** How far from the mirror slopes are taken, as a share of the root mean square weight times √coordinates; and how much nearer. */
    private static final double NEAR = 4e-3;
    private static final double NEARER = 16;
    /** What is left of a slope that much nearer: 1/16 where the loss is smooth, 1 at a kink. */
    private static final double HELD = 0.5;
    private static final int DIRECTIONS = 3;
    /** Of gradients in float32, in the length of the gradient. */
    private static final double ROUNDING = 1e-5;

    private Kinks() {
    }

    /**
     * Whether the loss has a kink on a mirror itself, as |x| has at 0: then the slope across it does not shrink with the
     * distance, and OᵀHO, which autograd takes from one side, says nothing. Kinks elsewhere that lie between the points move
     * the slope less.
     *
     * @param curvature at a point of the mirror, where it is left again
     * @param random of the directions across the mirror that are looked along
     */
    static boolean across(LossCurvature curvature, Subspace subspace, RandomGenerator random) {
        double[] theta = curvature.weights();
        boolean kink = true;
        // One direction can be level by chance, so that what is left of it is anything.
        for (int i = 0; i < DIRECTIONS && kink; i++) {
            kink = along(curvature, subspace, theta, random);
        }
        curvature.moveTo(theta);
        return kink;
    }

    private static boolean along(LossCurvature curvature, Subspace subspace, double[] theta, RandomGenerator random) {
        double[] v = subspace.lift(subspace.lower(Vectors.normal(subspace.ambient(), random)));
        Vectors.scale(v, 1 / Vectors.length(v));
        double size = Vectors.length(theta);
        double far = NEAR * (size > 0 ? size : 1)
                / Math.sqrt(Math.max(1, theta.length / (double) subspace.coordinates()));
        double[][] slopes = new double[2][curvature.batches()];
        double[] lengths = new double[curvature.batches()];
        for (int i = 0; i < slopes.length; i++) {
            double[] near = theta.clone();
            Vectors.add(near, i == 0 ? far : far / NEARER, v);
            curvature.moveTo(near);
            for (int batch = 0; batch < lengths.length; batch++) {
                double[] gradient = curvature.gradientOfBatch(batch);
                slopes[i][batch] = Vectors.dot(gradient, v);
                lengths[batch] = Math.max(lengths[batch], Vectors.length(gradient));
            }
        }
        // A switch that a single sample has next to the mirror is seen by its batch alone.
        int held = 0;
        for (int batch = 0; batch < lengths.length; batch++) {
            boolean seen = Math.abs(slopes[0][batch]) > ROUNDING * lengths[batch]
                    && Math.abs(slopes[1][batch]) > HELD * Math.abs(slopes[0][batch])
                    && slopes[0][batch] * slopes[1][batch] > 0;
            held += seen ? 1 : 0;
        }
        return 2 * held > lengths.length;
    }

    /**
     * What should be known about second derivatives of a Graph.
     *
     * @param parameters names of those that it is differentiated by
     * @return a Finding if what depends on them goes through operators with kinks
     */
    public static Optional<Finding> of(Graph graph, List<String> parameters) {
        Set<String> moving = new HashSet<>(parameters);
        Map<String, Integer> counts = new TreeMap<>();
        for (Node node : graph.nodes()) {
            if (node.inputs().stream().anyMatch(moving::contains)) {
                moving.addAll(node.outputs());
                if (OPERATORS.contains(node.opType())) {
                    counts.merge(node.opType(), 1, Integer::sum);
                }
            }
        }
        if (counts.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder list = new StringBuilder();
        counts.forEach((operator, count) -> list.append(list.isEmpty() ? "" : ", ").append(operator).append(" × ")
                .append(count));
        return Optional.of(new Finding(Finding.Severity.INFO, "no-second-derivative", graph.name(),
                "the loss has no second derivative where these switch: " + list + "; its curvature is taken within the"
                        + " linear piece that each sample is in, and where many samples are near a switch, differences of"
                        + " gradients tell what it leaves out"));
    }
}
