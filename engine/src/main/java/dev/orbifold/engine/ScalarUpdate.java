package dev.orbifold.engine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/** Optimizer passes in plain Java. */
final class ScalarUpdate implements Update {
    @Override
    public void sgd(MemorySegment weights, MemorySegment gradients, MemorySegment momenta, long from, long to,
            float rate, float momentum, boolean nesterov, float decay, float shrink, float scale) {
        for (long i = from; i < to; i++) {
            float w = weights.getAtIndex(JAVA_FLOAT, i);
            float g = Math.fma(decay, w, scale * gradients.getAtIndex(JAVA_FLOAT, i));
            float m = Math.fma(momentum, momenta.getAtIndex(JAVA_FLOAT, i), g);
            float direction = nesterov ? Math.fma(momentum, m, g) : m;
            momenta.setAtIndex(JAVA_FLOAT, i, m);
            weights.setAtIndex(JAVA_FLOAT, i, Math.fma(-rate, direction, w * shrink));
        }
    }

    @Override
    public void adam(MemorySegment weights, MemorySegment gradients, MemorySegment first, MemorySegment second,
            long from, long to, float step, float beta1, float beta2, float epsilon, float decay, float shrink,
            float scale) {
        for (long i = from; i < to; i++) {
            float w = weights.getAtIndex(JAVA_FLOAT, i);
            float g = Math.fma(decay, w, scale * gradients.getAtIndex(JAVA_FLOAT, i));
            float m = Math.fma(beta1, first.getAtIndex(JAVA_FLOAT, i), (1 - beta1) * g);
            float v = Math.fma(beta2, second.getAtIndex(JAVA_FLOAT, i), (1 - beta2) * g * g);
            first.setAtIndex(JAVA_FLOAT, i, m);
            second.setAtIndex(JAVA_FLOAT, i, v);
            float moved = Math.fma(-step, m / ((float) Math.sqrt(v) + epsilon), w * shrink);
            weights.setAtIndex(JAVA_FLOAT, i, moved);
        }
    }
}
