package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a reshape carries types: axes of equal size pass; a group of axes regrouped into others carries its coordinates
 * jointly, position by position, until a later reshape or transposition makes single axes of them again.
 */
final class Reshaping {
    /** Input axes from..to become output axes from..to; a group is understood where all sizes are known. */
    record AxisGroup(int inFrom, int inTo, int outFrom, int outTo, boolean understood) {
    }

    private Reshaping() {
    }

    /** The type of a value after a reshape. */
    static Typed reshape(Inference in, Node node, Typed type, List<Dim> from, List<Dim> to) {
        List<AxisGroup> groups = groups(from, to);
        if (groups.stream().anyMatch(g -> !g.understood())) {
            Optional<MergedAxes> merged = MergedAxes.between(from, to);
            if (merged.isPresent()) {
                return byCoordinates(in,
                        merged.get().joined(in, node, reshape(in, node, merged.get().split(in, node, type),
                                merged.get().from(), merged.get().to(), merged.get().groups())));
            }
        }
        return byCoordinates(in, reshape(in, node, type, from, to, groups));
    }

    /** Seen by coordinates, what shares an axis has to keep one size: query, key and value of (…, 3, heads, size). */
    private static Typed byCoordinates(Inference in, Typed type) {
        return in.byCoordinates() ? type.map(p -> p.axes().length > 2 ? in.resolve(p) : p) : type;
    }

    private static Typed reshape(Inference in, Node node, Typed type, List<Dim> from, List<Dim> to,
            List<AxisGroup> groups) {
        int[] groupOf = new int[from.size()];
        for (int g = 0; g < groups.size(); g++) {
            Arrays.fill(groupOf, groups.get(g).inFrom(), groups.get(g).inTo(), g);
        }
        Typed local = type.map(part -> Arrays.stream(part.axes()).allMatch(a -> groupOf[a] == groupOf[part.axes()[0]])
                ? part
                : regrouped(in, part, groups, groupOf));
        List<Part> parts = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            AxisGroup group = groups.get(g);
            int number = g;
            List<Part> inside = local.parts().stream().filter(p -> groupOf[p.axes()[0]] == number)
                    .filter(p -> p.axes().length == 1 || !passes(p, groups, groupOf)).toList();
            if (inside.isEmpty()) {
                continue;
            }
            if (!group.understood()) {
                inside.forEach(p -> in.pin(p.elements(), node.label() + " regroups axes of unknown size"));
                continue;
            }
            for (Part second : inside.subList(1, inside.size())) {
                in.pin(second.elements(), node.label() + " merges it with another axis of units");
            }
            if (group.inTo() - group.inFrom() == 1 && group.outTo() - group.outFrom() == 1) {
                parts.add(inside.get(0).on(group.outFrom()));
            } else {
                regroup(inside.get(0), group, from, to).ifPresent(parts::add);
            }
        }
        for (Part part : local.parts()) {
            if (part.joint() && passes(part, groups, groupOf)) {
                parts.add(part.on(Arrays.stream(part.axes()).map(a -> groups.get(groupOf[a]).outFrom()).toArray()));
            }
        }
        return new Typed(to.size(), parts);
    }

    private static Part regrouped(Inference in, Part part, List<AxisGroup> groups, int[] groupOf) {
        return passes(part, groups, groupOf) ? part : in.resolve(part);
    }

    private static boolean passes(Part part, List<AxisGroup> groups, int[] groupOf) {
        return Arrays.stream(part.axes()).mapToObj(a -> groups.get(groupOf[a]))
                .allMatch(g -> g.inTo() - g.inFrom() == 1 && g.outTo() - g.outFrom() == 1);
    }

    private static Optional<Part> regroup(Part unsorted, AxisGroup group, List<Dim> from, List<Dim> to) {
        Part part = unsorted.sorted();
        int total = 1;
        int opaque = 1;
        for (int a = group.inFrom(); a < group.inTo(); a++) {
            int size = Math.toIntExact(from.get(a).size());
            total *= size;
            opaque *= part.indexOf(a) >= 0 ? 1 : size;
        }
        int[] node = new int[total];
        int[] leg = new int[total];
        for (int p = 0; p < total; p++) {
            int rest = p;
            int place = 0;
            int placeStride = 1;
            int position = 0;
            int positionStride = 1;
            for (int a = group.inTo() - 1; a >= group.inFrom(); a--) {
                int size = Math.toIntExact(from.get(a).size());
                int at = rest % size;
                rest /= size;
                if (part.indexOf(a) >= 0) {
                    place += at * placeStride;
                    placeStride *= size;
                } else {
                    position += at * positionStride;
                    positionStride *= size;
                }
            }
            node[p] = part.node()[place];
            leg[p] = part.leg()[place] * opaque + position;
        }
        int[] axes = new int[group.outTo() - group.outFrom()];
        int[] sizes = new int[axes.length];
        int count = 0;
        for (int a = group.outFrom(); a < group.outTo(); a++) {
            if (to.get(a).size() != 1) {
                axes[count] = a;
                sizes[count++] = Math.toIntExact(to.get(a).size());
            }
        }
        return count == 0 ? Optional.empty()
                : Optional.of(
                        new Part(Arrays.copyOf(axes, count), Arrays.copyOf(sizes, count), node, leg).simplified());
    }

    static List<AxisGroup> groups(List<Dim> from, List<Dim> to) {
        boolean lone = lone(from) && lone(to) && product(from) == product(to);
        List<AxisGroup> groups = new ArrayList<>();
        int first = 0;
        while (first < Math.min(from.size(), to.size()) && same(from.get(first), to.get(first), lone)) {
            groups.add(new AxisGroup(first, first + 1, first, first + 1, true));
            first++;
        }
        int last = 0;
        while (last < Math.min(from.size(), to.size()) - first
                && same(from.get(from.size() - 1 - last), to.get(to.size() - 1 - last), lone)) {
            last++;
        }
        middle(from, to, new AxisGroup(first, from.size() - last, first, to.size() - last, true), groups);
        for (int k = last; k > 0; k--) {
            groups.add(new AxisGroup(from.size() - k, from.size() - k + 1, to.size() - k, to.size() - k + 1, true));
        }
        return groups;
    }

    static void middle(List<Dim> from, List<Dim> to, AxisGroup all, List<AxisGroup> groups) {
        List<Dim> left = from.subList(all.inFrom(), all.inTo());
        List<Dim> right = to.subList(all.outFrom(), all.outTo());
        if (left.stream().anyMatch(d -> !d.isFixed()) || right.stream().anyMatch(d -> !d.isFixed())) {
            groups.add(new AxisGroup(all.inFrom(), all.inTo(), all.outFrom(), all.outTo(), false));
            return;
        }
        int i = all.inFrom();
        int j = all.outFrom();
        while (i < all.inTo() || j < all.outTo()) {
            int i0 = i;
            int j0 = j;
            long x = i < all.inTo() ? from.get(i++).size() : 1;
            long y = j < all.outTo() ? to.get(j++).size() : 1;
            while (x != y && (i < all.inTo() || j < all.outTo())) {
                if ((x < y || j == all.outTo()) && i < all.inTo()) {
                    x *= from.get(i++).size();
                } else {
                    y *= to.get(j++).size();
                }
            }
            groups.add(new AxisGroup(i0, i, j0, j, x == y));
        }
    }

    private static boolean same(Dim a, Dim b, boolean lone) {
        return a.isFixed() ? a.equals(b) : !b.isFixed() && (lone || !a.equals(Dim.UNKNOWN) && a.equals(b));
    }

    private static boolean lone(List<Dim> dims) {
        return dims.stream().filter(d -> !d.isFixed()).count() == 1;
    }

    private static long product(List<Dim> dims) {
        return dims.stream().filter(Dim::isFixed).mapToLong(Dim::size).reduce(1, (a, b) -> a * b);
    }
}
