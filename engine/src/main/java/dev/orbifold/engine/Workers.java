package dev.orbifold.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A fixed pool of daemon threads, one per processor, for work that is cut into ranges. */
public final class Workers {
    /** How many ranges run at once. */
    public static final int COUNT = Runtime.getRuntime().availableProcessors();

    private static final ExecutorService POOL = Executors.newFixedThreadPool(COUNT,
            Thread.ofPlatform().daemon().name("orbifold-worker-", 0).factory());

    private Workers() {
    }

    /** Work on the numbers from {@code from} to before {@code to}. */
    @FunctionalInterface
    public interface Range {
        void run(int from, int to);
    }

    /**
     * Runs the work on all numbers below {@code count}, cut into equal ranges of at least {@code grain}, and waits. The
     * first range runs on the calling thread; a failure there or elsewhere is thrown here, that of the lowest range
     * first. Not to be called from within such work.
     */
    public static void run(int count, int grain, int most, Range work) {
        int pieces = Math.max(1, Math.min(Math.min(most, COUNT), count / Math.max(1, grain)));
        if (pieces == 1) {
            work.run(0, count);
            return;
        }
        List<Future<?>> others = new ArrayList<>(pieces - 1);
        for (int piece = 1; piece < pieces; piece++) {
            int from = (int) ((long) count * piece / pieces);
            int to = (int) ((long) count * (piece + 1) / pieces);
            others.add(POOL.submit(() -> work.run(from, to)));
        }
        try {
            work.run(0, (int) ((long) count / pieces));
        } finally {
            waitFor(others);
        }
        others.forEach(Workers::join);
    }

    private static void waitFor(List<Future<?>> others) {
        for (Future<?> other : others) {
            try {
                join(other);
            } catch (RuntimeException | Error e) {
                continue;
            }
        }
    }

    private static void join(Future<?> other) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    other.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    switch (e.getCause()) {
                        case RuntimeException cause -> throw cause;
                        case Error cause -> throw cause;
                        case Throwable cause -> throw new EngineException("a worker failed", cause);
                        case null -> throw new EngineException("a worker failed", e);
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
