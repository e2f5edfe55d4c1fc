package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot hold, or would say nothing, is refused before anything starts; what did not hold is said at the end. */
class RefusalsTest {
    @TempDir private Path folder;

    private TrainRequest request(String more) throws IOException {
        Toy.digits(folder, 200);
        return new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 16, 4]}
                data: digits.csv
                epochs: 3
                batch-size: 20
                """ + more, folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainResult run(TrainRequest request) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve("run"), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private TrainRequest constrained(String... constraints) throws IOException {
        return request("output: out.onnx\nconstraints:\n  - " + String.join("\n  - ", constraints) + "\n");
    }

    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "{parameters: fc1.weight, sparse: '2:4', lambda: 1e-3};a pattern is steered",
            "{parameters: fc1.weight, sparse: '2:4', by: proximal, lambda: 1e-3};a pattern is steered",
            "{parameters: fc1.weight, sparse: '2:4', zeros: 0.3};says itself how many",
            "{parameters: fc1.weight, sparse: {blocks: [2, 2], sets: a.npy}, zeros: 0.5};both 'blocks' and 'sets'",
            "{parameters: fc1.weight, tied: {mirror: [8, 8], pairs: 1}};several ties",
            "{parameters: fc1.weight, tucker: 0.5, depth: 3, lambda: 1e-3};leave it out",
            "{parameters: fc1.weight, sparse: elements, lambda: 1e-3, zeros-by: 0.4};only 'zeros'",
            "{parameters: fc1.weight, sparse: elements, lambda: 1e-3, sign-in: 1, depth: 3};two factors",
            "{parameters: fc1.weight, sparse: units, lambda: 1e-3, sign-in: 1};two factors",
            "{parameters: fc3.weight, matrix: full.npz, zeros: 1};leaves nothing",
            "{parameters: fc3.weight, matrix: gaps.npz, zeros: 1};leave empty ones out",
            "{parameters: fc3.weight, matrix: halves.npz, zeros: 1};whole numbers",
            "{parameters: fc3.weight, matrix: shapeless.npz, zeros: 1};two numbers",
            "{parameters: fc1.weight, rank: 0.05, zeros: 0.2};is none"})
    void aConstraintThatCannotHold(String constraint, String reason) throws IOException {
        double[] eye = new double[64 * 64];
        for (int i = 0; i < 64; i++) {
            eye[i * 64 + i] = 1;
        }
        NumpyFile.write(Map.of("O", TensorData.of(eye, 64, 64)), folder.resolve("full.npz"));
        sparse("gaps.npz", new double[] {1}, new long[] {64, 2});
        sparse("halves.npz", new double[] {0.5}, new long[] {64, 1});
        sparse("shapeless.npz", new double[] {1}, new long[0]);
        TrainRequest request = constrained(constraint);
        String message = assertThrows(TrainException.class, () -> Train.prepare(request)).getMessage();
        assertTrue(message.startsWith("recipe.yaml line 7:") && message.contains(reason), message);
    }

    private void sparse(String name, double[] rows, long[] shape) {
        NumpyFile.write(Map.of("rows", TensorData.of(rows, rows.length), "columns", TensorData.of(new long[] {0}, 1),
                "values", TensorData.of(new double[] {1}, 1), "shape", TensorData.of(shape, shape.length)),
                folder.resolve(name));
    }

    /** What only model and data tell is said with the line that asked for it; a bar stands for a new line. */
    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "network: {dense: [64, 8, 4]}|data: none.csv;line 2: data: there is no data set",
            "network: {dense: [64, 8, 4]}|data:|  path: none.csv;line 3: data.path: there is no data set",
            "network: {dense: [64, 8, 4]}|data: empty;line 2: data: found no data set in the folder",
            "network: {dense: [64, 8, 4]}|data: {path: digits.csv, std: 0};line 2: data.std: must be positive",
            "network: {dense: [64, 8, 4]}|data: {path: digits.csv,|  mean: [1, 2, 3]};line 3: data.mean: has 3 values",
            "network: {dense: [65, 8, 4]}|data: digits.csv;line 1: network: the items of",
            "network: {dense: [64, 8, 3]}|data: digits.csv;line 1: network: label 3 in row",
            "network: {dense: [64, 8, 4]}|data: digits.csv|loss: mse;line 3: loss: the model's output y",
            "network: {dense: [5, 8, 4]}|data: regression.csv|loss: cross-entropy;line 3: loss: cross-entropy needs",
            "network: {dense: [5, 8, 4]}|data: regression.csv;line 2: data: cross-entropy needs",
            "network: {dense: [64, 8, 4]}|data: digits.csv|samples: 2;line 3: samples: ",
            "network: {dense: [64, 8, 4]}|data: digits.csv|held-out: 0.001;line 3: held-out: ",
            "network: {dense: [64, 8, 4]}|data: digits.csv|augment: crop;line 3: augment: only images",
            "network: {variational: [64, 3]}|data: digits.csv;line 2: data: bce reads what is reconstructed",
            "model: none.onnx|data: digits.csv;line 1: model: cannot read",
            "data: digits.csv|model: broken.onnx;line 2: model: cannot read",
            "data: regression.csv|model: good.onnx;line 1: data: the items of",
            "network: {dense: [64, 8, 4]}|data: digits.csv|output: empty;line 3: output: cannot write",
            "network: {dense: [64, 8, 4]}|data: digits.csv|output: nowhere/x.onnx;line 3: output: cannot write",
            "network: {dense: [64, 8, 4]}|data: digits.csv|output: digits.csv;line 3: output: the file",
            "model: good.onnx|data: digits.csv|output: good.onnx;line 3: output: "})
    void whatModelAndDataTellIsSaidWithItsLine(String recipe, String message) throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        Files.writeString(folder.resolve("broken.onnx"), "no model");
        Toy.regression(folder, 100);
        String found = refused(recipe.replace('|', '\n') + "\n", RecipeReader.Overrides.none());
        assertTrue(found.startsWith("recipe.yaml " + message), found);
    }

    private String refused(String recipe, RecipeReader.Overrides typed) throws IOException {
        byte[] data = Files.readAllBytes(Toy.digits(folder, 200));
        OnnxFile.write(Networks.dense(new Recipe.Origin.Dense(List.of(64, 8, 4), "Relu", true), new Seed(0)),
                folder.resolve("good.onnx"));
        TrainRequest request = new TrainRequest("recipe.yaml", recipe, folder, typed, 2);
        String found = assertThrows(RuntimeException.class, () -> Train.prepare(request)).getMessage();
        assertArrayEquals(data, Files.readAllBytes(folder.resolve("digits.csv")));
        return String.valueOf(found);
    }

    /** Also of what is learnt later. */
    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "{then: none.csv};tasks.then: there is no data set",
            "{then: [digits.csv, {path: digits.csv, mean: [1, 2]}]};tasks.then[1].mean: has 2 values",
            "{then: [digits.csv, regression.csv]};tasks.then[1]: the items of",
            "{then: few/digits.csv};tasks.then: tasks must be equally large"})
    void whatTasksTellIsSaidWithItsLine(String tasks, String message) throws IOException {
        Toy.regression(folder, 100);
        Toy.digits(Files.createDirectories(folder.resolve("few")), 100);
        String found = refused("data: digits.csv\nmodel: good.onnx\noptimizer: {schedule: constant}\ntasks: " + tasks
                + "\n", RecipeReader.Overrides.none());
        assertTrue(found.startsWith("recipe.yaml line 4: " + message), found);
    }

    /** A line of the recipe says nothing of what was typed in its place. */
    @Test
    void whatWasTypedKeepsTheWordsOfItsOption() throws IOException {
        RecipeReader.Overrides none = RecipeReader.Overrides.none();
        String recipe = "network: {dense: [64, 8, 4]}\ndata: {path: digits.csv, mean: 0}\noutput: nowhere/x.onnx\n";
        RecipeReader.Overrides data = typed(Optional.of(folder.resolve("none.csv")), List.of());
        RecipeReader.Overrides mean = typed(Optional.empty(), List.of(1.0, 2.0, 3.0));
        assertTrue(refused(recipe, data).startsWith("there is no data set at"), refused(recipe, data));
        assertTrue(refused(recipe, mean).startsWith("--mean has 3 values"), refused(recipe, mean));
        assertTrue(refused(recipe, none).startsWith("recipe.yaml line 3: output"), refused(recipe, none));
    }

    private RecipeReader.Overrides typed(Optional<Path> data, List<Double> mean) {
        return new RecipeReader.Overrides(Optional.empty(), data, mean, List.of(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.of(folder.resolve("o.onnx")), List.of());
    }

    @Test
    void aSumOfConditionsThatWouldHoldOfNoPart() throws IOException {
        TrainRequest request = constrained("{name: a, parameters: fc1.weight, tied: pairs}",
                "{name: b, parameters: fc1.weight, zero-sum: true}");
        String message = assertThrows(TrainException.class, () -> Train.prepare(request)).getMessage();
        assertTrue(message.contains("would not hold in the sum"), message);
    }

    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "values: [8, 7], constraints: [{parameters: fc1.weight, pieces: $, zeros: 0.5}];does not divide",
            "values: [0.5, 0.7], constraints: [{parameters: fc1.weight, sparse: elements, zeros: 0.5}];no $ stands",
            "constraints: [{parameters: fc1.weight, sparse: elements, zeros: $}];no values",
            "values: [0.5], output: x.onnx, constraints: [{parameters: fc1.weight, sparse: units, zeros: $}];in its Run",
            "values: [3, 4], seed: $;lists its 'seeds'"})
    void anExperimentIsCheckedWhole(String series, String reason) throws IOException {
        TrainRequest request = request("series:\n  - {name: a, " + series + "}\n");
        String message = assertThrows(TrainException.class, () -> Trials.prepare(request)).getMessage();
        assertTrue(message.startsWith("recipe.yaml line ") && message.contains(reason), message);
    }

    /** One training that runs into NaN does not keep the others from being done. */
    @Test
    void aTrainingThatFailsIsTold() throws IOException {
        TrainRequest request = request("""
                series:
                  - name: a
                    values: [1e-3, 1e6, 1e-4]
                    optimizer: {rate: 0.1}
                    constraints: [{parameters: fc1.weight, sparse: elements, lambda: $}]
                """);
        try (RunFolder run = RunFolder.create(folder.resolve("run"), "experiment", List.of())) {
            ExperimentResult result = Trials.prepare(request).orElseThrow().run(run, Progress.SILENT);
            assertEquals(2, result.points().size());
            assertFalse(result.met());
            assertTrue(run.view().findings().orElseThrow().toString().contains("training-failed"));
        }
    }

    /** λ is no goal: where ties are still open at the end, the result says so. */
    @Test
    void tiesThatAreOpenAtTheEndAreTold() throws IOException {
        TrainResult result = run(constrained("{parameters: fc1.weight, tied: pairs, lambda: 1e-6}"));
        assertTrue(result.findings().stream().anyMatch(f -> f.kind().equals("condition-open")),
                result.findings().toString());
    }

    /** A Run goes on with what it was given, or not at all: also of a file that a constraint was read from. */
    @Test
    void aChangedFileOfAConstraintIsNoticed() throws IOException {
        sparse("o.npz", new double[] {1}, new long[] {64, 1});
        TrainRequest request = constrained("{parameters: fc3.weight, matrix: o.npz, zeros: 1}");
        Progress impatient = new Progress() {
            @Override
            public boolean stopping() {
                return true;
            }
        };
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve("run"), "train", List.of())) {
            assertThrows(InterruptedRun.class, () -> train.run(run, impatient));
        }
        sparse("o.npz", new double[] {2}, new long[] {64, 1});
        try (RunFolder run = RunFolder.open(folder.resolve("run"))) {
            String message = assertThrows(dev.orbifold.run.RunException.class,
                    () -> Train.resume(run, Progress.SILENT)).getMessage();
            assertTrue(message.contains("o.npz"), message);
        }
    }

    @Test
    void wholeNumbersAreTargetsOfARegression() throws IOException {
        StringBuilder rows = new StringBuilder("a,b,label\n");
        for (int i = 0; i < 60; i++) {
            rows.append(i % 5).append(',').append(i % 3).append(',').append(i % 5 + 2 * (i % 3)).append('\n');
        }
        Files.writeString(folder.resolve("whole.csv"), rows);
        TrainResult result = run(new TrainRequest("recipe.yaml", """
                network: {dense: [2, 1]}
                data: whole.csv
                loss: mse
                optimizer: {kind: varpro}
                output: out.onnx
                constraints: [{parameters: fc1.weight, sparse: elements, lambda: 1e-2}]
                """, folder, RecipeReader.Overrides.none(), 2));
        // λ moves each weight by about λ/2 over its input's variance, which is 2 and 2/3.
        assertTrue(result.after().loss() < 1e-2, result.verdict());
        assertTrue(result.constraints().getFirst().gap() < 1e-5, result.toString());
    }

    @ParameterizedTest @CsvSource(delimiter = ';', value = {"optimizer: {rate: 0};rate", "optimizer: {clip: 0};clip"})
    void whatWouldTrainNothing(String more, String key) throws IOException {
        TrainRequest request = request("output: out.onnx\n" + more + "\n");
        String message = assertThrows(TrainException.class, () -> Train.prepare(request)).getMessage();
        assertTrue(message.contains(key), message);
    }

    @Test
    void whatIsNoYamlAtAll() {
        for (String text : List.of("a: \u0001", "[".repeat(80))) {
            String message = assertThrows(TrainException.class, () -> RecipeNode.parse("r.yaml", text)).getMessage();
            assertTrue(message.contains("this is not YAML"), message);
        }
    }
}
