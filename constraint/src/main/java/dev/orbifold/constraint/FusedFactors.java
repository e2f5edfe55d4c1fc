package dev.orbifold.constraint;

import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Workers;
import java.util.List;

/** The fused update over whole buffers, on all threads that operators may use. */
final class FusedFactors {
    /** Floats per block; threads share whole blocks. */
    private static final int BLOCK = 1024;
    /** A thread is worth its start for so many blocks. */
    private static final int GRAIN = 64;
    /** Blocks that are taken in rising order whichever way a sweep goes: long enough for prefetchers, short beside a cache. */
    private static final int RUN = 16;

    private FusedFactors() {
    }

    /**
     * The factors of one constraint in one step.
     *
     * @param n the number of elements
     * @param kind SGD with momentum or Adam; its own decay is not used
     * @param steps steps taken, this one included
     * @param decay wd of each factor, in its gradient
     * @param zero below which all factors of an element snap to 0
     */
    record Part(FactorUpdate.Memory memory, long n, Kind kind, long steps, double decay, double zero) {
        private int blocks() {
            return Math.toIntExact((n + BLOCK - 1) / BLOCK);
        }

        private boolean backward() {
            return steps % 2 == 0;
        }

        private void sweep(FactorUpdate update, int first, int last, double rate, double scale) {
            int count = (last - first + RUN - 1) / RUN;
            for (int i = 0; i < count; i++) {
                int from = first + RUN * (backward() ? count - 1 - i : i);
                move(update, from, Math.min(last, from + RUN), rate, scale);
            }
        }

        private void move(FactorUpdate update, int first, int last, double rate, double scale) {
            long from = (long) first * BLOCK;
            long to = Math.min(n, (long) last * BLOCK);
            switch (kind) {
                case Kind.Sgd s -> update.sgd(memory, from, to, (float) rate, (float) s.momentum(), s.nesterov(),
                        (float) decay, (float) scale, (float) zero);
                case Kind.Adam a -> {
                    double root = Math.sqrt(1 - Math.pow(a.beta2(), (double) steps));
                    double size = rate * root / (1 - Math.pow(a.beta1(), (double) steps));
                    update.adam(memory, from, to, (float) size, (float) a.beta1(), (float) a.beta2(),
                            (float) (a.epsilon() * root), (float) decay, (float) scale, (float) zero);
                }
            }
        }
    }

    /**
     * One step of every factor of all parts. Threads start once for all of them together: networks have many small
     * parameters. Every other step sweeps backward: what the last step touched last is still in the cache, where factors do
     * not fit into it whole, and what it touched first is not.
     *
     * @param rate the learning rate η
     * @param scale what the gradients are multiplied with
     */
    static void step(FactorUpdate update, List<Part> parts, double rate, double scale) {
        int[] starts = new int[parts.size() + 1];
        for (int p = 0; p < parts.size(); p++) {
            starts[p + 1] = starts[p] + parts.get(p).blocks();
        }
        boolean backward = !parts.isEmpty() && parts.getFirst().backward();
        Workers.run(starts[parts.size()], GRAIN, Natives.threads(), (first, last) -> {
            // Denormals are flushed per thread: whoever computes a block must get the same bits.
            Natives.load();
            for (int i = 0; i < parts.size(); i++) {
                int p = backward ? parts.size() - 1 - i : i;
                int from = Math.max(first, starts[p]);
                int to = Math.min(last, starts[p + 1]);
                if (from < to) {
                    parts.get(p).sweep(update, from - starts[p], to - starts[p], rate, scale);
                }
            }
        });
    }
}
