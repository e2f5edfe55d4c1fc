package dev.orbifold.constraint;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The fused update of factors in the Vector API. Each D has a loop of its own, written out: vectors in arrays would live
 * on the heap.
 */
final class VectorFactorUpdate implements FactorUpdate {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private final ScalarFactorUpdate tail = new ScalarFactorUpdate();

    private static FloatVector load(MemorySegment segment, long i) {
        return FloatVector.fromMemorySegment(SPECIES, segment, 4 * i, LITTLE_ENDIAN);
    }

    private static void store(FloatVector vector, MemorySegment segment, long i) {
        vector.intoMemorySegment(segment, 4 * i, LITTLE_ENDIAN);
    }

    /** How one factor moves, given its gradient; stores what it changes. */
    private sealed interface Rule {
        FloatVector moved(long at, FloatVector factor, FloatVector gradient);

        /** Forgets momenta where a mask is set. */
        void forget(long at, VectorMask<Float> where);
    }

    private record Momentum(MemorySegment factors, MemorySegment momenta, float mu, float rate,
            boolean nesterov) implements Rule {
        @Override
        public FloatVector moved(long at, FloatVector factor, FloatVector gradient) {
            FloatVector keep = FloatVector.broadcast(SPECIES, mu);
            FloatVector m = keep.fma(load(momenta, at), gradient);
            store(m, momenta, at);
            FloatVector direction = nesterov ? keep.fma(m, gradient) : m;
            FloatVector next = FloatVector.broadcast(SPECIES, -rate).fma(direction, factor);
            store(next, factors, at);
            return next;
        }

        @Override
        public void forget(long at, VectorMask<Float> where) {
            clear(factors, at, where);
            clear(momenta, at, where);
        }
    }

    private record Adam(MemorySegment factors, MemorySegment first, MemorySegment second, float beta1, float beta2,
            float epsilon, float step) implements Rule {
        @Override
        public FloatVector moved(long at, FloatVector factor, FloatVector gradient) {
            FloatVector m = FloatVector.broadcast(SPECIES, beta1).fma(load(first, at), gradient.mul(1 - beta1));
            FloatVector v = FloatVector.broadcast(SPECIES, beta2).fma(load(second, at),
                    gradient.mul(1 - beta2).mul(gradient));
            store(m, first, at);
            store(v, second, at);
            FloatVector next = FloatVector.broadcast(SPECIES, -step).fma(m.div(v.sqrt().add(epsilon)), factor);
            store(next, factors, at);
            return next;
        }

        @Override
        public void forget(long at, VectorMask<Float> where) {
            clear(factors, at, where);
            clear(first, at, where);
            clear(second, at, where);
        }
    }

    private static void clear(MemorySegment segment, long at, VectorMask<Float> where) {
        store(load(segment, at).blend(0, where), segment, at);
    }

    @Override
    public void sgd(Memory memory, long from, long to, float rate, float momentum, boolean nesterov, float decay,
            float scale, float zero) {
        long done = pass(memory, new Momentum(memory.factors(), memory.first(), momentum, rate, nesterov), from, to,
                decay, scale, zero);
        tail.sgd(memory, done, to, rate, momentum, nesterov, decay, scale, zero);
    }

    @Override
    public void adam(Memory memory, long from, long to, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        long done = pass(memory,
                new Adam(memory.factors(), memory.first(), memory.second(), beta1, beta2, epsilon, step), from, to,
                decay, scale, zero);
        tail.adam(memory, done, to, step, beta1, beta2, epsilon, decay, scale, zero);
    }

    /** Where the largest factor is below the threshold and not 0 yet. */
    private static VectorMask<Float> closing(FloatVector largest, float zero) {
        return largest.compare(VectorOperators.LT, zero).and(largest.compare(VectorOperators.GT, 0));
    }

    /** Moves whole vectors and gives the first element that is left over. */
    private static long pass(Memory memory, Rule rule, long from, long to, float decay, float scale, float zero) {
        long end = from + (to - from) / SPECIES.length() * SPECIES.length();
        return switch (memory.depth()) {
            case 2 -> two(memory, rule, from, end, decay, scale, zero);
            case 3 -> three(memory, rule, from, end, decay, scale, zero);
            case 4 -> four(memory, rule, from, end, decay, scale, zero);
            default -> from;
        };
    }

    private static long two(Memory memory, Rule rule, long from, long end, float decay, float scale, float zero) {
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        long second = memory.stride();
        for (long i = from; i < end; i += SPECIES.length()) {
            FloatVector g = load(memory.gradients(), i).mul(scale);
            FloatVector a = load(memory.factors(), i);
            FloatVector b = load(memory.factors(), second + i);
            FloatVector a1 = rule.moved(i, a, wd.fma(a, g.mul(b)));
            FloatVector b1 = rule.moved(second + i, b, wd.fma(b, g.mul(a)));
            FloatVector w = a1.mul(b1);
            VectorMask<Float> small = closing(a1.abs().max(b1.abs()), zero);
            if (small.anyTrue()) {
                w = w.blend(0, small);
                rule.forget(i, small);
                rule.forget(second + i, small);
            }
            store(w, memory.product(), i);
        }
        return end;
    }

    private static long three(Memory memory, Rule rule, long from, long end, float decay, float scale, float zero) {
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        long second = memory.stride();
        long third = 2 * memory.stride();
        for (long i = from; i < end; i += SPECIES.length()) {
            FloatVector g = load(memory.gradients(), i).mul(scale);
            FloatVector a = load(memory.factors(), i);
            FloatVector b = load(memory.factors(), second + i);
            FloatVector c = load(memory.factors(), third + i);
            FloatVector a1 = rule.moved(i, a, wd.fma(a, g.mul(b.mul(c))));
            FloatVector b1 = rule.moved(second + i, b, wd.fma(b, g.mul(a.mul(c))));
            FloatVector c1 = rule.moved(third + i, c, wd.fma(c, g.mul(a.mul(b))));
            FloatVector w = a1.mul(b1).mul(c1);
            VectorMask<Float> small = closing(a1.abs().max(b1.abs()).max(c1.abs()), zero);
            if (small.anyTrue()) {
                w = w.blend(0, small);
                rule.forget(i, small);
                rule.forget(second + i, small);
                rule.forget(third + i, small);
            }
            store(w, memory.product(), i);
        }
        return end;
    }

    private static long four(Memory memory, Rule rule, long from, long end, float decay, float scale, float zero) {
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        long second = memory.stride();
        long third = 2 * memory.stride();
        long fourth = 3 * memory.stride();
        for (long i = from; i < end; i += SPECIES.length()) {
            FloatVector g = load(memory.gradients(), i).mul(scale);
            FloatVector a = load(memory.factors(), i);
            FloatVector b = load(memory.factors(), second + i);
            FloatVector c = load(memory.factors(), third + i);
            FloatVector d = load(memory.factors(), fourth + i);
            FloatVector ab = a.mul(b);
            FloatVector cd = c.mul(d);
            FloatVector a1 = rule.moved(i, a, wd.fma(a, g.mul(b.mul(cd))));
            FloatVector b1 = rule.moved(second + i, b, wd.fma(b, g.mul(a.mul(cd))));
            FloatVector c1 = rule.moved(third + i, c, wd.fma(c, g.mul(ab.mul(d))));
            FloatVector d1 = rule.moved(fourth + i, d, wd.fma(d, g.mul(ab.mul(c))));
            FloatVector w = a1.mul(b1).mul(c1.mul(d1));
            VectorMask<Float> small = closing(a1.abs().max(b1.abs()).max(c1.abs().max(d1.abs())), zero);
            if (small.anyTrue()) {
                w = w.blend(0, small);
                rule.forget(i, small);
                rule.forget(second + i, small);
                rule.forget(third + i, small);
                rule.forget(fourth + i, small);
            }
            store(w, memory.product(), i);
        }
        return end;
    }
}
