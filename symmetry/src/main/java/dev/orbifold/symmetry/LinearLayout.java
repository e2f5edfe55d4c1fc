package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import dev.orbifold.symmetry.LinearAxes.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Layout: reshapes make products of spaces and take them apart, concatenations make sums. */
final class LinearLayout {
    private LinearLayout() {
    }

    static void reshape(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        List<Dim> from = in.dimensions(node.input(0));
        List<Dim> to = in.dimensions(node.output(0));
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(to.size(), Optional.empty()));
        List<Reshaping.AxisGroup> groups = Reshaping.groups(from, to);
        if (groups.stream().anyMatch(g -> !g.understood())) {
            Optional<List<Optional<Ref>>> batched = BatchedReshape.reshape(in, type, from, to);
            if (batched.isPresent()) {
                in.define(node.output(0), batched.get());
                return;
            }
        }
        for (Reshaping.AxisGroup group : groups) {
            regroup(in, type, group, from, to, out);
        }
        in.define(node.output(0), out);
    }

    private static void regroup(LinearInference in, List<Optional<Ref>> type, Reshaping.AxisGroup group, List<Dim> from,
            List<Dim> to, List<Optional<Ref>> out) {
        List<Optional<Ref>> inside = type.subList(group.inFrom(), group.inTo());
        if (inside.stream().allMatch(Optional::isEmpty)) {
            return;
        }
        if (!group.understood()) {
            inside.forEach(r -> r.ifPresent(in::end));
            return;
        }
        List<Ref> factors = new ArrayList<>();
        for (int a = group.inFrom(); a < group.inTo(); a++) {
            int size = Math.toIntExact(from.get(a).size());
            if (size != 1) {
                factors.add(type.get(a).isPresent() ? type.get(a).get() : in.frames().positions(size));
            }
        }
        int[] axes = IntStream.range(group.outFrom(), group.outTo()).filter(a -> to.get(a).size() != 1).toArray();
        int[] sizes = Arrays.stream(axes).map(a -> Math.toIntExact(to.get(a).size())).toArray();
        Ref whole = in.frames().product(factors);
        List<Ref> parts = axes.length == 1 ? List.of(whole)
                : Arrays.equals(sizes, factors.stream().mapToInt(in.frames()::size).toArray()) ? factors
                        : in.frames().factors(whole, sizes);
        for (int i = 0; i < axes.length; i++) {
            out.set(axes[i], Optional.of(parts.get(i)));
        }
    }

    static void transpose(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        long[] order = node.integers("perm").orElseGet(
                () -> IntStream.range(0, rank).mapToLong(a -> rank - 1L - a).toArray());
        in.define(node.output(0), Arrays.stream(order).mapToObj(a -> type.get(Math.toIntExact(a))).toList());
    }

    static void expand(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = in.dimensions(node.output(0)).size();
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(rank - type.size(), Optional.empty()));
        out.addAll(type);
        in.define(node.output(0), out);
    }

    static void concat(Node node, LinearInference in) {
        int rank = in.type(node.input(0)).size();
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) rank));
        List<Optional<Ref>> out = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            List<Side> sides = LinearAxes.sides(in, node.inputs(), a, rank);
            out.add(a == axis ? joined(in, sides) : LinearAxes.equal(in, sides));
        }
        in.define(node.output(0), out);
    }

    /** More positions beside those that are there: zeros, or copies of them, keep every map of the other axes. */
    static void pad(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        Optional<long[]> pads = node.hasInput(1) ? in.integers(node.input(1)) : node.integers("pads");
        Optional<long[]> axes = node.hasInput(3) ? in.integers(node.input(3))
                : Optional.of(IntStream.range(0, rank).asLongStream().toArray());
        if (pads.isEmpty() || axes.isEmpty() || pads.get().length != 2 * axes.get().length) {
            in.endAll(node);
            return;
        }
        boolean zero = !node.text("mode", "constant").equals("constant") || (node.hasInput(2)
                ? in.isZeroNumber(node.input(2))
                : node.real("value", 0) == 0);
        boolean any = Arrays.stream(pads.get()).anyMatch(p -> p != 0);
        List<Optional<Ref>> out = new ArrayList<>(type);
        for (int k = 0; k < axes.get().length; k++) {
            int axis = Math.toIntExact(Math.floorMod(axes.get()[k], (long) rank));
            if (pads.get()[k] != 0 || pads.get()[k + axes.get().length] != 0) {
                out.get(axis).ifPresent(in::end);
                out.set(axis, Optional.empty());
            }
        }
        if (any && !zero) {
            in.endAll(node);
        }
        in.define(node.output(0), out);
    }

    private static Optional<Ref> joined(LinearInference in, List<Side> sides) {
        if (sides.stream().allMatch(s -> s.ref().isEmpty())) {
            return Optional.empty();
        }
        if (sides.stream().anyMatch(s -> s.size() < 0)) {
            sides.forEach(s -> s.ref().ifPresent(in::end));
            return Optional.empty();
        }
        return Optional.of(in.frames().sum(sides.stream().filter(s -> s.size() > 0)
                .map(s -> s.ref().orElseGet(() -> in.frames().positions(Math.toIntExact(s.size())))).toList()));
    }
}
