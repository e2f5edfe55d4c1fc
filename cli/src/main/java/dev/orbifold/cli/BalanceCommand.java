package dev.orbifold.cli;

import dev.orbifold.engine.DataException;
import dev.orbifold.engine.DataOptions;
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
import dev.orbifold.structure.Balance;
import dev.orbifold.structure.Equality;
import dev.orbifold.structure.NoiseBalance;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import dev.orbifold.train.CompressOptions;
import dev.orbifold.train.DataRequest;
import dev.orbifold.train.LossGradients;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code balance}: the same function at the point of its orbit that training would lead to. */
@Command(name = "balance", sortOptions = false,
        description = "Writes an equivalent model whose weights are balanced: every unit that can be rescaled has weights"
                + " in and out of equal length, which weight decay leads to; with data, equal gradient noise, which SGD"
                + " leads to.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} balance model.onnx -o balanced.onnx"})
final class BalanceCommand implements Callable<Integer> {
    private static final String SCHEMA = "orbifold.balance/1";
    private static final int SAMPLES = 4;

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to balance.") private Path model = Path.of("");

    @Mixin private Destination destination = new Destination();

    @Option(names = "--data", paramLabel = "DATA",
            description = "Balance gradient noise on this data instead of weights.") private Optional<Path> data =
                    Optional.empty();

    @Option(names = "--mean", split = ",", paramLabel = "M",
            description = "Subtracted per channel, from pixels of 0 to 1.") private List<Double> mean = List.of();

    @Option(names = "--std", split = ",", paramLabel = "S",
            description = "Divided by per channel, after the mean.") private List<Double> std = List.of();

    @Option(names = "--loss", paramLabel = "KIND", defaultValue = "cross-entropy",
            description = "With --data: cross-entropy, mse or bce (default: ${DEFAULT-VALUE}).") private CompressOptions.LossKind loss =
                    CompressOptions.LossKind.CROSS_ENTROPY;

    @Option(names = "--samples", paramLabel = "N", defaultValue = "256",
            description = "With --data: samples whose gradients are measured (default: ${DEFAULT-VALUE}).") private int samples =
                    256;

    @Option(names = "--weight-decay", paramLabel = "WD", defaultValue = "0",
            description = "With --data: decay of all weights beside the noise, as optimizers define it (default: ${DEFAULT-VALUE}).") private double decay;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "0.1",
            description = "With --weight-decay: the learning rate of SGD (default: ${DEFAULT-VALUE}).") private double rate =
                    0.1;

    @Option(names = "--batch-size", paramLabel = "S", defaultValue = "128",
            description = "With --weight-decay: samples in a batch (default: ${DEFAULT-VALUE}).") private int batch =
                    128;

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        long begun = System.nanoTime();
        if (samples < 2) {
            throw output.wrong("--samples must be at least 2, to have a variance, found " + samples);
        }
        if (!(decay >= 0 && Double.isFinite(decay))) {
            throw output.wrong("--weight-decay must be a number from 0 up, found " + decay);
        }
        if (!(rate > 0 && Double.isFinite(rate)) || batch < 1) {
            throw output.wrong("--rate and --batch-size must be positive, found " + rate + " and " + batch);
        }
        if (decay > 0 && data.isEmpty()) {
            throw output
                    .wrong("--weight-decay goes with --data; without noise any decay leads to the least weights, which"
                            + " is what balance finds without both");
        }
        int threads = work.threads(output);
        output.checked(DataException.class, () -> DataOptions.defaults().normalized(mean, std));
        Path target = destination.checked(output, model);
        Path folder = runs.folder("balance");
        Unshare unshared = Unshare.of(OnnxFile.read(model));
        Graph graph = unshared.graph();
        Seed seed = new Seed(work.seed());
        Verified verified = Verified.of(unshared, OnnxRuntime.factory(threads), SAMPLES, seed.split("verification"));
        List<Finding> findings = new ArrayList<>(unshared.findings());
        Balance balance = balanced(verified, graph, threads, findings);
        Equality equality = Equality.check(graph, balance.graph(), OnnxRuntime.factory(threads),
                seed.split("equality"), SAMPLES);
        findings.addAll(verified.findings());
        findings.addAll(balance.findings());
        if (balance.spaces().isEmpty()) {
            findings.add(new Finding(Finding.Severity.WARNING, "nothing-to-balance",
                    String.valueOf(model.getFileName()),
                    "the model has no Space that can be rescaled, so that its weights stay as they are; `orbifold scan`"
                            + " lists its symmetries"));
        }
        NotNumbers.finding(graph, equality).ifPresent(findings::add);
        try (RunFolder run = RunFolder.create(folder, "balance", output.arguments())) {
            run.configuration(configuration(threads));
            run.environment(Environment.detect(threads, "float32", Map.of("onnxruntime", Version.onnxRuntime())));
            run.seeds(Map.of("root", work.seed()));
            List<InputFile> inputs = new ArrayList<>(List.of(InputFile.of("model", model)));
            data.ifPresent(d -> inputs.add(InputFile.of("data", d)));
            run.inputs(inputs);
            run.findings(findings);
            OnnxFile.write(balance.graph(), target);
            Map<String, Object> result = result(balance, equality, verified, findings);
            result.put("seconds", (System.nanoTime() - begun) * 1e-9);
            result.put("run", run.path());
            run.result(result);
            int code = equality.maxError() <= Results.EQUAL ? ExitCode.DONE : ExitCode.MISSED;
            run.state(RunState.Status.DONE, code, "");
            HtmlReport.write(run.view());
            output.print(() -> text(balance, equality, findings, run.view()));
            output.document(SCHEMA, () -> result);
            if (code == ExitCode.MISSED) {
                output.warn(equality.isVoid()
                        ? "not all outputs are numbers, so that nothing shows whether they are equal"
                        : "the balanced model differs by " + Units.scientific(equality.maxError())
                                + " of the output range; allowed are " + Units.scientific(Results.EQUAL));
            }
            return code;
        }
    }

    private Balance balanced(Verified verified, Graph graph, int threads, List<Finding> findings) {
        if (data.isEmpty()) {
            return Balance.of(verified.units(), verified.mixing().spaces());
        }
        DataRequest request = new DataRequest(data.get().toAbsolutePath().normalize(), mean, std);
        try (LossGradients gradients = LossGradients.of(graph, request, loss, samples, work.seed(), threads)) {
            gradients.onlyClass().ifPresent(only -> findings.add(new Finding(Finding.Severity.WARNING, "one-class",
                    String.valueOf(request.path()), "all samples are of class " + only
                            + ": the noise is that of one class alone, which is not what training on all of them has;"
                            + " take data of all classes")));
            return NoiseBalance.of(verified.units(), verified.mixing().spaces(), gradients,
                    2 * decay * batch / rate);
        }
    }

    private Map<String, Object> configuration(int threads) {
        Map<String, Object> configuration = new LinkedHashMap<>();
        configuration.put("model", model.toAbsolutePath().normalize());
        configuration.put("output", destination.typed().toAbsolutePath().normalize());
        data.ifPresent(d -> {
            configuration.put("data", d.toAbsolutePath().normalize());
            configuration.put("loss", Words.word(loss));
            configuration.put("gradients", samples);
            configuration.put("weightDecay", decay);
            configuration.put("rate", rate);
            configuration.put("batchSize", batch);
        });
        configuration.put("samples", SAMPLES);
        configuration.put("threads", threads);
        return configuration;
    }

    private Map<String, Object> result(Balance balance, Equality equality, Verified verified,
            List<Finding> findings) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", SCHEMA);
        result.put("model", model);
        data.ifPresent(d -> result.put("data", d));
        result.put("output", destination.typed());
        result.put("spaces", balance.spaces());
        result.put("noise", balance.noise());
        result.put("norm", Map.of("before", balance.before(), "after", balance.after()));
        result.put("sweeps", balance.sweeps());
        result.put("equality", Map.of("maxError", equality.maxError(), "samples", equality.samples()));
        result.put("verification", Map.of("maxError", verified.maxError(), "samples", verified.samples()));
        result.put("findings", findings);
        return result;
    }

    private String text(Balance balance, Equality equality, List<Finding> findings, RunView run) {
        Table files = new Table().left("").left("");
        files.row("model", destination.typed().toString()).row("report", Results.near(run.report()))
                .row("everything", Results.near(run.path()));
        String noise = balance.noise().isEmpty() ? ""
                : "\nGradient noise, the root of its total variance:\n" + table(balance.noise()).text();
        String spaces = balance.spaces().isEmpty() ? "" : table(balance.spaces()).text() + noise + "\n";
        String lengths = balance.spaces().isEmpty() ? "No weight was changed; "
                : "The length of these weights went from " + length(balance.before()) + " to "
                        + length(balance.after()) + "; ";
        return spaces + lengths
                + (equality.isVoid() ? "not all outputs are numbers, so that nothing shows whether they are equal.\n"
                        : "no output moved by more than " + Units.scientific(equality.maxError())
                                + " of the output range (ONNX Runtime, " + equality.samples()
                                + " samples; allowed are " + Units.scientific(Results.EQUAL) + ").\n")
                + Listing.findings(findings) + "\nWritten:\n" + files.text();
    }

    private static Table table(List<Balance.Moved> spaces) {
        Table table = new Table().left("Space").right("dimension").right("in").right("out").right("in after")
                .right("out after");
        for (Balance.Moved space : spaces) {
            table.row(space.name(), String.valueOf(space.dimension()), length(space.before().in()),
                    length(space.before().out()), length(space.after().in()), length(space.after().out()));
        }
        return table;
    }

    private static String length(double value) {
        return String.format(java.util.Locale.ROOT, "%.4g", value);
    }
}
