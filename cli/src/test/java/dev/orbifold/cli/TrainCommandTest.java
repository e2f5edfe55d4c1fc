package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.train.InterruptedRun;
import dev.orbifold.train.Progress;
import dev.orbifold.train.RecipeReader;
import dev.orbifold.train.Train;
import dev.orbifold.train.TrainRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train} and {@code resume}, from the command line to the file, on a network that trains in a moment. */
class TrainCommandTest {
    private static final String RECIPE = """
            network: {dense: [4, 16, 4]}
            data: points.csv
            epochs: 8
            batch-size: 16
            output: trained.onnx
            """;
    private static final String HALF =
            "constraints:\n  - {name: half, parameters: fc1.weight, sparse: elements, zeros: 0.5}\n";

    @TempDir private Path folder;

    @BeforeEach
    void makeData() throws IOException {
        Tiny.data(folder.resolve("points.csv"), 600);
    }

    private Path recipe(String text) throws IOException {
        return Files.writeString(folder.resolve("recipe.yaml"), text);
    }

    private Object[] words(Object first, Object... more) {
        return Stream.concat(Stream.of("train", "--run", folder.resolve("run"), "--threads", 1, first),
                Stream.of(more)).toArray();
    }

    private Path output() {
        return folder.resolve("trained.onnx");
    }

    private static long zeros(Path model, String parameter) {
        long zeros = 0;
        for (float value : OnnxFile.read(model).parameters().get(parameter).toFloats()) {
            zeros += value == 0 ? 1 : 0;
        }
        return zeros;
    }

    @Test
    void theDocumentSaysWhatTheFileHolds() throws IOException {
        Outcome outcome = Outcome.of(words(recipe(RECIPE + "shrink: false\n" + HALF), "--json"));
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        JsonNode json = outcome.json();
        JsonNode half = json.path("constraints").path(0);
        RunView run = RunView.of(folder.resolve("run"));
        assertAll(() -> assertEquals("orbifold.train/1", json.path("schema").asText()),
                () -> assertEquals("half", half.path("name").asText()),
                () -> assertEquals(64, half.path("cells").asLong()),
                () -> assertEquals(zeros(output(), "fc1.weight"), half.path("zero").asLong(), outcome.all()),
                () -> assertTrue(half.path("zero").asLong() >= 32, outcome.all()),
                () -> assertTrue(json.path("met").asBoolean()),
                () -> assertEquals(Files.size(output()), json.path("after").path("bytes").asLong()),
                () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL),
                () -> assertEquals(json, run.result().orElseThrow()),
                () -> assertEquals(RunState.Status.DONE, run.state().status()),
                () -> assertTrue(Files.readString(run.report()).contains("id=\"chart-zeros\"")));
    }

    @Test
    void peopleGetATableOfConstraintsAndQuietMeansQuiet() throws IOException {
        Outcome outcome = Outcome.of(words(recipe(RECIPE + HALF), "--quiet"));
        List<String> lines = outcome.out().lines().toList();
        int head =
                lines.indexOf(
                        "Constraint  on          condition       scheme                goal      zero    share");
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(
                        head > 0 && lines.get(head + 1)
                                .startsWith("half        fc1.weight  single weights  elementwise D = 2"),
                        outcome.all()),
                () -> assertTrue(
                        outcome.out().contains("Cutting what is zero out of the folded network moved no output"),
                        outcome.all()),
                () -> assertFalse(outcome.out().contains("collapsed"), outcome.all()),
                () -> assertTrue(outcome.out().contains(output().toString()), outcome.all()),
                () -> assertEquals("", outcome.err()));
    }

    @Test
    void aDryRunWritesNothing() throws IOException {
        Outcome outcome = Outcome.of(words(recipe(RECIPE + HALF), "--dry-run", "--json"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals("orbifold.train-plan/1", outcome.json().path("schema").asText()),
                () -> assertTrue(outcome.out().contains("148 parameters"), outcome.all()),
                () -> assertTrue(outcome.out().contains("64 cells"), outcome.all()),
                () -> assertTrue(outcome.out().contains("start-up and tests are not counted"), outcome.all()),
                () -> assertFalse(Files.exists(folder.resolve("run"))),
                () -> assertFalse(Files.exists(output())));
    }

    @Test
    void flagsAloneSuffice() throws IOException {
        Path model = Tiny.model(folder.resolve("tiny.onnx"), 0);
        Outcome outcome = Outcome.of(words("--model", model, "--data", folder.resolve("points.csv"), "-o", output(),
                "--epochs", 20, "--batch-size", 16, "--lr", 0.05, "--seed", 3, "--constrain",
                "parameters: fc1.weight, sparse: '2:4'", "--constrain",
                "name: ties, parameters: fc2.weight, tied: pairs",
                "--json"));
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        JsonNode constraints = outcome.json().path("constraints");
        assertEquals(2, constraints.size(), outcome.all());
        assertEquals("ties", constraints.path(1).path("name").asText());
        float[] w = OnnxFile.read(output()).parameters().get("fc2.weight").toFloats();
        for (int i = 0; i < w.length / 4; i++) {
            assertEquals(w[i], w[w.length / 4 + i], "the first two units are one");
        }
    }

    @Test
    void flagsWinOverTheRecipe() throws IOException {
        Path other = folder.resolve("other.onnx");
        Outcome outcome = Outcome.of(words(recipe(RECIPE), "-o", other, "--constrain",
                "parameters: fc1.weight, sparse: elements, zeros: 0.5", "--epochs", 9, "--json"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(Files.exists(other) && !Files.exists(output())),
                () -> assertEquals(64, outcome.json().path("constraints").path(0).path("cells").asLong()),
                () -> assertTrue(outcome.err().contains("epoch 9 of 9"), outcome.all()));
    }

    /** One step is too few to push anything to zero. */
    @Test
    void aMissedGoalEndsWithOneAndSaysSo() throws IOException {
        Outcome outcome = Outcome.of(words(recipe(
                RECIPE.replace("epochs: 8", "epochs: 1").replace("batch-size: 16", "batch-size: all") + HALF)));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("A constraint missed the share of zeros"), outcome.all()),
                () -> assertTrue(outcome.err().contains("a constraint missed the share of zeros"), outcome.all()),
                () -> assertTrue(Files.exists(output())));
    }

    @TestFactory
    Stream<DynamicTest> aWrongRecipeIsRefusedWithItsLine() {
        return Stream.of(
                refused("recipe.yaml line 6: epoch: nobody knows this key; did you mean 'epochs'?", "epoch: 3\n"),
                refused("recipe.yaml line 7: constraint constraint-1: [fc9*] fits no Parameter",
                        "constraints:\n  - {parameters: 'fc9*', sparse: elements, zeros: 0.5}\n"),
                refused("recipe.yaml line 7: constraints[0].lambda: must not be negative",
                        "constraints:\n  - {parameters: fc1.weight, sparse: elements, lambda: -1}\n"),
                refused("recipe.yaml line 7: this is not YAML", "constraints: [\n"),
                refused("recipe.yaml line 6: samples: ", "samples: 2\n"),
                refused("recipe.yaml line 6: loss: the model's output y", "loss: mse\n"),
                refused("recipe.yaml line 7: constraints[0].matrix: there is no file",
                        "constraints:\n  - {parameters: fc1.weight, matrix: none.npz, lambda: 1}\n"));
    }

    private DynamicTest refused(String message, String more) {
        return DynamicTest.dynamicTest(message, () -> {
            Outcome outcome = Outcome.of(words(recipe(RECIPE + more)));
            assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(outcome.err().contains(message), outcome.all()),
                    () -> assertEquals(1, outcome.err().lines().count(), outcome.all()),
                    () -> assertEquals("", outcome.out()),
                    () -> assertFalse(Files.exists(folder.resolve("run"))),
                    () -> assertFalse(Files.exists(output())));
        });
    }

    /** What goes wrong with model, data or output is the recipe's where that asked for it. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "points.csv|none.csv|line 2: data: there is no data set",
            "points.csv|empty|line 2: data: found no data set",
            "points.csv|{path: points.csv, std: 0}|line 2: data.std: must be positive",
            "points.csv|{path: points.csv, mean: [1, 2, 3]}|line 2: data.mean: has 3 values",
            "[4, 16, 4]|[5, 16, 4]|line 1: network: the items of",
            "[4, 16, 4]|[4, 16, 2]|line 1: network: label ",
            "[4, 16, 4]|[64, 2000000000, 10]|line 1: network.dense: a layer of 2,000,000,000 × 64 weights is too large",
            "'network: {dense: [4, 16, 4]}'|model: none.onnx|line 1: model: cannot read",
            "trained.onnx|empty|line 5: output: cannot write", "trained.onnx|no/t.onnx|line 5: output: cannot write"})
    void whatTheRecipeAsksForIsNamedWithItsLine(String right, String wrong, String message) throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        Outcome outcome = Outcome.of(words(recipe(RECIPE.replace(right.replace("'", ""), wrong))));
        assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("train: recipe.yaml " + message), outcome.all()),
                () -> assertEquals(1, outcome.err().lines().count(), outcome.all()),
                () -> assertFalse(Files.exists(folder.resolve("run"))));
    }

    /** A recipe's lines say nothing of what was typed beside it. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "parameters: 'fc9*', sparse: elements, zeros: 0.5|--constrain 2: constraint constraint-2: [fc9*] fits no Parameter",
            "parameters: fc1.weight, sparse: elements, lambda: -1|--constrain 2: lambda: must not be negative",
            "parameters: fc1.weight, sparse: [|--constrain 2: this is not YAML"})
    void whatIsTypedWronglyIsNamedByItsNumber(String typed, String message) throws IOException {
        Path model = Tiny.model(folder.resolve("tiny.onnx"), 0);
        String fits = "parameters: fc2.weight, sparse: elements, zeros: 0.5";
        for (Object[] words : List.of(words(recipe(RECIPE), "--constrain", fits, "--constrain", typed),
                words("--model", model, "--data", folder.resolve("points.csv"), "--constrain", fits, "--constrain",
                        typed))) {
            Outcome outcome = Outcome.of(words);
            assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(outcome.err().contains("train: " + message), outcome.all()),
                    () -> assertEquals(1, outcome.err().lines().count(), outcome.all()));
        }
    }

    @Test
    void aRecipeThatIsNotThereIsNamed() {
        Outcome outcome = Outcome.of(words(folder.resolve("no.yaml")));
        assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("there is no recipe"), outcome.all()));
    }

    /** Data, models that are read and other files are not lost to a wrong output. */
    @Test
    void noFileThatIsNeededIsOverwritten() throws IOException {
        Path model = Tiny.model(folder.resolve("tiny.onnx"), 0);
        byte[] data = Files.readAllBytes(folder.resolve("points.csv"));
        Outcome overData = Outcome.of(words(recipe(RECIPE.replace("trained.onnx", "points.csv"))));
        Outcome overModel = Outcome.of(words("--model", model, "--data", folder.resolve("points.csv"), "-o", model));
        assertAll(() -> assertEquals(ExitCode.INPUT, overData.exitCode(), overData.all()),
                () -> assertTrue(overData.err().contains("train: recipe.yaml line 5: output: the file "),
                        overData.all()),
                () -> assertArrayEquals(data, Files.readAllBytes(folder.resolve("points.csv"))),
                () -> assertEquals(ExitCode.USAGE, overModel.exitCode(), overModel.all()),
                () -> assertTrue(overModel.err().contains("names the model itself"), overModel.all()),
                () -> assertFalse(Files.exists(folder.resolve("run"))));
    }

    @Test
    void aResumedRunEndsWithTheSameModel() throws IOException {
        Path recipe = recipe(RECIPE + "tensorboard: true\n" + HALF);
        Outcome whole = Outcome.of(words(recipe, "--json"));
        byte[] expected = Files.readAllBytes(output());
        long events = events(folder.resolve("run"));
        for (int after : new int[] {1, 37, 70}) {
            Files.delete(output());
            Path path = folder.resolve("stopped" + after);
            TrainRequest request = new TrainRequest("recipe.yaml", Files.readString(recipe), folder,
                    RecipeReader.Overrides.none(), 1);
            try (Train train = Train.prepare(request);
                    RunFolder run = RunFolder.create(path, "train", List.of(recipe.toString()))) {
                assertThrows(InterruptedRun.class, () -> train.run(run, new StopAfter(after)));
            }
            assertFalse(Files.exists(output()));
            Outcome resumed = Outcome.of("resume", path, "--json");
            assertAll("stopped after " + after, () -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                    () -> assertArrayEquals(expected, Files.readAllBytes(output())),
                    () -> assertEquals(events, events(path), "bytes of events: none twice, none lost"),
                    () -> assertEquals(whole.json().path("constraints"), resumed.json().path("constraints")));
        }
    }

    /** How long the one event file of a Run is, which depends on the number of points and their names alone. */
    private static long events(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            return Files.size(all.getFirst());
        }
    }

    /** Killed after the folder was made and before anything was decided: the arguments say all there is to know. */
    @Test
    void aRunKilledAtItsVeryBeginningIsResumed() throws IOException {
        Path early = folder.resolve("early");
        RunFolder.create(early, "train", List.of(recipe(RECIPE + HALF).toString(), "--threads", "1")).close();
        Outcome resumed = Outcome.of("resume", early, "--quiet");
        Outcome again = Outcome.of("resume", early);
        assertAll(() -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                () -> assertTrue(Files.exists(output())),
                () -> assertEquals(resumed.out(), again.out()));
    }

    @Test
    void anotherVersionThatGoesOnSaysSo() throws IOException {
        Path early = folder.resolve("early");
        RunFolder.create(early, "train", List.of(recipe(RECIPE + HALF).toString(), "--threads", "1")).close();
        Path header = early.resolve("run.json");
        Files.writeString(header,
                Files.readString(header).replace("\"" + Version.orbifold() + "\"", "\"0.0.1\""));
        Outcome resumed = Outcome.of("resume", early);
        assertAll(() -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                () -> assertTrue(resumed.err().contains("version 0.0.1 began this Run"), resumed.all()));
    }

    @Test
    void oneClassAndNothingToRemoveAreSaid() throws IOException {
        Path points = folder.resolve("points.csv");
        Files.writeString(points, Files.readString(points).replaceAll("(?m)^[0-3],", "2,"));
        Outcome one = Outcome.of(words(recipe(RECIPE)));
        Outcome nothing = Outcome.of("train", recipe(RECIPE + "remove: {}\n"), "--run", folder.resolve("other"));
        assertAll(() -> assertTrue(one.all().contains("are of class 2"), one.all()),
                () -> assertEquals(ExitCode.INPUT, nothing.exitCode(), nothing.all()),
                () -> assertTrue(nothing.err().contains("names nothing to remove"), nothing.all()));
    }

    /** Asks to stop once so many steps are done. */
    private static final class StopAfter implements Progress {
        private final int limit;
        private long done;

        StopAfter(int limit) {
            this.limit = limit;
        }

        @Override
        public void step(String phase, long step, long steps, double accuracy, double macs) {
            done = step;
        }

        @Override
        public boolean stopping() {
            return done >= limit;
        }
    }
}
