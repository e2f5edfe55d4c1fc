package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shifts through means, sums, maxima and pooling. */
final class ShiftReductions {
    private ShiftReductions() {
    }

    /** Reductions along axes; a maximum passes only what is the same along them. */
    static void reduce(Node node, ShiftWalk walk) {
        String value = node.input(0);
        int rank = walk.facts().rank(value);
        Optional<long[]> given = node.hasInput(1) ? walk.facts().integers(node.input(1)) : node.integers("axes");
        if (rank < 1 || node.hasInput(1) && given.isEmpty()
                || given.isEmpty() && node.integer("noop_with_empty_axes", 0) != 0) {
            walk.block(value);
            return;
        }
        boolean[] along = new boolean[rank];
        for (int a = 0; a < rank; a++) {
            along[a] = given.isEmpty() || given.get().length == 0;
        }
        given.ifPresent(g -> {
            for (long a : g) {
                along[(int) Math.floorMod(a, (long) rank)] = true;
            }
        });
        boolean keep = node.integer("keepdims", 1) != 0;
        int[] left = IntStream.range(0, rank).filter(a -> keep || !along[a]).toArray();
        boolean linear = node.opType().equals("ReduceMean") || node.opType().equals("ReduceSum");
        walk.level(value).ifPresent(l -> {
            if (linear || IntStream.range(0, rank).allMatch(a -> !along[a] || l.constant()[a])) {
                boolean[] constant = new boolean[left.length];
                for (int a = 0; a < left.length; a++) {
                    constant[a] = along[left[a]] || l.constant()[left[a]];
                }
                walk.level(node.output(0), l.along(constant));
            } else {
                walk.block(l);
            }
        });
        walk.offset(value).ifPresent(o -> reduced(node, walk, o, along)
                .ifPresentOrElse(r -> walk.offset(node.output(0),
                        r.reshaped(IntStream.of(left).map(r::dim).toArray())), () -> walk.zero(o)));
    }

    private static Optional<Offset> reduced(Node node, ShiftWalk walk, Offset offset, boolean... along) {
        Offset result = offset;
        for (int a = 0; a < along.length; a++) {
            if (!along[a]) {
                continue;
            }
            int size = walk.facts().size(node.input(0), a);
            switch (node.opType()) {
                case "ReduceMean" -> result = result.varies(a) ? result.summed(a, 1.0 / result.dim(a)) : result;
                case "ReduceSum" -> {
                    if (size < 0) {
                        return Optional.empty();
                    }
                    result = result.varies(a) ? result.summed(a, 1) : result.times(size);
                }
                default -> {
                    if (result.varies(a)) {
                        return Optional.empty();
                    }
                }
            }
        }
        return Optional.of(result);
    }

    /** Windows of positions: what is the same for all positions passes where padding counts for nothing. */
    static void pool(Node node, ShiftWalk walk) {
        String value = node.input(0);
        boolean windows = node.opType().equals("AveragePool");
        boolean padded = node.integers("pads").map(p -> IntStream.range(0, p.length).anyMatch(i -> p[i] != 0))
                .orElse(false) || node.text("auto_pad", "NOTSET").startsWith("SAME");
        boolean counted = windows && (padded || node.integer("ceil_mode", 0) != 0)
                && node.integer("count_include_pad", 0) != 0;
        walk.level(value).ifPresent(walk::block);
        walk.offset(value).ifPresent(o -> {
            if (!counted && IntStream.range(2, o.rank()).noneMatch(o::varies)) {
                walk.offset(node.output(0), o);
            } else {
                walk.zero(o);
            }
        });
    }

    /** The place of an extreme does not move with what is the same along the axis. */
    static void argument(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        if (rank < 1) {
            walk.block(node.input(0));
            return;
        }
        boolean[] along = new boolean[rank];
        along[(int) Math.floorMod(node.integer("axis", 0), (long) rank)] = true;
        walk.same(node.input(0), along);
    }
}
