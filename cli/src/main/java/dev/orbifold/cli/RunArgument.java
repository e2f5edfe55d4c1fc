package dev.orbifold.cli;

import dev.orbifold.run.RunFolder;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which folder keeps what a command did. */
final class RunArgument {
    private static final Path RUNS = Path.of("runs");

    @Option(names = "--run", paramLabel = "DIR",
            description = "Folder that keeps all this command does (default: runs/COMMAND-TIME).") private Optional<
                    Path> run = Optional.empty();

    /** The folder the user names, if any. */
    Optional<Path> named() {
        run.ifPresent(RunFolder::checkFree);
        return run;
    }

    /** The folder to create, not there yet or empty. */
    Path folder(String command) {
        return named().orElseGet(() -> RunFolder.fresh(RUNS, command));
    }
}
