package dev.orbifold.engine;

import java.lang.foreign.MemorySegment;

/**
 * One fused pass of an optimizer over a stretch of flat float32 buffers on the CPU: every number is read once and written
 * once. Two providers give the same result to rounding: the Vector API's, and plain Java's.
 */
interface Update {
    /** The provider for this JVM, chosen once. */
    Update PROVIDER = choose();

    /**
     * Stochastic gradient descent with momentum: g ← s·g + wd·w; m ← μ·m + g; w ← c·w − η·m, or c·w − η·(g + μ·m).
     *
     * @param decay wd, inside the gradient
     * @param shrink c, what the weights are multiplied with: 1 − η·wd for decoupled decay, else 1
     * @param scale s, for clipping
     */
    void sgd(MemorySegment weights, MemorySegment gradients, MemorySegment momenta, long from, long to, float rate,
            float momentum, boolean nesterov, float decay, float shrink, float scale);

    /**
     * Adam (Kingma, Ba, ICLR 2015, algorithm 1), with decay in the gradient, or beside it (Loshchilov, Hutter, ICLR
     * 2019).
     *
     * @param step η·√(1−β₂ᵗ)/(1−β₁ᵗ)
     * @param epsilon ε·√(1−β₂ᵗ)
     * @param shrink what the weights are multiplied with first: 1 − η·wd for decoupled decay, else 1
     */
    void adam(MemorySegment weights, MemorySegment gradients, MemorySegment first, MemorySegment second, long from,
            long to, float step, float beta1, float beta2, float epsilon, float decay, float shrink, float scale);

    private static Update choose() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            return new VectorUpdate();
        }
        System.getLogger(Update.class.getName()).log(System.Logger.Level.INFO,
                "optimizers run without the Vector API; pass --add-modules jdk.incubator.vector for faster steps");
        return new ScalarUpdate();
    }
}
