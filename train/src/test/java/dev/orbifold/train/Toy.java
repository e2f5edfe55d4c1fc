package dev.orbifold.train;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;

/** A data set and networks small enough to compress in seconds. */
final class Toy {
    static final int SIDE = 8;
    static final int CLASSES = 4;

    private Toy() {
    }

    private static double[][] prototypes() {
        RandomGenerator random = new Seed(99).generator();
        double[][] prototypes = new double[CLASSES][SIDE * SIDE];
        for (double[] prototype : prototypes) {
            Arrays.setAll(prototype, i -> random.nextGaussian());
        }
        return prototypes;
    }

    /** Images of random class prototypes under noise, as CSV; labels run from 0 to {@link #CLASSES} − 1. */
    static Path digits(Path folder, int samples) throws IOException {
        double[][] prototypes = prototypes();
        RandomGenerator random = new Seed(7).generator();
        StringBuilder csv = header(SIDE * SIDE);
        for (int i = 0; i < samples; i++) {
            for (double pixel : prototypes[i % CLASSES]) {
                csv.append(String.format(Locale.ROOT, "%.4f,", pixel + 0.7 * random.nextGaussian()));
            }
            csv.append(i % CLASSES).append('\n');
        }
        return Files.writeString(folder.resolve("digits.csv"), csv);
    }

    /** Five numbers and the sum of two of their products. */
    static Path regression(Path folder, int samples) throws IOException {
        RandomGenerator random = new Seed(8).generator();
        StringBuilder csv = header(5);
        for (int i = 0; i < samples; i++) {
            double[] x = random.doubles(5, -1, 1).toArray();
            for (double v : x) {
                csv.append(String.format(Locale.ROOT, "%.5f,", v));
            }
            csv.append(String.format(Locale.ROOT, "%.5f%n", x[0] + x[1] * x[2]));
        }
        return Files.writeString(folder.resolve("regression.csv"), csv);
    }

    private static StringBuilder header(int columns) {
        StringBuilder header = new StringBuilder();
        for (int c = 0; c < columns; c++) {
            header.append('x').append(c).append(',');
        }
        return header.append("label\n");
    }

    /** Convolution 1→12, ReLU, convolution 12→12 with batch norm, ReLU, pooling, dense to the classes. */
    static Path convolutional(Path folder) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        normal(weights, "a.weight", 9, 12, 1, 3, 3);
        normal(weights, "a.bias", 100, 12);
        normal(weights, "b.weight", 108, 12, 12, 3, 3);
        fill(weights, "n.weight", 1, 12);
        fill(weights, "n.bias", 0.1f, 12);
        fill(weights, "n.mean", 0, 12);
        fill(weights, "n.var", 1, 12);
        normal(weights, "c.weight", 192, CLASSES, 192);
        normal(weights, "c.bias", 100, CLASSES);
        Attribute pads = new Attribute.Ints(List.of(1L, 1L, 1L, 1L));
        Attribute two = new Attribute.Ints(List.of(2L, 2L));
        List<Node> nodes = List.of(
                Node.of("a", "Conv", List.of("x", "a.weight", "a.bias"), List.of("h1"), Map.of("pads", pads)),
                Node.of("r1", "Relu", List.of("h1"), List.of("h2"), Map.of()),
                Node.of("b", "Conv", List.of("h2", "b.weight"), List.of("h3"), Map.of("pads", pads)),
                Node.of("n", "BatchNormalization", List.of("h3", "n.weight", "n.bias", "n.mean", "n.var"),
                        List.of("h4"), Map.of()),
                Node.of("r2", "Relu", List.of("h4"), List.of("h5"), Map.of()),
                Node.of("p", "MaxPool", List.of("h5"), List.of("h6"), Map.of("kernel_shape", two, "strides", two)),
                Node.of("f", "Flatten", List.of("h6"), List.of("h7"), Map.of()),
                Node.of("c", "Gemm", List.of("h7", "c.weight", "c.bias"), List.of("y"),
                        Map.of("transB", new Attribute.Int(1))));
        return write(folder, "conv.onnx", new long[] {1, SIDE, SIDE}, CLASSES, nodes, weights);
    }

    /** Dense layers with a ReLU after each but the last. */
    static Path dense(Path folder, String name, int... widths) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        String at = "x";
        for (int l = 0; l + 1 < widths.length; l++) {
            normal(weights, "w" + l, widths[l], widths[l + 1], widths[l]);
            normal(weights, "b" + l, 100, widths[l + 1]);
            boolean last = l + 2 == widths.length;
            nodes.add(Node.of("gemm" + l, "Gemm", List.of(at, "w" + l, "b" + l), List.of(last ? "y" : "h" + l),
                    Map.of("transB", new Attribute.Int(1))));
            at = "h" + l;
            if (!last) {
                nodes.add(Node.of("relu" + l, "Relu", List.of(at), List.of("a" + l), Map.of()));
                at = "a" + l;
            }
        }
        return write(folder, name, new long[] {widths[0]}, widths[widths.length - 1], nodes, weights);
    }

    static Path write(Path folder, String name, long[] item, int outputs, List<Node> nodes,
            Map<String, TensorData> weights) {
        List<Dim> dims = new ArrayList<>(List.of(Dim.named("n")));
        Arrays.stream(item).mapToObj(Dim::of).forEach(dims::add);
        Graph graph = Graph.of("toy", List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(dims))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(outputs))))), nodes,
                weights);
        Path file = folder.resolve(name);
        OnnxFile.write(graph, file);
        return file;
    }

    static void normal(Map<String, TensorData> weights, String name, int fanIn, long... dims) {
        RandomGenerator random = new Seed(3).split(name).generator();
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / fanIn));
        }
        weights.put(name, TensorData.of(values, dims));
    }

    private static void fill(Map<String, TensorData> weights, String name, float value, long size) {
        float[] values = new float[Math.toIntExact(size)];
        Arrays.fill(values, value);
        weights.put(name, TensorData.of(values, size));
    }

    /** Options with small batches, learning from the data alone: the toy networks come untrained. */
    static CompressOptions options(Target target, int epochs, OptionalDouble lambda, double rate,
            CompressOptions.LossKind loss) {
        CompressOptions d = CompressOptions.of(target, epochs);
        return new CompressOptions(target, epochs, d.seed(), 16, d.depth(), lambda, OptionalDouble.of(rate), d.decay(),
                0, d.temperature(), d.smoothing(), CompressOptions.Augment.NONE, d.exclude(), d.roundTo(), d.least(),
                d.sharing(), loss);
    }

    static CompressRequest request(Path folder, Path model, Path data, CompressOptions options) {
        return new CompressRequest(model, new DataRequest(data, List.of(), List.of()), folder.resolve("small.onnx"),
                options, "float32", 1);
    }
}
