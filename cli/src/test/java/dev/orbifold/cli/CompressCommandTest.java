package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.train.Compress;
import dev.orbifold.train.CompressRequest;
import dev.orbifold.train.InterruptedRun;
import dev.orbifold.train.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code compress} and {@code resume}, from the command line to the file, on a network that trains in a moment. */
class CompressCommandTest {
    private static final int SPEEDUP = 2;

    @TempDir private Path folder;
    private Path model = Path.of("");
    private Path data = Path.of("");

    @BeforeEach
    void makeInput() throws IOException {
        model = Tiny.model(folder.resolve("tiny.onnx"), 0);
        data = Tiny.data(folder.resolve("points.csv"), 600);
    }

    private Object[] words(String name, Object... more) {
        return Stream.concat(Stream.of("compress", model, "--data", data, "-o", folder.resolve(name + ".onnx"),
                "--run", folder.resolve(name), "--epochs", 3, "--batch-size", 16, "--distill", 0, "--precision",
                "float32", "--threads", 1), Stream.of(more)).toArray();
    }

    @Test
    void theDocumentSaysWhatTheFileHolds() throws IOException {
        Outcome outcome = Outcome.of(words("small", "--speedup", SPEEDUP, "--json"));
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        JsonNode json = outcome.json();
        Cost cost = Cost.of(OnnxFile.read(folder.resolve("small.onnx")));
        assertAll(() -> assertEquals("orbifold.compress/1", json.path("schema").asText()),
                () -> assertEquals(cost.macs(), json.path("after").path("macs").asLong(), outcome.all()),
                () -> assertTrue(cost.macs() * SPEEDUP <= json.path("before").path("macs").asLong(), outcome.all()),
                () -> assertEquals(cost.parameters(), json.path("after").path("parameters").asLong()),
                () -> assertEquals(Files.size(folder.resolve("small.onnx")), json.path("after").path("bytes").asLong()),
                () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL, outcome.all()),
                () -> assertTrue(json.path("equality").path("samples").asInt() > 0, outcome.all()),
                () -> assertEquals(folder.resolve("small").toString(), json.path("run").asText()),
                () -> Stream.of("accuracy", "loss", "parameters", "macs", "bytes", "latencyMillis")
                        .forEach(field -> Stream.of("before", "after").forEach(side -> assertTrue(
                                json.path(side).path(field).isNumber(), side + "." + field + "\n" + outcome.all()))),
                () -> assertTrue(json.path("seconds").asDouble() > 0),
                () -> assertTrue(Files.readString(folder.resolve("small/report.html")).contains("fewer MACs")),
                () -> assertEquals(RunState.Status.DONE, RunView.of(folder.resolve("small")).state().status()));
    }

    @Test
    void peopleGetTablesAndQuietMeansQuiet() {
        Outcome outcome = Outcome.of(words("small", "--speedup", SPEEDUP, "--quiet"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("MACs"), outcome.all()),
                () -> assertTrue(outcome.out().contains("Taking out what had collapsed moved no output"),
                        outcome.all()),
                () -> assertTrue(outcome.out().contains(folder.resolve("small.onnx").toString()), outcome.all()),
                () -> assertTrue(outcome.out().contains(folder.resolve("small/report.html").toString()),
                        outcome.all()),
                () -> assertEquals("", outcome.err()));
    }

    /** A push so weak that nothing ever reaches zero. */
    @Test
    void aMissedTargetEndsWithOneAndWritesWhatWasReached() {
        Outcome outcome = Outcome.of(words("weak", "--speedup", SPEEDUP, "--lambda", 1e-9, "--json"));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertFalse(outcome.json().path("target").path("met").asBoolean(true)),
                () -> assertTrue(outcome.err().contains("the target speedup 2.0 was missed"), outcome.all()),
                () -> assertTrue(Files.exists(folder.resolve("weak.onnx"))));
    }

    @Test
    void aDryRunWritesNothing() {
        Outcome outcome = Outcome.of(words("dry", "--speedup", SPEEDUP, "--dry-run", "--json"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.json().path("plan").size() > 2, outcome.all()),
                () -> assertTrue(outcome.out().contains("Spaces that can shrink: [fc1"), outcome.all()),
                () -> assertTrue(outcome.out().contains("Spaces that cannot shrink: none"), outcome.all()),
                () -> assertFalse(Files.exists(folder.resolve("dry"))),
                () -> assertFalse(Files.exists(folder.resolve("dry.onnx"))));
    }

    /** Stopped at random steps, then resumed: the same file, byte for byte. */
    @Test
    void aResumedRunEndsWithTheSameModel() throws IOException {
        Outcome whole = Outcome.of(words("whole", "--speedup", SPEEDUP, "--json"));
        byte[] expected = Files.readAllBytes(folder.resolve("whole.onnx"));
        long steps = RunView.of(folder.resolve("whole")).metrics().stream().mapToLong(m -> m.path("step").asLong())
                .max().orElseThrow();
        for (long seed = 1; seed <= 3; seed++) {
            String name = "stopped" + seed;
            int after = new Seed(seed).generator().nextInt(1, (int) steps);
            String trouble = "seed " + seed + ", stopped after " + after + " of " + steps + " steps";
            stop(name, after);
            assertFalse(Files.exists(folder.resolve(name + ".onnx")), trouble);
            Outcome resumed = Outcome.of("resume", folder.resolve(name), "--json");
            assertAll(trouble, () -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                    () -> assertArrayEquals(expected, Files.readAllBytes(folder.resolve(name + ".onnx"))),
                    () -> assertEquals(whole.json().path("after").path("accuracy"),
                            resumed.json().path("after").path("accuracy")));
        }
    }

    private void stop(String name, int after) {
        List<String> arguments = Arrays.stream(words(name, "--speedup", SPEEDUP)).skip(1).map(Object::toString)
                .toList();
        CompressRequest request = CompressCommand.typed(arguments).request();
        try (Compress compress = Compress.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "compress", arguments)) {
            InterruptedRun stopped = assertThrows(InterruptedRun.class,
                    () -> compress.run(run, new StopAfter(after)));
            assertTrue(stopped.getMessage().contains("stopped"), stopped.getMessage());
        }
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

    @Test
    void dataThatChangedStopAResumption() throws IOException {
        stop("changed", 5);
        Files.writeString(data, Files.readString(data) + "0,1,1,1,0\n");
        Outcome resumed = Outcome.of("resume", folder.resolve("changed"));
        assertAll(() -> assertEquals(ExitCode.INPUT, resumed.exitCode(), resumed.all()),
                () -> assertTrue(resumed.err().contains("is not what this Run was given"), resumed.all()),
                () -> assertFalse(Files.exists(folder.resolve("changed.onnx"))));
    }

    /** Killed after the folder was made and before anything was decided: the arguments say all there is to know. */
    @Test
    void aRunKilledAtItsVeryBeginningIsResumed() {
        List<String> arguments = Arrays.stream(words("early", "--speedup", SPEEDUP)).skip(1).map(Object::toString)
                .toList();
        RunFolder.create(folder.resolve("early"), "compress", arguments).close();
        Outcome resumed = Outcome.of("resume", folder.resolve("early"), "--quiet");
        Outcome again = Outcome.of("resume", folder.resolve("early"));
        assertAll(() -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                () -> assertTrue(Files.exists(folder.resolve("early.onnx"))),
                () -> assertTrue(again.err().contains("is done already"), again.all()),
                () -> assertEquals(resumed.out(), again.out()));
    }

    @Test
    void evaluateAgreesWithItself() {
        Outcome outcome = Outcome.of("evaluate", model, "--data", data, "--json", "--threads", 1, "--run",
                folder.resolve("kept"));
        JsonNode json = outcome.json();
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals("orbifold.evaluate/1", json.path("schema").asText()),
                () -> assertEquals(Tiny.HIDDEN * (Tiny.FEATURES + Tiny.CLASSES), json.path("macs").asInt()),
                () -> assertTrue(json.path("accuracy").asDouble() >= 0 && json.path("accuracy").asDouble() <= 100),
                () -> assertTrue(json.path("loss").asDouble() > 0),
                () -> assertTrue(json.path("latencyMillis").asDouble() > 0),
                () -> assertEquals(json, RunView.of(folder.resolve("kept")).result().orElseThrow()));
    }
}
