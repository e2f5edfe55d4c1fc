package dev.orbifold.cli;

import dev.orbifold.certificate.Certificate;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.report.HtmlReport;
import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.structure.Collapse;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scan}: which symmetries a model has, and what has collapsed in it. */
@Command(name = "scan", sortOptions = false,
        description = "Finds the symmetries of a model and proves each one, and says what has collapsed; needs no data.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} scan model.onnx"})
final class ScanCommand implements Callable<Integer> {
    private static final String SCHEMA = "orbifold.scan/1";
    /** Findings of the verification that say that it showed nothing, somewhere. */
    private static final Set<String> UNSHOWN =
            Set.of("symmetry-not-shown", "weights-not-finite", "outputs-not-finite", "ill-conditioned");
    /** Bytes of parameters from which on one random input has to do. */
    static final long LARGE = 200_000_000;

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to look at.") private Path model = Path.of("");

    @Option(names = "--samples", paramLabel = "N", description = {"Random inputs on which every symmetry is verified",
            "(default: 2, and 1 where parameters take more than 200 MB)."}) private Optional<Integer> samples =
                    Optional.empty();

    @Mixin private Certification certification = new Certification();

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        int threads = work.threads(output);
        samples.filter(n -> n < 1).ifPresent(n -> {
            throw output.wrong("--samples must be at least 1, found " + n);
        });
        boolean certify = certification.wanted(output);
        Path folder = runs.folder("scan");
        Graph read = OnnxFile.read(model);
        ForkJoinTask<InputFile> hashing = ForkJoinPool.commonPool().submit(() -> {
            OnnxRuntime.load();
            return InputFile.of("model", model);
        });
        Unshare unshared = Unshare.of(read);
        Graph graph = unshared.graph();
        int compared = samples.orElseGet(() -> samples(graph));
        Verified verified = Verified.of(unshared, OnnxRuntime.factory(threads), compared, new Seed(work.seed()));
        Collapse collapse = Collapse.of(graph, verified);
        Set<Finding> findings = new LinkedHashSet<>(unshared.findings());
        findings.addAll(verified.findings());
        findings.addAll(collapse.findings());
        Optional<Certificate> certificate =
                certify ? certification.certificate(model, verified, work.seed(), output, findings)
                        : Optional.empty();
        boolean defect = findings.stream()
                .anyMatch(f -> f.kind().equals("symmetry-defect") || f.kind().equals("certificate-defect"));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", SCHEMA);
        result.put("model", cost(collapse));
        result.put("spaces", Listing.spaces(verified, collapse));
        result.put("shifts", ShiftListing.of(verified));
        result.put("blocks", Blocks.of(graph, verified));
        result.put("shrunk", Map.of("parameters", collapse.after().parameters(), "macs", collapse.after().macs()));
        result.put("findings", List.copyOf(findings));
        result.put("verification", Map.of("samples", verified.samples(), "maxError", verified.maxError()));
        certificate.ifPresent(c -> result.put("certificate", Certification.fields(c)));
        result.put("seconds", (System.nanoTime() - begun) * 1e-9);
        result.put("run", folder);
        boolean unshown = findings.stream().anyMatch(f -> UNSHOWN.contains(f.kind()));
        boolean lacking = certify && certificate.isEmpty();
        int code = defect || unshown || lacking ? ExitCode.MISSED : ExitCode.DONE;
        // What was found out is told first: a folder that cannot be written, as on a full disk, must not take it along.
        output.print(() -> text(verified, collapse, certificate, new ArrayList<>(findings)));
        output.document(SCHEMA, () -> result);
        if (lacking) {
            output.warn("no certificate could be made; the findings say why");
        }
        if (defect) {
            output.warn("a symmetry did not hold; it is listed in the findings and not used");
        }
        if (unshown) {
            output.warn("not every symmetry could be shown; the findings say why");
        }
        try (RunFolder run = RunFolder.create(folder, "scan", output.arguments())) {
            run.configuration(Map.of("model", model.toAbsolutePath().normalize(), "samples", compared, "threads",
                    threads, "certify", certify));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            run.inputs(List.of(hashing.join()));
            run.findings(List.copyOf(findings));
            certificate.ifPresent(c -> Certification.write(c, run.path()));
            run.result(result);
            run.state(RunState.Status.DONE, code, "");
            Path report = HtmlReport.write(run.view());
            output.print(() -> "\nWritten:\n" + new Table().left("").left("").row("report", Results.near(report))
                    .row("everything", Results.near(run.path())).text());
        }
        return code;
    }

    /** How many random inputs are compared unless the user says so: one where a run costs much. */
    static int samples(Graph graph) {
        long bytes = graph.parameters().values().stream().mapToLong(t -> t.bytes().byteSize()).sum();
        return bytes > LARGE ? 1 : 2;
    }

    private String text(Verified verified, Collapse collapse, Optional<Certificate> certificate,
            List<Finding> findings) {
        String spaces = Listing.corrections(verified) + ShiftListing.text(verified);
        if (verified.units().spaces().isEmpty() && verified.mixing().spaces().isEmpty() && spaces.isEmpty()) {
            return "No symmetry was found: no hidden value of this model can be moved without its outputs following.\n"
                    + said(certificate, findings);
        }
        StringBuilder text = new StringBuilder(Listing.table(verified, collapse).text()).append(spaces);
        text.append("\nEvery symmetry was applied and the outputs compared: they moved by at most ")
                .append(Units.scientific(verified.maxError())).append(" of their range (ONNX Runtime, ")
                .append(verified.samples()).append(verified.samples() == 1 ? " sample).\n" : " samples).\n");
        long saved = collapse.before().parameters() - collapse.after().parameters();
        text.append(saved == 0 ? "Nothing that `shrink` takes out has collapsed.\n"
                : "`" + dev.orbifold.run.Typed.program() + " shrink` would take out "
                        + Units.count((double) saved) + " of " + Units.count((double) collapse.before().parameters())
                        + " parameters and "
                        + Units.count((double) (collapse.before().macs() - collapse.after().macs())) + " of "
                        + Units.count((double) collapse.before().macs()) + " MACs.\n");
        text.append(Listing.near(verified, collapse));
        return text.append(said(certificate, findings)).toString();
    }

    private static String said(Optional<Certificate> certificate, List<Finding> findings) {
        String said = Listing.findings(findings);
        return certificate.map(c -> "\n" + Certification.text(c)).orElse("") + (said.isEmpty() ? "" : "\n" + said);
    }

    private Map<String, Object> cost(Collapse collapse) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", model);
        fields.put("parameters", collapse.before().parameters());
        fields.put("macs", collapse.before().macs());
        try {
            fields.put("bytes", Files.size(model));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the size of " + model, e);
        }
        return fields;
    }
}
