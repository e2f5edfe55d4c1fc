package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The six alignments, planted and at random. */
class AlignmentsTest {
    /** float32 activations and gradients, correlated in float64. */
    private static final double ROUNDING = 1e-5;
    /** Above what turned matrices of rank 2 in 40 dimensions have in common; one in a hundred is larger. */
    private static final double CHANCE = 0.15;

    @TempDir private Path folder;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    /**
     * One-hot data through layers that hand it on: activations are one-hot, gradients are the same but for a factor wherever
     * a ReLU lets them through, weights the identity. Centred, all covariances are I − 11ᵀ/4 but for a factor, whose entries
     * are an affine function of those of I.
     */
    @Test
    void allSixAreOneWhereEverythingIsAligned() throws IOException {
        int n = 4;
        StringBuilder csv = new StringBuilder("a,b,c,d,label\n");
        for (int i = 0; i < 80; i++) {
            for (int k = 0; k < n; k++) {
                csv.append(k == i % n ? 1 : 0).append(',');
            }
            csv.append(i % n).append('\n');
        }
        Path data = Files.writeString(folder.resolve("one-hot.csv"), csv);
        float[] identity = new float[n * n];
        for (int k = 0; k < n; k++) {
            identity[k * n + k] = 1;
        }
        Graph graph = OnnxFile.read(Toy.dense(folder, "m.onnx", n, n, n, n));
        for (int layer = 0; layer < 3; layer++) {
            graph = graph.replacing(Map.of("w" + layer, TensorData.of(identity, n, n), "b" + layer,
                    TensorData.of(new float[n], n)));
        }
        Objective objective = Objective.of(graph, CompressOptions.LossKind.CROSS_ENTROPY, 0, 0, 1);
        DataSet set = DataSet.open(data, DataOptions.defaults().fitting(objective.input()));
        try (Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu());
                Alignments alignments = new Alignments(Symmetries.of(graph), weights.views().keySet(), objective,
                        new Seed(1), Device.cpu())) {
            Map<String, Map<String, Double>> found = alignments.of(weights.views(), set.train());
            assertEquals(Set.of("w0", "w1", "w2"), found.keySet());
            assertEquals(Set.of("out H~G", "out H~Z", "out G~Z", Alignments.CHANCE), found.get("w0").keySet(),
                    "its inputs are data");
            assertEquals(7, found.get("w1").size());
            assertEquals(Set.of("in H~G", "in H~Z", "in G~Z", Alignments.CHANCE), found.get("w2").keySet());
            found.forEach((weight, numbers) -> numbers.forEach((name, value) -> {
                if (name.equals(Alignments.CHANCE)) {
                    assertTrue(value < 0.9, weight + " by chance: " + value);
                } else {
                    assertEquals(1, value, ROUNDING, weight + " " + name);
                }
            }));
            // Scaled by s, each layer makes logits of s and three times 0: −dL/ds is 1 − p, and ‖W‖² is 4.
            double p = Math.E / (Math.E + 3);
            Map<String, Map<String, Double>> pulls = alignments.pulls(weights.views(), set.train());
            assertEquals(Set.of("w0", "w1", "w2"), pulls.keySet());
            pulls.forEach((weight, numbers) -> {
                assertEquals((1 - p) / n, numbers.get("measured"), ROUNDING, weight);
                assertEquals(1, numbers.get("shape"), ROUNDING, weight);
            });
        }
    }

    /** Weights that are stored inputs first, as MatMul has them, and in which each side has a size of its own. */
    @Test
    void weightsOfMatMulAreTurned() throws IOException {
        Map<String, TensorData> stored = new LinkedHashMap<>();
        Toy.normal(stored, "w0", 64, Toy.SIDE * Toy.SIDE, 10);
        Toy.normal(stored, "w1", 10, 10, 7);
        Toy.normal(stored, "w2", 7, 7, Toy.CLASSES);
        Graph graph = OnnxFile.read(Toy.write(folder, "m.onnx", new long[] {Toy.SIDE * Toy.SIDE}, Toy.CLASSES,
                List.of(Node.of("a", "MatMul", List.of("x", "w0"), List.of("h0"), Map.of()),
                        Node.of("b", "Relu", List.of("h0"), List.of("h1"), Map.of()),
                        Node.of("c", "MatMul", List.of("h1", "w1"), List.of("h2"), Map.of()),
                        Node.of("d", "Relu", List.of("h2"), List.of("h3"), Map.of()),
                        Node.of("e", "MatMul", List.of("h3", "w2"), List.of("y"), Map.of())),
                stored));
        Objective objective = Objective.of(graph, CompressOptions.LossKind.CROSS_ENTROPY, 0, 0, 1);
        DataSet set = DataSet.open(Toy.digits(folder, 100), DataOptions.defaults().fitting(objective.input()));
        try (Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu());
                Alignments alignments = new Alignments(Symmetries.of(graph), weights.views().keySet(), objective,
                        new Seed(1), Device.cpu())) {
            Map<String, Map<String, Double>> found = alignments.of(weights.views(), set.train());
            assertEquals(7, found.get("w1").size());
            found.values().forEach(numbers -> numbers.values()
                    .forEach(value -> assertTrue(Math.abs(value) <= 1 + ROUNDING, found.toString())));
        }
    }

    private static Tensor random(Seed seed, int rows, int columns) {
        RandomGenerator random = seed.generator();
        double[] numbers = new double[rows * columns];
        Arrays.setAll(numbers, i -> random.nextGaussian());
        return Tensors.of(TensorData.of(numbers, rows, columns), Device.cpu());
    }

    @Test
    void turnedAtRandomLittleIsLeftInCommon() {
        try (PointerScope scope = new PointerScope()) {
            Tensor thin = random(new Seed(3), 40, 2);
            Tensor a = thin.matmul(thin.t());
            assertEquals(1, Alignments.correlation(a, a.mul(new org.bytedeco.pytorch.Scalar(3))), 1e-12);
            double sum = 0;
            for (int i = 0; i < 10; i++) {
                Tensor turned = Alignments.turned(a, new Seed(i));
                assertEquals(a.norm().item_double(), turned.norm().item_double(), 1e-9 * a.norm().item_double());
                sum += Alignments.correlation(turned, a) / 10;
            }
            assertTrue(Math.abs(sum) < CHANCE, "in the mean " + sum);
        }
    }

    @Test
    void vectorsAreCentredAndOfLengthOne() {
        try (PointerScope scope = new PointerScope()) {
            Tensor rows = Tensors.of(TensorData.of(new double[] {5, 1, 9, 1, 7, 1}, 3, 2), Device.cpu());
            // Centred they are (−2, 0), (2, 0) and (0, 0), and (±1, 0) then.
            double[] found = Tensors.toData(Alignments.covariance(rows)).toDoubles();
            assertEquals(2 / 3.0, found[0], 1e-12);
            assertEquals(0, found[1] + found[2] + found[3], 1e-12);
        }
    }
}
