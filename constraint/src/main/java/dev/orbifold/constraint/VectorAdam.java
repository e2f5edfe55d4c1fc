package dev.orbifold.constraint;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ULT;

import dev.orbifold.constraint.FactorUpdate.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link FactorUpdate#adam} on whole vectors, one loop for each D, written out as those of {@link VectorMomentum} are.
 */
final class VectorAdam {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    /** All memory: a constant segment, whose type and bounds cost nothing in a loop. {@link Memory#check} is made before. */
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private VectorAdam() {
    }

    /** Moves whole vectors and gives the first element that is left over. */
    static long pass(Memory memory, long from, long to, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        memory.check(from, to);
        long end = from + (to - from) / SPECIES.length() * SPECIES.length();
        switch (memory.depth()) {
            case 2 -> two(memory, from, end, step, beta1, beta2, epsilon, decay, scale, zero);
            case 3 -> three(memory, from, end, step, beta1, beta2, epsilon, decay, scale, zero);
            case 4 -> four(memory, from, end, step, beta1, beta2, epsilon, decay, scale, zero);
            default -> throw new ConstraintException("there is no fused update of " + memory.depth() + " factors");
        }
        return end;
    }

    private static void two(Memory memory, long from, long end, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        long second = memory.second().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector keep = FloatVector.broadcast(SPECIES, beta1);
        FloatVector keepSquares = FloatVector.broadcast(SPECIES, beta2);
        FloatVector minus = FloatVector.broadcast(SPECIES, -step);
        for (long i = from; i < end; i += SPECIES.length()) {
            long at = Float.BYTES * i;
            FloatVector g = fromMemorySegment(SPECIES, ALL, gradients + at, LITTLE_ENDIAN).mul(scale);
            FloatVector a = fromMemorySegment(SPECIES, ALL, factors + at, LITTLE_ENDIAN);
            FloatVector b = fromMemorySegment(SPECIES, ALL, factors + width + at, LITTLE_ENDIAN);
            FloatVector ah = wd.fma(a, g.mul(b));
            FloatVector bh = wd.fma(b, g.mul(a));
            FloatVector am = keep.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah.mul(1 - beta1));
            FloatVector as = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + at, LITTLE_ENDIAN),
                    ah.mul(1 - beta2).mul(ah));
            FloatVector bm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh.mul(1 - beta1));
            FloatVector bs = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + width + at, LITTLE_ENDIAN),
                    bh.mul(1 - beta2).mul(bh));
            FloatVector aNew = minus.fma(am.div(as.sqrt().add(epsilon)), a);
            FloatVector bNew = minus.fma(bm.div(bs.sqrt().add(epsilon)), b);
            am.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            as.intoMemorySegment(ALL, second + at, LITTLE_ENDIAN);
            aNew.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            bm.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bs.intoMemorySegment(ALL, second + width + at, LITTLE_ENDIAN);
            bNew.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            aNew.mul(bNew).intoMemorySegment(ALL, product + at, LITTLE_ENDIAN);
            IntVector largest = aNew.abs().reinterpretAsInts().max(bNew.abs().reinterpretAsInts());
            if (largest.sub(1).compare(ULT, least).anyTrue()) {
                ScalarFactorUpdate.snap(memory, i, i + SPECIES.length(), zero);
            }
        }
    }

    private static void three(Memory memory, long from, long end, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        long second = memory.second().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector keep = FloatVector.broadcast(SPECIES, beta1);
        FloatVector keepSquares = FloatVector.broadcast(SPECIES, beta2);
        FloatVector minus = FloatVector.broadcast(SPECIES, -step);
        for (long i = from; i < end; i += SPECIES.length()) {
            long at = Float.BYTES * i;
            FloatVector g = fromMemorySegment(SPECIES, ALL, gradients + at, LITTLE_ENDIAN).mul(scale);
            FloatVector a = fromMemorySegment(SPECIES, ALL, factors + at, LITTLE_ENDIAN);
            FloatVector b = fromMemorySegment(SPECIES, ALL, factors + width + at, LITTLE_ENDIAN);
            FloatVector c = fromMemorySegment(SPECIES, ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            FloatVector ah = wd.fma(a, g.mul(b.mul(c)));
            FloatVector bh = wd.fma(b, g.mul(a.mul(c)));
            FloatVector ch = wd.fma(c, g.mul(a.mul(b)));
            FloatVector am = keep.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah.mul(1 - beta1));
            FloatVector as = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + at, LITTLE_ENDIAN),
                    ah.mul(1 - beta2).mul(ah));
            FloatVector bm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh.mul(1 - beta1));
            FloatVector bs = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + width + at, LITTLE_ENDIAN),
                    bh.mul(1 - beta2).mul(bh));
            FloatVector cm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + 2 * width + at, LITTLE_ENDIAN), ch.mul(1 - beta1));
            FloatVector cs = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + 2 * width + at, LITTLE_ENDIAN),
                    ch.mul(1 - beta2).mul(ch));
            FloatVector aNew = minus.fma(am.div(as.sqrt().add(epsilon)), a);
            FloatVector bNew = minus.fma(bm.div(bs.sqrt().add(epsilon)), b);
            FloatVector cNew = minus.fma(cm.div(cs.sqrt().add(epsilon)), c);
            am.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            as.intoMemorySegment(ALL, second + at, LITTLE_ENDIAN);
            aNew.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            bm.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bs.intoMemorySegment(ALL, second + width + at, LITTLE_ENDIAN);
            bNew.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            cm.intoMemorySegment(ALL, first + 2 * width + at, LITTLE_ENDIAN);
            cs.intoMemorySegment(ALL, second + 2 * width + at, LITTLE_ENDIAN);
            cNew.intoMemorySegment(ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            aNew.mul(bNew).mul(cNew).intoMemorySegment(ALL, product + at, LITTLE_ENDIAN);
            IntVector largest = aNew.abs().reinterpretAsInts().max(bNew.abs().reinterpretAsInts())
                    .max(cNew.abs().reinterpretAsInts());
            if (largest.sub(1).compare(ULT, least).anyTrue()) {
                ScalarFactorUpdate.snap(memory, i, i + SPECIES.length(), zero);
            }
        }
    }

    private static void four(Memory memory, long from, long end, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        long gradients = memory.gradients().address();
        long product = memory.product().address();
        long width = Float.BYTES * memory.stride();
        long factors = memory.factors().address();
        long first = memory.first().address();
        long second = memory.second().address();
        int least = ScalarFactorUpdate.least(zero);
        FloatVector wd = FloatVector.broadcast(SPECIES, decay);
        FloatVector keep = FloatVector.broadcast(SPECIES, beta1);
        FloatVector keepSquares = FloatVector.broadcast(SPECIES, beta2);
        FloatVector minus = FloatVector.broadcast(SPECIES, -step);
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
            FloatVector am = keep.fma(fromMemorySegment(SPECIES, ALL, first + at, LITTLE_ENDIAN), ah.mul(1 - beta1));
            FloatVector as = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + at, LITTLE_ENDIAN),
                    ah.mul(1 - beta2).mul(ah));
            FloatVector bm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + width + at, LITTLE_ENDIAN), bh.mul(1 - beta1));
            FloatVector bs = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + width + at, LITTLE_ENDIAN),
                    bh.mul(1 - beta2).mul(bh));
            FloatVector cm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + 2 * width + at, LITTLE_ENDIAN), ch.mul(1 - beta1));
            FloatVector cs = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + 2 * width + at, LITTLE_ENDIAN),
                    ch.mul(1 - beta2).mul(ch));
            FloatVector dm =
                    keep.fma(fromMemorySegment(SPECIES, ALL, first + 3 * width + at, LITTLE_ENDIAN), dh.mul(1 - beta1));
            FloatVector ds = keepSquares.fma(fromMemorySegment(SPECIES, ALL, second + 3 * width + at, LITTLE_ENDIAN),
                    dh.mul(1 - beta2).mul(dh));
            FloatVector aNew = minus.fma(am.div(as.sqrt().add(epsilon)), a);
            FloatVector bNew = minus.fma(bm.div(bs.sqrt().add(epsilon)), b);
            FloatVector cNew = minus.fma(cm.div(cs.sqrt().add(epsilon)), c);
            FloatVector dNew = minus.fma(dm.div(ds.sqrt().add(epsilon)), d);
            am.intoMemorySegment(ALL, first + at, LITTLE_ENDIAN);
            as.intoMemorySegment(ALL, second + at, LITTLE_ENDIAN);
            aNew.intoMemorySegment(ALL, factors + at, LITTLE_ENDIAN);
            bm.intoMemorySegment(ALL, first + width + at, LITTLE_ENDIAN);
            bs.intoMemorySegment(ALL, second + width + at, LITTLE_ENDIAN);
            bNew.intoMemorySegment(ALL, factors + width + at, LITTLE_ENDIAN);
            cm.intoMemorySegment(ALL, first + 2 * width + at, LITTLE_ENDIAN);
            cs.intoMemorySegment(ALL, second + 2 * width + at, LITTLE_ENDIAN);
            cNew.intoMemorySegment(ALL, factors + 2 * width + at, LITTLE_ENDIAN);
            dm.intoMemorySegment(ALL, first + 3 * width + at, LITTLE_ENDIAN);
            ds.intoMemorySegment(ALL, second + 3 * width + at, LITTLE_ENDIAN);
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
