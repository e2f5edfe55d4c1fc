package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code balance}, and its report. */
class BalanceCommandTest {
    /** float32 weights that should be equal, as a share of the largest. */
    private static final double ROUNDING = 1e-5;

    @TempDir private Path folder;

    private Outcome balance(Path model, Path balanced, Object... more) {
        Object[] arguments =
                {"balance", model, "-o", balanced, "--run", folder.resolve("run-" + balanced.getFileName())};
        Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return Outcome.of(all);
    }

    /** Two rescalings of one model end at the same weights, and say so with the same figures. */
    @Test
    void rescalingsAreUndone() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path[] balanced = {folder.resolve("b1.onnx"), folder.resolve("b2.onnx")};
        for (int seed = 1; seed <= 2; seed++) {
            Path moved = folder.resolve("moved" + seed + ".onnx");
            Outcome.of("transform", model, "-o", moved, "--only", "scaling", "--seed", seed, "--run",
                    folder.resolve("t" + seed));
            Outcome outcome = balance(moved, balanced[seed - 1], "--json");
            JsonNode json = outcome.json();
            JsonNode space = json.path("spaces").path(0);
            assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL,
                            outcome.all()),
                    () -> assertTrue(json.path("norm").path("after").asDouble(9) < json.path("norm").path("before")
                            .asDouble(0), outcome.all()),
                    () -> assertEquals(space.path("after").path("in").asDouble(),
                            space.path("after").path("out").asDouble(1), ROUNDING, outcome.all()));
        }
        Graph first = OnnxFile.read(balanced[0]);
        Graph second = OnnxFile.read(balanced[1]);
        for (String name : first.parameters().keySet()) {
            double[] a = first.parameters().get(name).toDoubles();
            double largest = Arrays.stream(a).map(Math::abs).max().orElseThrow();
            assertArrayEquals(a, second.parameters().get(name).toDoubles(), ROUNDING * largest, name);
        }
    }

    @Test
    void onDataTheNoiseIsBalanced() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path data = Tiny.data(folder.resolve("points.csv"), 200);
        Outcome outcome = balance(model, folder.resolve("b.onnx"), "--json", "--data", data, "--samples", 40);
        JsonNode json = outcome.json();
        JsonNode noise = json.path("noise").path(0);
        double before = noise.path("before").path("in").asDouble() / noise.path("before").path("out").asDouble();
        double after = noise.path("after").path("in").asDouble() / noise.path("after").path("out").asDouble();
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals(1, after, ROUNDING, outcome.all()),
                () -> assertTrue(Math.abs(before - 1) > 0.01, outcome.all()),
                () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL, outcome.all()));
    }

    @Test
    void theReportShowsTheLengthsAndIsWrittenAgain() throws IOException {
        Outcome outcome = balance(Tiny.model(folder.resolve("m.onnx"), 0), folder.resolve("b.onnx"));
        Path run = folder.resolve("run-b.onnx");
        String html = Files.readString(run.resolve("report.html"));
        Files.delete(run.resolve("report.html"));
        Outcome again = Outcome.of("report", run);
        assertAll(() -> assertTrue(outcome.out().contains("The length of these weights went from "), outcome.all()),
                () -> assertTrue(html.contains("The same function"), "the verdict"),
                () -> assertTrue(html.contains("id=\"balance\""), "the section"),
                () -> assertTrue(html.contains("No output moved by more than"), "the proof"),
                () -> assertEquals(ExitCode.DONE, again.exitCode(), again.all()),
                () -> assertEquals(html, Files.readString(run.resolve("report.html"))));
    }

    @Test
    void aModelWithoutScalesIsSaidToHaveNone() {
        Outcome outcome = balance(Tiny.sigmoids(folder.resolve("m.onnx")), folder.resolve("b.onnx"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("the model has no Space that can be rescaled"),
                        outcome.all()));
    }

    @Test
    void outputsThatAreNotNumbersProveNothing() {
        Outcome outcome = balance(Tiny.broken(folder.resolve("m.onnx"), 0), folder.resolve("b.onnx"));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("not all outputs are numbers"), outcome.all()));
    }

    @Test
    void oneSampleHasNoVariance() throws IOException {
        Outcome outcome = balance(Tiny.model(folder.resolve("m.onnx"), 0), folder.resolve("b.onnx"), "--samples", 1);
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("--samples must be at least 2"), outcome.all()));
    }
}
