package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shifts through operators that act on each element. */
final class ShiftElementwise {
    /** Added to a score, it leaves a weight of 0 behind the softmax, in any precision. */
    private static final double HIDDEN = -1e4;

    private ShiftElementwise() {
    }

    /** Multiplied by a number. */
    static void same(Node node, ShiftWalk walk, double by) {
        walk.offset(node.input(0)).ifPresent(o -> walk.offset(node.output(0), o.times(by)));
        walk.level(node.input(0)).ifPresent(l -> walk.level(node.output(0), l));
    }

    /** Casts between real types. */
    static void cast(Node node, ShiftWalk walk) {
        if (DataType.of((int) node.integer("to", 0)).isReal()) {
            same(node, walk, 1);
        } else {
            walk.block(node.input(0));
        }
    }

    /** Dropout in evaluation mode. */
    static void dropout(Node node, ShiftWalk walk) {
        if (walk.facts().trains(node)) {
            node.inputs().forEach(walk::block);
        } else {
            same(node, walk, 1);
        }
    }

    /** Sums and differences; a parameter among what is added takes the Offset back. */
    static void sum(Node node, ShiftWalk walk, double sign) {
        int rank = node.inputs().stream().mapToInt(walk.facts()::rank).max().orElse(-1);
        if (rank < 0 || node.inputs().stream().anyMatch(i -> walk.facts().rank(i) < 0)) {
            node.inputs().forEach(walk::block);
            return;
        }
        Optional<Offset> offset = Optional.empty();
        Optional<Level> level = Optional.empty();
        for (int i = 0; i < node.inputs().size(); i++) {
            double by = i == 0 ? 1 : sign;
            Optional<Offset> more = walk.offset(node.input(i)).flatMap(o -> o.aligned(rank));
            Optional<Offset> before = offset;
            offset = more.map(o -> before.map(b -> b.plus(o, by)).orElseGet(() -> o.times(by))).or(() -> before);
            String value = node.input(i);
            Optional<Level> other = walk.level(value).map(l -> spread(l, value, rank, walk));
            Optional<Level> so = level;
            level = other.map(l -> so.map(l::plus).orElse(l)).or(() -> so);
        }
        level.ifPresent(l -> walk.level(node.output(0), l));
        if (offset.isPresent()) {
            Offset sum = offset.get();
            boolean taken = IntStream.range(0, node.inputs().size())
                    .anyMatch(i -> walk.absorb(node.input(i), sum.times(i == 0 ? -1 : -sign)));
            if (!taken) {
                walk.offset(node.output(0), sum);
            }
        }
    }

    /** A Level where the value is broadcast: along axes of size 1 nothing varies. */
    private static Level spread(Level level, String value, int rank, ShiftWalk walk) {
        boolean[] constant = level.constant().clone();
        for (int a = 0; a < constant.length; a++) {
            constant[a] |= walk.facts().size(value, a) == 1;
        }
        return level.along(constant).aligned(rank);
    }

    /** Products with a constant. */
    static void product(Node node, ShiftWalk walk) {
        int moved = walk.moves(node.input(0)) ? 0 : 1;
        scale(node, walk, moved, walk.constant(node.input(1 - moved)));
    }

    /** Quotients by a constant. */
    static void quotient(Node node, ShiftWalk walk) {
        scale(node, walk, 0, walk.constant(node.input(1))
                .map(k -> new ShiftFacts.Constant(k.dims(),
                        () -> Arrays.stream(k.values().get()).map(x -> 1 / x).toArray())));
    }

    private static void scale(Node node, ShiftWalk walk, int moved, Optional<ShiftFacts.Constant> by) {
        String value = node.input(moved);
        int rank = walk.facts().rank(value);
        if (by.isEmpty() || rank < 0) {
            node.inputs().forEach(walk::block);
            return;
        }
        int[] dims = by.get().dims();
        int to = Math.max(rank, dims.length);
        walk.offset(value).flatMap(o -> o.aligned(to))
                .ifPresent(o -> walk.offset(node.output(0), o.times(dims, by.get().values())));
        walk.level(value).map(l -> spread(l, value, to, walk)).ifPresent(l -> {
            boolean[] constant = l.constant().clone();
            for (int k = 1; k <= dims.length; k++) {
                constant[to - k] &= dims[dims.length - k] == 1;
            }
            walk.level(node.output(0), l.along(constant));
        });
    }

    /**
     * Scores where a mask is set, a very negative constant elsewhere: the softmax behind it, which gives no weight to the
     * constant, does not see what is the same for all others.
     */
    static void where(Node node, ShiftWalk walk) {
        int moved = walk.moves(node.input(1)) ? 1 : 2;
        String value = node.input(moved);
        int rank = walk.facts().rank(node.output(0));
        List<Node> readers = walk.facts().readers(node.output(0));
        boolean hidden = walk.constant(node.input(3 - moved))
                .map(k -> Arrays.stream(k.values().get()).allMatch(x -> x <= HIDDEN)).orElse(false);
        boolean weighs = !walk.facts().isShown(node.output(0)) && !readers.isEmpty()
                && readers.stream().allMatch(r -> r.opType().equals("Softmax") && r.domain().isEmpty());
        if (!hidden || !weighs || walk.moves(node.input(0)) || walk.facts().rank(value) != rank) {
            node.inputs().forEach(walk::block);
            return;
        }
        readers.forEach(r -> walk.same(value, walk.facts().softmaxAxes(r, rank)));
    }
}
