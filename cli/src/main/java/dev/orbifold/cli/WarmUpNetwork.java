package dev.orbifold.cli;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** A small transformer on patches of an image, so that {@link WarmUp} meets the operators that models are made of. */
final class WarmUpNetwork {
    private static final int WIDTH = 128;
    private static final int HEADS = 4;
    private static final int HIDDEN = 512;
    private static final int BLOCKS = 2;
    private static final int PATCHES = 16;

    private final RandomGenerator random = new Seed(0).generator();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private int count;

    private WarmUpNetwork() {
    }

    /** The network, with random weights. */
    static Graph graph() {
        return new WarmUpNetwork().build();
    }

    private Graph build() {
        String x = node("Conv", Map.of("strides", new Attribute.Ints(List.of(4L, 4L))), "image", weight(WIDTH, 3, 4, 4),
                weight(WIDTH));
        x = node("Reshape", Map.of(), x, integers(0, WIDTH, PATCHES));
        x = node("Transpose", Map.of("perm", new Attribute.Ints(List.of(0L, 2L, 1L))), x);
        x = node("Add", Map.of(), x, weight(1, PATCHES, WIDTH));
        for (int block = 0; block < BLOCKS; block++) {
            x = node("Add", Map.of(), x, attention(norm(x)));
            String hidden = node("Add", Map.of(), node("MatMul", Map.of(), norm(x), weight(WIDTH, HIDDEN)),
                    weight(HIDDEN));
            String active = block == 0 ? node("Relu", Map.of(), hidden) : node("Mul", Map.of(), hidden,
                    node("Sigmoid", Map.of(), hidden));
            x = node("Add", Map.of(), x, node("MatMul", Map.of(), active, weight(HIDDEN, WIDTH)));
        }
        String pooled = node("Flatten", Map.of(), node("GlobalAveragePool", Map.of(),
                node("Transpose", Map.of("perm", new Attribute.Ints(List.of(0L, 2L, 1L))), norm(x))));
        nodes.add(
                new Node("out", "Gemm", "", List.of(pooled, weight(WIDTH, 10), weight(10)), List.of("out"), Map.of()));
        return Graph.of("warm-up",
                List.of(ValueInfo.of("image", DataType.FLOAT,
                        new Shape(List.of(Dim.named("n"), Dim.of(3), Dim.of(16), Dim.of(16))))),
                List.of(ValueInfo.of("out", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(10))))), nodes,
                parameters);
    }

    private String norm(String x) {
        return node("LayerNormalization", Map.of("axis", new Attribute.Int(-1)), x, weight(WIDTH), weight(WIDTH));
    }

    private String attention(String x) {
        String query = heads(x, 0, 2, 1, 3);
        String key = heads(x, 0, 2, 3, 1);
        String value = heads(x, 0, 2, 1, 3);
        String mixed = node("MatMul", Map.of(),
                node("Softmax", Map.of("axis", new Attribute.Int(-1)), node("MatMul", Map.of(), query, key)), value);
        String joined = node("Reshape", Map.of(),
                node("Transpose", Map.of("perm", new Attribute.Ints(List.of(0L, 2L, 1L, 3L))), mixed),
                integers(0, 0, WIDTH));
        return node("MatMul", Map.of(), joined, weight(WIDTH, WIDTH));
    }

    private String heads(String x, long... order) {
        String projected = node("Add", Map.of(), node("MatMul", Map.of(), x, weight(WIDTH, WIDTH)), weight(WIDTH));
        return node("Transpose", Map.of("perm", new Attribute.Ints(Arrays.stream(order).boxed().toList())),
                node("Reshape", Map.of(), projected, integers(0, 0, HEADS, WIDTH / HEADS)));
    }

    private String node(String operator, Map<String, Attribute> attributes, String... inputs) {
        String out = "v" + count++;
        nodes.add(new Node(out, operator, "", List.of(inputs), List.of(out), attributes));
        return out;
    }

    private String weight(long... dims) {
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b))];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.05f * (float) random.nextGaussian();
        }
        return put(TensorData.of(values, dims));
    }

    private String integers(long... values) {
        return put(TensorData.of(values, values.length));
    }

    private String put(TensorData tensor) {
        String name = "p" + count++;
        parameters.put(name, tensor);
        return name;
    }
}
