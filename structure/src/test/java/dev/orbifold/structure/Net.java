package dev.orbifold.structure;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Builds small networks with random weights, one operator at a time; every method returns the name of what it makes. */
final class Net {
    private final RandomGenerator random;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private int made;

    Net(long seed) {
        random = new Seed(seed).generator();
    }

    int pick(int least, int most) {
        return random.nextInt(least, most + 1);
    }

    String input(long... sizes) {
        List<Dim> dims = new ArrayList<>();
        dims.add(Dim.named("batch"));
        for (long s : sizes) {
            dims.add(Dim.of(s));
        }
        inputs.add(ValueInfo.of("input", DataType.FLOAT, new Shape(dims)));
        return "input";
    }

    String param(String name, float[] values, long... dims) {
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    String longs(long... values) {
        String name = "sizes" + made++;
        parameters.put(name, TensorData.of(values, values.length));
        return name;
    }

    String weights(String name, double scale, double shift, long... dims) {
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (shift + scale * random.nextGaussian());
        }
        return param(name, values, dims);
    }

    String op(String type, List<String> in, Map<String, Attribute> attributes) {
        String out = type.toLowerCase(java.util.Locale.ROOT) + made++;
        nodes.add(Node.of(out + "_node", type, in, List.of(out), attributes));
        return out;
    }

    String op(String type, String... in) {
        return op(type, List.of(in), Map.of());
    }

    List<String> split(String x, int axis, int parts) {
        List<String> outs = new ArrayList<>();
        for (int p = 0; p < parts; p++) {
            outs.add("split" + made++);
        }
        nodes.add(Node.of(outs.getFirst() + "_node", "Split", List.of(x), outs, Map.of("axis", integer(axis))));
        return outs;
    }

    List<String> split(String x, int axis, long... sizes) {
        List<String> outs = new ArrayList<>();
        for (int p = 0; p < sizes.length; p++) {
            outs.add("split" + made++);
        }
        nodes.add(Node.of(outs.getFirst() + "_node", "Split", List.of(x, longs(sizes)), outs,
                Map.of("axis", integer(axis))));
        return outs;
    }

    String dense(String name, String x, int in, int out) {
        return op("Gemm", List.of(x, weights(name + ".weight", 1 / Math.sqrt(in), 0, out, in),
                weights(name + ".bias", 0.3, 0.1, out)), Map.of("transB", integer(1)));
    }

    String project(String name, String x, int in, int out) {
        String y = op("MatMul", x, weights(name + ".weight", 1 / Math.sqrt(in), 0, in, out));
        return op("Add", weights(name + ".bias", 0.3, 0.1, out), y);
    }

    String conv(String name, String x, int in, int out, int kernel, int pad, int groups, boolean bias) {
        List<String> read = new ArrayList<>(List.of(x,
                weights(name + ".weight", 1 / Math.sqrt((double) in / groups * kernel * kernel), 0, out, in / groups,
                        kernel,
                        kernel)));
        if (bias) {
            read.add(weights(name + ".bias", 0.3, 0.1, out));
        }
        return op("Conv", read, Map.of("kernel_shape", ints(kernel, kernel), "pads", ints(pad, pad, pad, pad), "group",
                integer(groups)));
    }

    String norm(String name, String x, int channels) {
        float[] variance = new float[channels];
        for (int c = 0; c < channels; c++) {
            variance[c] = random.nextFloat(0.5f, 2);
        }
        return op("BatchNormalization", x, weights(name + ".weight", 0.5, 1, channels),
                weights(name + ".bias", 0.5, 0, channels), weights(name + ".running_mean", 0.5, 0, channels),
                param(name + ".running_var", variance, channels));
    }

    String reshape(String x, long... sizes) {
        return op("Reshape", x, longs(sizes));
    }

    String transpose(String x, long... perm) {
        return op("Transpose", List.of(x), Map.of("perm", ints(perm)));
    }

    Graph done(String output, long... sizes) {
        List<Dim> dims = new ArrayList<>();
        dims.add(Dim.named("batch"));
        for (long s : sizes) {
            dims.add(Dim.of(s));
        }
        nodes.add(Node.of("last", "Identity", List.of(output), List.of("output"), Map.of()));
        return Graph.of("net", inputs, List.of(ValueInfo.of("output", DataType.FLOAT, new Shape(dims))), nodes,
                parameters);
    }

    static Attribute integer(long value) {
        return new Attribute.Int(value);
    }

    static Attribute ints(long... values) {
        return new Attribute.Ints(java.util.stream.LongStream.of(values).boxed().toList());
    }
}
