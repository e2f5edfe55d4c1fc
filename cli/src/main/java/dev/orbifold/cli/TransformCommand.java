package dev.orbifold.cli;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.report.HtmlReport;
import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.structure.Equality;
import dev.orbifold.symmetry.Transform;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code transform}: the same function with other weights. */
@Command(name = "transform", sortOptions = false,
        description = "Writes an equivalent model: a random element of every symmetry applied, the same function with"
                + " other weights under the same names.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} transform model.onnx -o moved.onnx --only permutation,sign"})
final class TransformCommand implements Callable<Integer> {
    private static final String SCHEMA = "orbifold.transform/1";
    private static final int SAMPLES = 4;

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to transform.") private Path model = Path.of("");

    @Mixin private Destination destination = new Destination();

    @Option(names = "--only", split = ",", paramLabel = "KIND",
            description = "Use only these: permutation, sign, scaling, rotation, shift (default: all).") private List<
                    Transform.Kind> only = List.of();

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        Set<Transform.Kind> kinds = only.isEmpty() ? EnumSet.allOf(Transform.Kind.class) : EnumSet.copyOf(only);
        int threads = work.threads(output);
        Path target = destination.checked(output, model);
        Path folder = runs.folder("transform");
        Unshare unshared = Unshare.of(OnnxFile.read(model));
        Graph graph = unshared.graph();
        Seed seed = new Seed(work.seed());
        Verified verified = Verified.of(unshared, OnnxRuntime.factory(threads), SAMPLES, seed.split("verification"));
        Graph moved = verified.moved(kinds, seed.split("transform"));
        Equality equality = Equality.check(graph, moved, OnnxRuntime.factory(threads), seed.split("equality"), SAMPLES);
        double share = share(graph, moved);
        List<Finding> findings = new ArrayList<>(unshared.findings());
        findings.addAll(verified.findings());
        Set<Transform.Kind> there = Listing.kinds(verified);
        only.stream().distinct().filter(kind -> !there.contains(kind))
                .forEach(kind -> findings.add(new Finding(Finding.Severity.WARNING, "no-such-symmetry",
                        String.valueOf(model.getFileName()),
                        "the model has no symmetry of the kind " + Words.word(kind)
                                + (there.isEmpty() ? ", nor of any other" : "; it has "
                                        + String.join(", ", there.stream().map(Words::word).toList())))));
        NotNumbers.finding(graph, equality).ifPresent(findings::add);
        try (RunFolder run = RunFolder.create(folder, "transform", output.arguments())) {
            run.configuration(Map.of("model", model.toAbsolutePath().normalize(), "output",
                    destination.typed().toAbsolutePath().normalize(), "kinds", kinds, "samples", SAMPLES, "threads",
                    threads));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            run.inputs(List.of(InputFile.of("model", model)));
            run.findings(findings);
            OnnxFile.write(moved, target);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("schema", SCHEMA);
            result.put("model", model);
            result.put("output", destination.typed());
            result.put("kinds", kinds.stream().map(Words::word).toList());
            result.put("spaces", Listing.moved(verified, kinds));
            result.put("shifts", ShiftListing.of(verified));
            result.put("moved", share);
            result.put("equality", Map.of("maxError", equality.maxError(), "samples", equality.samples()));
            result.put("verification",
                    Map.of("maxError", verified.maxError(), "samples", verified.samples()));
            result.put("findings", findings);
            result.put("seconds", (System.nanoTime() - begun) * 1e-9);
            result.put("run", run.path());
            run.result(result);
            int code = equality.maxError() <= Results.EQUAL ? ExitCode.DONE : ExitCode.MISSED;
            run.state(RunState.Status.DONE, code, "");
            HtmlReport.write(run.view());
            output.print(() -> text(verified, kinds, share, equality, findings, run.view()));
            output.document(SCHEMA, () -> result);
            if (code == ExitCode.MISSED) {
                output.warn(
                        equality.isVoid() ? "not all outputs are numbers, so that nothing shows whether they are equal"
                                : "the moved model differs by " + Units.scientific(equality.maxError())
                                        + " of the output range; allowed are " + Units.scientific(Results.EQUAL));
            }
            return code;
        }
    }

    private String text(Verified verified, Set<Transform.Kind> kinds, double share, Equality equality,
            List<Finding> findings,
            RunView run) {
        Table files = new Table().left("").left("");
        files.row("model", destination.typed().toString()).row("report", Results.near(run.report()))
                .row("everything", Results.near(run.path()));
        return Listing.table(verified, kinds).text()
                + (kinds.contains(Transform.Kind.SHIFT) ? ShiftListing.text(verified) : "") + "\n"
                + Units.percent(100 * share) + " of the weights moved; "
                + (equality.isVoid() ? "not all outputs are numbers, so that"
                        + " nothing shows whether they are equal.\n"
                        : "no output moved by more than " + Units.scientific(equality.maxError())
                                + " of the output range (ONNX Runtime, " + equality.samples()
                                + " samples; allowed are " + Units.scientific(Results.EQUAL) + ").\n")
                + Listing.findings(findings)
                + "\nWritten:\n" + files.text();
    }

    /** The share of real parameter elements that are not what they were. */
    private static double share(Graph before, Graph after) {
        long all = 0;
        long moved = 0;
        for (Map.Entry<String, TensorData> parameter : before.parameters().entrySet()) {
            TensorData then = parameter.getValue();
            TensorData now = after.parameters().get(parameter.getKey());
            if (then.type().isReal() && now != null) {
                all += then.elements();
                if (then != now) {
                    double[] a = then.toDoubles();
                    double[] b = now.toDoubles();
                    for (int i = 0; i < a.length; i++) {
                        moved += a[i] != b[i] ? 1 : 0;
                    }
                }
            }
        }
        return all == 0 ? 0 : moved / (double) all;
    }
}
