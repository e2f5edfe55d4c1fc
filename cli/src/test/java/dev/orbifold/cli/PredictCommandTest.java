package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code predict}, and its report. */
class PredictCommandTest {
    @TempDir private Path folder;

    private Outcome predict(Path model, Path data, String run, Object... more) {
        List<Object> all = new ArrayList<>(List.of("predict", model, "--data", data, "--run", folder.resolve(run)));
        all.addAll(Arrays.asList(more));
        if (!all.contains("--batch-size")) {
            all.addAll(List.of("--batch-size", 16));
        }
        return Outcome.of(all.toArray());
    }

    private Path data() throws IOException {
        return Tiny.data(folder.resolve("points.csv"), 400);
    }

    /** Every mirror has one verdict; a huge decay takes every unit, no decay takes none that has something to gain. */
    @Test
    void decayDecides() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 2);
        Outcome strong = predict(model, data(), "strong", "--json", "--weight-decay", 9, "--rate", 0.01);
        Outcome none = predict(model, data(), "none", "--json", "--weight-decay", 0, "--rate", 0.01);
        JsonNode strongUnits = strong.json().path("spaces").path(0);
        JsonNode freeUnits = none.json().path("spaces").path(0);
        assertAll(() -> assertEquals(ExitCode.DONE, strong.exitCode(), strong.all()),
                () -> assertEquals(2, strong.json().path("spaces").size(), "units and pairs"),
                () -> assertEquals(Tiny.HIDDEN, strongUnits.path("attract").asInt(), strong.all()),
                () -> assertEquals(Tiny.HIDDEN, freeUnits.path("attract").asInt() + freeUnits.path("repel").asInt()
                        + freeUnits.path("open").asInt()),
                () -> assertTrue(freeUnits.path("repel").asInt() >= Tiny.HIDDEN / 2, none.all()),
                () -> assertEquals(Tiny.HIDDEN, freeUnits.path("predictions").size()),
                () -> assertEquals(3, strong.json().path("spaces").path(1).path("looked").asInt()),
                () -> assertEquals(Tiny.HIDDEN * (Tiny.HIDDEN - 1) / 2,
                        strong.json().path("spaces").path(1).path("mirrors").asInt()),
                () -> assertEquals(5, strong.json().path("hessian").path("eigenvalues").size()),
                () -> assertTrue(strong.json().path("findings").toString().contains("on-mirror"), "two are dead"));
    }

    @Test
    void theReportShowsItAndIsWrittenAgain() throws IOException {
        Path page = folder.resolve("page.html");
        Outcome outcome = predict(Tiny.model(folder.resolve("m.onnx"), 0), data(), "run", "--report", page,
                "--eigenvalues", 2);
        Path run = folder.resolve("run");
        String html = Files.readString(run.resolve("report.html"));
        Files.delete(run.resolve("report.html"));
        Outcome again = Outcome.of("report", run);
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("Hessian of the loss: largest eigenvalues"), outcome.all()),
                () -> assertTrue(outcome.out().contains("own maximum"), outcome.all()),
                () -> assertTrue(html.contains(" mirrors attract, "), "the verdict"),
                () -> assertTrue(html.contains("\"kind\":\"phase\""), "the phase diagram"),
                () -> assertTrue(html.contains("chart-density"), "the density"),
                () -> assertEquals(html, Files.readString(page)),
                () -> assertEquals(ExitCode.DONE, again.exitCode(), again.all()),
                () -> assertEquals(html, Files.readString(run.resolve("report.html"))));
    }

    @Test
    void whatDoesNotFitIsSaid() throws IOException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Outcome missing = predict(model, folder.resolve("nowhere"), "a");
        Outcome few = predict(model, data(), "b", "--batch-size", 300);
        Outcome loss = predict(model, data(), "c", "--loss", "mse");
        Outcome idle = predict(model, data(), "d", "--json", "--spaces", "nothing*", "--eigenvalues", 0);
        Path one = folder.resolve("one.csv");
        List<String> lines = Files.readAllLines(data());
        String label = lines.get(1).substring(0, lines.get(1).indexOf(',') + 1);
        Files.write(one, lines.stream().filter(l -> l.equals(lines.getFirst()) || l.startsWith(label)).toList());
        Outcome single = predict(model, one, "e", "--json", "--batch-size", 4, "--eigenvalues", 0);
        assertAll(() -> assertEquals(ExitCode.INPUT, missing.exitCode(), missing.all()),
                () -> assertEquals(ExitCode.USAGE, few.exitCode(), few.all()),
                () -> assertTrue(few.err().contains("two batches of 300 need 600 samples"), few.all()),
                () -> assertEquals(ExitCode.INPUT, loss.exitCode(), loss.all()),
                () -> assertTrue(loss.err().contains("to compare them with"), loss.all()),
                () -> assertEquals(ExitCode.USAGE, idle.exitCode(), idle.all()),
                () -> assertTrue(idle.err().contains("--spaces nothing* fits no Space of m.onnx; it has "), idle.all()),
                () -> assertTrue(single.json().path("accuracy").asDouble() >= 0, single.all()),
                () -> assertTrue(single.json().path("findings").toString().contains("one-class"), single.all()));
    }
}
