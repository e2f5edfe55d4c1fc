package dev.orbifold.engine;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What each real-valued parameter of a Graph is for; {@link Program#trainable()} states the rule.
 *
 * @param all every one, in file order
 */
record Roles(List<String> all, List<String> trainable, List<String> state, List<String> constants) {
    /** Operators that hand a parameter on as it is or rearranged. */
    private static final Set<String> PASSING = Set.of("Identity", "Transpose", "Cast", "CastLike", "Reshape", "Flatten",
            "Squeeze", "Unsqueeze");
    private static final Set<String> CONTRACTIONS = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum");
    private static final Set<String> NORMALIZATIONS =
            Set.of("BatchNormalization", "LayerNormalization", "GroupNormalization",
                    "InstanceNormalization", "RMSNormalization");
    private static final Set<String> PERIODIC = Set.of("Sin", "Cos");
    /** No weight is this large; masks are. */
    private static final double MASK = -1e4;
    /** How far cos² + sin² may be from one: tables of half precision are. */
    private static final double CIRCLE = 2e-3;

    static Roles of(Graph graph, Set<String> used) {
        Map<String, String> roots = new HashMap<>();
        used.forEach(name -> roots.put(name, name));
        Map<String, List<Node>> readers = new HashMap<>();
        for (Node node : graph.nodes()) {
            node.inputs().forEach(input -> readers.computeIfAbsent(input, i -> new ArrayList<>()).add(node));
            if (PASSING.contains(node.opType()) && roots.containsKey(node.input(0))) {
                roots.put(node.output(0), roots.get(node.input(0)));
            }
        }
        Set<String> weights = new LinkedHashSet<>();
        Set<String> running = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.inputs().size(); i++) {
                Optional<String> root = Optional.ofNullable(roots.get(node.input(i)));
                if (root.isEmpty()) {
                    continue;
                }
                TensorData data = graph.parameters().get(root.get());
                if (node.opType().equals("BatchNormalization") && i >= 3) {
                    running.add(root.get());
                } else if (data != null && isWeight(node, i, data, readers)) {
                    weights.add(root.get());
                }
            }
        }
        weights.removeAll(running);
        weights.removeAll(turns(graph, weights));
        List<String> all = graph.parameters().keySet().stream().filter(used::contains).toList();
        return new Roles(all, all.stream().filter(weights::contains).toList(),
                all.stream().filter(running::contains).toList(),
                all.stream().filter(name -> !weights.contains(name) && !running.contains(name)).toList());
    }

    private static boolean isWeight(Node node, int input, TensorData data, Map<String, List<Node>> readers) {
        if (data.rank() == 0) {
            return false;
        }
        String op = node.opType();
        if (op.equals("MatMul") || op.equals("Mul")) {
            return (op.equals("MatMul") || data.elements() > 1) && !onlyPeriodic(node.output(0), readers);
        }
        if (CONTRACTIONS.contains(op)) {
            return true;
        }
        if (NORMALIZATIONS.contains(op)) {
            return input == 1 || input == 2;
        }
        return switch (op) {
            case "PRelu" -> input == 1;
            case "Gather" -> input == 0;
            case "Add" -> data.elements() > 1 && !isMask(data);
            default -> false;
        };
    }

    /**
     * Tables of cosines and sines: two of one shape, of rank 2 or more, whose squares add up to one everywhere. They turn
     * by angles of their own, as rotary embeddings do.
     */
    private static Set<String> turns(Graph graph, Set<String> weights) {
        Map<List<Long>, List<String>> candidates = new HashMap<>();
        for (String name : weights) {
            TensorData data = graph.parameters().get(name);
            if (data != null && data.rank() > 1 && data.elements() > 1 && isBounded(data)) {
                candidates.computeIfAbsent(Arrays.stream(data.dims()).boxed().toList(), k -> new ArrayList<>())
                        .add(name);
            }
        }
        Set<String> turns = new LinkedHashSet<>();
        for (List<String> alike : candidates.values()) {
            for (String cosine : alike) {
                for (String sine : alike) {
                    if (!cosine.equals(sine) && isTurn(graph.parameters().get(cosine), graph.parameters().get(sine))) {
                        turns.add(cosine);
                        turns.add(sine);
                    }
                }
            }
        }
        return turns;
    }

    private static boolean isBounded(TensorData data) {
        for (long i = 0; i < data.elements(); i++) {
            if (!(Math.abs(data.doubleAt(i)) <= 1 + CIRCLE)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isTurn(@Nullable TensorData cosine, @Nullable TensorData sine) {
        for (long i = 0; cosine != null && sine != null && i < cosine.elements(); i++) {
            double c = cosine.doubleAt(i);
            double s = sine.doubleAt(i);
            if (Math.abs(c * c + s * s - 1) > CIRCLE) {
                return false;
            }
        }
        return true;
    }

    private static boolean isMask(TensorData data) {
        for (long i = 0; i < data.elements(); i++) {
            double value = data.doubleAt(i);
            if (!(value > MASK) || value == Double.POSITIVE_INFINITY) {
                return true;
            }
        }
        return false;
    }

    /** Whether every path from the value ends in a sine or cosine before anything but rearranging happens. */
    private static boolean onlyPeriodic(String value, Map<String, List<Node>> readers) {
        List<Node> next = readers.getOrDefault(value, List.of());
        return !next.isEmpty() && next.stream().allMatch(node -> PERIODIC.contains(node.opType())
                || ((PASSING.contains(node.opType()) || node.opType().equals("Concat"))
                        && onlyPeriodic(node.output(0), readers)));
    }
}
