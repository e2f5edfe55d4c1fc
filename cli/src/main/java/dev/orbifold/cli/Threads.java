package dev.orbifold.cli;

import picocli.CommandLine.Option;

/** How many threads compute. */
final class Threads {
    /** More would exhaust memory with stacks before anything is computed. */
    private static final int MOST = 1024;

    @Option(names = "--threads", paramLabel = "N",
            description = "Threads that compute (default: all cores).") private int threads =
                    Runtime.getRuntime().availableProcessors();

    int number(Output output) {
        if (threads < 1) {
            throw output.wrong("--threads must be at least 1, found " + threads);
        }
        if (threads > MOST) {
            throw output.wrong("--threads must be at most " + MOST + ", found " + threads);
        }
        // Also those of streams and tasks on host memory. Has no effect once the pool has been used.
        System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism",
                String.valueOf(Math.max(threads - 1, 1)));
        return threads;
    }
}
