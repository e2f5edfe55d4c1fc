package dev.orbifold.constraint;

import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Workers;

/** The fused update over a whole buffer, on all threads that operators may use. */
final class FusedFactors {
    /** Floats per block; threads share whole blocks. */
    private static final int BLOCK = 1024;
    /** A thread is worth its start for so many floats. */
    private static final int GRAIN = 64;

    private FusedFactors() {
    }

    /**
     * One step of every factor.
     *
     * @param n the number of elements
     * @param kind SGD with momentum or Adam; its own decay is not used
     * @param steps steps taken, this one included
     * @param rate the learning rate η
     * @param decay wd of each factor, in its gradient
     * @param scale what the gradients are multiplied with
     */
    static void step(FactorUpdate update, FactorUpdate.Memory memory, long n, Optimizer.Kind kind, long steps,
            double rate, double decay, double scale, double zero) {
        int blocks = Math.toIntExact((n + BLOCK - 1) / BLOCK);
        Workers.run(blocks, GRAIN, Natives.threads(), (first, last) -> {
            // Denormals are flushed per thread: whoever computes a block must get the same bits.
            Natives.load();
            long from = (long) first * BLOCK;
            long to = Math.min(n, (long) last * BLOCK);
            switch (kind) {
                case Optimizer.Kind.Sgd s -> update.sgd(memory, from, to, (float) rate, (float) s.momentum(),
                        s.nesterov(), (float) decay, (float) scale, (float) zero);
                case Optimizer.Kind.Adam a -> {
                    double root = Math.sqrt(1 - Math.pow(a.beta2(), steps));
                    double size = rate * root / (1 - Math.pow(a.beta1(), steps));
                    update.adam(memory, from, to, (float) size, (float) a.beta1(), (float) a.beta2(),
                            (float) (a.epsilon() * root), (float) decay, (float) scale, (float) zero);
                }
            }
        });
    }
}
