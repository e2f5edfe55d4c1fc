package dev.orbifold.cli;

import picocli.CommandLine.Option;

/** What computations start from. */
final class Work {
    /** More would exhaust memory with stacks before anything is computed. */
    private static final int MOST_THREADS = 1024;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0",
            description = "Seed of every random draw (default: ${DEFAULT-VALUE}).") private long seed;

    @Option(names = "--threads", paramLabel = "N",
            description = "Threads that compute (default: all cores).") private int threads =
                    Runtime.getRuntime().availableProcessors();

    long seed() {
        return seed;
    }

    int threads(Output output) {
        if (threads < 1) {
            throw output.wrong("--threads must be at least 1, found " + threads);
        }
        if (threads > MOST_THREADS) {
            throw output.wrong("--threads must be at most " + MOST_THREADS + ", found " + threads);
        }
        // Also those of streams and tasks on host memory. Has no effect once the pool has been used.
        System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism",
                String.valueOf(Math.max(threads - 1, 1)));
        return threads;
    }
}
