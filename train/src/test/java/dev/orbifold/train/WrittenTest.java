package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training promises holds for the file it writes, and is compared with the file it was given. */
class WrittenTest {
    /** Of sums of 24 weights of about 0.3 in float32. */
    private static final double ROUNDING = 1e-5;
    private static final String TRAINING = """
            network: {dense: [64, 24, 16, 4]}
            data: digits.csv
            epochs: 12
            batch-size: 20
            output: out.onnx
            optimizer: {rate: 0.05}
            constraints:
            """;

    @TempDir private Path folder;
    private Trained trained = new Trained(Path.of(""));

    @BeforeEach
    void data() throws IOException {
        Toy.digits(folder, 400);
        trained = new Trained(folder);
    }

    private static boolean found(List<Finding> findings, String kind, String words) {
        return findings.stream()
                .anyMatch(f -> f.kind().equals(kind) && (f.place() + " " + f.message()).contains(words));
    }

    /** Units of the first layer die, and the second one reads them in fours. */
    @ParameterizedTest @ValueSource(strings = {"parameters: fc1.weight, sparse: units, zeros: 0.5",
            "spaces: fc1, tied: {pairs: 0.5}"})
    void aPatternHoldsThoughUnitsThatItReadsDie(String first) {
        TrainResult result = trained.run(TRAINING + "  - {" + first + "}\n"
                + "  - {parameters: fc2.weight, sparse: '2:4'}\n", "run");
        assertArrayEquals(new long[] {16, 24}, trained.dims("fc2.weight"));
        float[] w = trained.weight("fc2.weight");
        for (int block = 0; block < w.length; block += 4) {
            int from = block;
            assertTrue(IntStream.range(from, from + 4).filter(i -> w[i] != 0).count() <= 2);
        }
        assertTrue(
                first.contains("tied") || found(result.findings(), "width-kept", "constraint-2 holds for fc2.weight"),
                result.findings().toString());
    }

    @Test
    void rowsSumToZeroThoughUnitsThatTheyReadDie() {
        trained.run(TRAINING + "  - {spaces: fc1, sparse: units, zeros: 0.5}\n"
                + "  - {parameters: fc2.weight, zero-sum: true}\n", "run");
        float[] w = trained.weight("fc2.weight");
        for (int row = 0; row < 16; row++) {
            double sum = 0;
            for (int i = 0; i < 24; i++) {
                sum += w[row * 24 + i];
            }
            assertEquals(0, sum, ROUNDING);
        }
    }

    /** Its own units may go: what is left of the rows sums to zero as before. */
    @Test
    void unitsThatSuchAParameterWritesLeave() {
        trained.run(TRAINING + "  - {parameters: fc2.weight, zero-sum: true}\n"
                + "  - {parameters: fc3.weight, sparse: inputs, zeros: 0.5}\n", "run");
        assertArrayEquals(new long[] {8, 24}, trained.dims("fc2.weight"));
    }

    @Test
    void twoOfAKindOnOneParameterAreRefused() {
        String text = String.valueOf(assertThrows(TrainException.class, () -> trained.run(TRAINING
                + "  - {name: a, parameters: fc1.weight, sparse: elements, zeros: 0.5}\n"
                + "  - {name: b, parameters: fc1.weight, sparse: elements, zeros: 0.5}\n", "run")).getMessage());
        assertTrue(text.startsWith("recipe.yaml line 8: constraint a: it shares [fc1.weight] with b"), text);
        assertTrue(text.contains("has less of it than either"), text);
    }

    @Test
    void aSumThatTheFileDoesNotShowIsSaid() {
        TrainResult result =
                trained.run(TRAINING + "  - {name: a, parameters: fc1.weight, sparse: elements, zeros: 0.9}\n"
                        + "  - {name: b, parameters: fc1.weight, rank: 0.25}\n", "run");
        assertTrue(found(result.findings(), "sum-written-dense", "a and b"), result.findings().toString());
    }

    /** W stands at both ends; a constraint on one Space takes it apart. */
    @Test
    void beforeIsTheFileThatWasGiven() {
        Dim batch = Dim.named("batch");
        RandomGenerator random = new Seed(3).generator();
        float[] square = new float[64 * 64];
        float[] last = new float[4 * 64];
        for (int i = 0; i < square.length; i++) {
            square[i] = (float) (0.1 * random.nextGaussian());
        }
        for (int i = 0; i < last.length; i++) {
            last[i] = (float) (0.1 * random.nextGaussian());
        }
        Graph graph = Graph.of("twice",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(batch, Dim.of(64))))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(batch, Dim.of(4))))), twice(),
                Map.of("W", TensorData.of(square, 64, 64), "V", TensorData.of(last, 4, 64)));
        OnnxFile.write(graph, folder.resolve("twice.onnx"));
        TrainResult result = trained.run("""
                model: twice.onnx
                data: digits.csv
                epochs: 4
                batch-size: 20
                output: out.onnx
                optimizer: {rate: 0.02}
                constraints:
                  - {spaces: '*', sparse: units, zeros: 0.1}
                """, "run");
        assertEquals(64 * 64 + 4 * 64, result.before().parameters());
        assertEquals(64 * 64 + 4 * 64, result.weights().before());
        boolean larger = result.after().parameters() > result.before().parameters();
        assertEquals(larger, found(result.findings(), "larger-than-before", "more than the 4,352"),
                result.findings().toString());
        assertTrue(larger, result.toString());
    }

    private static List<Node> twice() {
        List<Node> nodes = new ArrayList<>();
        Map<String, Attribute> turned = Map.of("transB", new Attribute.Int(1));
        nodes.add(Node.of("one", "Gemm", List.of("x", "W"), List.of("a"), turned));
        nodes.add(Node.of("r1", "Relu", List.of("a"), List.of("b"), Map.of()));
        nodes.add(Node.of("two", "Gemm", List.of("b", "W"), List.of("c"), turned));
        nodes.add(Node.of("r2", "Relu", List.of("c"), List.of("d"), Map.of()));
        nodes.add(Node.of("three", "Gemm", List.of("d", "V"), List.of("y"), turned));
        return nodes;
    }

    @Test
    void damagedCheckpointsAndAChangedRecipeAreSaidWhenARunGoesOn() throws IOException {
        String recipe = TRAINING + "  - {parameters: fc1.weight, sparse: elements, zeros: 0.5}\n";
        Files.writeString(folder.resolve("recipe.yaml"), recipe);
        trained.run(recipe, "whole");
        byte[] whole = Files.readAllBytes(folder.resolve("out.onnx"));
        try (Train train = Train.prepare(trained.request(recipe));
                RunFolder run = RunFolder.create(folder.resolve("stopped"), "train", List.of())) {
            assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(60)));
        }
        try (Stream<Path> checkpoints = Files.list(folder.resolve("stopped").resolve("checkpoints"))) {
            for (Path file : checkpoints.toList()) {
                Files.write(file, new byte[] {1, 2, 3});
            }
        }
        Files.writeString(folder.resolve("recipe.yaml"), recipe.replace("0.5}", "0.9}"));
        List<String> said = new ArrayList<>();
        try (RunFolder run = RunFolder.open(folder.resolve("stopped"))) {
            Train.resume(run, new Progress() {
                @Override
                public void message(String text) {
                    said.add(text);
                }

                @Override
                public void step(String phase, long step, long steps, double accuracy, double macs) {
                }

                @Override
                public boolean stopping() {
                    return false;
                }
            });
            assertTrue(Json.tree(run.view().findings()).toString().contains("checkpoint-damaged"));
        }
        assertTrue(said.stream().anyMatch(s -> s.contains("goes on from its start")), said.toString());
        assertTrue(said.stream().anyMatch(s -> s.contains("recipe.yaml has changed")), said.toString());
        assertArrayEquals(whole, Files.readAllBytes(folder.resolve("out.onnx")));
    }
}
