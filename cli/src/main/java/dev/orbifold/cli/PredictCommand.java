package dev.orbifold.cli;

import dev.orbifold.collapse.DataLoss;
import dev.orbifold.collapse.Examples;
import dev.orbifold.collapse.Forecast;
import dev.orbifold.collapse.ForecastOptions;
import dev.orbifold.collapse.Watcher;
import dev.orbifold.engine.Part;
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
import dev.orbifold.run.Storage;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import dev.orbifold.train.CompressOptions;
import dev.orbifold.train.DataRequest;
import dev.orbifold.train.LossData;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code predict}: which mirrors would attract a model in training. */
@Command(name = "predict", sortOptions = false,
        description = "Says which units, pairs of units and ranks of a model training would take to collapse, and at which"
                + " weight decay and learning rate, from its weights, data and loss.",
        footer = {"", "Example:",
                "  ${ROOT-COMMAND-NAME} predict model.onnx --data mnist --rate 0.1 --weight-decay 5e-4"})
final class PredictCommand implements Callable<Integer> {
    static final String SCHEMA = "orbifold.predict/1";
    private static final int VERIFIED = 2;
    /** From so many seconds on it is said beforehand how long it takes. */
    private static final double LONG = 60;
    /** Spaces that an error names. */
    private static final int NAMES = 8;

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to look at.") private Path model = Path.of("");

    @Mixin private DataArguments data = new DataArguments();

    @Option(names = "--loss", paramLabel = "KIND", defaultValue = "cross-entropy",
            description = "cross-entropy, mse or bce (default: ${DEFAULT-VALUE}).") private CompressOptions.LossKind loss =
                    CompressOptions.LossKind.CROSS_ENTROPY;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "0.1",
            description = "The learning rate of SGD (default: ${DEFAULT-VALUE}).") private double rate = 0.1;

    @Option(names = "--weight-decay", paramLabel = "WD", defaultValue = "5e-4",
            description = "The weight decay, coupled (default: ${DEFAULT-VALUE}).") private double decay = 5e-4;

    @Option(names = "--batch-size", paramLabel = "S", defaultValue = "128",
            description = "Samples per step (default: ${DEFAULT-VALUE}).") private int batch = 128;

    @Option(names = "--samples", paramLabel = "N", defaultValue = "2048",
            description = "Samples that curvature is measured on (default: ${DEFAULT-VALUE}).") private int samples =
                    2048;

    @Option(names = "--spaces", paramLabel = "PATTERN",
            description = "Only Spaces whose name fits, such as 'conv1*'; may be repeated.") private List<
                    String> patterns = List.of();

    @Option(names = "--pairs", paramLabel = "N", defaultValue = "3",
            description = "Pairs of units per Space, the nearest ones (default: ${DEFAULT-VALUE}).") private int pairs =
                    3;

    @Option(names = "--units", paramLabel = "N", defaultValue = "0",
            description = {
                    "Units per Space, those nearest to their mirrors, where each takes passes over the data of its own",
                    "(default: all; 4 for a model that needs 1e10 multiply-adds and more for a pass)."}) private int units;

    @Option(names = "--eigenvalues", paramLabel = "K", defaultValue = "5",
            description = {"The largest eigenvalues of the Hessian, its trace and density",
                    "(default: ${DEFAULT-VALUE}; 0: none of these)."}) private int eigenvalues = 5;

    @Option(names = "--report", paramLabel = "FILE.html",
            description = "Also write the report there.") private Optional<Path> report = Optional.empty();

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        check();
        int threads = work.threads(output);
        DataRequest request = data.request(output);
        Path folder = runs.folder("predict");
        Graph original = OnnxFile.read(model);
        Unshare unshared = Unshare.of(original);
        LossData fitting = LossData.of(unshared.graph(), request, loss, work.seed());
        Seed seed = new Seed(work.seed());
        int batches = Math.min(samples, fitting.part().size()) / batch;
        if (batches < 2) {
            throw output.wrong("two batches of " + batch + " need " + 2 * batch + " samples, found "
                    + Math.min(samples, fitting.part().size()) + " in " + fitting.part().source()
                    + "; take a smaller --batch-size, or more --samples");
        }
        Verified verified = Verified.of(unshared, OnnxRuntime.factory(threads), VERIFIED, seed.split("verification"));
        fitting(verified);
        Part subset = fitting.drawn(batches * batch, seed.split("samples"));
        List<Examples> drawn = Examples.of(subset, fitting.input(),
                batches * batch, batch);
        List<Finding> findings = new ArrayList<>(unshared.findings());
        findings.addAll(verified.findings());
        if (unshared.graph() != original) {
            findings.add(new Finding(Finding.Severity.WARNING, "copies-judged", String.valueOf(model.getFileName()),
                    "weights that are read in several places are judged as copies, which training keeps from parting:"
                            + " mirrors that they meet may do something else; the Hessian is that of the model as it is"));
        }
        Forecast forecast;
        dev.orbifold.engine.Natives.threads(threads);
        try (LiveProgress progress = output.progress(() -> false)) {
            forecast = Forecast.of(verified.units(), verified.mixing().spaces(), original, drawn,
                    DataLoss.of(fitting.output(), fitting.loss()),
                    new ForecastOptions(rate, decay, pairs, units, eigenvalues, this::wanted, seed.split("forecast")),
                    watcher(progress));
        }
        guessing(forecast.loss(), fitting.part().classes()).ifPresent(findings::add);
        forecast.findings().forEach(f -> findings.add(placed(f, unshared.graph().name())));
        double accuracy = fitting.accuracy(unshared.graph(), subset, threads);
        double seconds = (System.nanoTime() - begun) * 1e-9;
        Map<String, Object> result = result(forecast, accuracy, batches, findings, seconds, folder);
        output.print(() -> Predictions.text(forecast, accuracy, rate, decay, batch, seconds)
                + withNewline(Listing.findings(findings)));
        output.document(SCHEMA, () -> result);
        try (RunFolder run = RunFolder.create(folder, "predict", output.arguments())) {
            run.configuration(configuration(request, threads));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            run.inputs(List.of(InputFile.of("model", model), InputFile.of("data", request.path())));
            run.findings(findings);
            run.result(result);
            run.state(RunState.Status.DONE, ExitCode.DONE, "");
            Path page = HtmlReport.write(run.view());
            report.ifPresent(file -> Storage.write(file, HtmlReport.html(run.view()).getBytes(StandardCharsets.UTF_8)));
            output.print(() -> "\nWritten:\n" + new Table().left("").left("")
                    .row("report", Results.near(report.orElse(page))).row("everything", Results.near(run.path()))
                    .text());
        }
        return ExitCode.DONE;
    }

    /** Refuses patterns that fit no Space, before anything is computed. */
    private void fitting(Verified verified) {
        List<String> names = new ArrayList<>();
        verified.units().spaces().forEach(s -> names.add(s.name()));
        verified.mixing().spaces().forEach(s -> names.add(s.name()));
        for (String pattern : patterns) {
            if (names.stream().noneMatch(name -> ShrinkOptions.matches(pattern, name))) {
                throw output.wrong("--spaces " + pattern + " fits no Space of " + model.getFileName() + "; it has "
                        + (names.isEmpty() ? "none" : "") + String.join(", ", names.stream().limit(NAMES).toList())
                        + (names.size() > NAMES ? " and " + (names.size() - NAMES) + " more" : ""));
            }
        }
    }

    private Watcher watcher(LiveProgress progress) {
        return new Watcher() {
            @Override
            public void at(String what, int done, int all) {
                progress.step(what, done, all, Double.NaN, 0);
            }

            @Override
            public void expect(double seconds) {
                if (seconds > LONG) {
                    progress.message("this takes about " + Units.seconds(seconds) + "; fewer --samples, --spaces or"
                            + " --units, and --eigenvalues 0, make it shorter");
                }
            }
        };
    }

    /** Findings speak of the file, not of the name that its exporter gave the graph. */
    private Finding placed(Finding finding, String graph) {
        return finding.place().equals(graph)
                ? new Finding(finding.severity(), finding.kind(), String.valueOf(model.getFileName()),
                        finding.message())
                : finding;
    }

    /** Says where a model is no better than guessing. */
    private Optional<Finding> guessing(double loss, int classes) {
        return this.loss != CompressOptions.LossKind.CROSS_ENTROPY || classes < 2 || loss < Math.log(classes)
                ? Optional.empty()
                : Optional.of(new Finding(Finding.Severity.WARNING, "no-better-than-guessing",
                        String.valueOf(model.getFileName()), String.format(Locale.ROOT,
                                "the loss is %.3g, and guessing among %d classes has %.3g: either its"
                                        + " weights are random, and what follows holds for the beginning of its training, or"
                                        + " --mean and --std are not those it was trained with, and nothing holds",
                                loss, classes, Math.log(classes))));
    }

    private static String withNewline(String text) {
        return text.isEmpty() ? "" : "\n" + text;
    }

    private void check() {
        if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
            throw output.wrong("--rate must be positive, found " + rate);
        }
        if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
            throw output.wrong("--weight-decay must be at least 0, found " + decay);
        }
        if (batch < 1) {
            throw output.wrong("--batch-size must be at least 1, found " + batch);
        }
        if (samples < 2) {
            throw output.wrong("--samples must be at least 2, found " + samples);
        }
        if (pairs < 0) {
            throw output.wrong("--pairs must be at least 0, found " + pairs);
        }
        if (units < 0) {
            throw output.wrong("--units must be at least 0, found " + units);
        }
        if (eigenvalues < 0) {
            throw output.wrong("--eigenvalues must be at least 0, found " + eigenvalues);
        }
    }

    private boolean wanted(String space) {
        return patterns.isEmpty() || patterns.stream().anyMatch(pattern -> ShrinkOptions.matches(pattern, space));
    }

    private Map<String, Object> configuration(DataRequest request, int threads) {
        Map<String, Object> configuration = new LinkedHashMap<>();
        configuration.put("model", model.toAbsolutePath().normalize());
        configuration.put("data", request.path());
        configuration.put("loss", Words.word(loss));
        configuration.put("rate", rate);
        configuration.put("weightDecay", decay);
        configuration.put("batchSize", batch);
        configuration.put("samples", samples);
        configuration.put("spaces", patterns);
        configuration.put("pairs", pairs);
        configuration.put("units", units);
        configuration.put("eigenvalues", eigenvalues);
        configuration.put("threads", threads);
        return configuration;
    }

    private Map<String, Object> result(Forecast forecast, double accuracy, int batches, List<Finding> findings,
            double seconds, Path folder) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", SCHEMA);
        result.put("model", model);
        result.put("data", data.request(output).path());
        result.put("settings", Map.of("rate", rate, "weightDecay", decay, "batchSize", batch, "batches", batches,
                "loss", Words.word(loss)));
        result.put("loss", forecast.loss());
        if (!Double.isNaN(accuracy)) {
            result.put("accuracy", accuracy);
        }
        result.putAll(Predictions.fields(forecast, rate, decay));
        result.put("findings", findings);
        result.put("seconds", seconds);
        result.put("run", folder);
        return result;
    }
}
