package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code transform}, and its report. */
class TransformCommandTest {
    @TempDir private Path folder;

    @Test
    void onlyShiftsMoveBiasesAlone() {
        Path model = Tiny.chain(folder.resolve("m.onnx"), 1);
        Path moved = folder.resolve("o.onnx");
        Outcome outcome =
                Outcome.of("transform", model, "-o", moved, "--only", "shift", "--run", folder.resolve("run"));
        Graph before = OnnxFile.read(model);
        Graph after = OnnxFile.read(moved);
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals(before.parameters().get("fc0.weight"), after.parameters().get("fc0.weight")),
                () -> assertNotEquals(before.parameters().get("fc0.bias"), after.parameters().get("fc0.bias")),
                () -> assertNotEquals(before.parameters().get("fc1.bias"), after.parameters().get("fc1.bias")));
    }

    @Test
    void onlySignsOfSigmoidsMoveTheNextBiasToo() {
        Path model = Tiny.sigmoids(folder.resolve("m.onnx"));
        Path moved = folder.resolve("o.onnx");
        Outcome outcome = Outcome.of("transform", model, "-o", moved, "--only", "sign", "--json", "--run",
                folder.resolve("run"));
        Graph before = OnnxFile.read(model);
        Graph after = OnnxFile.read(moved);
        double[] a = before.parameters().get("fc1.weight").toDoubles();
        double[] b = after.parameters().get("fc1.weight").toDoubles();
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals("[\"sign\"]",
                        outcome.json().path("spaces").path(0).path("applied").toString()),
                () -> assertTrue(outcome.json().path("equality").path("maxError").asDouble(1) <= Results.EQUAL,
                        outcome.all()),
                () -> assertArrayEquals(Arrays.stream(a).map(Math::abs).toArray(),
                        Arrays.stream(b).map(Math::abs).toArray()),
                () -> assertNotEquals(before.parameters().get("fc1.weight"), after.parameters().get("fc1.weight")),
                () -> assertNotEquals(before.parameters().get("fc2.bias"), after.parameters().get("fc2.bias")));
    }

    @Test
    void transformKeepsTheFunctionAndTheNames() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path moved = folder.resolve("o.onnx");
        Outcome outcome = Outcome.of("transform", model, "-o", moved, "--json", "--run", folder.resolve("run"));
        JsonNode json = outcome.json();
        Graph before = OnnxFile.read(model);
        Graph after = OnnxFile.read(moved);
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals(before.parameters().keySet(), after.parameters().keySet()),
                () -> assertTrue(json.path("equality").path("maxError").asDouble(1) <= Results.EQUAL, outcome.all()),
                () -> assertTrue(json.path("moved").asDouble() > 0.5, outcome.all()),
                () -> assertNotEquals(-1L, Files.mismatch(model, moved)));
    }

    @Test
    void onlyPermutationsKeepTheNumbers() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path moved = folder.resolve("o.onnx");
        Outcome outcome = Outcome.of("transform", model, "-o", moved, "--only", "permutation", "--run",
                folder.resolve("run"));
        TensorData before = OnnxFile.read(model).parameters().get("fc1.weight");
        TensorData after = OnnxFile.read(moved).parameters().get("fc1.weight");
        double[] a = before.toDoubles();
        double[] b = after.toDoubles();
        Arrays.sort(a);
        Arrays.sort(b);
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertArrayEquals(a, b, 0));
    }

    @Test
    void aKindThatTheModelDoesNotHaveIsSaid() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome none = Outcome.of("transform", model, "-o", folder.resolve("o.onnx"), "--only", "rotation,permutation",
                "--run", folder.resolve("one"));
        Outcome all = Outcome.of("transform", model, "-o", folder.resolve("p.onnx"), "--run", folder.resolve("two"));
        assertAll(() -> assertEquals(ExitCode.DONE, none.exitCode(), none.all()),
                () -> assertTrue(none.out()
                        .contains("warning: m.onnx: the model has no symmetry of the kind rotation; it"
                                + " has permutation, scaling"),
                        none.all()),
                () -> assertFalse(none.out().contains("no symmetry of the kind permutation"), none.all()),
                () -> assertFalse(all.out().contains("no symmetry"), all.all()));
    }

    @Test
    void anUnknownKindIsNamed() {
        Outcome outcome = Outcome.of("transform", "m.onnx", "-o", folder.resolve("o.onnx"), "--only", "turn");
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("permutation, sign, scaling, rotation"), outcome.all()));
    }

    @Test
    void theReportSaysWhatMovedAndIsWrittenAgain() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = Outcome.of("transform", Tiny.model(folder.resolve("m.onnx"), 0), "-o",
                folder.resolve("o.onnx"), "--only", "permutation,sign", "--run", run);
        Path page = run.resolve("report.html");
        assertTrue(outcome.out().contains("report      " + page), outcome.all());
        String html = Files.readString(page);
        Files.delete(page);
        Outcome again = Outcome.of("report", run);
        assertAll(() -> assertTrue(html.contains("The same function"), "the verdict"),
                () -> assertTrue(html.contains(">permutation, sign<"), "what was wanted"),
                () -> assertTrue(html.contains("<td>permutation</td>"), "a ReLU lets no sign through"),
                () -> assertFalse(html.contains("id=\"before-after\""), "there is no smaller model"),
                () -> assertEquals(ExitCode.DONE, again.exitCode(), again.all()),
                () -> assertEquals(html, Files.readString(page)));
    }

    @Test
    void outputsThatAreNotNumbersProveNothing() {
        Outcome outcome = Outcome.of("transform", Tiny.broken(folder.resolve("m.onnx"), 0), "-o",
                folder.resolve("o.onnx"), "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("not all outputs are numbers"), outcome.all()),
                () -> assertTrue(outcome.out().contains("fc2.bias (1 of 4)"), outcome.all()));
    }
}
