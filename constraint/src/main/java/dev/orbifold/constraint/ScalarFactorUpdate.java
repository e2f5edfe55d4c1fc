package dev.orbifold.constraint;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

/** The fused update of factors in plain Java, any D. */
final class ScalarFactorUpdate implements FactorUpdate {
    /** Moves one factor by its gradient and gives its new value. */
    private interface Rule {
        float moved(long at, float factor, float gradient);
    }

    @Override
    public void sgd(Memory memory, long from, long to, float rate, float momentum, boolean nesterov, float decay,
            float scale, float zero) {
        pass(memory, from, to, decay, scale, zero, (at, factor, gradient) -> {
            float m = Math.fma(momentum, memory.first().getAtIndex(JAVA_FLOAT, at), gradient);
            memory.first().setAtIndex(JAVA_FLOAT, at, m);
            return Math.fma(-rate, nesterov ? Math.fma(momentum, m, gradient) : m, factor);
        });
    }

    @Override
    public void adam(Memory memory, long from, long to, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        pass(memory, from, to, decay, scale, zero, (at, factor, gradient) -> {
            float m = Math.fma(beta1, memory.first().getAtIndex(JAVA_FLOAT, at), (1 - beta1) * gradient);
            float v = Math.fma(beta2, memory.second().getAtIndex(JAVA_FLOAT, at), (1 - beta2) * gradient * gradient);
            memory.first().setAtIndex(JAVA_FLOAT, at, m);
            memory.second().setAtIndex(JAVA_FLOAT, at, v);
            return Math.fma(-step, m / ((float) Math.sqrt(v) + epsilon), factor);
        });
    }

    private static void pass(Memory memory, long from, long to, float decay, float scale, float zero, Rule rule) {
        int depth = memory.depth();
        float[] old = new float[depth];
        for (long i = from; i < to; i++) {
            for (int d = 0; d < depth; d++) {
                old[d] = memory.factors().getAtIndex(JAVA_FLOAT, d * memory.stride() + i);
            }
            float g = scale * memory.gradients().getAtIndex(JAVA_FLOAT, i);
            float product = 1;
            float largest = 0;
            for (int d = 0; d < depth; d++) {
                long at = d * memory.stride() + i;
                float moved = rule.moved(at, old[d], Math.fma(decay, old[d], g * others(old, d)));
                memory.factors().setAtIndex(JAVA_FLOAT, at, moved);
                product *= moved;
                largest = Math.max(largest, Math.abs(moved));
            }
            memory.product().setAtIndex(JAVA_FLOAT, i, product);
            if (largest < zero && largest > 0) {
                snap(memory, i);
            }
        }
    }

    private static float others(float[] factors, int without) {
        float product = 1;
        for (int d = 0; d < factors.length; d++) {
            product = d == without ? product : product * factors[d];
        }
        return product;
    }

    /**
     * The bits b for which b(x) − 1, unsigned, is less where 0 &lt; |x| &lt; zero, and nowhere else: those of floats of one sign
     * are ordered like integers, and 0 wraps round. One comparison of integers; the largest of floats takes six
     * instructions, because of NaN and −0.
     */
    static int least(float zero) {
        return Math.max(Float.floatToRawIntBits(zero), 1) - 1;
    }

    /** Snaps those elements whose factors are all smaller than {@code zero}, and not 0 yet. */
    static void snap(Memory memory, long from, long to, float zero) {
        for (long i = from; i < to; i++) {
            float largest = 0;
            for (int d = 0; d < memory.depth(); d++) {
                largest = Math.max(largest, Math.abs(memory.factors().getAtIndex(JAVA_FLOAT, d * memory.stride() + i)));
            }
            if (largest < zero && largest > 0) {
                snap(memory, i);
            }
        }
    }

    private static void snap(Memory memory, long i) {
        memory.product().setAtIndex(JAVA_FLOAT, i, 0);
        for (int d = 0; d < memory.depth(); d++) {
            long at = d * memory.stride() + i;
            memory.factors().setAtIndex(JAVA_FLOAT, at, 0);
            memory.first().setAtIndex(JAVA_FLOAT, at, 0);
            memory.second().setAtIndex(JAVA_FLOAT, at, 0);
        }
    }
}
