package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What a {@link Shift} adds to a value: the same for every sample, linear in the shift's numbers c. Along each axis it
 * either varies, and has the value's size there, or it does not, and has size 1. Along an axis that merges a number of heads
 * with a batch of unknown size, n·h, it may vary with the period h, and has size h. The forms are worked out where something
 * asks for them; most paths end before.
 */
final class Offset {
    /** More elements than this are not followed. */
    static final long LARGEST = 1 << 22;
    /** A shift of more numbers than this is not followed: each has a form of its own, and a table of positions has half of it. */
    private static final long MOST_NUMBERS = 1 << 21;

    /** An Offset would be too large to follow. */
    static final class TooLarge extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooLarge(long elements) {
            super(elements + " numbers at once are too many");
        }
    }

    private final int columns;
    private final int[] dims;
    private final Supplier<Form[]> source;
    private Optional<Form[]> forms = Optional.empty();

    /**
     * An Offset worked out when needed.
     *
     * @param columns how many numbers c has
     * @param dims its size along every axis, row-major
     */
    Offset(int columns, int[] dims, Supplier<Form[]> source) {
        long elements = Arrays.stream(dims).asLongStream().reduce(1, (a, b) -> a * b);
        if (elements > LARGEST) {
            throw new TooLarge(elements);
        }
        this.columns = columns;
        this.dims = dims;
        this.source = source;
    }

    /** c itself, one number per element. */
    static Offset identity(int... dims) {
        long elements = Arrays.stream(dims).asLongStream().reduce(1, (a, b) -> a * b);
        if (elements > MOST_NUMBERS) {
            throw new TooLarge(elements);
        }
        int n = Math.toIntExact(elements);
        return new Offset(n, dims, () -> IntStream.range(0, n).mapToObj(Form::unit).toArray(Form[]::new));
    }

    int columns() {
        return columns;
    }

    int[] dims() {
        return dims.clone();
    }

    int dim(int axis) {
        return dims[axis];
    }

    int rank() {
        return dims.length;
    }

    int elements() {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    boolean varies(int axis) {
        return dims[axis] != 1;
    }

    /** The forms, row-major; not to be written to. */
    Form[] forms() {
        Form[] known = forms.orElseGet(source);
        forms = Optional.of(known);
        return known;
    }

    /** The same elements under other sizes. */
    Offset reshaped(int... newDims) {
        return Arrays.equals(dims, newDims) ? this : new Offset(columns, newDims, this::forms);
    }

    /** With axes of size 1 put in front, or taken away there, where they vary in nothing; empty where one does. */
    Optional<Offset> aligned(int rank) {
        int[] to = new int[rank];
        Arrays.fill(to, 1);
        for (int a = 0; a < dims.length; a++) {
            int at = a + rank - dims.length;
            if (at >= 0) {
                to[at] = dims[a];
            } else if (dims[a] != 1) {
                return Optional.empty();
            }
        }
        return Optional.of(reshaped(to));
    }

    /** Elements repeated along axes of size 1, so that every axis has the given size. */
    Offset expanded(int... to) {
        return Arrays.equals(dims, to) ? this : picked(to, () -> places(to, dims));
    }

    /** Elements taken from places of this. */
    Offset picked(int[] to, Supplier<int[]> places) {
        return new Offset(columns, to, () -> {
            Form[] from = forms();
            return Arrays.stream(places.get()).mapToObj(p -> p < 0 ? Form.ZERO : from[p]).toArray(Form[]::new);
        });
    }

    Offset times(double by) {
        return by == 1 ? this : new Offset(columns, dims,
                () -> Arrays.stream(forms()).map(f -> f.times(by)).toArray(Form[]::new));
    }

    /** Multiplied with a tensor, broadcast from the right. */
    Offset times(int[] by, Supplier<double[]> values) {
        int[] to = broadcast(dims, by);
        return new Offset(columns, to, () -> {
            Form[] from = forms();
            double[] factors = values.get();
            int[] own = places(to, dims);
            int[] other = places(to, by);
            return IntStream.range(0, own.length).mapToObj(i -> from[own[i]].times(factors[other[i]]))
                    .toArray(Form[]::new);
        });
    }

    /** The sum with a multiple of another, broadcast from the right. */
    Offset plus(Offset other, double by) {
        int[] to = broadcast(dims, other.dims);
        return new Offset(columns, to, () -> {
            Form[] a = forms();
            Form[] b = other.forms();
            int[] left = places(to, dims);
            int[] right = places(to, other.dims);
            Form.Sum sum = new Form.Sum(columns);
            return IntStream.range(0, left.length).mapToObj(i -> sum.add(a[left[i]], 1).add(b[right[i]], by).take())
                    .toArray(Form[]::new);
        });
    }

    Offset transposed(int... perm) {
        int[] to = Arrays.stream(perm).map(a -> dims[a]).toArray();
        int[] strides = strides(dims);
        int[] step = Arrays.stream(perm).map(a -> strides[a]).toArray();
        return picked(to, () -> walk(to, step));
    }

    /** The given indices of an axis along which this varies. */
    Offset selected(int axis, int... indices) {
        int[] to = dims.clone();
        to[axis] = indices.length;
        int inner = strides(dims)[axis];
        return picked(to, () -> IntStream.range(0, Arrays.stream(to).reduce(1, (a, b) -> a * b)).map(i -> i / inner
                / indices.length * inner * dims[axis] + indices[i / inner % indices.length] * inner + i % inner)
                .toArray());
    }

    /** The sum along an axis, times a number; the axis stays, with size 1. */
    Offset summed(int axis, double by) {
        int[] to = dims.clone();
        to[axis] = 1;
        int inner = strides(dims)[axis];
        return new Offset(columns, to, () -> {
            Form[] from = forms();
            Form.Sum sum = new Form.Sum(columns);
            return IntStream.range(0, from.length / dims[axis]).mapToObj(i -> {
                int start = i / inner * inner * dims[axis] + i % inner;
                for (int k = 0; k < dims[axis]; k++) {
                    sum.add(from[start + k * inner], by);
                }
                return sum.take();
            }).toArray(Form[]::new);
        });
    }

    /** The sizes of two tensors combined, aligned at the right. */
    static int[] broadcast(int[] a, int[] b) {
        int[] to = new int[Math.max(a.length, b.length)];
        for (int k = 1; k <= to.length; k++) {
            to[to.length - k] = Math.max(k <= a.length ? a[a.length - k] : 1, k <= b.length ? b[b.length - k] : 1);
        }
        return to;
    }

    /** For every element of {@code to} the element of {@code from} that is broadcast there. */
    static int[] places(int[] to, int[] from) {
        int[] strides = strides(from);
        int[] step = new int[to.length];
        for (int k = 1; k <= Math.min(to.length, from.length); k++) {
            step[to.length - k] = from[from.length - k] == 1 ? 0 : strides[from.length - k];
        }
        return walk(to, step);
    }

    /** For every element of {@code dims}, row-major, the sum of index times step. */
    static int[] walk(int[] dims, int[] step) {
        int[] places = new int[Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        int run = 1;
        for (int axis = dims.length - 1; axis >= 0 && places.length > 0; axis--) {
            // What is there for the axes behind is repeated, a step further each time.
            for (int index = 1; index < dims[axis]; index++) {
                for (int i = 0; i < run; i++) {
                    places[index * run + i] = places[i] + index * step[axis];
                }
            }
            run *= dims[axis];
        }
        return places;
    }

    /** Elements taken where {@link #walk} leads. */
    static double[] rearranged(double[] values, int[] dims, int[] step) {
        int[] places = walk(dims, step);
        double[] taken = new double[places.length];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = values[places[i]];
        }
        return taken;
    }

    /** With axes of size 1 in front, up to a rank. */
    static int[] padded(int[] dims, int rank) {
        int[] to = new int[rank];
        Arrays.fill(to, 1);
        System.arraycopy(dims, 0, to, rank - dims.length, dims.length);
        return to;
    }

    static int[] strides(int[] dims) {
        int[] strides = new int[dims.length];
        int run = 1;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            strides[axis] = run;
            run *= dims[axis];
        }
        return strides;
    }
}
