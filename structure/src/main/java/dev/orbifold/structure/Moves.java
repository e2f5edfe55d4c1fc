package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** From which slices of its inputs an operator that only moves elements takes a slice of its output. */
final class Moves {
    /** The slice at an index of an axis of a value. */
    record Source(String value, int axis, int index) {
    }

    private final Node node;
    private final String out;
    private final Axes axes;
    private final Optional<int[]> indices;
    private final Map<Integer, Optional<int[]>> slices = new HashMap<>();

    Moves(Node node, String out, Axes axes) {
        this.node = node;
        this.out = out;
        this.axes = axes;
        indices = switch (node.opType()) {
            case "Split" -> Optional.of(new int[] {offset()});
            case "Gather" -> gathered();
            default -> Optional.empty();
        };
    }

    /**
     * The slices whose elements make up a slice of the output (all of them, or more than them); empty where the operator's
     * rule is not among those known here.
     */
    Optional<List<Source>> sources(int axis, int index) {
        String in = node.input(0);
        return switch (node.opType()) {
            case "Transpose" -> {
                int last = axes.rank(out) - 1;
                int from = node.integers("perm").map(p -> (int) p[axis]).orElse(last - axis);
                yield Optional.of(List.of(new Source(in, from, index)));
            }
            case "Split" -> {
                int shift = axis == along() ? indices.orElse(new int[1])[0] : 0;
                yield shift < 0 ? Optional.empty() : Optional.of(List.of(new Source(in, axis, index + shift)));
            }
            case "Gather" -> indices
                    .map(i -> List.of(new Source(in, axis, axis == along() ? i[index] : index)));
            case "Slice"
                    -> slices.computeIfAbsent(axis, this::sliced).map(i -> List.of(new Source(in, axis, i[index])));
            case "Concat" -> joined(axis, index);
            default -> Optional.empty();
        };
    }

    private int along() {
        int axis = (int) node.integer("axis", 0);
        return axis < 0 ? axis + axes.rank(out) : axis;
    }

    /** Where this output of a Split begins, or -1 where that is not known. */
    private int offset() {
        int offset = 0;
        for (String before : node.outputs().subList(0, node.outputs().indexOf(out))) {
            int size = axes.size(before, along());
            if (size < 0) {
                return -1;
            }
            offset += size;
        }
        return offset;
    }

    private Optional<int[]> gathered() {
        int length = axes.size(node.input(0), along());
        return axes.constant(node.input(1)).filter(i -> i.rank() == 1 && length >= 0).map(TensorData::toLongs)
                .map(i -> Arrays.stream(i).mapToInt(v -> (int) (v < 0 ? v + length : v)).toArray());
    }

    private Optional<int[]> sliced(int axis) {
        int length = axes.size(node.input(0), axis);
        Optional<long[]> starts = axes.constant(node.input(1)).map(TensorData::toLongs);
        Optional<long[]> ends = axes.constant(node.input(2)).map(TensorData::toLongs);
        if (starts.isEmpty() || ends.isEmpty() || length < 0) {
            return Optional.empty();
        }
        Optional<long[]> named = axes.constant(node.input(3)).map(TensorData::toLongs);
        Optional<long[]> steps = axes.constant(node.input(4)).map(TensorData::toLongs);
        for (int k = 0; k < starts.get().length; k++) {
            long at = named.isPresent() ? named.get()[k] : k;
            if ((at < 0 ? at + axes.rank(out) : at) == axis) {
                return Optional.of(
                        Resizing.chosen(length, starts.get()[k], ends.get()[k],
                                steps.isPresent() ? steps.get()[k] : 1));
            }
        }
        return Optional.of(IntStream.range(0, length).toArray());
    }

    private Optional<List<Source>> joined(int axis, int index) {
        List<Source> all = new ArrayList<>();
        int offset = 0;
        for (String in : node.inputs()) {
            int size = axes.size(in, along());
            if (axis != along()) {
                all.add(new Source(in, axis, index));
            } else if (size < 0) {
                return Optional.empty();
            } else if (index >= offset && index < offset + size) {
                return Optional.of(List.of(new Source(in, axis, index - offset)));
            }
            offset += size;
        }
        return Optional.of(all);
    }
}
