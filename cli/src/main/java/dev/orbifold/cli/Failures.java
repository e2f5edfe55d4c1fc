package dev.orbifold.cli;

import dev.orbifold.certificate.CertificateException;
import dev.orbifold.collapse.CollapseException;
import dev.orbifold.constraint.ConstraintException;
import dev.orbifold.engine.DataException;
import dev.orbifold.engine.EngineException;
import dev.orbifold.graph.GraphException;
import dev.orbifold.report.ReportException;
import dev.orbifold.report.Units;
import dev.orbifold.run.RunException;
import dev.orbifold.structure.StructureException;
import dev.orbifold.symmetry.SymmetryException;
import dev.orbifold.train.InterruptedRun;
import dev.orbifold.train.TrainException;
import dev.orbifold.watch.WatchException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What a failure becomes: one sentence on standard error and an exit code. What no module foresaw is a defect of Orbifold
 * and shows its stack trace.
 */
final class Failures {
    /** Set to anything, shows the stack trace behind every sentence, as {@code --verbose} does. */
    static final String DEBUG = "ORBIFOLD_DEBUG";
    private static final IExecutionStrategy LAST = new RunLast();
    /** libtorch's words when memory is short, with the bytes it wanted. */
    private static final Pattern NATIVE_MEMORY = Pattern
            .compile("(?:can't allocate memory|not enough memory)\\D*you tried to allocate (\\d+) bytes");

    /** libtorch's words for a tensor with more bytes than a number can say. */
    private static final String NATIVE_OVERFLOW = "Storage size calculation overflowed";

    /** A word that is an option, and no negative number. */
    private static final Pattern OPTION = Pattern.compile("--?[^-\\d.].*", Pattern.DOTALL);

    private Failures() {
    }

    /** Wrong usage: what is wrong, what was perhaps meant, and where help is. */
    static int usage(ParameterException e, String[] arguments) {
        CommandLine line = e.getCommandLine();
        PrintWriter err = line.getErr();
        String name = line.getCommandSpec().qualifiedName(" ");
        List<String> options = unknownOptions(e);
        List<String> wrong = new ArrayList<>();
        if (!options.isEmpty()) {
            wrong.add((options.size() == 1 ? "Unknown option: '" : "Unknown options: '") + String.join("', '", options)
                    + "'");
        } else if (e instanceof UnmatchedArgumentException unmatched && line.getParent() == null) {
            wrong.add("there is no command " + unmatched.getUnmatched().getFirst());
        }
        if (wrong.isEmpty() || e instanceof MissingParameterException) {
            wrong.add(String.valueOf(e.getMessage()));
        }
        err.println(name + ": " + String.join(". ", wrong));
        ParameterException meant = options.isEmpty() ? e : new UnmatchedArgumentException(line, options);
        if (!UnmatchedArgumentException.printSuggestions(meant, err)) {
            err.println("`" + name + " --help` shows how it is used.");
        }
        err.flush();
        return ExitCode.USAGE;
    }

    /**
     * Options nobody knows, also where something required is missing, which picocli complains of first: what was meant is
     * perhaps the same. Words behind them, which may be their values, are not among them.
     */
    private static List<String> unknownOptions(ParameterException e) {
        List<String> unmatched = switch (e) {
            case UnmatchedArgumentException u -> u.getUnmatched();
            case MissingParameterException m -> m.getCommandLine().getUnmatchedArguments();
            default -> List.of();
        };
        return unmatched.stream().filter(word -> OPTION.matcher(word).matches())
                .map(word -> word.replaceFirst("(?s)=.*", ""))
                .toList();
    }

    /** Runs the command; errors of the virtual machine become sentences as exceptions do. */
    static int guarded(ParseResult parsed) {
        try {
            return LAST.execute(parsed);
        } catch (StackOverflowError | OutOfMemoryError | LinkageError e) {
            ParseResult last = parsed;
            while (last.hasSubcommand()) {
                last = last.subcommand();
            }
            return failed(e, last.commandSpec().commandLine(), last);
        }
    }

    /** An exception that a command did not handle. */
    static int execution(Exception e, CommandLine command, ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        return failed(e, command, last);
    }

    private static int failed(Throwable e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName(" ");
        err.println(name + ": " + sentence(e));
        boolean wanted = System.getenv(DEBUG) != null || parsed.hasMatchedOption("--verbose");
        if (wanted || isDefect(e)) {
            e.printStackTrace(err);
        }
        err.flush();
        return e instanceof InterruptedRun ? ExitCode.INTERRUPTED : ExitCode.INPUT;
    }

    /** Whether nobody meant this to be thrown. */
    static boolean isDefect(Throwable e) {
        return switch (e) {
            case GraphException g -> false;
            case SymmetryException s -> false;
            case DataException d -> false;
            case EngineException n -> false;
            case StructureException s -> false;
            case CertificateException c -> false;
            case CollapseException c -> false;
            case ConstraintException n -> false;
            case TrainException t -> false;
            case RunException r -> false;
            case ReportException r -> false;
            case WatchException w -> false;
            case InterruptedRun i -> false;
            case IOException i -> false;
            case UncheckedIOException u -> false;
            case OutOfMemoryError o -> false;
            default -> !String.valueOf(e.getMessage()).startsWith(NATIVE_OVERFLOW)
                    && !NATIVE_MEMORY.matcher(String.valueOf(e.getMessage())).find();
        };
    }

    /** The failure in one sentence, with what to do about it. */
    static String sentence(Throwable e) {
        String message = String.valueOf(e.getMessage());
        Matcher memory = NATIVE_MEMORY.matcher(message);
        if (memory.find()) {
            return "memory is short: libtorch needed another " + Units.bytes(Double.parseDouble(memory.group(1)))
                    + ". Try a smaller --batch-size, or a machine with more memory";
        }
        if (message.startsWith(NATIVE_OVERFLOW)) {
            return "the model makes a tensor that is larger than any memory: " + message.lines().findFirst().orElse("");
        }
        if (e instanceof OutOfMemoryError) {
            return "memory is short: the heap of " + Units.bytes((double) Runtime.getRuntime().maxMemory())
                    + " did not suffice (" + message
                    + "). Set ORBIFOLD_JAVA_OPTIONS=-Xmx… to allow more, or try a smaller --batch-size";
        }
        return isDefect(e) ? "this is a defect of Orbifold; please report it with what follows: " + e : message;
    }
}
