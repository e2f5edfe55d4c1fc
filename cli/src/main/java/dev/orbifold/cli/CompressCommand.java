package dev.orbifold.cli;

import dev.orbifold.run.RunFolder;
import dev.orbifold.train.Compress;
import dev.orbifold.train.CompressOptions;
import dev.orbifold.train.CompressRequest;
import dev.orbifold.train.Target;
import dev.orbifold.train.TrainException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code compress}: the main job. */
@Command(name = "compress", sortOptions = false,
        description = "Makes a trained model smaller: trains what is not worth its price onto exact zeros, takes it out,"
                + " proves that this changed nothing, and lets the small model heal.",
        footer = {"", "Example:",
                "  ${ROOT-COMMAND-NAME} compress lenet5.onnx --data mnist --mean 0.1307 --std 0.3081 \\",
                "    --speedup 10 --epochs 10 -o small.onnx"})
final class CompressCommand implements Callable<Integer> {
    private static final List<String> PRECISIONS = List.of("auto", "float32", "bfloat16");

    /** What to reach; exactly one of them. */
    static final class Goal {
        @Option(names = "--speedup", paramLabel = "X",
                description = "Reach at least X times fewer multiply-adds.") private Optional<Double> speedup =
                        Optional.empty();

        @Option(names = "--keep", paramLabel = "F",
                description = "Keep at most this share of the parameters, 0 to 1.") private Optional<Double> keep =
                        Optional.empty();

        @Option(names = "--max-drop", paramLabel = "P",
                description = "Become as small as a loss of P points of accuracy allows.") private Optional<
                        Double> maxDrop = Optional.empty();

        Optional<Target> target() {
            return speedup.<Target>map(Target.Speedup::new).or(() -> keep.map(Target.Keep::new))
                    .or(() -> maxDrop.map(Target.MaxDrop::new));
        }
    }

    @Parameters(paramLabel = "MODEL", description = "The ONNX file to compress.") private Path model = Path.of("");

    @Mixin private DataArguments data = new DataArguments();

    @Mixin private Destination destination = new Destination();

    @ArgGroup(multiplicity = "1") private Goal goal = new Goal();

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "10",
            description = "Passes over the training data, all phases together (default: ${DEFAULT-VALUE}).") private int epochs;

    @Option(names = "--batch-size", paramLabel = "N", defaultValue = "" + CompressOptions.BATCH,
            description = "Samples per step (default: ${DEFAULT-VALUE}).") private int batch;

    @Option(names = "--lr", paramLabel = "R",
            description = "The highest learning rate (default: chosen for model and target).") private Optional<
                    Double> rate =
                            Optional.empty();

    @Option(names = "--weight-decay", paramLabel = "R", defaultValue = "" + CompressOptions.DECAY,
            description = "Weight decay (default: ${DEFAULT-VALUE}).") private double decay;

    @Option(names = "--loss", paramLabel = "KIND", defaultValue = "cross-entropy",
            description = "cross-entropy, mse or bce (default: ${DEFAULT-VALUE}).") private CompressOptions.LossKind loss =
                    CompressOptions.LossKind.CROSS_ENTROPY;

    @Option(names = "--label-smoothing", paramLabel = "S", defaultValue = "0",
            description = "Label smoothing (default: ${DEFAULT-VALUE}).") private double smoothing;

    @Option(names = "--distill", paramLabel = "W", defaultValue = "" + CompressOptions.DISTILL,
            description = "Weight of the original model's answers in the loss, 0 to 1 (default: ${DEFAULT-VALUE}).") private double distill;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "" + CompressOptions.TEMPERATURE,
            description = "Temperature at which answers are compared (default: ${DEFAULT-VALUE}).") private double temperature;

    @Option(names = "--augment", paramLabel = "KIND", defaultValue = "auto",
            description = "Random changes of training images: auto, none, crop or crop-flip (default: ${DEFAULT-VALUE}).") private CompressOptions.Augment augment =
                    CompressOptions.Augment.AUTO;

    @Option(names = "--depth", paramLabel = "D", defaultValue = "" + CompressOptions.DEPTH,
            description = "Depth of the gates, 2 to 4 (default: ${DEFAULT-VALUE}).") private int depth;

    @Option(names = "--lambda", paramLabel = "L",
            description = "One fixed push on all units, instead of steering towards the target.") private Optional<
                    Double> lambda = Optional.empty();

    @Option(names = "--sharing", paramLabel = "S", defaultValue = "" + CompressOptions.SHARING,
            description = "How units of different Spaces compete, from 0, by what they carry, to 1, by their share of"
                    + " what their Space carries (default: ${DEFAULT-VALUE}).") private double sharing;

    @Mixin private ShrinkArguments shrink = new ShrinkArguments();

    @Option(names = "--precision", paramLabel = "KIND", defaultValue = "auto",
            description = "auto (the faster one, measured), float32 or bfloat16 (default: ${DEFAULT-VALUE}).") private String precision =
                    "auto";

    @Option(names = "--dry-run",
            description = "Check everything, say what would be done, and stop.") private boolean dryRun;

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        CompressRequest request = request();
        Path folder = runs.folder("compress");
        try (Compress compress = Compress.prepare(request)) {
            if (dryRun) {
                List<String> plan = compress.plan();
                output.print(() -> String.join("\n", plan));
                output.document("orbifold.compress-plan/1", () -> Map.of("plan", plan));
                return ExitCode.DONE;
            }
            try (RunFolder run = RunFolder.create(folder, "compress", output.arguments())) {
                return new Training(output, "compress").of(run, progress -> compress.run(run, progress));
            }
        }
    }

    /** The command with these arguments, as if typed. */
    static CompressCommand typed(List<String> arguments) {
        return Main.typed("compress", arguments, CompressCommand.class);
    }

    /** Continues a Run from its last checkpoint, or from its beginning where it was killed before the first. */
    int resumed(RunFolder run, Output reporter) {
        return new Training(reporter, "compress").of(run, progress -> {
            if (run.view().configuration().isPresent()) {
                return Compress.resume(run, progress);
            }
            try (Compress compress = Compress.prepare(request())) {
                return compress.run(run, progress);
            }
        });
    }

    /** What was typed, checked as far as it goes without reading the model and the data. */
    CompressRequest request() {
        Target target = output.checked(TrainException.class, goal::target)
                .orElseThrow(() -> output.wrong("name a target: --speedup, --keep or --max-drop"));
        CompressOptions options = output.checked(TrainException.class,
                () -> new CompressOptions(target, epochs, work.seed(), batch, depth, optional(lambda), optional(rate),
                        decay, distill, temperature, smoothing, augment, shrink.exclude(), shrink.roundTo(),
                        shrink.least(), sharing, loss));
        if (!PRECISIONS.contains(precision)) {
            throw output.wrong("--precision must be one of " + String.join(", ", PRECISIONS) + ", found " + precision);
        }
        int threads = work.threads(output);
        return new CompressRequest(model.toAbsolutePath().normalize(), data.request(output),
                destination.checked(output, model), options, precision, threads);
    }

    private static OptionalDouble optional(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }
}
