package dev.orbifold.cli;

import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.train.CompressOptions;
import dev.orbifold.train.CompressResult;
import dev.orbifold.train.DataRequest;
import dev.orbifold.train.Evaluation;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code evaluate}: what a model is worth and what it costs. */
@Command(name = "evaluate", sortOptions = false,
        description = "Measures a model on the test part of its data: accuracy, loss, size, multiply-adds, latency.",
        footer = {"", "Example:",
                "  ${ROOT-COMMAND-NAME} evaluate lenet5.onnx --data mnist --mean 0.1307 --std 0.3081"})
final class EvaluateCommand implements Callable<Integer> {
    private static final String SCHEMA = "orbifold.evaluate/1";

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to measure.") private Path model = Path.of("");

    @Mixin private DataArguments data = new DataArguments();

    @Option(names = "--loss", paramLabel = "KIND", defaultValue = "cross-entropy",
            description = "cross-entropy, mse or bce (default: ${DEFAULT-VALUE}).") private CompressOptions.LossKind loss =
                    CompressOptions.LossKind.CROSS_ENTROPY;

    @Mixin private Work work = new Work();

    @Option(names = "--run", paramLabel = "DIR",
            description = "Folder to keep the result in (default: none).") private Optional<Path> run =
                    Optional.empty();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        DataRequest request = data.request(output);
        int threads = work.threads(output);
        run.ifPresent(RunFolder::checkFree);
        CompressResult.Standing standing;
        try (LiveProgress progress = output.progress(() -> false)) {
            standing = Evaluation.of(model, request, loss, work.seed(), threads, progress);
        }
        Map<String, Object> result = result(standing);
        run.ifPresent(folder -> keep(folder, result));
        output.print(() -> table(standing).text());
        output.document(SCHEMA, () -> result);
        return ExitCode.DONE;
    }

    private Map<String, Object> result(CompressResult.Standing standing) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", SCHEMA);
        result.put("model", model);
        result.put("accuracy", standing.accuracy());
        result.put("loss", standing.loss());
        result.put("parameters", standing.parameters());
        result.put("macs", standing.macs());
        result.put("bytes", standing.bytes());
        result.put("latencyMillis", standing.latencyMillis());
        run.ifPresent(folder -> result.put("run", folder));
        return result;
    }

    private void keep(Path folder, Map<String, Object> result) {
        try (RunFolder kept = RunFolder.create(folder, "evaluate", output.arguments())) {
            kept.result(result);
            kept.state(RunState.Status.DONE, ExitCode.DONE, "");
        }
    }

    private static Table table(CompressResult.Standing standing) {
        Table table = new Table().left("").right("");
        if (!Double.isNaN(standing.accuracy())) {
            table.row("accuracy", Units.percent(standing.accuracy()));
        }
        return table.row("loss", Units.loss(standing.loss()))
                .row("parameters", Units.count((double) standing.parameters()))
                .row("MACs", Units.count((double) standing.macs())).row("file", Units.bytes((double) standing.bytes()))
                .row("latency (batch 1, 1 thread)", Units.millis(standing.latencyMillis()));
    }
}
