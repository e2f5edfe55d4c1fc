package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code scan}, and its report. */
class ScanCommandTest {
    private static final int DEAD = 5;

    @TempDir private Path folder;

    @Test
    void spacesAreListedWithWhatHasCollapsed() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Outcome outcome = Outcome.of("scan", model, "--json", "--run", folder.resolve("run"));
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        JsonNode json = outcome.json();
        JsonNode space = json.path("spaces").path(0);
        assertAll(() -> assertEquals("orbifold.scan/1", json.path("schema").asText()),
                () -> assertEquals(1, json.path("spaces").size()),
                () -> assertEquals(Tiny.HIDDEN, space.path("dimension").asInt()),
                () -> assertEquals("Monomial (positive)", space.path("group").asText()),
                () -> assertEquals(DEAD, space.path("dead").asInt()),
                () -> assertEquals(0, space.path("duplicates").asInt()),
                () -> assertEquals("fc1.weight", space.path("slots").path(0).path("parameter").asText()),
                () -> assertEquals(DEAD * (Tiny.FEATURES + 1 + Tiny.CLASSES), space.path("saving").asInt()),
                () -> assertEquals(2, json.path("blocks").size()),
                () -> assertEquals("fc1.weight", json.path("blocks").path(0).path("parameter").asText()),
                () -> assertEquals("[0]", json.path("blocks").path(0).path("writes").toString()),
                () -> assertEquals("[0]", json.path("blocks").path(1).path("reads").toString()),
                () -> assertTrue(json.path("verification").path("maxError").asDouble(1) <= Results.EQUAL),
                () -> assertEquals(
                        json.path("model").path("macs").asInt() - DEAD * (Tiny.FEATURES + Tiny.CLASSES),
                        json.path("shrunk").path("macs").asInt()));
    }

    @Test
    void aLargeModelIsComparedOnOneSampleUnlessTheUserSaysOtherwise() throws IOException {
        assertAll(() -> assertEquals(2, ScanCommand.samples(withParameterOf(ScanCommand.LARGE))),
                () -> assertEquals(1, ScanCommand.samples(withParameterOf(ScanCommand.LARGE + Float.BYTES))));
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        JsonNode small = Outcome.of("scan", model, "--json", "--run", folder.resolve("a")).json();
        JsonNode said = Outcome.of("scan", model, "--json", "--samples", "3", "--run", folder.resolve("b")).json();
        assertAll(() -> assertEquals(2, small.path("verification").path("samples").asInt()),
                () -> assertEquals(3, said.path("verification").path("samples").asInt()),
                () -> assertEquals(ExitCode.USAGE, Outcome.of("scan", model, "--samples", "0").exitCode()));
    }

    /** A Graph with one float32 parameter of so many bytes, in a file without blocks on the disk. */
    private Graph withParameterOf(long bytes) throws IOException {
        Path sparse = folder.resolve("weights" + bytes);
        try (FileChannel file = FileChannel.open(sparse, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
                StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
            TensorData weights = new TensorData(DataType.FLOAT, new long[] {bytes / Float.BYTES}, mapped);
            return Graph.of("large", List.of(), List.of(), List.of(), Map.of("weights", weights));
        }
    }

    @Test
    void theTableSaysWhatShrinkWouldSave() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Outcome outcome = Outcome.of("scan", model, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("Monomial (positive)"), outcome.all()),
                () -> assertTrue(outcome.out().contains("would take out"), outcome.all()));
    }

    /** Of sixteen units three are made a thousand times smaller on both sides: not dead, and next to it. */
    @Test
    void unitsNextToDeathAreSaid() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Graph graph = OnnxFile.read(model);
        float[] in = graph.parameter("fc1.weight").orElseThrow().toFloats();
        float[] bias = graph.parameter("fc1.bias").orElseThrow().toFloats();
        for (int unit = 0; unit < 3; unit++) {
            bias[unit] *= 1e-6f;
            for (int k = 0; k < Tiny.FEATURES; k++) {
                in[unit * Tiny.FEATURES + k] *= 1e-6f;
            }
        }
        Path near = folder.resolve("near.onnx");
        OnnxFile.write(graph.replacing(Map.of("fc1.weight", TensorData.of(in, Tiny.HIDDEN, Tiny.FEATURES), "fc1.bias",
                TensorData.of(bias, Tiny.HIDDEN))), near);
        String sound = Outcome.of("scan", model, "--run", folder.resolve("a")).out();
        String said = Outcome.of("scan", near, "--run", folder.resolve("b")).out();
        assertAll(() -> assertFalse(sound.contains("weigh 1 %"), sound),
                () -> assertTrue(said.contains("weigh 1 % of the others and less, but still something: a tenth and more"
                        + " of fc1."), said));
    }

    @Test
    void aModelWithoutSymmetriesIsSaidToHaveNone() {
        Path model = folder.resolve("one.onnx");
        OnnxFile.write(Graph.of("one",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(3))))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(2))))),
                List.of(Node.of("y", "MatMul", List.of("x", "w"), List.of("y"), Map.of())),
                Map.of("w", TensorData.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2))), model);
        Outcome scan = Outcome.of("scan", model, "--run", folder.resolve("run"));
        Outcome balance = Outcome.of("balance", model, "-o", folder.resolve("b.onnx"), "--run", folder.resolve("b"));
        assertAll(() -> assertEquals(ExitCode.DONE, scan.exitCode(), scan.all()),
                () -> assertTrue(scan.out().startsWith("No symmetry was found"), scan.all()),
                () -> assertTrue(balance.out().startsWith("No weight was changed; "), balance.all()));
    }

    @Test
    void signsWithABiasCorrectionAreCalledAffine() throws IOException {
        Path model = Tiny.sigmoids(folder.resolve("m.onnx"));
        Outcome scan = Outcome.of("scan", model, "--run", folder.resolve("run"));
        JsonNode space = Outcome.of("scan", model, "--json", "--run", folder.resolve("run2")).json().path("spaces")
                .path(0);
        String html = Files.readString(folder.resolve("run/report.html"));
        assertAll(() -> assertTrue(scan.out().contains("SignedPermutation (affine)"), scan.all()),
                () -> assertTrue(scan.out().contains("bias correction"), scan.all()),
                () -> assertTrue(html.contains("SignedPermutation (affine)"), "the table of the Spaces"),
                () -> assertEquals("SignedPermutation", space.path("group").asText()),
                () -> assertTrue(space.path("affine").asBoolean()));
    }

    @Test
    void shiftsOfLayersThatAreAlikeShareARow() {
        Path model = Tiny.chain(folder.resolve("m.onnx"), 3);
        Outcome scan = Outcome.of("scan", model, "--run", folder.resolve("run"));
        JsonNode json = Outcome.of("scan", model, "--json", "--run", folder.resolve("run2")).json();
        JsonNode shift = json.path("shifts").path(0);
        assertAll(
                () -> assertTrue(scan.out().matches("(?s).*fc\\{0\\.\\.2}\\.bias +3 × 8 +fc\\{1\\.\\.3}\\.bias\\n.*"),
                        scan.all()),
                () -> assertEquals(3, json.path("shifts").size()),
                () -> assertEquals("fc0.bias", shift.path("name").asText()),
                () -> assertEquals(8, shift.path("dimension").asInt()),
                () -> assertEquals("Shift", shift.path("group").asText()),
                () -> assertEquals("fc1.bias", shift.path("slots").path(1).path("parameter").asText()),
                () -> assertEquals(0, shift.path("slots").path(1).path("axis").asInt()));
    }

    @Test
    void theReportShowsTheNetworkAndIsWrittenAgain() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Outcome outcome = Outcome.of("scan", model, "--run", folder.resolve("run"));
        Path page = folder.resolve("run/report.html");
        assertTrue(outcome.out().contains("report.html"), outcome.all());
        String html = Files.readString(page);
        Files.delete(page);
        Outcome again = Outcome.of("report", folder.resolve("run"));
        assertAll(() -> assertTrue(html.contains("1 Space, its symmetry verified"), "the headline"),
                () -> assertTrue(html.contains("id=\"chart-network\""), "the network"),
                () -> assertTrue(html.contains("shrink would take out 45 of 148 parameters"), "the saving"),
                () -> assertEquals(ExitCode.DONE, again.exitCode(), again.all()),
                () -> assertEquals(html, Files.readString(page)));
    }

    @Test
    void theReportHasShiftsAndWhatTheCertificateFound() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = Outcome.of("scan", Tiny.chain(folder.resolve("m.onnx"), 2), "--certify", "--run", run);
        String html = Files.readString(run.resolve("report.html"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(html.contains(">fc{0,1}.bias</th><td class=\"number\">2 × 8</td>"), "the shifts"),
                () -> assertTrue(html.contains("All null directions are explained"), "the verdict"),
                () -> assertTrue(html.contains("\"kind\":\"bar\",\"id\":\"causes\""), "the bar"));
    }

    /** A product of two layers computes a quadratic form; 7 hidden units have more parameters than 2 forms in 3 variables. */
    @Test
    void whatNoCauseExplainsIsInTheReportAndInAFile() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = Outcome.of("scan", Tiny.gated(folder.resolve("m.onnx")), "--certify", "--json", "--run", run);
        JsonNode certificate = outcome.json().path("certificate");
        String html = Files.readString(run.resolve("report.html"));
        assertAll(() -> assertEquals(56 - 12, certificate.path("explained").asInt()
                + certificate.path("unexplained").asInt(), outcome.all()),
                () -> assertTrue(certificate.path("unexplained").asInt() > 0, outcome.all()),
                () -> assertEquals("unexplained.npz", certificate.path("file").asText()),
                () -> assertTrue(Files.exists(run.resolve(certificate.path("file").asText()))),
                () -> assertTrue(html.contains(certificate.path("unexplained").asInt()
                        + " null directions are not explained"), "the verdict"),
                () -> assertTrue(html.contains("<code>unexplained.npz</code>"), "the file"));
    }

    @Test
    void whatWasNotAskedForIsNotInTheReport() throws IOException {
        Path run = folder.resolve("run");
        Outcome.of("scan", Tiny.model(folder.resolve("m.onnx"), 0), "--run", run);
        String html = Files.readString(run.resolve("report.html"));
        assertFalse(html.contains("id=\"certificate\"") || html.contains("id=\"shifts\""));
    }

    /** A batch norm takes back any scale of what feeds it, though the ReLU behind lets only positive ones through. */
    @Test
    void scalingsThatNormsTakeBackAreListed() throws IOException {
        Path run = folder.resolve("run");
        Path model = Tiny.normed(folder.resolve("m.onnx"));
        Outcome text = Outcome.of("scan", model, "--run", run);
        Outcome json = Outcome.of("scan", model, "--json", "--run", folder.resolve("json"));
        Outcome plain = Outcome.of("scan", Tiny.model(folder.resolve("p.onnx"), 0), "--json", "--run",
                folder.resolve("plain"));
        JsonNode space = json.json().path("spaces").path(0);
        assertAll(() -> assertTrue(text.out().contains("Monomial (positive); norms: Monomial (real)"), text.all()),
                () -> assertEquals("Monomial (positive)", space.path("group").asText()),
                () -> assertEquals("Monomial (real)", space.path("norms").asText()),
                () -> assertFalse(plain.json().path("spaces").path(0).has("norms"), plain.all()),
                () -> assertTrue(Files.readString(run.resolve("report.html"))
                        .contains("Monomial (positive); norms: Monomial (real)</td>"), "the page"));
    }

    @Test
    void aShiftSaysWhichOfItsSlotsIsMoved() {
        Outcome outcome = Outcome.of("scan", Tiny.chain(folder.resolve("m.onnx"), 1), "--json", "--run",
                folder.resolve("run"));
        JsonNode slots = outcome.json().path("shifts").path(0).path("slots");
        assertAll(() -> assertEquals("fc0.bias moved", slots.path(0).path("parameter").asText() + " "
                + slots.path(0).path("role").asText(), outcome.all()),
                () -> assertEquals("fc1.bias takes back", slots.path(1).path("parameter").asText() + " "
                        + slots.path(1).path("role").asText(), outcome.all()));
    }

    @Test
    void resumingADoneScanNamesItsResult() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path run = folder.resolve("run");
        Outcome.of("scan", model, "--run", run);
        Outcome again = Outcome.of("resume", run);
        Outcome json = Outcome.of("resume", run, "--json");
        assertAll(() -> assertEquals(ExitCode.DONE, again.exitCode(), again.all()),
                () -> assertTrue(again.out().contains("result.json"), again.all()),
                () -> assertTrue(!again.all().contains("missed"), again.all()),
                () -> assertEquals("orbifold.scan/1", json.json().path("schema").asText(), json.all()));
    }

    @Test
    void theCertificateCountsEveryDirection() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome outcome = Outcome.of("scan", model, "--certify", "--json", "--run", folder.resolve("certified"));
        JsonNode certificate = outcome.json().path("certificate");
        int explained = certificate.path("explained").asInt();
        int sum = 0;
        for (JsonNode cause : certificate.path("causes")) {
            sum += cause.asInt();
        }
        int causes = sum;
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertEquals(causes, explained, outcome.all()),
                () -> assertEquals(0, certificate.path("unexplained").asInt(), outcome.all()),
                () -> assertTrue(explained > 0, outcome.all()),
                () -> assertEquals(certificate.path("parameters").asInt() - explained,
                        certificate.path("functionalDimension").asInt(), outcome.all()));
    }

    /** As on a full disk: the folder is there, but nothing can be written into it any more. */
    @Test
    void whatWasFoundIsToldEvenIfNothingCanBeWritten() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Path run = folder.resolve("run");
        Files.createDirectories(run.resolve("state.json/in-the-way"));
        Files.createFile(run.resolve("lock"));
        Outcome text = Outcome.of("scan", model, "--run", run);
        Outcome json = Outcome.of("scan", model, "--json", "--run", run);
        assertAll(() -> assertEquals(ExitCode.INPUT, text.exitCode(), text.all()),
                () -> assertTrue(text.out().contains("would take out"), text.all()),
                () -> assertFalse(text.out().contains("Written"), text.all()),
                () -> assertTrue(text.err().contains("state.json"), text.all()),
                () -> assertEquals(ExitCode.INPUT, json.exitCode(), json.all()),
                () -> assertEquals(DEAD, json.json().path("spaces").path(0).path("dead").asInt(), json.all()));
    }

    @Test
    void weightsThatAreNotNumbersAreNamedAndNoDefect() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = Outcome.of("scan", Tiny.broken(folder.resolve("m.onnx"), 0), "--run", run);
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("fc2.bias: 1 of 4 numbers"), outcome.all()),
                () -> assertFalse(outcome.all().contains("please report"), outcome.all()),
                () -> assertFalse(Files.readString(run.resolve("report.html")).contains("symmetry verified"),
                        "the headline"));
    }

    @Test
    void aModelThatIsNotCertifiedIsNotSaidToBe() {
        Path model = Tiny.wide(folder.resolve("m.onnx"));
        Outcome outcome = Outcome.of("scan", model, "--certify", "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.MISSED, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("error: m.onnx: "), outcome.all()),
                () -> assertTrue(outcome.out().contains("certificate is made for at most"), outcome.all()),
                () -> assertFalse(outcome.err().contains("certifying"), outcome.all()));
    }

    @Test
    void aModelThatIsCertifiedIsSaidToBe() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome outcome = Outcome.of("scan", model, "--certify", "--run", folder.resolve("run"));
        assertEquals(1, outcome.err().lines().filter(line -> line.startsWith("certifying")).count(), outcome.all());
    }

    @Test
    void dataWithoutACertificateIsWrongUsage() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome outcome = Outcome.of("scan", model, "--data", folder, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("--certify"), outcome.all()));
    }
}
