package dev.orbifold.report;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A Run as training under three constraints leaves it, without the training. */
final class SyntheticTraining {
    static final String REASON = "the loss became NaN at step 40 of 80. Try a lower learning rate";
    private static final int EPOCHS = 8;
    private static final int PER_EPOCH = 10;

    private SyntheticTraining() {
    }

    /** Writes one; a Run that is not done stops half-way and has no result. */
    static RunView write(Path folder, String name, RunState.Status status) {
        boolean done = status == RunState.Status.DONE;
        try (RunFolder run = RunFolder.create(folder, "train", List.of("recipe.yaml"))) {
            if (done) {
                run.findings(
                        List.of(new Finding(Finding.Severity.INFO, "rank-kept", "fc2.weight", "stays one matrix")));
            }
            for (int epoch = 0; epoch <= (done ? EPOCHS : EPOCHS / 2); epoch++) {
                metrics(run, name, epoch);
            }
            if (done) {
                run.result(result(name));
            }
            run.state(status, done ? 1 : status == RunState.Status.FAILED ? 3 : 4,
                    done ? "" : status == RunState.Status.FAILED ? REASON : "orbifold resume runs/x");
            return run.view();
        }
    }

    private static void metrics(RunFolder run, String name, int epoch) {
        Metric.Point at = new Metric.Point((long) epoch * PER_EPOCH, epoch, "train");
        double loss = Math.exp(-epoch);
        if (epoch > 0) {
            run.metrics().append(new Metric.Train(at, loss, 0.1, Map.of("accuracy", 100 - 60 * loss)));
        }
        run.metrics().append(new Metric.Evaluation(at, "held-out", 98 - 60 * loss, loss + 0.05, 7_400, 7_510));
        Map<String, Double> shares = new LinkedHashMap<>();
        shares.put(name, 0.9 * (1 - loss));
        shares.put("halves", 0.05 * epoch);
        shares.put("all of it", epoch == EPOCHS ? 1.0 : 0.0);
        run.metrics().append(new Metric.Zeros(at, shares));
    }

    private static Map<String, Object> result(String name) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", "orbifold.train/1");
        result.put("model", Map.of("path", "models/start.onnx", "name", "dense"));
        result.put("before", Map.of("accuracy", 7.52, "loss", 14.5, "parameters", 7_510, "macs", 7_400));
        result.put("after", Map.of("accuracy", 96.38, "loss", 0.2074, "parameters", 7_510, "macs", 7_400));
        result.put("equality", Map.of("maxError", 2.4e-7, "samples", 256));
        result.put("constraints", List.of(
                outcome(name, List.of("fc1.weight"), "elementwise D = 3", 0, 6_400, 5_760, 0.75),
                outcome("halves", List.of("fc1.weight", "fc2.weight", "fc3.weight"), "gated D = 2", 1.25e-4, 100, 50,
                        0.5),
                outcome("all of it", List.of("fc2.weight"), "elementwise D = 2", 3, 40, 40, 3.1e-8)));
        result.put("met", false);
        result.put("verdict", "accuracy 96.38 %");
        return result;
    }

    private static Map<String, Object> outcome(String name, List<String> parameters, String scheme, double lambda,
            long cells, long zero, double left) {
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("name", name);
        outcome.put("parameters", parameters);
        outcome.put("condition", "single weights");
        outcome.put("scheme", scheme);
        outcome.put("lambda", lambda);
        outcome.put("cells", cells);
        outcome.put("zero", zero);
        outcome.put("nearby", Map.of("tenfold", zero + (lambda > 1 ? 0 : 7), "tenth", zero));
        outcome.put("penalty", 12 * lambda);
        outcome.put("imbalance", 2e-3);
        outcome.put("goal", lambda == 0 ? 0.9 : Double.NaN);
        outcome.put("gap", lambda == 3 ? 4.2e-6 : Double.NaN);
        outcome.put("stationarity", lambda > 0 ? 0.013 * lambda : Double.NaN);
        outcome.put("left", left);
        return outcome;
    }
}
