package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be handled: one sentence, exit code 3, no output file, no Run. */
class BadInputTest {
    @TempDir private Path folder;
    private Path model = Path.of("");
    private Path data = Path.of("");

    @BeforeEach
    void makeGoodInput() throws IOException {
        model = Tiny.model(folder.resolve("good.onnx"), 0);
        data = Tiny.data(folder.resolve("good.csv"), 200);
    }

    @TestFactory
    Stream<DynamicTest> everyCommandRefusesABadModel() throws IOException {
        byte[] whole = Files.readAllBytes(model);
        Path truncated = Files.write(folder.resolve("truncated.onnx"), Arrays.copyOf(whole, whole.length / 2));
        Path foreign = Files.writeString(folder.resolve("foreign.onnx"), "PK\3\4 this is no model");
        Graph good = OnnxFile.read(model);
        Path tooNew = folder.resolve("new.onnx");
        OnnxFile.write(new Graph("new", Map.of("", 99), good.inputs(), good.outputs(), good.nodes(), good.parameters(),
                List.of(), Graph.Origin.NONE), tooNew);
        List<DynamicTest> tests = new ArrayList<>();
        for (Path bad : List.of(truncated, foreign, tooNew, folder.resolve("missing.onnx"))) {
            tests.add(refused("compress", bad.getFileName().toString(), compress(bad, data)));
            tests.add(refused("evaluate", bad.getFileName().toString(), "evaluate", bad, "--data", data));
            tests.add(refused("shrink", bad.getFileName().toString(), "shrink", bad, "-o", out(), "--run", run()));
        }
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> dataThatDoNotFitAreRefused() throws IOException {
        Path wide = Files.writeString(folder.resolve("wide.csv"), "label,a,b\n0,1,2\n1,2,3\n0,1,1\n1,0,0\n");
        Path labels = Tiny.data(folder.resolve("labels.csv"), 200, Tiny.CLASSES + 3);
        return Stream.of(refused("missing data", "nowhere", compress(model, folder.resolve("nowhere"))),
                refused("shapes that differ", "4", compress(model, wide)),
                refused("labels out of range", "6", compress(model, labels)),
                refused("evaluate: labels out of range", "6", "evaluate", model, "--data", labels),
                refused("evaluate: missing data", "nowhere", "evaluate", model, "--data", folder.resolve("nowhere")));
    }

    @TestFactory
    Stream<DynamicTest> whatTrainingCouldNotStartFromIsRefused() throws IOException {
        Path fractions = Files.writeString(folder.resolve("fractions.csv"),
                Files.readString(data).replaceFirst("\\n\\d,", "\n1.5,"));
        Graph good = OnnxFile.read(model);
        Path fixed = folder.resolve("fixed.onnx");
        OnnxFile.write(new Graph("fixed", good.opsets(),
                List.of(ValueInfo.of("input", DataType.FLOAT, Shape.of(1, Tiny.FEATURES))), good.outputs(),
                good.nodes(),
                good.parameters(), List.of(), Graph.Origin.NONE), fixed);
        float[] odd = good.parameters().get("fc1.weight").toFloats();
        odd[3] = Float.NaN;
        Path nan = folder.resolve("nan.onnx");
        Map<String, TensorData> parameters = new LinkedHashMap<>(good.parameters());
        parameters.put("fc1.weight", TensorData.of(odd, Tiny.HIDDEN, Tiny.FEATURES));
        OnnxFile.write(new Graph("nan", good.opsets(), good.inputs(), good.outputs(), good.nodes(), parameters,
                List.of(), Graph.Origin.NONE), nan);
        return Stream.of(refused("labels that are no classes", "fractions.csv", compress(model, fractions)),
                refused("evaluate: labels that are no classes", "fractions.csv", "evaluate", model, "--data",
                        fractions),
                refused("classes for numbers", "to compare them with", "compress", model, "--data", data, "-o", out(),
                        "--speedup", 2,
                        "--run", run(), "--loss", "mse"),
                refused("a fixed batch", "batch", compress(fixed, data)),
                refused("evaluate: a fixed batch", "batch", "evaluate", fixed, "--data", data),
                refused("weights that are not finite", "fc1.weight", compress(nan, data)));
    }

    @Test
    void filesThatAreNoModelsAreNotOverwritten() throws IOException {
        byte[] before = Files.readAllBytes(data);
        assertAll(Stream.of(Outcome.of("shrink", model, "-o", data, "--run", run()),
                Outcome.of("compress", model, "--data", data, "-o", data, "--speedup", 2, "--run", run()))
                .map(outcome -> () -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all())));
        assertArrayEquals(before, Files.readAllBytes(data));
    }

    @TestFactory
    Stream<DynamicTest> whatCannotBeReachedOrWrittenIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        return Stream.of(
                refused("a target out of reach", "cannot be reached", "compress", model, "--data", data, "-o", out(),
                        "--speedup", 1000, "--run", run()),
                refused("a missing folder", "does not exist", "compress", model, "--data", data, "-o",
                        folder.resolve("none/out.onnx"), "--speedup", 2, "--run", run()),
                refused("a folder as output", "it is a folder", "shrink", model, "-o", folder, "--run", run()),
                refused("a file as Run", "a Run is a folder", "shrink", model, "-o", out(), "--run", file),
                refused("no Run", "there is no Run", "resume", folder.resolve("none")),
                refused("no Run to watch", "there is no Run", "watch", folder.resolve("none")),
                refused("no Run to report", "there is no Run", "report", folder.resolve("none")));
    }

    @Test
    void everyOperatorThatIsMissingIsNamed() {
        Graph good = OnnxFile.read(model);
        List<Node> nodes = new ArrayList<>(good.nodes());
        nodes.set(1, Node.of("first", "Frobnicate", List.of("hidden"), List.of("half"), Map.of()));
        nodes.add(2, Node.of("second", "Twiddle", List.of("half"), List.of("active"), Map.of()));
        Path strange = folder.resolve("strange.onnx");
        OnnxFile.write(good.withNodes(nodes), strange);
        Outcome outcome = Outcome.of(compress(strange, data));
        assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("Frobnicate") && outcome.err().contains("first"),
                        outcome.all()),
                () -> assertTrue(outcome.err().contains("Twiddle") && outcome.err().contains("second"), outcome.all()),
                () -> nothingIsLeft(outcome));
    }

    @Test
    void aDefectShowsItsStackTraceAndASentenceDoesNot() {
        assertAll(() -> assertTrue(Failures.isDefect(new IllegalStateException("x"))),
                () -> assertFalse(Failures.isDefect(new dev.orbifold.run.RunException("x"))),
                () -> assertTrue(Failures.sentence(new IllegalStateException("x")).startsWith(
                        "this is a defect of Orbifold")),
                () -> assertEquals("x", Failures.sentence(new dev.orbifold.run.RunException("x"))));
    }

    @Test
    void shortMemoryIsSaidInBytes() {
        RuntimeException native1 = new RuntimeException(
                "[enforce fail at alloc_cpu.cpp:125] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"
                        + " allocate 4000000000 bytes. Error code 12");
        assertAll(() -> assertFalse(Failures.isDefect(native1)),
                () -> assertTrue(Failures.sentence(native1).contains("4.00 GB"), Failures.sentence(native1)),
                () -> assertFalse(Failures.isDefect(new RuntimeException(
                        "Storage size calculation overflowed with sizes=[1152921504606846976]\nframe #0: …"))),
                () -> assertTrue(Failures.sentence(new OutOfMemoryError("Java heap space")).contains("-Xmx")));
    }

    private Path out() {
        return folder.resolve("out.onnx");
    }

    private Path run() {
        return folder.resolve("run");
    }

    private Object[] compress(Path someModel, Path someData) {
        return new Object[] {"compress", someModel, "--data", someData, "-o", out(), "--speedup", 2, "--run", run(),
                "--json"};
    }

    private DynamicTest refused(String name, String message, Object... words) {
        return DynamicTest.dynamicTest(name + ": " + message, () -> {
            Outcome outcome = Outcome.of(words);
            assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(outcome.err().startsWith("orbifold " + words[0] + ": "), outcome.all()),
                    () -> assertTrue(outcome.err().contains(message), outcome.all()),
                    () -> assertEquals(1, outcome.err().lines().count(), outcome.all()),
                    () -> nothingIsLeft(outcome));
        });
    }

    private void nothingIsLeft(Outcome outcome) {
        assertAll(() -> assertEquals("", outcome.out(), outcome.all()),
                () -> assertFalse(Files.exists(out()), outcome.all()),
                () -> assertFalse(Files.exists(run()), outcome.all()));
    }
}
