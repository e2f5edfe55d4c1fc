package dev.orbifold.collapse;

import dev.orbifold.engine.Loss;
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
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Small networks with random weights, and random data. */
class SmallNets {
    static final int CLASSES = 4;

    final Random random = new Random(8);

    TensorData weights(double size, long... dims) {
        int n = (int) LongStream.of(dims).reduce(1, (a, b) -> a * b);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (size * random.normal());
        }
        return TensorData.of(values, dims);
    }

    static Node node(String op, String output, Map<String, Attribute> attributes, String... inputs) {
        return Node.of(output, op, List.of(inputs), List.of(output), attributes);
    }

    static Node dense(String output, String... inputs) {
        return node("Gemm", output, Map.of("transB", new Attribute.Int(1)), inputs);
    }

    static Graph graph(List<Node> nodes, Map<String, TensorData> parameters, long... item) {
        List<Dim> dims = new ArrayList<>(List.of(Dim.named("n")));
        LongStream.of(item).forEach(d -> dims.add(Dim.of(d)));
        return Graph.of("net", List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(dims))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(CLASSES))))),
                nodes, parameters);
    }

    List<Examples> data(int batches, int size, int classes, long... item) {
        List<Examples> data = new ArrayList<>();
        for (int b = 0; b < batches; b++) {
            long[] dims = LongStream.concat(LongStream.of(size), LongStream.of(item)).toArray();
            long[] targets = LongStream.range(0, size).map(i -> (long) random.uniform(0, classes)).toArray();
            data.add(new Examples(Map.of("x", weights(1, dims)), TensorData.of(targets, size)));
        }
        return data;
    }

    static DataLoss loss() {
        return DataLoss.of("y", new Loss.CrossEntropy(0));
    }

    static ForecastOptions options(double rate, double decay, int pairs) {
        return new ForecastOptions(rate, decay, pairs, 0, 0, name -> true, new Seed(3));
    }
}
