package dev.orbifold.cli;

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
import java.util.Map;
import java.util.random.RandomGenerator;

/** A network and data so small that training takes a moment: points of a plane, told apart by their quadrant. */
final class Tiny {
    static final int FEATURES = 4;
    static final int HIDDEN = 16;
    static final int CLASSES = 4;

    private Tiny() {
    }

    /** Writes a dense network with random weights whose first {@code dead} hidden units are exactly zero. */
    static Path model(Path file, int dead) {
        RandomGenerator random = new Seed(7).generator();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("fc1.weight", weights(random, HIDDEN, FEATURES, dead));
        parameters.put("fc1.bias", TensorData.of(new float[HIDDEN], HIDDEN));
        parameters.put("fc2.weight", weights(random, CLASSES, HIDDEN, 0));
        parameters.put("fc2.bias", TensorData.of(new float[CLASSES], CLASSES));
        Map<String, Attribute> transposed = Map.of("transB", new Attribute.Int(1));
        List<Node> nodes = List.of(
                Node.of("fc1", "Gemm", List.of("input", "fc1.weight", "fc1.bias"), List.of("hidden"), transposed),
                Node.of("relu", "Relu", List.of("hidden"), List.of("active"), Map.of()),
                Node.of("fc2", "Gemm", List.of("active", "fc2.weight", "fc2.bias"), List.of("logits"), transposed));
        OnnxFile.write(Graph.of("tiny", List.of(value("input", FEATURES)), List.of(value("logits", CLASSES)), nodes,
                parameters), file);
        return file;
    }

    /** Writes the same network with sigmoids and a first bias that is not 0. */
    static Path sigmoids(Path file) {
        Graph graph = OnnxFile.read(model(file, 0));
        Graph changed = graph.mapNodes(node -> node.opType().equals("Relu")
                ? Node.of("sigmoid", "Sigmoid", node.inputs(), node.outputs(), Map.of())
                : node);
        OnnxFile.write(changed.replacing(
                Map.of("fc1.bias", weights(new Seed(8).generator(), HIDDEN, 1, 0).reshaped(HIDDEN))), file);
        return file;
    }

    /** Writes the same network with a batch norm before its activation. */
    static Path normed(Path file) {
        Graph graph = OnnxFile.read(model(file, 0));
        RandomGenerator random = new Seed(12).generator();
        Map<String, TensorData> parameters = new LinkedHashMap<>(graph.parameters());
        float[] ones = new float[HIDDEN];
        Arrays.fill(ones, 1);
        for (String name : List.of("bn.scale", "bn.shift", "bn.mean")) {
            parameters.put(name, weights(random, HIDDEN, 1, 0).reshaped(HIDDEN));
        }
        parameters.put("bn.var", TensorData.of(ones, HIDDEN));
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.add(1, Node.of("bn", "BatchNormalization",
                List.of("hidden", "bn.scale", "bn.shift", "bn.mean", "bn.var"), List.of("normed"), Map.of()));
        nodes.set(2, Node.of("relu", "Relu", List.of("normed"), List.of("active"), Map.of()));
        OnnxFile.write(Graph.of("normed", graph.inputs(), graph.outputs(), nodes, parameters), file);
        return file;
    }

    /** Writes the same network with dead units, but one number of the last bias is none. */
    static Path broken(Path file, int dead) {
        Graph graph = OnnxFile.read(model(file, dead));
        float[] bias = new float[CLASSES];
        bias[1] = Float.NaN;
        OnnxFile.write(graph.replacing(Map.of("fc2.bias", TensorData.of(bias, CLASSES))), file);
        return file;
    }

    /** Writes a single layer with more weights than a certificate is made for. */
    static Path wide(Path file) {
        RandomGenerator random = new Seed(11).generator();
        OnnxFile.write(Graph.of("wide", List.of(value("input", 501)), List.of(value("logits", 400)),
                List.of(Node.of("a", "MatMul", List.of("input", "a.weight"), List.of("logits"), Map.of())),
                Map.of("a.weight", weights(random, 501, 400, 0))), file);
        return file;
    }

    /** Writes a network whose two parallel layers are multiplied: it has null directions that are no symmetry's. */
    static Path gated(Path file) {
        RandomGenerator random = new Seed(10).generator();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("a.weight", weights(random, 3, 7, 0));
        parameters.put("b.weight", weights(random, 3, 7, 0));
        parameters.put("c.weight", weights(random, 7, 2, 0));
        List<Node> nodes = List.of(
                Node.of("a", "MatMul", List.of("input", "a.weight"), List.of("left"), Map.of()),
                Node.of("b", "MatMul", List.of("input", "b.weight"), List.of("right"), Map.of()),
                Node.of("gate", "Mul", List.of("left", "right"), List.of("hidden"), Map.of()),
                Node.of("c", "MatMul", List.of("hidden", "c.weight"), List.of("logits"), Map.of()));
        OnnxFile.write(Graph.of("gated", List.of(value("input", 3)), List.of(value("logits", 2)), nodes, parameters),
                file);
        return file;
    }

    /** Writes layers fc0, fc1, … of width 8 without activations, with zero biases: {@code links} layers and the last. */
    static Path chain(Path file, int links) {
        RandomGenerator random = new Seed(9).generator();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i <= links; i++) {
            parameters.put("fc" + i + ".weight", weights(random, 8, 8, 0));
            parameters.put("fc" + i + ".bias", TensorData.of(new float[8], 8));
            nodes.add(Node.of("fc" + i, "Gemm",
                    List.of(i == 0 ? "input" : "y" + i, "fc" + i + ".weight", "fc" + i + ".bias"),
                    List.of(i == links ? "logits" : "y" + (i + 1)), Map.of()));
        }
        OnnxFile.write(Graph.of("chain", List.of(value("input", 8)), List.of(value("logits", 8)), nodes, parameters),
                file);
        return file;
    }

    /** Writes a table of labelled points. */
    static Path data(Path file, int rows) throws IOException {
        return data(file, rows, CLASSES);
    }

    /** Writes a table whose labels go up to {@code classes} − 1. */
    static Path data(Path file, int rows, int classes) throws IOException {
        RandomGenerator random = new Seed(8).generator();
        StringBuilder text = new StringBuilder("label,a,b,c,d\n");
        for (int i = 0; i < rows; i++) {
            double x = random.nextGaussian();
            double y = random.nextGaussian();
            int label = classes > CLASSES && i % 10 == 0 ? classes - 1 : (x > 0 ? 1 : 0) + (y > 0 ? 2 : 0);
            text.append(label).append(',').append((float) x).append(',').append((float) y).append(',')
                    .append((float) random.nextGaussian()).append(',').append((float) (x - y)).append('\n');
        }
        Files.writeString(file, text);
        return file;
    }

    private static ValueInfo value(String name, int width) {
        return ValueInfo.of(name, DataType.FLOAT, new Shape(List.of(Dim.named("batch"), Dim.of(width))));
    }

    private static TensorData weights(RandomGenerator random, int rows, int columns, int zero) {
        float[] values = new float[rows * columns];
        for (int i = zero * columns; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
        }
        return TensorData.of(values, rows, columns);
    }
}
