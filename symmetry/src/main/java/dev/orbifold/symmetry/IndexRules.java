package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Rules of operators that pick positions: with constant indices they select units, otherwise the axis is fixed. */
final class IndexRules {
    private IndexRules() {
    }

    /** Split: the inverse of a direct sum. */
    static void split(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        int rank = type.rank();
        int axis = axis(node.integer("axis", 0), rank);
        Optional<Part> part = type.at(axis);
        int from = 0;
        long[] listed = (node.hasInput(1) ? in.integers(node.input(1)) : node.integers("split")).orElse(new long[0]);
        for (int k = 0; k < node.outputs().size(); k++) {
            String output = node.output(k);
            Typed out = type;
            if (part.isPresent()) {
                long size = listed.length > 0 ? listed[k] : in.dims(output)[axis];
                if (size < 0) {
                    throw new SymmetryException("the size of its output " + output + " is not known");
                }
                int start = from;
                out = select(in, node, type, axis, IntStream.range(start, start + Math.toIntExact(size)).toArray());
                from += Math.toIntExact(size);
            }
            in.define(output, out);
        }
    }

    /** Slice. */
    static void slice(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        int rank = type.rank();
        if (type.parts().isEmpty()) {
            in.define(node.output(0), type);
            return;
        }
        boolean inputs = node.inputs().size() > 1;
        long[] starts = constant(in, node, inputs, 1, "starts");
        long[] ends = constant(in, node, inputs, 2, "ends");
        boolean hasAxes = inputs ? node.hasInput(3) : node.attributes().containsKey("axes");
        long[] axes = hasAxes ? constant(in, node, inputs, 3, "axes")
                : java.util.stream.LongStream.range(0, starts.length).toArray();
        long[] steps = new long[starts.length];
        Arrays.fill(steps, 1);
        if (node.hasInput(4)) {
            steps = constant(in, node, true, 4, "steps");
        }
        for (int i = 0; i < starts.length; i++) {
            int axis = axis(axes[i], rank);
            Optional<Part> part = type.at(axis);
            if (part.isPresent()) {
                int size = part.get().sizes()[part.get().indexOf(axis)];
                type = select(in, node, type, axis, positions(starts[i], ends[i], steps[i], size));
            }
        }
        in.define(node.output(0), type);
    }

    private static long[] constant(Inference in, Node node, boolean inputs, int input, String name) {
        return (inputs ? in.integers(node.input(input)) : node.integers(name))
                .orElseThrow(() -> new SymmetryException("its " + name + " are not constant"));
    }

    private static int[] positions(long start, long end, long step, int size) {
        long from = start < 0 ? start + size : start;
        long to = end < 0 ? Math.max(end, -size - 1L) + size : end;
        from = Math.clamp(from, step < 0 ? -1 : 0, step < 0 ? size - 1 : size);
        to = Math.clamp(to, -1, size);
        int count =
                Math.toIntExact(Math.max(0, step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step));
        int[] result = new int[count];
        for (int k = 0; k < count; k++) {
            result[k] = Math.toIntExact(from + k * step);
        }
        return result;
    }

    /** A type with only some positions of an axis, which stays. */
    private static Typed select(Inference in, Node node, Typed type, int axis, int[] indices) {
        Part part = type.at(axis).orElseThrow();
        int i = part.indexOf(axis);
        Typed rest = type.without(axis);
        if (indices.length == part.sizes()[i] && IntStream.range(0, indices.length).allMatch(k -> indices[k] == k)) {
            return type;
        }
        Part chosen = part.select(i, indices);
        if (indices.length > 1) {
            return rest.with(chosen);
        }
        if (chosen.joint()) {
            return rest.with(chosen.without(i).simplified());
        }
        in.pin(chosen.elements(), node.label() + " picks a single position");
        return rest;
    }

    /** Gather: constant indices select, computed ones fix the axis (an embedding's rows). */
    static void gather(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        int axis = axis(node.integer("axis", 0), type.rank());
        int indexRank = in.rank(node.input(1));
        Optional<long[]> indices = in.integers(node.input(1));
        Optional<Part> part = type.at(axis);
        if (part.isPresent()) {
            int i = part.get().indexOf(axis);
            int size = part.get().sizes()[i];
            if (indices.isPresent() && indexRank == 0 && part.get().joint()) {
                int index = Math.toIntExact(Math.floorMod(indices.get()[0], (long) size));
                type = type.without(axis).with(part.get().select(i, new int[] {index}).without(i).simplified());
            } else if (indices.isPresent() && indexRank == 1) {
                type = select(in, node, type, axis,
                        Arrays.stream(indices.get()).mapToInt(k -> Math.toIntExact(Math.floorMod(k, (long) size)))
                                .toArray());
            } else {
                Typed plain = part.get().joint() ? in.resolve(type) : type;
                type = in.pinned(plain, axis, node.label() + " picks positions of it");
            }
        }
        type.parts().forEach(p -> in.coordinates().role(p.elements(), Slot.Role.WRITES, true));
        int shift = indexRank - 1;
        in.define(node.output(0), new Typed(in.rank(node.output(0)), type
                .map(p -> p.on(Arrays.stream(p.axes()).map(a -> a > axis ? a + shift : a).toArray())).parts()));
    }

    /** GatherElements: indices address every axis; all are fixed. */
    static void gatherElements(Node node, Inference in) {
        in.pin(in.type(node.input(0)), node.label() + " picks single elements");
    }

    /** GatherND: the leading axes are indexed, the trailing ones pass. */
    static void gatherNd(Node node, Inference in) {
        Typed data = in.resolved(node.input(0));
        int batch = Math.toIntExact(node.integer("batch_dims", 0));
        long[] indexDims = in.dims(node.input(1));
        int depth = batch + Math.toIntExact(indexDims[indexDims.length - 1]);
        int shift = in.rank(node.output(0)) - data.rank();
        in.define(node.output(0), new Typed(in.rank(node.output(0)),
                trailing(node, in, data, depth).map(p -> p.on(p.axes()[0] + shift)).parts()));
    }

    /** ScatterND: the leading axes are indexed, along the trailing ones data and updates move together. */
    static void scatterNd(Node node, Inference in) {
        long[] indexDims = in.dims(node.input(1));
        long width = indexDims[indexDims.length - 1];
        if (width < 0) {
            throw new SymmetryException("the size of its indices is not known");
        }
        Typed data = trailing(node, in, in.resolved(node.input(0)), Math.toIntExact(width));
        Typed updates = in.resolved(node.input(2));
        Typed written = trailing(node, in, updates, indexDims.length - 1);
        int shift = data.rank() - updates.rank();
        Typed out = Typed.fixed(data.rank());
        boolean zeros = in.uniform(node.input(0)).orElse(1.0) == 0;
        for (int axis = Math.toIntExact(width); axis < data.rank(); axis++) {
            Optional<Elements> a = data.elements(axis);
            Optional<Elements> b = written.elements(axis - shift);
            if (a.isPresent() && b.isPresent()) {
                in.relate(List.of(a.get(), b.get()), Scales.equal(0, 1, 2));
                out = out.with(Part.of(axis, a.get()));
            } else if (b.isPresent() && zeros) {
                in.relate(List.of(b.get()));
                out = out.with(Part.of(axis, b.get()));
            } else {
                String reason = node.label() + " writes it beside fixed positions";
                a.ifPresent(row -> in.pin(row, reason));
                b.ifPresent(row -> in.pin(row, reason));
            }
        }
        in.define(node.output(0), out);
    }

    private static Typed trailing(Node node, Inference in, Typed type, int depth) {
        Typed rest = type;
        for (int axis = 0; axis < Math.min(depth, type.rank()); axis++) {
            rest = in.pinned(rest, axis, node.label() + " addresses positions of it");
        }
        return rest;
    }

    private static int axis(long axis, int rank) {
        return Math.toIntExact(axis < 0 ? axis + rank : axis);
    }
}
