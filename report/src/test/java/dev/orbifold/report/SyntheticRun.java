package dev.orbifold.report;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A Run as compressing a small conv net leaves it, without the compressing. */
final class SyntheticRun {
    private static final double MACS = 2_293_000;

    private SyntheticRun() {
    }

    /** Writes one. */
    static RunView write(Path folder, String model, int spaces) {
        try (RunFolder run =
                RunFolder.create(folder, "compress", List.of(model, "--data", "mnist", "--speedup", "10"))) {
            run.configuration(Map.of("epochs", 10, "precision", "float32", "target", Map.of("speedup", 10)));
            run.environment(Environment.detect(2, "float32", Map.of("libtorch", "2.10.0", "onnxruntime", "1.29.0")));
            run.seeds(Map.of("root", 0L));
            run.inputs(List.of(new InputFile("model", Path.of(model).toAbsolutePath(), 1, 1_725_695, "ab".repeat(32))));
            run.findings(List.of(
                    new Finding(Finding.Severity.INFO, "tied-parameter", model,
                            "Two layers share one Parameter: " + model),
                    new Finding(Finding.Severity.WARNING, "operator-without-rule", "Resize_12",
                            "Resize has no rule here, so the Spaces it touches are left alone; exclude it or report it.")));
            Map<String, Integer> from = new LinkedHashMap<>();
            for (int i = 0; i < spaces; i++) {
                from.put(i == 0 ? model : "stage" + i / 4 + ".conv" + i % 4, 20 + 30 * i);
            }
            metrics(run, from);
            run.result(result(model, from));
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    private static void metrics(RunFolder run, Map<String, Integer> from) {
        SplittableRandom random = new SplittableRandom(3);
        for (int step = 0; step <= 400; step++) {
            double epoch = step / 40.0;
            String phase = epoch < 1 ? "fit" : epoch < 6 ? "constrain" : "heal";
            Metric.Point at = new Metric.Point(step, epoch, phase);
            double share = kept(epoch);
            double loss = 0.02 + 0.5 * Math.exp(-epoch * 1.5) + 0.02 * random.nextDouble();
            run.metrics().append(new Metric.Train(at, loss, 0.05, Map.of("accuracy", 100 - 20 * loss)));
            if (step % 10 == 0) {
                double macs = MACS * share;
                run.metrics()
                        .append(new Metric.Evaluation(at, "heldout", 99.4 - 0.4 * (1 - share) * (epoch < 6 ? 1 : 0.3)
                                - 3 * Math.exp(-epoch * 3), loss * 0.8, Math.round(macs), Math.round(431_000 * share)));
                Map<String, Integer> widths = new LinkedHashMap<>();
                from.forEach((space, width) -> widths.put(space, (int) Math.ceil(width * share)));
                run.metrics().append(new Metric.Widths(at, Math.round(macs), widths));
            }
        }
        run.metrics().append(
                new Metric.Event(new Metric.Point(240, 6, "heal"), "removed", "Collapsed units left the Graph."));
    }

    private static double kept(double epoch) {
        return epoch < 1 ? 1 : Math.max(0.096, 1 - (epoch - 1) / 4.5);
    }

    private static Map<String, Object> result(String model, Map<String, Integer> from) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", "orbifold.compress/1");
        result.put("model", Map.of("path", "models/" + model, "name", model));
        result.put("data", "mnist");
        result.put("before",
                Map.of("accuracy", 99.41, "loss", 0.0187, "parameters", 431_080, "macs", 2_293_000, "bytes",
                        1_725_695, "latencyMillis", 0.118));
        result.put("after", Map.of("accuracy", 99.35, "loss", 0.0204, "parameters", 25_310, "macs", 220_100, "bytes",
                103_120, "latencyMillis", 0.031));
        result.put("equality", Map.of("maxError", 2.4e-6, "samples", 256));
        result.put("target", Map.of("kind", "speedup", "value", 10, "met", true));
        result.put("spaces", from.entrySet().stream().map(space -> Map.of("name", space.getKey(), "from",
                space.getValue(), "to", (int) Math.ceil(space.getValue() * 0.096))).toList());
        result.put("seconds", 312.4);
        result.put("output", "smaller.onnx");
        return result;
    }
}
