package dev.orbifold.watch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.run.Json;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Runs as trainings leave them, without the training. */
final class Runs {
    static final String EVIL = "<img src=x onerror=alert(1)></script><script>alert(1)</script>";
    private static final int PER_EPOCH = 100;

    private Runs() {
    }

    /** A Run that goes on, with so many lines of training; the caller closes it. */
    static RunFolder running(Path folder, String constraint, int lines) {
        RunFolder run = RunFolder.create(folder, "train", List.of("recipe.yaml", constraint));
        run.findings(List.of(new Finding(Finding.Severity.WARNING, "rank-kept", constraint, "stays " + constraint)));
        for (int step = 1; step <= lines; step++) {
            append(run, constraint, step);
        }
        return run;
    }

    /** One more line of training, and one of everything else at the end of an epoch. */
    static void append(RunFolder run, String constraint, int step) {
        SplittableRandom random = new SplittableRandom(step);
        Metric.Point at = new Metric.Point(step, step / (double) PER_EPOCH, "train");
        double loss = 2 / (1 + at.epoch()) + 0.1 * random.nextDouble();
        run.metrics().append(new Metric.Train(at, loss, 0.1, Map.of("accuracy", 100 - 30 * loss)));
        if (step % PER_EPOCH == 0) {
            run.metrics().append(new Metric.Evaluation(at, "held-out", 100 - 20 * loss, loss, 7_400, 7_510));
            Map<String, Double> shares = new LinkedHashMap<>();
            shares.put(constraint, 1 - loss / 3);
            shares.put("halves", Math.min(1, at.epoch() / 200));
            run.metrics().append(new Metric.Zeros(at, shares));
        }
    }

    /** A Run that is done. */
    static void done(Path folder, int lines) {
        try (RunFolder run = running(folder, "few weights", lines)) {
            run.result(Map.of("schema", "orbifold.train/1", "before", Map.of("accuracy", 7.5, "loss", 14.5), "after",
                    Map.of("accuracy", 96.4, "loss", 0.2), "met", true, "verdict", "accuracy 96.40 %"));
            run.state(RunState.Status.DONE, 0, "");
        }
    }

    /** Says that the Run is the work of another process. */
    static void worker(Path folder, ProcessHandle process) {
        Path state = folder.resolve("state.json");
        ObjectNode fields = (ObjectNode) Json.read(state);
        fields.put("status", "RUNNING").put("process", process.pid()).put("processStarted",
                process.info().startInstant().map(java.time.Instant::toEpochMilli).orElse(0L));
        Storage.write(state, Json.pretty(fields).getBytes(StandardCharsets.UTF_8));
    }

    /** A process that does nothing until it is ended. */
    static Process sleeper() throws IOException {
        return new ProcessBuilder("sleep", "600").start();
    }

    /** An experiment with one training done and one under way. */
    static void experiment(Path folder, String series) {
        try (RunFolder run = RunFolder.create(folder, "experiment", List.of("experiment.yaml"))) {
            done(folder.resolve("trials/1-1-0"), 300);
            running(folder.resolve("trials/2-1-0"), "few weights", 200).close();
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("schema", "orbifold.experiment/1");
            result.put("plot", Map.of("x", "lambda", "y", "accuracy", "logX", false, "logY", false, "claim", "rises"));
            result.put("series", List.of(series, "other"));
            result.put("trainings", 4);
            result.put("points", List.of(Map.of("series", series, "value", "0.1", "seed", 0, "measures",
                    Map.of("lambda", 0.1, "accuracy", 96.4), "maxError", 0, "run", "trials/1-1-0")));
            run.result(result);
        }
    }
}
