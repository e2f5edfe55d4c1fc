package dev.orbifold.report;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A Run as scanning a transformer leaves it, without the transformer. */
final class SyntheticScan {
    private static final int WIDTH = 128;
    private static final int HEADS = 4;

    private final List<Map<String, Object>> spaces = new ArrayList<>();
    private final List<Map<String, Object>> blocks = new ArrayList<>();

    private SyntheticScan(String model, int layers) {
        int stream = space(model, WIDTH, 1, "Monomial (real)");
        int rotated = space(model, WIDTH, 1, "Orthogonal");
        block("embedding.weight", List.of(), List.of(stream, rotated));
        for (int layer = 0; layer < layers; layer++) {
            String name = "block" + layer;
            int heads = space(name + ".q", HEADS, 1, "Permutation");
            int keys = space(name + ".q", WIDTH / HEADS, HEADS, "General");
            int values = space(name + ".v", WIDTH / HEADS, HEADS, "General");
            int inner = space(name + ".f1", 4 * WIDTH, 1, "Permutation");
            spaces.get(inner).putAll(Map.of("dead", 3, "duplicates", 1, "saving", 1028));
            spectrum(keys, 1e-3);
            spectrum(values, 1);
            block(name + ".q.weight", List.of(stream, rotated), List.of(heads, keys));
            block(name + ".k.weight", List.of(stream, rotated), List.of(heads, keys));
            block(name + ".v.weight", List.of(stream, rotated), List.of(heads, values));
            block(name + ".o.weight", List.of(heads, values), List.of(stream, rotated));
            block(name + ".f1.weight", List.of(stream, rotated), List.of(inner));
            block(name + ".f2.weight", List.of(inner), List.of(stream, rotated));
        }
        block("onnx::MatMul_7", List.of(stream, rotated), List.of());
    }

    /** How many Spaces a scan of so many layers has. */
    static int spaces(int layers) {
        return 2 + 4 * layers;
    }

    /** Writes one. */
    static RunView write(Path folder, String model, int layers) {
        try (RunFolder run = RunFolder.create(folder, "scan", List.of(model))) {
            run.configuration(Map.of("model", model, "samples", 2, "threads", 2));
            run.environment(Environment.detect(2, "float32", Map.of("onnxruntime", "1.29.0")));
            run.seeds(Map.of("root", 0L));
            run.inputs(List.of(new InputFile("model", Path.of(model).toAbsolutePath(), 1, 1_725_695, "ab".repeat(32))));
            List<Finding> findings = List.of(new Finding(Finding.Severity.WARNING, "operator-without-rule", "Resize_12",
                    "Resize has no rule here, so the Spaces it touches are left alone: " + model));
            run.findings(findings);
            run.result(new SyntheticScan(model, layers).result(model, findings));
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    private Map<String, Object> result(String model, List<Finding> findings) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", "orbifold.scan/1");
        result.put("model",
                Map.of("path", "models/" + model, "parameters", 425_793, "macs", 27_795_456, "bytes", 1_726_474));
        result.put("spaces", spaces);
        result.put("blocks", blocks);
        result.put("shrunk", Map.of("parameters", 400_000, "macs", 26_000_000));
        result.put("findings", findings);
        result.put("verification", Map.of("samples", 2, "maxError", 7.6e-7));
        result.put("seconds", 4.2);
        return result;
    }

    private int space(String name, int dimension, int copies, String group) {
        Map<String, Object> space = new LinkedHashMap<>(Map.of("name", name, "dimension", dimension, "copies", copies,
                "group", group, "slots", List.of(), "dead", 0, "duplicates", 0, "saving", 0, "rank", dimension));
        spaces.add(space);
        return spaces.size() - 1;
    }

    /** Singular values that fall by a factor all in all, with zeros in the last quarter. */
    private void spectrum(int space, double factor) {
        List<double[]> copies = new ArrayList<>();
        int n = WIDTH / HEADS;
        for (int copy = 0; copy < HEADS; copy++) {
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = i < 3 * n / 4 || factor == 1 ? (2 + copy) * Math.pow(factor / 10, (double) i / n) : 0;
            }
            copies.add(values);
        }
        spaces.get(space).put("spectra", copies);
        spaces.get(space).put("rank", factor == 1 ? n : 3 * n / 4);
    }

    private void block(String parameter, List<Integer> reads, List<Integer> writes) {
        blocks.add(
                Map.of("parameter", parameter, "node", "/head/MatMul", "shape", List.of(WIDTH, WIDTH), "reads", reads,
                        "writes", writes));
    }
}
