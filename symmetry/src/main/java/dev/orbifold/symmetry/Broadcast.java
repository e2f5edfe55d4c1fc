package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Operands lined up under broadcasting: for every axis of the result that some operand types (or every set of axes that
 * one carries jointly) what each operand has there.
 */
final class Broadcast {
    /** What an operand has on a group of axes. */
    enum Kind {
        /** Coordinates. */
        TYPED,
        /** The same value at every position: size 1, or a uniform constant. */
        ABSENT,
        /** Different values at fixed positions. */
        FIXED
    }

    /**
     * One operand.
     *
     * @param type its type
     * @param dims its sizes, -1 where unknown
     * @param uniform whether all its elements are known to be equal
     */
    record Operand(Typed type, long[] dims, boolean uniform) {
        /** A value of the Graph. */
        static Operand of(Inference in, String value) {
            return new Operand(in.type(value), in.dims(value), in.uniform(value).isPresent());
        }
    }

    /**
     * Axes of the result that belong together.
     *
     * @param axes the axes
     * @param sizes their sizes
     * @param kinds per operand what it has there
     * @param rows per operand its coordinates where it is typed, an empty row elsewhere
     */
    record Aligned(int[] axes, int[] sizes, List<Kind> kinds, List<Elements> rows) {
        /** The operands that are typed here. */
        int[] typed() {
            return IntStream.range(0, kinds.size()).filter(k -> kinds.get(k) == Kind.TYPED).toArray();
        }

        /** Whether an operand has fixed positions here. */
        boolean fixed() {
            return kinds.contains(Kind.FIXED);
        }
    }

    private Broadcast() {
    }

    /** Lines operands up over a result of the given rank. */
    static List<Aligned> align(Inference in, List<Operand> operands, int rank) {
        List<Operand> current = new ArrayList<>();
        for (Operand operand : operands) {
            int shift = rank - operand.type().rank();
            Typed moved = new Typed(rank, operand.type().parts().stream()
                    .map(p -> p.on(Arrays.stream(p.axes()).map(a -> a + shift).toArray())).toList());
            long[] dims = new long[rank];
            Arrays.fill(dims, 0, shift, 1);
            System.arraycopy(operand.dims(), 0, dims, shift, operand.dims().length);
            current.add(new Operand(moved, dims, operand.uniform()));
        }
        if (!jointsAgree(current)) {
            current.replaceAll(o -> new Operand(in.resolve(o.type()), o.dims(), o.uniform()));
        }
        List<Aligned> all = new ArrayList<>();
        boolean[] done = new boolean[rank];
        for (Operand operand : current) {
            for (Part part : operand.type().parts()) {
                if (!done[part.axes()[0]]) {
                    Part model = part.sorted();
                    all.add(aligned(current, model));
                    for (int axis : model.axes()) {
                        done[axis] = true;
                    }
                }
            }
        }
        return all;
    }

    private static Aligned aligned(List<Operand> operands, Part model) {
        List<Kind> kinds = new ArrayList<>();
        List<Elements> rows = new ArrayList<>();
        int[] sizes = model.sizes();
        for (Operand operand : operands) {
            List<Part> here = operand.type().parts().stream().filter(p -> p.indexOf(model.axes()[0]) >= 0).toList();
            boolean single = Arrays.stream(model.axes()).allMatch(a -> operand.dims()[a] == 1);
            kinds.add(!here.isEmpty() ? Kind.TYPED : single || operand.uniform() ? Kind.ABSENT : Kind.FIXED);
            rows.add(here.isEmpty() ? Elements.fixed(0) : here.get(0).sorted().elements());
        }
        return new Aligned(model.axes(), sizes, kinds, rows);
    }

    private static boolean jointsAgree(List<Operand> operands) {
        List<Part> parts = operands.stream().flatMap(o -> o.type().parts().stream()).map(Part::sorted).toList();
        for (Part joint : parts) {
            if (joint.joint()) {
                for (Part other : parts) {
                    boolean meets = Arrays.stream(other.axes()).anyMatch(a -> joint.indexOf(a) >= 0);
                    if (meets && !Arrays.equals(other.axes(), joint.axes())) {
                        return false;
                    }
                }
                for (Operand operand : operands) {
                    boolean typed = operand.type().parts().stream().anyMatch(p -> p.indexOf(joint.axes()[0]) >= 0);
                    boolean single = Arrays.stream(joint.axes()).allMatch(a -> operand.dims()[a] == 1);
                    if (!typed && !single && !operand.uniform()) {
                        return false;
                    }
                }
            }
        }
        return true;
    }
}
