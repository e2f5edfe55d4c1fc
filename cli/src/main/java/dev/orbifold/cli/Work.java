package dev.orbifold.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What computations start from. */
final class Work {
    @Option(names = "--seed", paramLabel = "N", defaultValue = "0",
            description = "Seed of every random draw (default: ${DEFAULT-VALUE}).") private long seed;

    @Mixin private Threads threads = new Threads();

    long seed() {
        return seed;
    }

    int threads(Output output) {
        if (seed < 0) {
            throw output.wrong("--seed must be at least 0, found " + seed);
        }
        return threads.number(output);
    }
}
