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

/** Where a loss has no second derivative: operators whose slope jumps. */
public final class Kinks {
    /** Operators with a jump of the first derivative somewhere; of ELU and its kin only some have one, by their slopes. */
    private static final Set<String> OPERATORS = Set.of("Abs", "Celu", "Clip", "Elu", "GlobalMaxPool", "HardSigmoid",
            "HardSwish", "LeakyRelu", "Max", "MaxPool", "Min", "PRelu", "ReduceL1", "ReduceMax", "ReduceMin", "Relu",
            "Selu", "Shrink", "ThresholdedRelu");

    private Kinks() {
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
