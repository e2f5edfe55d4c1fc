package dev.orbifold.engine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Optimizer passes in the Vector API. */
final class VectorUpdate implements Update {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private final ScalarUpdate tail = new ScalarUpdate();

    private static FloatVector load(MemorySegment segment, long i) {
        return FloatVector.fromMemorySegment(SPECIES, segment, 4 * i, LITTLE_ENDIAN);
    }

    @Override
    public void sgd(MemorySegment weights, MemorySegment gradients, MemorySegment momenta, long from, long to,
            float rate, float momentum, boolean nesterov, float decay, float shrink, float scale) {
        long i = from;
        long whole = from + (to - from) / SPECIES.length() * SPECIES.length();
        FloatVector mu = FloatVector.broadcast(SPECIES, momentum);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector minus = FloatVector.broadcast(SPECIES, -rate);
        for (; i < whole; i += SPECIES.length()) {
            FloatVector w = load(weights, i);
            FloatVector g = wd.fma(w, load(gradients, i).mul(scale));
            FloatVector m = mu.fma(load(momenta, i), g);
            FloatVector direction = nesterov ? mu.fma(m, g) : m;
            m.intoMemorySegment(momenta, 4 * i, LITTLE_ENDIAN);
            minus.fma(direction, w.mul(shrink)).intoMemorySegment(weights, 4 * i, LITTLE_ENDIAN);
        }
        tail.sgd(weights, gradients, momenta, i, to, rate, momentum, nesterov, decay, shrink, scale);
    }

    @Override
    public void adam(MemorySegment weights, MemorySegment gradients, MemorySegment first, MemorySegment second,
            long from, long to, float step, float beta1, float beta2, float epsilon, float decay, float shrink,
            float scale) {
        long i = from;
        long whole = from + (to - from) / SPECIES.length() * SPECIES.length();
        FloatVector b1 = FloatVector.broadcast(SPECIES, beta1);
        FloatVector b2 = FloatVector.broadcast(SPECIES, beta2);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector minus = FloatVector.broadcast(SPECIES, -step);
        for (; i < whole; i += SPECIES.length()) {
            FloatVector w = load(weights, i);
            FloatVector g = wd.fma(w, load(gradients, i).mul(scale));
            FloatVector m = b1.fma(load(first, i), g.mul(1 - beta1));
            FloatVector v = b2.fma(load(second, i), g.mul(1 - beta2).mul(g));
            m.intoMemorySegment(first, 4 * i, LITTLE_ENDIAN);
            v.intoMemorySegment(second, 4 * i, LITTLE_ENDIAN);
            minus.fma(m.div(v.sqrt().add(epsilon)), w.mul(shrink)).intoMemorySegment(weights, 4 * i, LITTLE_ENDIAN);
        }
        tail.adam(weights, gradients, first, second, i, to, step, beta1, beta2, epsilon, decay, shrink, scale);
    }
}
