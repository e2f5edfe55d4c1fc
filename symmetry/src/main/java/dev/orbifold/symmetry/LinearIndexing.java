package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Parts of an axis: splits and slices make it a sum, one index of a factor picks the copy that belongs to it. */
final class LinearIndexing {
    private LinearIndexing() {
    }

    static void split(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) type.size()));
        int[] sizes = node.outputs().stream().mapToInt(o -> Math.toIntExact(in.dims(o)[axis])).toArray();
        Optional<Ref> ref = type.get(axis);
        boolean known = ref.isPresent() && Arrays.stream(sizes).allMatch(s -> s > 0);
        if (ref.isPresent() && !known) {
            in.end(ref.get());
        }
        boolean single = known && Arrays.stream(sizes).allMatch(s -> s == 1);
        List<Ref> parts = known && !single ? in.frames().parts(ref.get(), sizes) : List.of();
        for (int k = 0; k < sizes.length; k++) {
            List<Optional<Ref>> out = single ? picked(in, type, axis, k, true) : new ArrayList<>(type);
            out.set(axis, parts.isEmpty() ? Optional.empty() : Optional.of(parts.get(k)));
            in.define(node.output(k), out);
        }
    }

    /** What remains along the other axes when one index of an axis is picked. */
    private static List<Optional<Ref>> picked(LinearInference in, List<Optional<Ref>> type, int axis, int index,
            boolean keep) {
        List<Integer> others = new ArrayList<>();
        List<Ref> refs = new ArrayList<>();
        for (int a = 0; a < type.size(); a++) {
            if (a != axis && type.get(a).isPresent()) {
                others.add(a);
                refs.add(type.get(a).get());
            }
        }
        List<Optional<Ref>> out = new ArrayList<>(type);
        if (type.get(axis).isPresent()) {
            Ref factor = type.get(axis).get();
            List<Ref> there = in.frames().at(factor, index, refs);
            in.end(factor);
            for (int k = 0; k < there.size(); k++) {
                out.set(others.get(k), Optional.of(there.get(k)));
                if (there.get(k).equals(refs.get(k))) {
                    in.frames().exclude(there.get(k), factor);
                }
            }
        }
        if (keep) {
            out.set(axis, Optional.empty());
        } else {
            out.remove(axis);
        }
        return out;
    }

    static void slice(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        boolean inputs = node.inputs().size() > 1;
        Optional<long[]> starts = inputs ? in.integers(node.input(1)) : node.integers("starts");
        Optional<long[]> ends = inputs ? in.integers(node.input(2)) : node.integers("ends");
        Optional<long[]> axes = inputs ? in.integers(node.input(3)) : node.integers("axes");
        Optional<long[]> steps = node.hasInput(4) ? in.integers(node.input(4))
                : starts.map(s -> LongStream.generate(() -> 1).limit(s.length).toArray());
        if (type.stream().allMatch(Optional::isEmpty)) {
            return;
        }
        if (starts.isEmpty() || ends.isEmpty() || steps.isEmpty() || node.hasInput(3) && axes.isEmpty()) {
            in.endAll(node);
            return;
        }
        List<Optional<Ref>> out = new ArrayList<>(type);
        for (int i = 0; i < starts.get().length; i++) {
            int axis = Math.toIntExact(
                    Math.floorMod(axes.isPresent() ? axes.get()[i] : i, (long) type.size()));
            if (out.get(axis).isPresent() && steps.get()[i] != 1) {
                in.end(out.get(axis).get());
                out.set(axis, Optional.empty());
            } else if (out.get(axis).isPresent()) {
                int size = in.frames().size(out.get(axis).get());
                int from = clamp(starts.get()[i], size);
                int to = clamp(ends.get()[i], size);
                out = to - from == 1 ? picked(in, out, axis, from, true) : sliced(in, out, axis, from, to);
            }
        }
        in.define(node.output(0), out);
    }

    private static int clamp(long index, int size) {
        return Math.toIntExact(Math.clamp(index < 0 ? index + size : index, 0, size));
    }

    private static List<Optional<Ref>> sliced(LinearInference in, List<Optional<Ref>> type, int axis, int from,
            int to) {
        Ref ref = type.get(axis).orElseThrow();
        int size = in.frames().size(ref);
        if (from == 0 && to == size) {
            return type;
        }
        int[] sizes = IntStream.of(from, to - from, size - to).filter(s -> s > 0).toArray();
        List<Ref> parts = in.frames().parts(ref, sizes);
        List<Optional<Ref>> out = new ArrayList<>(type);
        out.set(axis, Optional.of(parts.get(from > 0 ? 1 : 0)));
        return out;
    }

    static void gather(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) type.size()));
        int rank = in.dimensions(node.input(1)).size();
        Optional<long[]> indices = in.integers(node.input(1));
        if (indices.isPresent() && indices.get().length == 1 && rank == 0) {
            long size = in.dims(node.input(0))[axis];
            int index = size < 0 ? 0 : Math.toIntExact(Math.floorMod(indices.get()[0], size));
            in.define(node.output(0), picked(in, type, axis, index, false));
            return;
        }
        type.get(axis).ifPresent(in::end);
        List<Optional<Ref>> out = new ArrayList<>(type.subList(0, axis));
        out.addAll(Collections.nCopies(rank, Optional.empty()));
        out.addAll(type.subList(axis + 1, type.size()));
        Optional<Ref> gone = type.get(axis);
        LinearAxes.gone(in, gone, out);
        in.define(node.output(0), out);
    }
}
