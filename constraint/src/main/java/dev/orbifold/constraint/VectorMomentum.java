package dev.orbifold.constraint;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ULT;
import static jdk.incubator.vector.VectorOperators.UMIN;

import dev.orbifold.constraint.FactorUpdate.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link FactorUpdate#sgd} on whole vectors, one loop for each D. Written out, with nothing but operators of the Vector API
 * inside: a method of our own in there, or an array, is what makes vectors end up on the heap once a loop is this large.
 */
final class VectorMomentum {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    /** All memory: a constant segment, whose type and bounds cost nothing in a loop. {@link Memory#check} is made before. */
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private VectorMomentum() {
    }

    /** Moves whole vectors and gives the first element that is left over. */
    static long pass(Memory memory, long from, long to, float rate, float momentum, boolean nesterov, float decay,
            float scale, float zero) {
        memory.check(from, to);
        long step = memory.depth() == 4 ? SPECIES.length() : 2 * SPECIES.length();
        long end = from + (to - from) / step * step;
        switch (memory.depth()) {
            case 2 -> two(memory, from, end, rate, momentum, nesterov, decay, scale, zero);
            case 3 -> three(memory, from, end, rate, momentum, nesterov, decay, scale, zero);
            case 4 -> four(memory, from, end, rate, momentum, nesterov, decay, scale, zero);
            default -> throw new ConstraintException("there is no fused update of " + memory.depth() + " factors");
        }
        return end;
    }

    private static void two(Memory memory, long from, long end, float rate, float momentum, boolean nesterov,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector mu = FloatVector.broadcast(SPECIES, momentum);
        FloatVector minus = FloatVector.broadcast(SPECIES, -rate);
        for (long i = from; i < end; i += 2 * SPECIES.length()) {
            long at = Float.BYTES * i;
            long next = at + SPECIES.vectorByteSize();
            FloatVector g0 = fromMemorySegment(SPECIES, ALL, gradients + at, LITTLE_ENDIAN).mul(scale);
            FloatVector g1 = fromMemorySegment(SPECIES, ALL, gradients + next, LITTLE_ENDIAN).mul(scale);
            FloatVector a0 = fromMemorySegment(SPECIES, ALL, factors + at, LITTLE_ENDIAN);
            FloatVector a1 = fromMemorySegment(SPECIES, ALL, factors + next, LITTLE_ENDIAN);
            FloatVector b0 = fromMemorySegment(SPECIES, ALL, factors + width + at, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(SPECIES, ALL, factors + width + next, LITTLE_ENDIAN);
            FloatVector ah0 = wd.fma(a0, g0.mul(b0));
            FloatVector ah1 = wd.fma(a1, g1.mul(b1));
            FloatVector bh0 = wd.fma(b0, g0.mul(a0));
            FloatVector bh1 = wd.fma(b1, g1.mul(a1));
            FloatVector am0 = mu.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah0);
            FloatVector am1 = mu.fma(fromMemorySegment(SPECIES, ALL, first + next, LITTLE_ENDIAN), ah1);
            FloatVector bm0 = mu.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh0);
            FloatVector bm1 = mu.fma(fromMemorySegment(SPECIES, ALL, first + width + next, LITTLE_ENDIAN), bh1);
            am0.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            am1.intoMemorySegment(ALL, first + next, LITTLE_ENDIAN);
            FloatVector aNew0 = minus.fma(nesterov ? mu.fma(am0, ah0) : am0, a0);
            FloatVector aNew1 = minus.fma(nesterov ? mu.fma(am1, ah1) : am1, a1);
            aNew0.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            aNew1.intoMemorySegment(ALL, factors + next, LITTLE_ENDIAN);
            bm0.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bm1.intoMemorySegment(ALL, first + width + next, LITTLE_ENDIAN);
            FloatVector bNew0 = minus.fma(nesterov ? mu.fma(bm0, bh0) : bm0, b0);
            FloatVector bNew1 = minus.fma(nesterov ? mu.fma(bm1, bh1) : bm1, b1);
            bNew0.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            bNew1.intoMemorySegment(ALL, factors + width + next, LITTLE_ENDIAN);
            aNew0.mul(bNew0).intoMemorySegment(ALL, product + at, LITTLE_ENDIAN);
            aNew1.mul(bNew1).intoMemorySegment(ALL, product + next, LITTLE_ENDIAN);
            IntVector largest0 = aNew0.abs().reinterpretAsInts().max(bNew0.abs().reinterpretAsInts());
            IntVector largest1 = aNew1.abs().reinterpretAsInts().max(bNew1.abs().reinterpretAsInts());
            if (largest0.sub(1).lanewise(UMIN, largest1.sub(1)).compare(ULT, least).anyTrue()) {
                ScalarFactorUpdate.snap(memory, i, i + 2 * SPECIES.length(), zero);
            }
        }
    }

    private static void three(Memory memory, long from, long end, float rate, float momentum, boolean nesterov,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector mu = FloatVector.broadcast(SPECIES, momentum);
        FloatVector minus = FloatVector.broadcast(SPECIES, -rate);
        for (long i = from; i < end; i += 2 * SPECIES.length()) {
            long at = Float.BYTES * i;
            long next = at + SPECIES.vectorByteSize();
            FloatVector g0 = fromMemorySegment(SPECIES, ALL, gradients + at, LITTLE_ENDIAN).mul(scale);
            FloatVector g1 = fromMemorySegment(SPECIES, ALL, gradients + next, LITTLE_ENDIAN).mul(scale);
            FloatVector a0 = fromMemorySegment(SPECIES, ALL, factors + at, LITTLE_ENDIAN);
            FloatVector a1 = fromMemorySegment(SPECIES, ALL, factors + next, LITTLE_ENDIAN);
            FloatVector b0 = fromMemorySegment(SPECIES, ALL, factors + width + at, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(SPECIES, ALL, factors + width + next, LITTLE_ENDIAN);
            FloatVector c0 = fromMemorySegment(SPECIES, ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            FloatVector c1 = fromMemorySegment(SPECIES, ALL, factors + 2 * width + next, LITTLE_ENDIAN);
            FloatVector ah0 = wd.fma(a0, g0.mul(b0.mul(c0)));
            FloatVector ah1 = wd.fma(a1, g1.mul(b1.mul(c1)));
            FloatVector bh0 = wd.fma(b0, g0.mul(a0.mul(c0)));
            FloatVector bh1 = wd.fma(b1, g1.mul(a1.mul(c1)));
            FloatVector ch0 = wd.fma(c0, g0.mul(a0.mul(b0)));
            FloatVector ch1 = wd.fma(c1, g1.mul(a1.mul(b1)));
            FloatVector am0 = mu.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah0);
            FloatVector am1 = mu.fma(fromMemorySegment(SPECIES, ALL, first + next, LITTLE_ENDIAN), ah1);
            FloatVector bm0 = mu.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh0);
            FloatVector bm1 = mu.fma(fromMemorySegment(SPECIES, ALL, first + width + next, LITTLE_ENDIAN), bh1);
            FloatVector cm0 = mu.fma(fromMemorySegment(SPECIES, ALL, first + 2 * width + at, LITTLE_ENDIAN), ch0);
            FloatVector cm1 = mu.fma(fromMemorySegment(SPECIES, ALL, first + 2 * width + next, LITTLE_ENDIAN), ch1);
            am0.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            am1.intoMemorySegment(ALL, first + next, LITTLE_ENDIAN);
            FloatVector aNew0 = minus.fma(nesterov ? mu.fma(am0, ah0) : am0, a0);
            FloatVector aNew1 = minus.fma(nesterov ? mu.fma(am1, ah1) : am1, a1);
            aNew0.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            aNew1.intoMemorySegment(ALL, factors + next, LITTLE_ENDIAN);
            bm0.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bm1.intoMemorySegment(ALL, first + width + next, LITTLE_ENDIAN);
            FloatVector bNew0 = minus.fma(nesterov ? mu.fma(bm0, bh0) : bm0, b0);
            FloatVector bNew1 = minus.fma(nesterov ? mu.fma(bm1, bh1) : bm1, b1);
            bNew0.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            bNew1.intoMemorySegment(ALL, factors + width + next, LITTLE_ENDIAN);
            cm0.intoMemorySegment(ALL, first + 2 * width + at, LITTLE_ENDIAN);
            cm1.intoMemorySegment(ALL, first + 2 * width + next, LITTLE_ENDIAN);
            FloatVector cNew0 = minus.fma(nesterov ? mu.fma(cm0, ch0) : cm0, c0);
            FloatVector cNew1 = minus.fma(nesterov ? mu.fma(cm1, ch1) : cm1, c1);
            cNew0.intoMemorySegment(ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            cNew1.intoMemorySegment(ALL, factors + 2 * width + next, LITTLE_ENDIAN);
            aNew0.mul(bNew0).mul(cNew0).intoMemorySegment(ALL, product + at, LITTLE_ENDIAN);
            aNew1.mul(bNew1).mul(cNew1).intoMemorySegment(ALL, product + next, LITTLE_ENDIAN);
            IntVector largest0 = aNew0.abs().reinterpretAsInts().max(bNew0.abs().reinterpretAsInts())
                    .max(cNew0.abs().reinterpretAsInts());
            IntVector largest1 = aNew1.abs().reinterpretAsInts().max(bNew1.abs().reinterpretAsInts())
                    .max(cNew1.abs().reinterpretAsInts());
            if (largest0.sub(1).lanewise(UMIN, largest1.sub(1)).compare(ULT, least).anyTrue()) {
                ScalarFactorUpdate.snap(memory, i, i + 2 * SPECIES.length(), zero);
            }
        }
    }

    private static void four(Memory memory, long from, long end, float rate, float momentum, boolean nesterov,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector mu = FloatVector.broadcast(SPECIES, momentum);
        FloatVector minus = FloatVector.broadcast(SPECIES, -rate);
        for (long i = from; i < end; i += SPECIES.length()) {
            long at = Float.BYTES * i;
            FloatVector g = fromMemorySegment(SPECIES, ALL, gradients + at, LITTLE_ENDIAN).mul(scale);
            FloatVector a = fromMemorySegment(SPECIES, ALL, factors + at, LITTLE_ENDIAN);
            FloatVector b = fromMemorySegment(SPECIES, ALL, factors + width + at, LITTLE_ENDIAN);
            FloatVector c = fromMemorySegment(SPECIES, ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            FloatVector d = fromMemorySegment(SPECIES, ALL, factors + 3 * width + at, LITTLE_ENDIAN);
            FloatVector ab = a.mul(b);
            FloatVector cd = c.mul(d);
            FloatVector ah = wd.fma(a, g.mul(b.mul(cd)));
            FloatVector bh = wd.fma(b, g.mul(a.mul(cd)));
            FloatVector ch = wd.fma(c, g.mul(d.mul(ab)));
            FloatVector dh = wd.fma(d, g.mul(c.mul(ab)));
            FloatVector am = mu.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah);
            FloatVector bm = mu.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh);
            FloatVector cm = mu.fma(fromMemorySegment(SPECIES, ALL, first + 2 * width + at, LITTLE_ENDIAN), ch);
            FloatVector dm = mu.fma(fromMemorySegment(SPECIES, ALL, first + 3 * width + at, LITTLE_ENDIAN), dh);
            FloatVector aNew = minus.fma(nesterov ? mu.fma(am, ah) : am, a);
            FloatVector bNew = minus.fma(nesterov ? mu.fma(bm, bh) : bm, b);
            FloatVector cNew = minus.fma(nesterov ? mu.fma(cm, ch) : cm, c);
            FloatVector dNew = minus.fma(nesterov ? mu.fma(dm, dh) : dm, d);
            am.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            aNew.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            bm.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bNew.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            cm.intoMemorySegment(ALL, first + 2 * width + at, LITTLE_ENDIAN);
            cNew.intoMemorySegment(ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            dm.intoMemorySegment(ALL, first + 3 * width + at, LITTLE_ENDIAN);
            dNew.intoMemorySegment(ALL, factors + 3 * width + at, LITTLE_ENDIAN);
            aNew.mul(bNew).mul(cNew.mul(dNew)).intoMemorySegment(ALL, product + at, LITTLE_ENDIAN);
            IntVector largest = aNew.abs().reinterpretAsInts().max(bNew.abs().reinterpretAsInts())
                    .max(cNew.abs().reinterpretAsInts().max(dNew.abs().reinterpretAsInts()));
            if (largest.sub(1).compare(ULT, least).anyTrue()) {
                ScalarFactorUpdate.snap(memory, i, i + SPECIES.length(), zero);
            }
        }
    }
}
