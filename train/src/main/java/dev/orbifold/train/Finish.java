package dev.orbifold.train;

import dev.orbifold.engine.Part;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The end of a compression: the test part is looked at for the first time, files are written, and the target is judged. */
final class Finish {
    private Finish() {
    }

    static CompressResult of(CompressRequest request, Graph model, Graph original, Graph small, Part test,
            Objective objective, double maxError, List<Finding> findings, RunFolder run, Progress progress) {
        progress.message("testing the model before and after");
        Path kept = run.model("compressed.onnx");
        OnnxFile.write(small, kept);
        List<CompressResult.Standing> standings = Evaluation.of(List.of(model, small),
                List.of(request.model(), kept), test, objective, request.options().loss(), request.threads(), progress);
        CompressResult.Standing before = standings.getFirst();
        CompressResult.Standing after = standings.getLast();
        boolean met = met(request.options().target(), before, after);
        CompressResult result = new CompressResult(small, before, after, maxError, Compression.SAMPLES,
                widths(original, small), met, verdict(request.options().target(), before, after, met), findings);
        OnnxFile.write(small, request.output());
        run.findings(findings);
        run.result(json(request, result, run));
        return result;
    }

    private static boolean met(Target target, CompressResult.Standing before, CompressResult.Standing after) {
        return switch (target) {
            case Target.Speedup s -> after.macs() * s.factor() <= before.macs();
            case Target.Keep k -> after.parameters() <= k.share() * before.parameters();
            case Target.MaxDrop d
                    -> Double.isNaN(before.accuracy()) || before.accuracy() - after.accuracy() <= d.points();
        };
    }

    private static String verdict(Target target, CompressResult.Standing before, CompressResult.Standing after,
            boolean met) {
        double fewer = before.macs() / (double) after.macs();
        String reached = String.format(Locale.ROOT, "%.2f times fewer MACs, %.1f %% of the parameters%s", fewer,
                100.0 * after.parameters() / before.parameters(),
                Double.isNaN(before.accuracy()) ? ""
                        : String.format(Locale.ROOT, ", accuracy %.2f %% (before: %.2f %%)", after.accuracy(),
                                before.accuracy()));
        return met ? reached : "the target " + target.kind() + " " + target.value() + " was missed: " + reached;
    }

    private static List<CompressResult.SpaceWidth> widths(Graph original, Graph small) {
        Map<String, Integer> left = Symmetries.of(small).spaces().stream()
                .collect(Collectors.toMap(Space::name, Space::dimension, Math::max, LinkedHashMap::new));
        List<CompressResult.SpaceWidth> widths = new ArrayList<>();
        for (Space space : Symmetries.of(original).spaces()) {
            if (space.shrinkable()) {
                widths.add(new CompressResult.SpaceWidth(space.name(), space.dimension(),
                        left.getOrDefault(space.name(), 1)));
            }
        }
        return widths;
    }

    private static Map<String, Object> json(CompressRequest request, CompressResult result, RunFolder run) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("schema", "orbifold.compress/1");
        json.put("model", Map.of("path", request.model().toString(), "name", request.model().getFileName().toString()));
        json.put("data", request.data().path().toString());
        json.put("command", run.view().arguments());
        json.put("before", result.before());
        json.put("after", result.after());
        json.put("equality", Map.of("maxError", result.maxError(), "samples", result.samples()));
        Map<String, Object> target = new LinkedHashMap<>();
        target.put("kind", request.options().target().kind());
        target.put("value", request.options().target().value());
        target.put("met", result.met());
        json.put("target", target);
        json.put("verdict", result.verdict());
        json.put("spaces", result.widths());
        json.put("seconds", run.metrics().seconds());
        json.put("output", request.output().toString());
        json.put("run", run.path().toString());
        return json;
    }
}
