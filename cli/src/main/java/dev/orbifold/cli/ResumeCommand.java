package dev.orbifold.cli;

import dev.orbifold.run.RunException;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code resume}: continues a Run to the result it would have had. */
@Command(name = "resume", sortOptions = false,
        description = "Continues a Run that was stopped, to the same result as without the stop.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} resume runs/compress-20260101-120000"})
final class ResumeCommand implements Callable<Integer> {
    /** Commands whose result compares a model before and after. */
    private static final Set<String> COMPARING = Set.of("demo", "compress", "shrink", "train",
            TrainCommand.EXPERIMENT);

    @Parameters(paramLabel = "RUN", description = "The folder of the Run.") private Path folder = Path.of("");

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        RunView view = RunView.of(folder);
        if (view.state().status() == RunState.Status.DONE) {
            output.say(folder + " is done already; nothing is left to resume.");
            Results results = new Results(view);
            if (!COMPARING.contains(view.command())) {
                output.print(() -> "Its result is in " + folder.resolve("result.json"));
                output.document(results.document().path("schema").asText(), results::document);
                return view.state().exitCode();
            }
            return new Training(output, view.command()).said(results, view.state().exitCode(), results.verdict());
        }
        if (!view.version().equals(Version.orbifold())) {
            output.warn("version " + view.version() + " began this Run and " + Version.orbifold()
                    + " goes on with it; the end may be another than either alone would reach");
        }
        try (RunFolder run = RunFolder.open(folder)) {
            return switch (view.command()) {
                case "demo" -> DemoCommand.typed(view.arguments()).resumed(run, output);
                case "compress" -> CompressCommand.typed(view.arguments()).resumed(run, output);
                case TrainCommand.EXPERIMENT -> TrainCommand.typed(view.arguments()).experimentResumed(run, output);
                case "train" -> TrainCommand.typed(view.arguments()).resumed(run, output);
                default -> throw new RunException(folder + " is a Run of `" + view.command()
                        + "`, which is done in one go; run the command again");
            };
        }
    }
}
