package dev.orbifold.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The shape of a tensor: one {@link Dim} per axis. */
public record Shape(List<Dim> dims) {
    /** Copies the dimensions. */
    public Shape {
        dims = List.copyOf(dims);
    }

    /** A shape of fixed sizes; a negative size means an unknown one. */
    public static Shape of(long... sizes) {
        return new Shape(Arrays.stream(sizes).mapToObj(s -> s < 0 ? Dim.UNKNOWN : Dim.of(s)).toList());
    }

    /** The number of axes. */
    public int rank() {
        return dims.size();
    }

    /** The dimension of an axis; negative axes count from the end. */
    public Dim dim(int axis) {
        return dims.get(axis < 0 ? axis + rank() : axis);
    }

    /** Whether every dimension is a number. */
    public boolean isFixed() {
        return dims.stream().allMatch(Dim::isFixed);
    }

    /** The sizes, with {@code batch} in the place of every dimension that is not fixed. */
    public long[] sizes(long batch) {
        return dims.stream().mapToLong(d -> d.isFixed() ? d.size() : batch).toArray();
    }

    @Override
    public String toString() {
        return dims.stream().map(Dim::toString).collect(Collectors.joining(",", "(", ")"));
    }
}
