package dev.orbifold.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line {@code orbifold}: one class per command, gathered here. */
@Command(name = "orbifold", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Finds the symmetries of a neural network, and uses them to constrain and shrink it.",
        synopsisSubcommandLabel = "COMMAND", subcommands = WarmUp.class)
public final class Main implements Runnable {
    @Spec private CommandSpec spec;

    private Main(CommandSpec spec) {
        this.spec = spec;
    }

    /** Runs one command and leaves with its exit code. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main(CommandSpec.create()));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
