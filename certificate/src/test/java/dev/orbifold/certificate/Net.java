package dev.orbifold.certificate;

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

/** Builds small networks as Graphs of opset 23, with random weights from a seed. */
final class Net {
    private final RandomGenerator random;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private int count;

    Net(Seed seed) {
        random = seed.generator();
    }

    /** A float input with a free first dimension. */
    String input(long... rest) {
        inputs.add(ValueInfo.of("x", DataType.FLOAT, shape(rest)));
        return "x";
    }

    /** An int64 input with a free first dimension. */
    String tokens(long length) {
        inputs.add(ValueInfo.of("tokens", DataType.INT64, shape(new long[] {length})));
        return "tokens";
    }

    private static Shape shape(long... rest) {
        List<Dim> dims = new ArrayList<>(List.of(Dim.named("n")));
        Arrays.stream(rest).mapToObj(Dim::of).forEach(dims::add);
        return new Shape(dims);
    }

    String put(double mean, double spread, long... dims) {
        String name = "p" + parameters.size();
        float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + spread * random.nextGaussian());
        }
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    String constant(float[] values, long... dims) {
        String name = "p" + parameters.size();
        parameters.put(name, TensorData.of(values, dims));
        return name;
    }

    String constant(long... values) {
        String name = "p" + parameters.size();
        parameters.put(name, TensorData.of(values, values.length));
        return name;
    }

    String node(String op, List<String> in, Object... attributes) {
        return nodes(op, 1, in, attributes).get(0);
    }

    List<String> nodes(String op, int outputs, List<String> in, Object... attributes) {
        Map<String, Attribute> all = new LinkedHashMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            all.put((String) attributes[i], switch (attributes[i + 1]) {
                case Integer v -> new Attribute.Int(v);
                case Float v -> new Attribute.Real(v);
                case long[] v -> new Attribute.Ints(Arrays.stream(v).boxed().toList());
                case String v -> new Attribute.Text(v);
                default -> throw new IllegalArgumentException();
            });
        }
        List<String> out = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            out.add("v" + count++);
        }
        nodes.add(Node.of(op + count, op, in, out, all));
        return out;
    }

    /** A dense layer with weights of variance one over the fan-in. */
    String dense(String x, int ins, int outs, boolean bias) {
        String w = put(0, 1 / Math.sqrt(ins), ins, outs);
        String y = node("MatMul", List.of(x, w));
        return bias ? node("Add", List.of(y, put(0, 0.3, outs))) : y;
    }

    Graph graph(String output) {
        return new Graph("net", Map.of("", 23), inputs,
                List.of(new ValueInfo(output, java.util.Optional.of(DataType.FLOAT), java.util.Optional.empty())),
                nodes, parameters, List.of(), Graph.Origin.NONE);
    }
}
