package dev.orbifold.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** What the user wants left alone while a model shrinks. */
final class ShrinkArguments {
    @Option(names = "--exclude", paramLabel = "PATTERN",
            description = "Keep Spaces and parameters whose name fits, such as 'conv1*'; may be repeated.") private List<
                    String> exclude = List.of();

    @Option(names = "--round-to", paramLabel = "N", defaultValue = "1",
            description = "Make widths multiples of N (default: ${DEFAULT-VALUE}).") private int roundTo;

    @Option(names = "--min-width", paramLabel = "N", defaultValue = "1",
            description = "The fewest units a Space keeps (default: ${DEFAULT-VALUE}).") private int least;

    List<String> exclude() {
        return exclude;
    }

    int roundTo() {
        return roundTo;
    }

    int least() {
        return least;
    }
}
