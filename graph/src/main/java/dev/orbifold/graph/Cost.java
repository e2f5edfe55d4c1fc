package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What one inference costs with every symbolic input dimension at 1, the batch first of all.
 *
 * @param macs multiply-adds of Conv, ConvTranspose, Gemm, MatMul, Einsum and Attention nodes; additions of biases and
 *            everything else are not counted
 * @param parameters elements of all real-valued initializers, and of real Constant tensors that are a weight of a Conv,
 *            ConvTranspose, Gemm or MatMul
 * @param macsByNode multiply-adds per node, by the name of the node's first output
 */
public record Cost(long macs, long parameters, Map<String, Long> macsByNode) {
    private static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    /** Keeps the order of the nodes. */
    public Cost {
        macsByNode = Collections.unmodifiableMap(new LinkedHashMap<>(macsByNode));
    }

    /**
     * Counts.
     *
     * @throws GraphException if the Graph contradicts itself
     */
    public static Cost of(Graph graph) {
        Shapes shapes = Shapes.of(atBatchOne(graph));
        Map<String, Long> byNode = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            if (node.domain().isEmpty()) {
                long macs = macs(node, shapes);
                if (macs > 0) {
                    byNode.put(node.output(0), macs);
                }
            }
        }
        long total = byNode.values().stream().mapToLong(Long::longValue).sum();
        return new Cost(total, parameters(graph), byNode);
    }

    private static Graph atBatchOne(Graph graph) {
        List<ValueInfo> inputs = graph.inputs().stream().map(info -> new ValueInfo(info.name(), info.type(),
                info.shape().map(s -> Shape.of(s.sizes(1))))).toList();
        return new Graph(graph.name(), graph.opsets(), inputs, graph.outputs(), graph.nodes(), graph.parameters(),
                graph.declared(), graph.origin());
    }

    private static long macs(Node node, Shapes shapes) {
        List<long[]> in = new ArrayList<>();
        for (String input : node.inputs()) {
            Optional<Shape> shape = shapes.shape(input);
            if (shape.isEmpty() && !input.isEmpty()) {
                return 0;
            }
            in.add(shape.map(s -> s.sizes(1)).orElse(new long[0]));
        }
        Optional<long[]> made = shapes.shape(node.output(0)).map(s -> s.sizes(1));
        if (made.isEmpty() || in.isEmpty()) {
            return 0;
        }
        long[] out = made.get();
        return switch (node.opType()) {
            case "Conv" -> product(out) * product(Arrays.copyOfRange(in.get(1), 1, in.get(1).length));
            case "ConvTranspose" -> product(in.get(0)) * product(Arrays.copyOfRange(in.get(1), 1, in.get(1).length));
            case "Gemm" -> product(out) * in.get(0)[node.integer("transA", 0) != 0 ? 0 : 1];
            case "MatMul" -> product(out) * in.get(0)[in.get(0).length - 1];
            case "Einsum" -> einsum(node, shapes);
            case "Attention" -> attention(node, in);
            default -> 0;
        };
    }

    private static long einsum(Node node, Shapes shapes) {
        List<Shape> in = node.inputs().stream().map(i -> shapes.shape(i).orElseThrow()).toList();
        ProductShapes.Indices indices = ProductShapes.Indices.of(new NodeFacts(shapes, node, 0), in);
        return product(new Shape(List.copyOf(indices.dims().values())).sizes(1));
    }

    /** Scores and their sum of values: one multiply-add per query, key and coordinate, twice. */
    private static long attention(Node node, List<long[]> in) {
        long[] q = in.get(0);
        long[] k = in.get(1);
        long[] v = in.get(2);
        long past = node.hasInput(4) ? in.get(4)[2] : 0;
        if (q.length == 4) {
            return q[0] * q[1] * q[2] * (k[2] + past) * (q[3] + v[3]);
        }
        long heads = Math.max(1, node.integer("q_num_heads", 1));
        long keyHeads = Math.max(1, node.integer("kv_num_heads", 1));
        return q[0] * q[1] * (k[1] + past) * (q[2] + heads * (v[2] / keyHeads));
    }

    private static long product(long[] sizes) {
        return Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    }

    private static long parameters(Graph graph) {
        long count = graph.parameters().values().stream().filter(p -> p.type().isReal())
                .mapToLong(TensorData::elements).sum();
        Map<String, TensorData> constants = new HashMap<>();
        Set<String> counted = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (node.opType().equals("Constant") && node.domain().isEmpty()) {
                GeneratorShapes.constant(node).ifPresent(data -> constants.put(node.output(0), data));
            } else if (WEIGHTED.contains(node.opType()) && node.domain().isEmpty()) {
                for (String input : node.inputs()) {
                    TensorData data = constants.get(input);
                    if (data != null && data.type().isReal() && counted.add(input)) {
                        count += data.elements();
                    }
                }
            }
        }
        return count;
    }
}
