package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code shrink}, and {@code report} and {@code resume} on the Run it leaves. */
class ShrinkCommandTest {
    private static final int DEAD = 5;

    @TempDir private Path folder;

    @Test
    void deadUnitsLeaveAndTheDocumentSaysSo() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Path small = folder.resolve("s.onnx");
        Outcome outcome = Outcome.of("shrink", model, "-o", small, "--json", "--run", folder.resolve("run"));
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        JsonNode json = outcome.json();
        int left = Tiny.HIDDEN - DEAD;
        assertAll(() -> assertEquals("orbifold.shrink/1", json.path("schema").asText()),
                () -> assertEquals(Tiny.HIDDEN * (Tiny.FEATURES + Tiny.CLASSES),
                        json.path("before").path("macs").asInt()),
                () -> assertEquals(left * (Tiny.FEATURES + Tiny.CLASSES), json.path("after").path("macs").asInt()),
                () -> assertEquals(Files.size(small), json.path("after").path("bytes").asLong()),
                () -> assertEquals(1, json.path("removed").size()),
                () -> assertEquals(Tiny.HIDDEN, json.path("removed").path(0).path("from").asInt()),
                () -> assertEquals(left, json.path("removed").path(0).path("to").asInt()),
                () -> assertTrue(json.path("removed").path(0).path("space").isTextual()),
                () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL, outcome.all()),
                () -> assertEquals(256, json.path("equality").path("samples").asInt()),
                () -> assertEquals(left, OnnxFile.read(small).parameters().get("fc1.weight").dim(0)),
                () -> assertTrue(Files.size(folder.resolve("run/report.html")) > 0));
    }

    @Test
    void widthsAreRoundedAndExcludedAsAsked() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Outcome rounded = Outcome.of("shrink", model, "-o", folder.resolve("a.onnx"), "--round-to", 4, "--json",
                "--run", folder.resolve("a"));
        Outcome excluded = Outcome.of("shrink", model, "-o", folder.resolve("b.onnx"), "--exclude", "fc1*", "--json",
                "--run", folder.resolve("b"));
        assertAll(() -> assertEquals(12, rounded.json().path("removed").path(0).path("to").asInt(), rounded.all()),
                () -> assertEquals(0, excluded.json().path("removed").size(), excluded.all()));
    }

    @Test
    void nothingToRemoveLeavesTheFileAsItWas() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path same = folder.resolve("s.onnx");
        Outcome outcome = Outcome.of("shrink", model, "-o", same, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("Nothing has collapsed"), outcome.all()),
                () -> assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(same)));
    }

    /**
     * Two constant units that readers of ±100 000 let cancel but for what float32 rounds away: folded exactly into the bias they
     * show in the outputs, and a model that fails its check is not left where the user looks for it.
     */
    @Test
    void whatTheCheckRefusesIsNotWritten() throws IOException {
        Graph graph = OnnxFile.read(Tiny.model(folder.resolve("m.onnx"), 0));
        float[] in = graph.parameters().get("fc1.weight").toFloats();
        float[] bias = graph.parameters().get("fc1.bias").toFloats();
        float[] out = graph.parameters().get("fc2.weight").toFloats();
        Arrays.fill(in, 0, 2 * Tiny.FEATURES, 0);
        bias[0] = 1000.1f;
        bias[1] = Math.nextUp(bias[0]);
        for (int c = 0; c < Tiny.CLASSES; c++) {
            out[c * Tiny.HIDDEN] = 1e5f;
            out[c * Tiny.HIDDEN + 1] = -1e5f;
        }
        Graph near =
                graph.replacing(Map.of("fc1.weight", TensorData.of(in, graph.parameters().get("fc1.weight").dims()),
                        "fc1.bias", TensorData.of(bias, bias.length), "fc2.weight",
                        TensorData.of(out, graph.parameters().get("fc2.weight").dims())));
        OnnxFile.write(near, folder.resolve("near.onnx"));
        Path small = folder.resolve("small.onnx");
        Outcome outcome =
                Outcome.of("shrink", folder.resolve("near.onnx"), "-o", small, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(Files.notExists(small), outcome.all()),
                () -> assertTrue(Files.exists(folder.resolve("run/rejected.onnx")), outcome.all()),
                () -> assertTrue(outcome.err().contains("the model is not written"), outcome.all()));
    }

    /** Without --tolerance, where equality is a check, and with it, where it is a number to report. */
    @ParameterizedTest @ValueSource(doubles = {0, 0.01})
    void outputsThatAreNotNumbersProveNothing(double tolerance) throws IOException {
        Path model = Tiny.broken(folder.resolve("m.onnx"), DEAD);
        Outcome outcome = Outcome.of("shrink", model, "-o", folder.resolve("s.onnx"), "--tolerance", tolerance,
                "--run", folder.resolve("run"));
        JsonNode result = new ObjectMapper().readTree(folder.resolve("run/result.json").toFile());
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("not all outputs are numbers"), outcome.all()),
                () -> assertTrue(outcome.out().contains("fc2.bias (1 of 4)"), outcome.all()),
                () -> assertTrue(result.path("equality").path("maxError").isNull(), outcome.all()),
                () -> assertEquals("outputs-not-numbers",
                        result.path("findings").path(result.path("findings").size() - 1).path("kind").asText()));
    }

    @Test
    void theRunCanBeReportedAgainAndIsNotResumed() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Path run = folder.resolve("run");
        Outcome.of("shrink", model, "-o", folder.resolve("s.onnx"), "--quiet", "--run", run);
        Path page = run.resolve("report.html");
        String first = Files.readString(page);
        Files.delete(page);
        Outcome again = Outcome.of("report", run);
        Outcome json = Outcome.of("report", run, "--json");
        Outcome resumed = Outcome.of("resume", run);
        assertAll(() -> assertEquals(page + "\n", again.out(), again.all()),
                () -> assertEquals(first, Files.readString(page)),
                () -> assertEquals("orbifold.report/1", json.json().path("schema").asText()),
                () -> assertEquals(ExitCode.DONE, resumed.exitCode(), resumed.all()),
                () -> assertTrue(resumed.err().contains("is done already"), resumed.all()));
    }

    @Test
    void aRunIsNotWrittenInto() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Path run = folder.resolve("run");
        Outcome.of("shrink", model, "-o", folder.resolve("s.onnx"), "--quiet", "--run", run);
        Outcome second = Outcome.of("shrink", model, "-o", folder.resolve("t.onnx"), "--run", run);
        assertAll(() -> assertEquals(ExitCode.INPUT, second.exitCode(), second.all()),
                () -> assertTrue(second.err().contains("is a Run already"), second.all()),
                () -> assertTrue(Files.notExists(folder.resolve("t.onnx"))));
    }
}
