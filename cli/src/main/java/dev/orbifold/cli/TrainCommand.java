package dev.orbifold.cli;

import dev.orbifold.engine.DataException;
import dev.orbifold.engine.DataOptions;
import dev.orbifold.run.RunFolder;
import dev.orbifold.train.Recipe;
import dev.orbifold.train.RecipeReader;
import dev.orbifold.train.Train;
import dev.orbifold.train.TrainException;
import dev.orbifold.train.TrainRequest;
import dev.orbifold.train.Trials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code train}: training under constraints. */
@Command(name = "train", sortOptions = false,
        description = "Trains a network under constraints that hold exactly at the end: sparsity of any pattern, low rank,"
                + " ties, or any linear condition.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} train recipe.yaml --data mnist",
                "  ${ROOT-COMMAND-NAME} train --model lenet300.onnx --data mnist --mean 0.1307 --std 0.3081 \\",
                "    --constrain \"parameters: '*.weight', sparse: elements, depth: 3, zeros: 0.95\" -o sparse.onnx"})
final class TrainCommand implements Callable<Integer> {
    /** What a Run of many trainings is called. */
    static final String EXPERIMENT = "experiment";

    @Parameters(arity = "0..1", paramLabel = "RECIPE",
            description = "A YAML file that says what to train, on what, and under which constraints.") private Optional<
                    Path> recipe = Optional.empty();

    @Option(names = "--model", paramLabel = "MODEL", description = "The ONNX file to train.") private Optional<
            Path> model = Optional.empty();

    @Option(names = "--data", paramLabel = "DATA",
            description = "What to train on, as for compress.") private Optional<Path> data = Optional.empty();

    @Option(names = "--mean", split = ",", paramLabel = "M",
            description = "Subtracted per channel, from pixels of 0 to 1.") private List<Double> mean = List.of();

    @Option(names = "--std", split = ",", paramLabel = "S",
            description = "Divided by per channel, after the mean.") private List<Double> std = List.of();

    @Option(names = "--constrain", paramLabel = "KEYS",
            description = "A constraint, as keys of a recipe's entry; may be given several times.") private List<
                    String> constraints = List.of();

    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training data.") private Optional<
            Integer> epochs = Optional.empty();

    @Option(names = "--batch-size", paramLabel = "N", description = "Samples per step.") private Optional<
            Integer> batch = Optional.empty();

    @Option(names = "--lr", paramLabel = "R", description = "The highest learning rate.") private Optional<
            Double> rate = Optional.empty();

    @Option(names = "--seed", paramLabel = "N",
            description = "Seed of every random draw (default: 0).") private Optional<
                    Long> seed = Optional.empty();

    @Option(names = {"-o", "--output"}, paramLabel = "OUT",
            description = "Where the trained model goes (default: what the recipe says, or trained.onnx).") private Optional<
                    Path> destination = Optional.empty();

    @Option(names = "--dry-run",
            description = "Check everything, say what would be done, and stop.") private boolean dryRun;

    @Mixin private Threads threads = new Threads();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        TrainRequest request = request();
        Path folder = runs.folder("train");
        Optional<Trials> trials = Trials.prepare(request);
        if (trials.isPresent()) {
            return experiment(trials.get(), folder);
        }
        Recipe asked = RecipeReader.read(request.name(), request.text(), request.folder(), request.overrides());
        destination.ifPresent(typed -> Destination.checked(typed, output,
                asked.origin() instanceof Recipe.Origin.Model read ? read.path() : Path.of("")));
        try (Train train = Train.prepare(request)) {
            if (dryRun) {
                return planned(train.plan(), train.numbers());
            }
            try (RunFolder run = RunFolder.create(folder, "train", output.arguments())) {
                return new Training(output, "train").of(run, progress -> train.run(run, progress));
            }
        }
    }

    private int experiment(Trials trials, Path folder) {
        if (dryRun) {
            return planned(trials.plan(), trials.numbers());
        }
        try (RunFolder run = RunFolder.create(folder, EXPERIMENT, output.arguments())) {
            return new Training(output, EXPERIMENT).of(run, progress -> trials.run(run, progress));
        }
    }

    private int planned(List<String> plan, Map<String, Object> numbers) {
        output.print(() -> String.join("\n", plan));
        output.document("orbifold.train-plan/1", () -> {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("plan", plan);
            document.putAll(numbers);
            return document;
        });
        return ExitCode.DONE;
    }

    /** The command with these arguments, as if typed. */
    static TrainCommand typed(List<String> arguments) {
        return Main.typed("train", arguments, TrainCommand.class);
    }

    /** Continues a Run; what was asked lies there, unless it was stopped before anything was decided. */
    int resumed(RunFolder run, Output reporter) {
        return new Training(reporter, "train").of(run, progress -> {
            if (run.view().configuration().isPresent()) {
                return Train.resume(run, progress);
            }
            try (Train train = Train.prepare(request())) {
                return train.run(run, progress);
            }
        });
    }

    /** Continues an experiment. */
    int experimentResumed(RunFolder run, Output reporter) {
        return new Training(reporter, EXPERIMENT).of(run,
                progress -> run.view().configuration().isPresent() ? Trials.resume(run, progress)
                        : Trials.prepare(request()).orElseThrow().run(run, progress));
    }

    private TrainRequest request() {
        if (recipe.isEmpty() && (model.isEmpty() || data.isEmpty())) {
            throw output.wrong("name a RECIPE, or --model and --data");
        }
        batch.filter(n -> n < 1).ifPresent(n -> {
            throw output.wrong("--batch-size must be at least 1, found " + n);
        });
        epochs.filter(n -> n < 1).ifPresent(n -> {
            throw output.wrong("--epochs must be at least 1, found " + n);
        });
        seed.filter(n -> n < 0).ifPresent(n -> {
            throw output.wrong("--seed must be at least 0, found " + n);
        });
        rate.filter(r -> !(r > 0 && Double.isFinite(r))).ifPresent(r -> {
            throw output.wrong("--lr must be positive, found " + r);
        });
        output.checked(DataException.class, () -> DataOptions.defaults().normalized(mean, std));
        RecipeReader.Overrides overrides = new RecipeReader.Overrides(model.map(Path::toAbsolutePath),
                data.map(Path::toAbsolutePath), mean, std, epochs, batch, rate, seed,
                destination.map(Path::toAbsolutePath), constraints);
        Path here = Path.of("").toAbsolutePath();
        if (recipe.isEmpty()) {
            return new TrainRequest("--constrain", "constraints: []", here, overrides, threads.number(output));
        }
        Path file = recipe.get().toAbsolutePath().normalize();
        String name = String.valueOf(recipe.get().getFileName());
        return new TrainRequest(name, without(read(file)), Optional.ofNullable(file.getParent()).orElse(here),
                overrides,
                threads.number(output));
    }

    /** The recipe, which has no constraints of its own where some were typed. */
    private String without(String text) {
        if (!constraints.isEmpty() && text.lines().anyMatch(line -> line.startsWith("constraints:"))) {
            throw output.wrong("the recipe has constraints already; --constrain is for a recipe without them");
        }
        return text;
    }

    private static String read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new TrainException("there is no recipe " + file);
        }
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new TrainException("cannot read the recipe " + file + ": " + e.getMessage(), e);
        }
    }
}
