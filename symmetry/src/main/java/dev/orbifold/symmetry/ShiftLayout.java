package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shifts through operators that move elements around. */
final class ShiftLayout {
    private ShiftLayout() {
    }

    /** Regroups axes: where nothing varies along a group nothing varies after; other groups must have known sizes. */
    static void reshape(Node node, ShiftWalk walk) {
        String value = node.input(0);
        Optional<Shape> from = walk.facts().shape(value);
        Optional<Shape> to = walk.facts().shape(node.output(0));
        if (from.isEmpty() || to.isEmpty()) {
            walk.block(value);
            return;
        }
        walk.offset(value).ifPresent(o -> reshaped(o, from.get(), to.get())
                .ifPresentOrElse(r -> walk.offset(node.output(0), r), () -> walk.zero(o)));
        walk.level(value).ifPresent(l -> {
            boolean[] constant = new boolean[to.get().rank()];
            for (Reshaping.AxisGroup group : Reshaping.groups(from.get().dims(), to.get().dims())) {
                boolean same = IntStream.range(group.inFrom(), group.inTo())
                        .allMatch(a -> l.constant()[a] || from.get().dim(a).equals(Dim.of(1)));
                Arrays.fill(constant, group.outFrom(), group.outTo(), same);
            }
            walk.level(node.output(0), l.along(constant));
        });
    }

    private static Optional<Offset> reshaped(Offset offset, Shape from, Shape to) {
        List<Reshaping.AxisGroup> groups = Reshaping.groups(from.dims(), to.dims());
        Optional<MergedAxes> merged = groups.stream().allMatch(Reshaping.AxisGroup::understood) ? Optional.empty()
                : MergedAxes.between(from.dims(), to.dims());
        return merged.isEmpty() ? regrouped(offset, from, to, groups)
                : merged.flatMap(m -> m.split(offset)
                        .flatMap(o -> regrouped(o, new Shape(m.from()), new Shape(m.to()), m.groups()))
                        .flatMap(m::joined));
    }

    private static Optional<Offset> regrouped(Offset offset, Shape from, Shape to,
            List<Reshaping.AxisGroup> groups) {
        int[] full = offset.dims();
        int[] dims = new int[to.rank()];
        Arrays.fill(dims, 1);
        for (Reshaping.AxisGroup group : groups) {
            if (IntStream.range(group.inFrom(), group.inTo()).noneMatch(offset::varies)) {
                continue;
            }
            boolean one = group.inTo() - group.inFrom() == 1 && group.outTo() - group.outFrom() == 1;
            for (int a = group.inFrom(); a < group.inTo() && !one; a++) {
                if (!from.dim(a).isFixed()) {
                    return Optional.empty();
                }
                full[a] = Math.toIntExact(from.dim(a).size());
            }
            for (int a = group.outFrom(); a < group.outTo(); a++) {
                if (!one && !to.dim(a).isFixed()) {
                    return Optional.empty();
                }
                dims[a] = one ? full[group.inFrom()] : Math.toIntExact(to.dim(a).size());
            }
        }
        return Arrays.stream(full).reduce(1, (a, b) -> a * b) == Arrays.stream(dims).reduce(1, (a, b) -> a * b)
                ? Optional.of(offset.expanded(full).reshaped(dims))
                : Optional.empty();
    }

    static void transpose(Node node, ShiftWalk walk) {
        walk.offset(node.input(0)).ifPresent(
                o -> walk.offset(node.output(0), o.transposed(ShiftFacts.permutation(node, o.rank()))));
        walk.level(node.input(0)).ifPresent(l -> {
            int[] perm = ShiftFacts.permutation(node, l.constant().length);
            boolean[] constant = new boolean[perm.length];
            for (int a = 0; a < perm.length; a++) {
                constant[a] = l.constant()[perm[a]];
            }
            walk.level(node.output(0), l.along(constant));
        });
    }

    /** Exporters pad to a multiple of a window's size, which often is nothing; what pads does not move with the rest. */
    static void pad(Node node, ShiftWalk walk) {
        boolean nothing = (node.hasInput(1) ? walk.facts().integers(node.input(1)) : node.integers("pads"))
                .map(p -> Arrays.stream(p).allMatch(x -> x == 0)).orElse(false);
        if (nothing) {
            ShiftElementwise.same(node, walk, 1);
        } else {
            node.inputs().forEach(walk::block);
        }
    }

    /** Repeats along axes of size 1, along which nothing varies before and after. */
    static void expand(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.output(0));
        if (rank < walk.facts().rank(node.input(0))) {
            walk.block(node.input(0));
            return;
        }
        walk.offset(node.input(0)).flatMap(o -> o.aligned(rank)).ifPresent(o -> walk.offset(node.output(0), o));
        walk.level(node.input(0)).ifPresent(l -> {
            boolean[] constant = l.constant().clone();
            for (int a = 0; a < constant.length; a++) {
                constant[a] |= walk.facts().size(node.input(0), a) == 1;
            }
            walk.level(node.output(0), l.along(constant).aligned(rank));
        });
    }
}
