package dev.orbifold.constraint;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * The fused update of elementwise factors (theory, 2): given g = ∂L/∂w of the product w = ω₁⊙…⊙ω_D, one pass over flat
 * float32 memory moves every factor along ∂L/∂ω_d = g·Π_{e≠d} ω_e + wd·ω_d, its momenta with it, and writes the new
 * product. Two providers give the same result to rounding: the Vector API's, and plain Java's.
 *
 * <p>
 * Factor d of element i lies at {@code d·stride + i} of the factors and of each buffer of momenta. An element whose
 * factors have all become smaller than {@code zero} is snapped: factors, momenta and product become exactly 0, where they
 * stay, because every gradient there is 0.
 */
interface FactorUpdate {
    /** The provider for this JVM, chosen once. */
    FactorUpdate PROVIDER = choose();
    /** The largest D. */
    int DEEPEST = 4;

    /**
     * Where everything lies.
     *
     * All of it lies outside the heap.
     *
     * @param gradients g, n floats
     * @param product w, n floats
     * @param factors D strides of floats
     * @param first momenta, D strides of floats
     * @param second Adam's squares, D strides of floats; the momenta again where there are none
     * @param stride floats from one factor to the next, at least n
     * @param depth D, 2 to 4
     */
    record Memory(MemorySegment gradients, MemorySegment product, MemorySegment factors, MemorySegment first,
            MemorySegment second, long stride, int depth) {
        /** Checks that providers may go by addresses. */
        public Memory {
            for (MemorySegment segment : List.of(gradients, product, factors, first, second)) {
                if (!segment.isNative()) {
                    throw new IllegalArgumentException(
                            "factors are updated in memory outside the heap, found " + segment);
                }
            }
        }

        /**
         * Checks a range of elements.
         *
         * @throws IndexOutOfBoundsException if it does not lie within all of the memory
         */
        void check(long from, long to) {
            Objects.checkFromToIndex(from, to,
                    Math.min(stride, Math.min(gradients.byteSize(), product.byteSize()) / 4));
            long most = ((depth - 1) * stride + to) * Float.BYTES;
            for (MemorySegment segment : List.of(factors, first, second)) {
                Objects.checkFromToIndex(0, most, segment.byteSize());
            }
        }
    }

    /**
     * Stochastic gradient descent with momentum on every factor: h ← s·g·Π_{e≠d} ω_e + wd·ω_d; m ← μ·m + h; ω ← ω − η·m,
     * or ω − η·(h + μ·m).
     *
     * @param decay wd of each factor, part of its gradient
     * @param scale s, for clipping
     * @param zero below which all factors of an element snap to 0
     */
    void sgd(Memory memory, long from, long to, float rate, float momentum, boolean nesterov, float decay, float scale,
            float zero);

    /**
     * Adam (Kingma, Ba, ICLR 2015, algorithm 1) on every factor, with the decay in the gradient.
     *
     * @param step η·√(1−β₂ᵗ)/(1−β₁ᵗ)
     * @param epsilon ε·√(1−β₂ᵗ)
     */
    void adam(Memory memory, long from, long to, float step, float beta1, float beta2, float epsilon, float decay,
            float scale, float zero);

    private static FactorUpdate choose() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() ? new VectorFactorUpdate()
                : new ScalarFactorUpdate();
    }
}
