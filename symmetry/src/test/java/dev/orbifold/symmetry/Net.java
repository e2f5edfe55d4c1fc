package dev.orbifold.symmetry;

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

/** Builds small networks as Graphs, with random weights from a seed. */
final class Net {
    private final RandomGenerator random;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private int count;
    private final int opset;

    Net(Seed seed) {
        this(seed, 17);
    }

    Net(Seed seed, int opset) {
        this.opset = opset;
        random = seed.generator();
    }

    /** A float input with a free first dimension. */
    String input(String name, long... rest) {
        inputs.add(ValueInfo.of(name, DataType.FLOAT, shape(rest)));
        return name;
    }

    /** An int64 input with a free first dimension; -1 is another free one. */
    String tokens(String name, long... rest) {
        inputs.add(ValueInfo.of(name, DataType.INT64, shape(rest)));
        return name;
    }

    /** An int64 input of a fixed length. */
    String sizes(String name, long length) {
        inputs.add(ValueInfo.of(name, DataType.INT64, new Shape(List.of(Dim.of(length)))));
        return name;
    }

    /** An int32 input of a fixed length. */
    String sizes32(String name, long length) {
        inputs.add(ValueInfo.of(name, DataType.INT32, new Shape(List.of(Dim.of(length)))));
        return name;
    }

    private static Shape shape(long[] rest) {
        List<Dim> dims = new ArrayList<>(List.of(Dim.named("n")));
        Arrays.stream(rest).mapToObj(d -> d < 0 ? Dim.named("s") : Dim.of(d)).forEach(dims::add);
        return new Shape(dims);
    }

    /** A weight of normal numbers, scaled by its fan-in. */
    String weight(String name, long... dims) {
        int size = Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b));
        double scale = dims.length < 2 ? 0.5 : Math.sqrt(1.5 * dims[0] / size);
        return put(name, dims, 0, scale);
    }

    /** A weight of numbers between 1/2 and 3/2: variances, norm scales. */
    String positive(String name, long... dims) {
        return put(name, dims, 1, 0.15);
    }

    private String put(String name, long[] dims, double mean, double scale) {
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + scale * Math.clamp(random.nextGaussian(), -3, 3));
        }
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    /** An int64 constant. */
    String ints(long... values) {
        String name = "ints" + count++;
        parameters.put(name, TensorData.of(values, values.length));
        return name;
    }

    /** A float constant. */
    String floats(float[] values, long... dims) {
        String name = "floats" + count++;
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    /** An int64 constant of several axes. */
    String table(long[] values, long... dims) {
        String name = "table" + count++;
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    /** Replaces a parameter's elements from some index on by zero. */
    void zero(String name, int from) {
        double[] values = parameters.get(name).toDoubles();
        Arrays.fill(values, from, values.length, 0);
        parameters.put(name, Tensors.encode(DataType.FLOAT, values, parameters.get(name).dims()));
    }

    /** A float constant without axes. */
    String scalar(double value) {
        String name = "scalar" + count++;
        parameters.put(name, TensorData.of(new float[] {(float) value}));
        return name;
    }

    /** Adds a node with one output; attributes alternate names and values (Long, long[], Float, String). */
    String node(String op, List<String> in, Object... attributes) {
        return node(op, 1, in, attributes).get(0);
    }

    /** Adds a node with several outputs. */
    List<String> node(String op, int outputs, List<String> in, Object... attributes) {
        Map<String, Attribute> map = new LinkedHashMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            map.put((String) attributes[i], switch (attributes[i + 1]) {
                case Integer v -> new Attribute.Int(v);
                case Float v -> new Attribute.Real(v);
                case String v -> new Attribute.Text(v);
                case long[] v -> new Attribute.Ints(Arrays.stream(v).boxed().toList());
                default -> throw new IllegalArgumentException("attribute " + attributes[i]);
            });
        }
        String name = op.toLowerCase(java.util.Locale.ROOT) + count++;
        List<String> out = new ArrayList<>();
        for (int k = 0; k < outputs; k++) {
            out.add(name + "." + k);
        }
        nodes.add(Node.of(name, op, in, out, map));
        return out;
    }

    /** A dense layer along the last axis. */
    String dense(String name, String x, int in, int out) {
        return node("Gemm", List.of(x, weight(name + ".weight", out, in), weight(name + ".bias", out)), "transB", 1);
    }

    /** A matrix product along the last axis, with a bias. */
    String linear(String name, String x, int in, int out) {
        return node("Add",
                List.of(node("MatMul", List.of(x, weight(name + ".weight", in, out))), weight(name + ".bias", out)));
    }

    /** A padded square convolution. */
    String conv(String name, String x, int in, int out, int kernel, int groups) {
        long pad = kernel / 2;
        return node("Conv",
                List.of(x, weight(name + ".weight", out, in / groups, kernel, kernel), weight(name + ".bias", out)),
                "group", groups, "pads", new long[] {pad, pad, pad, pad}, "kernel_shape", new long[] {kernel, kernel});
    }

    /** Batch norm. */
    String batchNorm(String name, String x, int channels) {
        return node("BatchNormalization",
                List.of(x, positive(name + ".weight", channels), weight(name + ".bias", channels),
                        weight(name + ".mean", channels), positive(name + ".var", channels)));
    }

    /** An unary operator. */
    String apply(String op, String x) {
        return node(op, List.of(x));
    }

    /** The next random number below a bound. */
    int choose(int bound) {
        return random.nextInt(bound);
    }

    /** The finished Graph. */
    Graph graph(String... outputs) {
        List<ValueInfo> out = Arrays.stream(outputs)
                .map(o -> new ValueInfo(o, java.util.Optional.of(DataType.FLOAT), java.util.Optional.empty())).toList();
        return new Graph("planted", Map.of("", opset), inputs, out, nodes, parameters, List.of(), Graph.Origin.NONE);
    }
}
