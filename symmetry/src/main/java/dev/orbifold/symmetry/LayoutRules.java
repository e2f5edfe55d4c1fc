package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Rules of operators that move axes and positions without computing. */
final class LayoutRules {
    private LayoutRules() {
    }

    /** Reshape, Flatten, Squeeze, Unsqueeze: everything that only changes the shape. */
    static void reshape(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        if (type.parts().isEmpty()) {
            in.define(node.output(0), Typed.fixed(in.rank(node.output(0))));
            return;
        }
        List<Dim> from = in.isParameter(node.input(0))
                ? Arrays.stream(in.dims(node.input(0))).mapToObj(Dim::of).toList()
                : in.shape(node.input(0)).dims();
        in.define(node.output(0), Reshaping.reshape(in, node, type, from, in.shape(node.output(0)).dims()));
    }

    /** Transpose. */
    static void transpose(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        int rank = type.rank();
        int[] to = new int[rank];
        long[] order = node.integers("perm").orElse(new long[0]);
        for (int a = 0; a < rank; a++) {
            to[order.length == 0 ? rank - 1 - a : Math.toIntExact(order[a])] = a;
        }
        in.define(node.output(0), type.map(p -> p.on(Arrays.stream(p.axes()).map(a -> to[a]).toArray())));
    }

    /** Expand: axes of size 1 are repeated, which carry nothing. Sizes that are given from outside follow no unit that goes. */
    static void expand(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        if (!type.parts().isEmpty()) {
            SizeInputs.behind(in.graph(), node.input(1)).ifPresent(input -> type.parts().forEach(part -> in
                    .keep(part.elements(), "the input " + input + " tells " + node.label() + " how many there are")));
        }
        int rank = in.rank(node.output(0));
        int shift = rank - type.rank();
        Typed out = new Typed(rank, type.map(p -> p.on(Arrays.stream(p.axes()).map(a -> a + shift).toArray())).parts());
        int repeated = type.parts().isEmpty() ? -1
                : repeated(in.dims(node.input(0)), in.dims(node.output(0)), shift);
        in.define(node.output(0), repeated >= 0 && in.repeating()
                ? marked(node, in, in.resolve(out), repeated, Math.toIntExact(in.dims(node.output(0))[repeated]))
                : out);
    }

    /** The axis of the result along which an Expand repeats what it reads a fixed number of times, or -1. */
    private static int repeated(long[] from, long[] to, int shift) {
        for (int axis = 0; axis < to.length; axis++) {
            if (to[axis] > 1 && (axis < shift || from[axis - shift] == 1)) {
                return axis;
            }
        }
        return -1;
    }

    /** A type in which the copies along an axis, and nothing else, are alike: what lies before the axis is told apart. */
    private static Typed marked(Node node, Inference in, Typed type, int axis, int copies) {
        String reason = node.label() + " repeats it";
        Optional<Elements> row = axis == 0 ? Optional.empty() : type.elements(axis - 1);
        row.ifPresent(r -> in.pin(r, reason));
        int each = row.map(Elements::size).orElse(1);
        int[] marks = in.coordinates().marks(each, reason);
        int[] nodes = new int[each * copies];
        Arrays.setAll(nodes, i -> marks[i / copies]);
        Part part = row.isEmpty() ? Part.of(axis, Elements.of(nodes))
                : new Part(new int[] {axis - 1, axis}, new int[] {each, copies}, nodes, new int[nodes.length]);
        return (row.isEmpty() ? type : type.without(axis - 1)).with(part);
    }

    /** Tile: copies of an axis of units are legs of them. */
    static void tile(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        if (type.parts().isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        long[] repeats = in.integers(node.input(1))
                .orElseThrow(() -> new SymmetryException("how often it repeats is not constant"));
        in.define(node.output(0), type.map(part -> {
            Part tiled = part;
            for (int i = 0; i < part.axes().length; i++) {
                int size = part.sizes()[i];
                int times = Math.toIntExact(repeats[part.axes()[i]]);
                int[] indices = new int[size * times];
                Arrays.setAll(indices, k -> k % size);
                tiled = times == 1 ? tiled : tiled.select(i, indices);
            }
            return tiled;
        }));
    }

    /** Pad: zeros beside units are units of their own that nothing writes; other values are fixed. */
    static void pad(Node node, Inference in) {
        Typed type = in.resolved(node.input(0));
        if (type.parts().isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        int rank = type.rank();
        long[] pads = (node.hasInput(1) ? in.integers(node.input(1)) : node.integers("pads"))
                .orElseThrow(() -> new SymmetryException("how much it pads is not constant"));
        boolean constant = node.text("mode", "constant").equals("constant");
        boolean zero = !node.hasInput(2) ? node.real("value", 0) == 0
                : in.shapes().constant(node.input(2)).map(t -> t.elements() == 1 && t.doubleAt(0) == 0).orElse(false);
        long[] axes = node.hasInput(3)
                ? in.integers(node.input(3))
                        .orElseThrow(() -> new SymmetryException("which axes it pads is not constant"))
                : java.util.stream.LongStream.range(0, rank).toArray();
        Typed out = Typed.fixed(rank);
        for (Part part : type.parts()) {
            int axis = part.axes()[0];
            int before = 0;
            int after = 0;
            for (int i = 0; i < axes.length; i++) {
                if (Math.floorMod(axes[i], (long) rank) == axis) {
                    before = Math.toIntExact(pads[i]);
                    after = Math.toIntExact(pads[i + axes.length]);
                }
            }
            if (before == 0 && after == 0) {
                in.relate(List.of(part.elements()), (constant && !zero ? Passes.NONE : Passes.ALL).scales(0, 1));
                out = out.with(part);
            } else if (before >= 0 && after >= 0 && constant && zero) {
                int size = part.node().length;
                int[] node2 = Arrays.copyOf(in.coordinates().fresh(before), before + size + after);
                System.arraycopy(part.node(), 0, node2, before, size);
                System.arraycopy(in.coordinates().fresh(after), 0, node2, before + size, after);
                int[] leg = new int[node2.length];
                System.arraycopy(part.leg(), 0, leg, before, size);
                out = out.with(Part.of(axis, new Elements(node2, leg)));
            } else {
                in.pin(part.elements(), node.label() + " pads beside it");
            }
        }
        in.define(node.output(0), out);
    }

    /** Resize and Upsample: linear along the axes they change, which must not carry units. */
    static void resize(Node node, Inference in) {
        Typed type = in.resolved(node.input(0));
        if (type.parts().isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        List<Dim> from = in.shape(node.input(0)).dims();
        List<Dim> to = in.shape(node.output(0)).dims();
        for (int axis = 0; axis < type.rank(); axis++) {
            if (!from.get(axis).isFixed() || !from.get(axis).equals(to.get(axis))) {
                type = in.pinned(type, axis, node.label() + " resizes it");
            }
        }
        boolean outside = node.text("coordinate_transformation_mode", "").equals("tf_crop_and_resize")
                && node.real("extrapolation_value", 0) != 0;
        in.touch(type, outside ? Passes.NONE : Passes.ALL);
        in.define(node.output(0), type);
    }

    /** DepthToSpace: the channels that make one output channel move together. */
    static void depthToSpace(Node node, Inference in) {
        Typed type = spaceFixed(node, in);
        Optional<Elements> row = type.elements(1);
        if (row.isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        int square = square(node);
        int channels = row.get().size() / square;
        boolean depthFirst = node.text("mode", "DCR").equals("DCR");
        int[] nodes = in.coordinates().fresh(channels);
        int[] channel = new int[row.get().size()];
        int[] place = new int[channel.length];
        for (int i = 0; i < channel.length; i++) {
            channel[i] = depthFirst ? i % channels : i / square;
            place[i] = depthFirst ? i / channels : i % square;
        }
        in.relate(List.of(row.get(), Elements.of(nodes).at(channel)), place, Scales.equal(0, 1, 2));
        in.define(node.output(0),
                channels == 1 ? type.without(1) : type.without(1).with(Part.of(1, Elements.of(nodes))));
    }

    /** SpaceToDepth: every channel appears once per place of the block. */
    static void spaceToDepth(Node node, Inference in) {
        Typed type = spaceFixed(node, in);
        Optional<Elements> row = type.elements(1);
        if (row.isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        int size = row.get().size();
        int[] indices = new int[size * square(node)];
        Arrays.setAll(indices, i -> i % size);
        in.define(node.output(0), type.without(1).with(Part.of(1, row.get()).select(0, indices)));
    }

    private static int square(Node node) {
        int block = Math.toIntExact(node.integer("blocksize", 1));
        return block * block;
    }

    private static Typed spaceFixed(Node node, Inference in) {
        Typed type = in.resolved(node.input(0));
        for (int axis = 2; axis < type.rank(); axis++) {
            type = in.pinned(type, axis, node.label() + " rearranges it");
        }
        return type;
    }

    /** Trilu: the two last axes are places, others pass. */
    static void triangle(Node node, Inference in) {
        Typed type = in.resolved(node.input(0));
        for (int axis = type.rank() - 2; axis < type.rank(); axis++) {
            type = in.pinned(type, axis, node.label() + " masks by position");
        }
        in.define(node.output(0), type);
    }

    /** Concat: a direct sum along its axis; along the others all inputs move together. */
    static void concat(Node node, Inference in) {
        int rank = in.rank(node.output(0));
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) rank));
        List<Typed> types = new ArrayList<>();
        List<Broadcast.Operand> others = new ArrayList<>();
        for (String input : node.inputs()) {
            Typed type = in.resolved(input);
            types.add(type);
            others.add(new Broadcast.Operand(type.without(axis), in.dims(input), in.uniform(input).isPresent()));
        }
        Typed out = Typed.fixed(rank);
        if (types.stream().anyMatch(t -> t.at(axis).isPresent())) {
            int[] node2 = new int[0];
            int[] leg = new int[0];
            for (int k = 0; k < types.size(); k++) {
                long size = in.dims(node.input(k))[axis];
                if (size < 0) {
                    throw new SymmetryException("the size of its input " + node.input(k) + " is not known");
                }
                Elements row = types.get(k).elements(axis).orElse(Elements.fixed(Math.toIntExact(size)));
                node2 = join(node2, row.node());
                leg = join(leg, row.leg());
            }
            out = out.with(Part.of(axis, new Elements(node2, leg).distinct()));
        }
        for (Broadcast.Aligned aligned : Broadcast.align(in, others, rank)) {
            List<Elements> rows = Arrays.stream(aligned.typed()).mapToObj(aligned.rows()::get).toList();
            if (aligned.fixed() || rows.size() < types.size()) {
                rows.forEach(row -> in.pin(row, node.label() + " joins it with fixed positions"));
                continue;
            }
            Scales[] equal = new Scales[rows.size() - 1];
            for (int k = 1; k < rows.size(); k++) {
                equal[k - 1] = Scales.equal(0, k, rows.size());
            }
            in.relate(rows, equal);
            out = out.with(new Part(aligned.axes(), aligned.sizes(), rows.get(0).node(), rows.get(0).leg()));
        }
        in.define(node.output(0), out);
    }

    private static int[] join(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
