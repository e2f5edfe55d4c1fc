package dev.orbifold.cli;

import dev.orbifold.report.JsonOutput;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command says, where: results on standard output, all else on standard error. */
@SuppressWarnings("UnusedVariable") // picocli itself and Failures look at some options
final class Output {
    @Spec(Spec.Target.MIXEE) private CommandSpec command = CommandSpec.create();

    @Option(names = "--json", description = "Print exactly one JSON document.") private boolean json;

    @Option(names = {"-q", "--quiet"}, description = "Show no progress and no messages.") private boolean quiet;

    @Option(names = "--verbose", description = "Show the stack trace behind an error message.") private boolean verbose;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.") private boolean help;

    /** Prints the result for people, or nothing where JSON is wanted. */
    void print(Supplier<String> text) {
        if (!json) {
            write(text.get());
        }
    }

    /** Prints the result as JSON where it is wanted. */
    void document(String schema, Supplier<?> value) {
        if (json) {
            write(JsonOutput.document(schema, value.get()));
        }
    }

    /** Whether a program reads what is printed. */
    boolean isJson() {
        return json;
    }

    private void write(String text) {
        PrintWriter out = command.commandLine().getOut();
        out.print(text.endsWith("\n") ? text : text + "\n");
        out.flush();
    }

    /** Says something besides the result. */
    void say(String text) {
        if (!quiet) {
            PrintWriter err = command.commandLine().getErr();
            err.println(text);
            err.flush();
        }
    }

    /** Warns of a missed check, even a quiet user. */
    void warn(String text) {
        PrintWriter err = command.commandLine().getErr();
        err.println(command.qualifiedName(" ") + ": " + text);
        err.flush();
    }

    /**
     * Who shows progress to the user.
     *
     * @param stop whether the user has asked to stop
     */
    LiveProgress progress(BooleanSupplier stop) {
        return quiet ? new QuietProgress(stop)
                : Terminal.isError() ? new BarProgress(stop) : new LineProgress(stop, this::say);
    }

    /** Arguments behind the command's name, as typed. */
    List<String> arguments() {
        List<String> all = command.commandLine().getParseResult().originalArgs();
        int name = all.indexOf(command.name());
        return List.copyOf(all.subList(name + 1, all.size()));
    }

    /** A complaint about how the command was typed. */
    ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    /** The value, where making it may refuse what was typed. */
    <T, E extends RuntimeException> T checked(Class<E> refusal, Supplier<T> value) {
        try {
            return value.get();
        } catch (RuntimeException e) {
            if (refusal.isInstance(e)) {
                throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }
}
