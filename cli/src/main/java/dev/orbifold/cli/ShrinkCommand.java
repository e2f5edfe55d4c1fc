package dev.orbifold.cli;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.report.HtmlReport;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.structure.Quotient;
import dev.orbifold.structure.Shrink;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.structure.StructureException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code shrink}: takes out what has collapsed already. */
@Command(name = "shrink", sortOptions = false,
        description = "Takes out of a model what has collapsed already; without --tolerance nothing else changes.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} shrink sparse.onnx -o small.onnx"})
final class ShrinkCommand implements Callable<Integer> {
    /** A model that failed the check of equality, in the Run's folder. */
    private static final String REJECTED = "rejected.onnx";

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to shrink.") private Path model = Path.of("");

    @Mixin private Destination destination = new Destination();

    @Option(names = "--tolerance", paramLabel = "T", defaultValue = "0",
            description = "Count entries up to this fraction of their slot's largest as zero, and report the error"
                    + " (default: ${DEFAULT-VALUE}, exact zeros alone).") private double tolerance;

    @Mixin private ShrinkArguments shrink = new ShrinkArguments();

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        ShrinkOptions options = output.checked(StructureException.class,
                () -> new ShrinkOptions(shrink.least(), shrink.roundTo(), shrink.exclude(), tolerance));
        int threads = work.threads(output);
        Path target = destination.checked(output, model);
        Path folder = runs.folder("shrink");
        Graph graph = OnnxFile.read(model);
        Shrink done = Shrink.lossless(graph, options, OnnxRuntime.factory(threads), new Seed(work.seed()));
        List<Finding> findings = new ArrayList<>(done.findings());
        NotNumbers.finding(graph, done.equality()).ifPresent(findings::add);
        try (RunFolder run = RunFolder.create(folder, "shrink", output.arguments())) {
            run.configuration(configuration(options, threads));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            run.inputs(List.of(InputFile.of("model", model)));
            run.findings(findings);
            // What the check refuses does not come where the user will look for the model.
            boolean accepted = tolerance > 0 || done.equality().maxError() <= Results.EQUAL;
            Path written = accepted ? target : run.path().resolve(REJECTED);
            OnnxFile.write(done.after(), written);
            run.result(result(done, findings, run.path(), written, accepted, (System.nanoTime() - begun) * 1e-9));
            return finished(run, done);
        }
    }

    private int finished(RunFolder run, Shrink done) {
        Results results = new Results(run.view());
        boolean lossless = tolerance == 0;
        int code = results.equal() || !lossless && results.compared() ? ExitCode.DONE : ExitCode.MISSED;
        run.state(RunState.Status.DONE, code, "");
        HtmlReport.write(run.view());
        output.print(() -> results.text(verdict(done, lossless)));
        output.document("orbifold.shrink/1", results::document);
        if (code == ExitCode.MISSED) {
            output.warn("the check of equality was missed: " + results.equalityText() + "; "
                    + (tolerance > 0 ? "the model is written all the same"
                            : "the model is not written, what was refused lies in the Run as " + REJECTED));
        }
        return code;
    }

    private static String verdict(Shrink done, boolean lossless) {
        if (done.removed().isEmpty()) {
            return "nothing has collapsed; the model is written as it was";
        }
        int units = done.removed().stream().mapToInt(removed -> removed.from() - removed.to()).sum();
        String what = units == 1 ? "1 unit" : units + " units";
        String gone = units == 1 ? " is taken out" : " are taken out";
        return lossless ? what + " had collapsed and" + gone
                : what + " had collapsed or nearly so and" + gone + "; where they were not exactly zero, this is an"
                        + " approximation";
    }

    private Map<String, Object> configuration(ShrinkOptions options, int threads) {
        Map<String, Object> configuration = new LinkedHashMap<>();
        configuration.put("model", model.toAbsolutePath().normalize());
        configuration.put("output", destination.typed().toAbsolutePath().normalize());
        configuration.put("options", options);
        configuration.put("threads", threads);
        return configuration;
    }

    private Map<String, Object> result(Shrink done, List<Finding> findings, Path run, Path written,
            boolean accepted, double seconds) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", "orbifold.shrink/1");
        result.put("model", model);
        result.put("before", cost(done.costBefore(), model));
        result.put("after", cost(done.costAfter(), written));
        result.put("equality",
                Map.of("maxError", done.equality().maxError(), "samples", done.equality().samples()));
        List<Map<String, Object>> removed = done.removed().stream().map(ShrinkCommand::removed).toList();
        result.put("tolerance", tolerance);
        result.put("removed", removed);
        result.put("spaces", done.removed().stream().map(r -> Map.of("name", r.space(), "from", r.from(), "to", r.to()))
                .toList());
        result.put("findings", findings);
        result.put("seconds", seconds);
        if (accepted) {
            result.put("output", destination.typed());
        }
        result.put("run", run);
        return result;
    }

    private static Map<String, Object> removed(Quotient.Removed removed) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("space", removed.space());
        fields.put("from", removed.from());
        fields.put("to", removed.to());
        return fields;
    }

    private static Map<String, Object> cost(Cost cost, Path file) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("parameters", cost.parameters());
        fields.put("macs", cost.macs());
        fields.put("bytes", bytes(file));
        return fields;
    }

    private static long bytes(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the size of " + file, e);
        }
    }
}
