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
import dev.orbifold.run.RunView;
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

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to look at.") private Path model = Path.of("");

    @Option(names = "--samples", paramLabel = "N", defaultValue = "2",
            description = "Random inputs on which every symmetry is verified (default: ${DEFAULT-VALUE}).") private int samples;

    @Mixin private Certification certification = new Certification();

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        int threads = work.threads(output);
        if (samples < 1) {
            throw output.wrong("--samples must be at least 1, found " + samples);
        }
        boolean certify = certification.wanted(output);
        Path folder = runs.folder("scan");
        Graph read = OnnxFile.read(model);
        ForkJoinTask<InputFile> hashing = ForkJoinPool.commonPool().submit(() -> {
            OnnxRuntime.load();
            return InputFile.of("model", model);
        });
        Unshare unshared = Unshare.of(read);
        Graph graph = unshared.graph();
        Verified verified = Verified.of(graph, OnnxRuntime.factory(threads), samples, new Seed(work.seed()));
        Collapse collapse = Collapse.of(graph, verified);
        Set<Finding> findings = new LinkedHashSet<>(unshared.findings());
        findings.addAll(verified.findings());
        findings.addAll(collapse.findings());
        Optional<Certificate> certificate = certify ? certification.certificate(verified, work.seed(), output, findings)
                : Optional.empty();
        boolean defect = findings.stream()
                .anyMatch(f -> f.kind().equals("symmetry-defect") || f.kind().equals("certificate-defect"));
        try (RunFolder run = RunFolder.create(folder, "scan", output.arguments())) {
            run.configuration(Map.of("model", model.toAbsolutePath().normalize(), "samples", samples, "threads",
                    threads, "certify", certify));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            run.inputs(List.of(hashing.join()));
            run.findings(List.copyOf(findings));
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("schema", SCHEMA);
            result.put("model", cost(collapse));
            result.put("spaces", Listing.spaces(verified, collapse));
            result.put("shifts", ShiftListing.of(verified));
            result.put("blocks", Blocks.of(graph, verified));
            result.put("shrunk", Map.of("parameters", collapse.after().parameters(), "macs", collapse.after().macs()));
            result.put("findings", List.copyOf(findings));
            result.put("verification",
                    Map.of("samples", verified.samples(), "maxError", verified.maxError()));
            certificate.ifPresent(c -> {
                result.put("certificate", Certification.fields(c));
                Certification.write(c, run.path());
            });
            result.put("seconds", (System.nanoTime() - begun) * 1e-9);
            result.put("run", run.path());
            run.result(result);
            boolean lacking = certify && certificate.isEmpty();
            int code = defect || lacking ? ExitCode.MISSED : ExitCode.DONE;
            run.state(RunState.Status.DONE, code, "");
            HtmlReport.write(run.view());
            output.print(() -> text(verified, collapse, certificate, new ArrayList<>(findings), run.view()));
            output.document(SCHEMA, () -> result);
            if (lacking) {
                output.warn("no certificate could be made; the findings say why");
            }
            if (defect) {
                output.warn("a symmetry did not hold; it is listed in the findings and not used");
            }
            return code;
        }
    }

    private String text(Verified verified, Collapse collapse, Optional<Certificate> certificate, List<Finding> findings,
            RunView run) {
        StringBuilder text = new StringBuilder(Listing.table(verified, collapse).text());
        text.append(Listing.corrections(verified)).append(ShiftListing.text(verified));
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
        certificate.ifPresent(c -> text.append('\n').append(Certification.text(c)));
        String said = Listing.findings(findings);
        return text.append(said.isEmpty() ? "" : "\n" + said).append("\nWritten:\n")
                .append(new Table().left("").left("").row("report", Results.near(run.report()))
                        .row("everything", Results.near(run.path())).text())
                .toString();
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
