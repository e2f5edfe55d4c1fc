package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    void theTableSaysWhatShrinkWouldSave() {
        Path model = Tiny.model(folder.resolve("m.onnx"), DEAD);
        Outcome outcome = Outcome.of("scan", model, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("Monomial (positive)"), outcome.all()),
                () -> assertTrue(outcome.out().contains("would take out"), outcome.all()));
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
        assertAll(() -> assertTrue(scan.out().matches("(?s).*fc\\*\\.bias +3 × 8 +fc\\*\\.bias\\n.*"), scan.all()),
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
                () -> assertTrue(html.contains(">fc*.bias</th><td class=\"number\">2 × 8</td>"), "the shifts"),
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

    @Test
    void dataWithoutACertificateIsWrongUsage() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome outcome = Outcome.of("scan", model, "--data", folder, "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("--certify"), outcome.all()));
    }
}
