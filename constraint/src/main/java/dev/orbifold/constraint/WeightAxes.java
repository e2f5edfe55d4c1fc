package dev.orbifold.constraint;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which axis of a weight counts units and which counts inputs, read off the operator that uses it.
 *
 * @param units the axis of what it writes
 * @param inputs the axis of what it reads
 */
public record WeightAxes(int units, int inputs) {
    /**
     * The axes of a Parameter, followed through transpositions of matrices.
     *
     * @return empty where no operator that is understood uses it, or where two uses disagree
     */
    public static Optional<WeightAxes> of(Graph graph, String parameter) {
        TensorData data = graph.parameters().get(parameter);
        if (data == null || data.rank() < 2) {
            return Optional.empty();
        }
        Map<String, Boolean> turned = new HashMap<>();
        turned.put(parameter, false);
        Set<WeightAxes> found = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            for (int input = 0; input < node.inputs().size(); input++) {
                Boolean flip = turned.get(node.input(input));
                if (flip == null) {
                    continue;
                }
                switch (node.opType()) {
                    case "Identity", "Cast" -> turned.put(node.output(0), flip);
                    case "Transpose" -> {
                        if (data.rank() == 2) {
                            turned.put(node.output(0), !flip);
                        }
                    }
                    default -> use(node, input, data.rank()).map(a -> flip ? new WeightAxes(a.inputs(), a.units()) : a)
                            .ifPresent(found::add);
                }
            }
        }
        return found.size() == 1 ? Optional.of(found.iterator().next()) : Optional.empty();
    }

    private static Optional<WeightAxes> use(Node node, int input, int rank) {
        return switch (node.opType()) {
            case "Conv" -> input == 1 ? Optional.of(new WeightAxes(0, 1)) : Optional.empty();
            case "ConvTranspose" -> input == 1 ? Optional.of(new WeightAxes(1, 0)) : Optional.empty();
            case "MatMul" -> input == 1 ? Optional.of(new WeightAxes(rank - 1, rank - 2))
                    : Optional.of(new WeightAxes(rank - 2, rank - 1));
            case "Gemm" -> switch (input) {
                case 0 -> Optional.of(node.integer("transA", 0) == 0 ? new WeightAxes(0, 1) : new WeightAxes(1, 0));
                case 1 -> Optional.of(node.integer("transB", 0) == 0 ? new WeightAxes(1, 0) : new WeightAxes(0, 1));
                default -> Optional.empty();
            };
            case "Gather" -> input == 0 ? Optional.of(new WeightAxes(rank - 1, 0)) : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** Whether a glob, which knows {@code *} and {@code ?}, fits a name. */
    static boolean fits(String glob, String name) {
        StringBuilder pattern = new StringBuilder();
        for (char c : glob.toCharArray()) {
            switch (c) {
                case '*' -> pattern.append(".*");
                case '?' -> pattern.append('.');
                default -> pattern.append(java.util.regex.Pattern.quote(String.valueOf(c)));
            }
        }
        return name.matches(pattern.toString());
    }
}
