package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Optional;

/** Shifts through operators that subtract a mean or a maximum, or divide by a sum, along some axes. */
final class ShiftNorms {
    private ShiftNorms() {
    }

    /** Softmax and its logarithm do not see what is the same along their axis. */
    static void softmax(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        if (rank < 0) {
            walk.block(node.input(0));
        } else {
            walk.same(node.input(0), walk.facts().softmaxAxes(node, rank));
        }
    }

    /** Layer norm does not see what is the same along its axes; its shift is an Offset of the result. */
    static void layerNorm(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        walk.block(node.input(1));
        if (rank < 0 || !node.output(1).isEmpty() || !node.output(2).isEmpty()) {
            node.inputs().forEach(walk::block);
            return;
        }
        walk.same(node.input(0), from((int) Math.floorMod(node.integer("axis", -1), (long) rank), rank));
        walk.offset(node.input(2)).flatMap(o -> o.aligned(rank)).ifPresent(o -> walk.offset(node.output(0), o));
        walk.level(node.input(2)).ifPresent(walk::block);
    }

    /** Norms spelled out: their input is centred, or nothing passes. */
    static void composite(Composites.Norm norm, Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(norm.input());
        if (norm.centred() && rank > 0) {
            walk.same(norm.input(), from(rank - 1, rank));
        } else {
            walk.block(norm.input());
        }
        node.inputs().stream().filter(i -> !i.equals(norm.input())).forEach(walk::block);
    }

    /** Instance norm does not see what is the same for all positions of a channel. */
    static void instanceNorm(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        walk.block(node.input(1));
        if (rank < 2) {
            node.inputs().forEach(walk::block);
            return;
        }
        walk.same(node.input(0), from(2, rank));
        channels(walk.offset(node.input(2)), rank).ifPresent(o -> walk.offset(node.output(0), o));
        walk.level(node.input(2)).ifPresent(walk::block);
    }

    /**
     * Batch norm in evaluation mode: the running mean moves with what feeds it, which is exact in training too; where it may
     * not move, or cannot, the scaled Offset is one of the result, which the norm's own shift takes back if it can.
     */
    static void batchNorm(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        for (int i : new int[] {1, 3, 4}) {
            walk.block(node.input(i));
        }
        Optional<ShiftFacts.Constant> scale = walk.constant(node.input(1));
        Optional<ShiftFacts.Constant> variance = walk.constant(node.input(4));
        if (rank < 2 || node.integer("training_mode", 0) != 0 || node.outputs().size() > 1 || scale.isEmpty()
                || variance.isEmpty() || walk.level(node.input(0)).isPresent()) {
            node.inputs().forEach(walk::block);
            return;
        }
        Optional<Offset> shift = channels(walk.offset(node.input(2)), rank);
        Optional<Offset> before = walk.offset(node.input(0));
        if (before.isPresent() && !walk.facts().trainable() && ShiftOperands.perChannel(before.get())
                .filter(o -> walk.absorb(node.input(3), o)).isPresent()) {
            before = Optional.empty();
        }
        float epsilon = node.real("epsilon", 1e-5f);
        int[] dims = new int[rank - 1];
        java.util.Arrays.fill(dims, 1);
        dims[0] = scale.get().dims()[0];
        Optional<Offset> scaled = before.map(o -> o.times(dims, () -> {
            double[] factors = scale.get().values().get().clone();
            double[] variances = variance.get().values().get();
            for (int c = 0; c < factors.length; c++) {
                factors[c] /= Math.sqrt(variances[c] + epsilon);
            }
            return factors;
        }));
        if (scaled.isPresent() && ShiftOperands.perChannel(scaled.get())
                .filter(o -> walk.absorb(node.input(2), o.times(-1))).isPresent()) {
            scaled = Optional.empty();
        }
        Optional<Offset> other = scaled;
        shift.map(s -> other.map(o -> s.plus(o, 1)).orElse(s)).or(() -> other)
                .ifPresent(o -> walk.offset(node.output(0), o));
    }

    /** A vector of channels along axis 1. */
    static Optional<Offset> channels(Optional<Offset> vector, int rank) {
        int[] dims = new int[rank];
        java.util.Arrays.fill(dims, 1);
        return vector.map(o -> {
            dims[1] = o.elements();
            return o.reshaped(dims);
        });
    }

    private static boolean[] from(int axis, int rank) {
        boolean[] along = new boolean[rank];
        for (int a = axis; a < rank; a++) {
            along[a] = true;
        }
        return along;
    }
}
