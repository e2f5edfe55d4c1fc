package dev.orbifold.cli;

import dev.orbifold.run.Typed;
import dev.orbifold.symmetry.Transform;
import dev.orbifold.train.CompressOptions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line {@code orbifold}: one class per command, gathered here. */
@Command(name = "orbifold", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Finds the symmetries of a neural network, and uses them to constrain and shrink it.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DemoCommand.class, CompressCommand.class, TrainCommand.class, EvaluateCommand.class,
                ShrinkCommand.class,
                ScanCommand.class, TransformCommand.class, BalanceCommand.class, PredictCommand.class,
                ReportCommand.class, WatchCommand.class, ResumeCommand.class, WarmUp.class},
        footer = {"",
                "Start with `${COMMAND-NAME} demo`; `${COMMAND-NAME} COMMAND --help` shows an example of each command."})
public final class Main implements Runnable {
    @Spec private CommandSpec spec;

    private Main(CommandSpec spec) {
        this.spec = spec;
    }

    /** Runs one command and leaves with its exit code. */
    public static void main(String[] arguments) {
        Leave.onSignals();
        CommandLine line = commandLine();
        line.setOut(new PrintWriter(stream(FileDescriptor.out), true, charset()));
        line.setErr(new PrintWriter(stream(FileDescriptor.err), true, charset()));
        System.exit(line.execute(arguments));
    }

    /** The command line, with what failures become. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main(CommandSpec.create())).setCommandName(Typed.program());
        line.registerConverter(CompressOptions.Augment.class, Words.of(CompressOptions.Augment.class));
        line.registerConverter(CompressOptions.LossKind.class, Words.of(CompressOptions.LossKind.class));
        line.registerConverter(Transform.Kind.class, Words.of(Transform.Kind.class));
        line.setParameterExceptionHandler(Failures::usage);
        line.setExecutionExceptionHandler(Failures::execution);
        line.setExecutionStrategy(Failures::guarded);
        return line;
    }

    /**
     * A command with its arguments, as if typed.
     *
     * @throws ParameterException if they cannot be understood
     */
    static <T> T typed(String command, List<String> arguments, Class<T> type) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(arguments);
        return type.cast(commandLine().parseArgs(all.toArray(String[]::new)).subcommand().commandSpec().userObject());
    }

    /** UTF-8, as files and pipes expect it everywhere, but on a Windows console, which says itself what it shows. */
    private static Charset charset() {
        boolean windows = System.getProperty("os.name", "").startsWith("Windows");
        return windows && Terminal.isError() ? Charset.forName(System.getProperty("stderr.encoding", "UTF-8"))
                : StandardCharsets.UTF_8;
    }

    private static FileOutputStream stream(FileDescriptor descriptor) {
        return new FileOutputStream(descriptor);
    }

    /** Standard error as the progress bar wants it. */
    static PrintStream errorStream() {
        return new PrintStream(stream(FileDescriptor.err), true, charset());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
