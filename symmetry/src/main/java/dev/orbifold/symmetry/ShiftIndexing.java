package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shifts through operators that take values apart along an axis, and put them together. */
final class ShiftIndexing {
    private ShiftIndexing() {
    }

    private static int axis(Node node, int rank) {
        return (int) Math.floorMod(node.integer("axis", 0), (long) rank);
    }

    /** Whether an input varies along an axis of unknown size: with a period, not index by index. */
    private static boolean periodic(ShiftWalk walk, Node node) {
        return node.inputs().stream().anyMatch(i -> walk.offset(i).filter(o -> IntStream.range(0, o.rank())
                .anyMatch(a -> o.varies(a) && walk.facts().size(i, a) < 0)).isPresent());
    }

    /** Values side by side; where all of them get the same, nothing varies along the axis. */
    static void concat(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.output(0));
        if (rank < 1) {
            node.inputs().forEach(walk::block);
            return;
        }
        int axis = axis(node, rank);
        List<Optional<Offset>> parts = node.inputs().stream().map(walk::offset).toList();
        List<Offset> present = parts.stream().flatMap(Optional::stream).toList();
        boolean periodic = periodic(walk, node);
        boolean same = present.size() == parts.size() && present.stream().distinct().count() == 1
                && !present.get(0).varies(axis);
        int[] sizes = node.inputs().stream().mapToInt(i -> walk.facts().size(i, axis)).toArray();
        if (same) {
            walk.offset(node.output(0), present.get(0));
        } else if (!present.isEmpty() && (periodic || Arrays.stream(sizes).anyMatch(s -> s < 0))) {
            present.forEach(walk::zero);
        } else if (!present.isEmpty()) {
            walk.offset(node.output(0), joined(parts, present, sizes, axis));
        }
        List<Optional<Level>> levels = node.inputs().stream().map(walk::level).toList();
        levels.stream().flatMap(Optional::stream).reduce(Level::plus).ifPresent(l -> {
            boolean[] constant = l.constant().clone();
            constant[axis] = false;
            walk.level(node.output(0), l.along(constant));
        });
    }

    private static Offset joined(List<Optional<Offset>> parts, List<Offset> present, int[] sizes, int axis) {
        int[] dims = new int[present.get(0).rank()];
        for (int a = 0; a < dims.length; a++) {
            int at = a;
            dims[a] = a == axis ? Arrays.stream(sizes).sum()
                    : present.stream().mapToInt(o -> o.dim(at)).max().orElse(1);
        }
        int columns = present.get(0).columns();
        return new Offset(columns, dims, () -> {
            int inner = Offset.strides(dims)[axis];
            int outer = Arrays.stream(dims, 0, axis).reduce(1, (a, b) -> a * b);
            Form[] forms = new Form[outer * dims[axis] * inner];
            Arrays.fill(forms, Form.ZERO);
            int start = 0;
            for (int i = 0; i < sizes.length; i++) {
                int[] own = dims.clone();
                own[axis] = sizes[i];
                int run = sizes[i] * inner;
                int at = start;
                parts.get(i).map(o -> o.expanded(own).forms()).ifPresent(f -> {
                    for (int o = 0; o < outer; o++) {
                        System.arraycopy(f, o * run, forms, o * dims[axis] * inner + at, run);
                    }
                });
                start += run;
            }
            return forms;
        });
    }

    static void split(Node node, ShiftWalk walk) {
        int rank = walk.facts().rank(node.input(0));
        if (rank < 1) {
            walk.block(node.input(0));
            return;
        }
        int axis = axis(node, rank);
        int from = 0;
        for (String output : node.outputs()) {
            int size = walk.facts().size(output, axis);
            boolean known = from >= 0 && size >= 0;
            int[] indices = known ? IntStream.range(from, from + size).toArray() : new int[0];
            part(walk, node.input(0), output, axis, known ? Optional.of(indices) : Optional.empty());
            from = known ? from + size : -1;
        }
    }

    /** The part of a value at some indices of an axis, where they are known. */
    private static void part(ShiftWalk walk, String value, String output, int axis, Optional<int[]> indices) {
        walk.offset(value).ifPresent(o -> {
            if (!o.varies(axis)) {
                walk.offset(output, o);
            } else if (indices.isPresent() && walk.facts().size(value, axis) >= 0) {
                walk.offset(output, o.selected(axis, indices.get()));
            } else {
                walk.zero(o);
            }
        });
        walk.level(value).ifPresent(l -> walk.level(output, l));
    }

    static void slice(Node node, ShiftWalk walk) {
        String value = node.input(0);
        int rank = walk.facts().rank(value);
        Optional<long[]> starts = walk.facts().integers(node.input(1));
        Optional<long[]> ends = walk.facts().integers(node.input(2));
        Optional<long[]> axes = node.hasInput(3) ? walk.facts().integers(node.input(3))
                : starts.map(s -> IntStream.range(0, s.length).asLongStream().toArray());
        Optional<long[]> steps = node.hasInput(4) ? walk.facts().integers(node.input(4))
                : starts.map(s -> IntStream.range(0, s.length).mapToLong(i -> 1).toArray());
        if (rank < 1 || axes.isEmpty()) {
            walk.block(value);
            return;
        }
        walk.level(value).ifPresent(l -> walk.level(node.output(0), l));
        Optional<Offset> offset = walk.offset(value);
        for (int i = 0; i < axes.get().length && offset.isPresent(); i++) {
            int axis = (int) Math.floorMod(axes.get()[i], (long) rank);
            if (offset.get().varies(axis)) {
                if (starts.isEmpty() || ends.isEmpty() || steps.isEmpty() || walk.facts().size(value, axis) < 0) {
                    walk.zero(offset.get());
                    offset = Optional.empty();
                } else {
                    int[] taken = range(offset.get().dim(axis), starts.get()[i], ends.get()[i], steps.get()[i]);
                    offset = Optional.of(offset.get().selected(axis, taken));
                }
            }
        }
        offset.ifPresent(o -> walk.offset(node.output(0), o));
    }

    /** The indices start, start + step, … before end, as ONNX's Slice clamps them. */
    private static int[] range(int size, long start, long end, long step) {
        long from = start < 0 ? start + size : start;
        long to = end < 0 ? end + size : end;
        from = step > 0 ? Math.clamp(from, 0, size) : Math.clamp(from, 0, size - 1);
        to = step > 0 ? Math.clamp(to, 0, size) : Math.clamp(to, -1, size - 1);
        List<Integer> taken = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            taken.add((int) i);
        }
        return taken.stream().mapToInt(i -> i).toArray();
    }

    /** Rows of a value: known ones, or unknown ones, which must all get the same. */
    static void gather(Node node, ShiftWalk walk) {
        String value = node.input(0);
        int rank = walk.facts().rank(value);
        int more = walk.facts().rank(node.input(1));
        walk.block(node.input(1));
        if (rank < 1 || more < 0) {
            walk.block(value);
            return;
        }
        int axis = axis(node, rank);
        Optional<long[]> indices = walk.facts().integers(node.input(1));
        walk.level(value).ifPresent(l -> {
            boolean[] constant = new boolean[rank - 1 + more];
            for (int a = 0; a < constant.length; a++) {
                constant[a] = l.constant()[a < axis ? a : a < axis + more ? axis : a - more + 1];
            }
            walk.level(node.output(0), l.along(constant));
        });
        walk.offset(value).ifPresent(o -> {
            int[] dims = new int[rank - 1 + more];
            boolean known = o.varies(axis) && indices.isPresent() && walk.facts().size(value, axis) >= 0;
            for (int a = 0; a < dims.length; a++) {
                boolean index = a >= axis && a < axis + more;
                dims[a] = index ? known ? walk.facts().size(node.input(1), a - axis) : 1
                        : o.dim(a < axis ? a : a - more + 1);
            }
            if (known) {
                int[] rows = Arrays.stream(indices.get()).mapToInt(i -> (int) Math.floorMod(i, (long) o.dim(axis)))
                        .toArray();
                walk.offset(node.output(0), o.selected(axis, rows).reshaped(dims));
            } else {
                boolean[] along = new boolean[rank];
                along[axis] = true;
                walk.same(value, along);
                walk.offset(node.output(0), (o.varies(axis) ? o.selected(axis, 0) : o).reshaped(dims));
            }
        });
    }
}
