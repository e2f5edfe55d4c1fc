package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Evaluates nodes whose inputs are all constant, where that is cheap; arithmetic is left to {@link ConstantMath}. */
final class Constants {
    /** Larger results are not kept; they are weights being moved, not arithmetic on shapes. */
    private static final long LARGEST = 1 << 16;

    private Constants() {
    }

    /**
     * The node's outputs; empty if the operator is not evaluated here or the result would be large.
     *
     * @param node a node whose inputs are constant and whose rule has run
     */
    static Optional<List<TensorData>> evaluate(NodeFacts node) {
        Optional<Shape> shape = node.outputShape(0).filter(Shape::isFixed);
        if (shape.isEmpty() || node.node().inputs().isEmpty()) {
            return Optional.empty();
        }
        long[] dims = shape.get().sizes(1);
        switch (node.node().opType()) {
            case "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze" -> {
                return Optional.of(List.of(input(node, 0).reshaped(dims)));
            }
            default -> {
            }
        }
        double elements = Arrays.stream(dims).asDoubleStream().reduce(1, (a, b) -> a * b);
        boolean large = elements > LARGEST;
        for (int i = 0; i < node.node().inputs().size(); i++) {
            large |= node.has(i) && input(node, i).elements() > LARGEST;
            if (node.has(i) && input(node, i).type().bytes() == 0) {
                return Optional.empty();
            }
        }
        if (large) {
            return Optional.empty();
        }
        return switch (node.node().opType()) {
            case "Transpose" -> Optional.of(List.of(transposed(node, dims)));
            case "Slice" -> Optional.of(List.of(sliced(node, dims)));
            case "Gather" -> Optional.of(List.of(gathered(node, dims)));
            case "Concat" -> Optional.of(List.of(joined(node, dims)));
            case "Split" -> split(node);
            case "Expand", "Tile" -> Optional.of(List.of(repeated(input(node, 0), dims)));
            default -> ConstantMath.evaluate(node, dims).map(List::of);
        };
    }

    static TensorData input(NodeFacts node, int i) {
        return node.constant(i).orElseThrow(() -> new IllegalStateException("input " + i + " is not constant"));
    }

    /** A tensor of integers or booleans, each cut to the type's width. */
    static TensorData integers(DataType type, long[] values, long... dims) {
        int width = type.bytes();
        byte[] bytes = new byte[Math.multiplyExact(values.length, width)];
        for (int i = 0; i < values.length; i++) {
            for (int b = 0; b < width; b++) {
                bytes[i * width + b] = (byte) (values[i] >>> 8 * b);
            }
        }
        return new TensorData(type, dims, MemorySegment.ofArray(bytes));
    }

    /** A tensor of any numeric type from doubles, rounded to the type. */
    static TensorData numbers(DataType type, double[] values, long... dims) {
        return switch (type) {
            case DOUBLE -> TensorData.of(values, dims);
            case FLOAT -> {
                MemorySegment bytes = MemorySegment.ofArray(new byte[4 * values.length]);
                for (int i = 0; i < values.length; i++) {
                    bytes.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), i,
                            (float) values[i]);
                }
                yield new TensorData(type, dims, bytes);
            }
            case FLOAT16 -> integers(type,
                    Arrays.stream(values).mapToLong(v -> Float.floatToFloat16((float) v)).toArray(), dims);
            case BFLOAT16 -> integers(type, Arrays.stream(values).mapToLong(v -> bfloat((float) v)).toArray(), dims);
            default -> integers(type, Arrays.stream(values).mapToLong(v -> (long) v).toArray(), dims);
        };
    }

    private static long bfloat(float v) {
        int bits = Float.floatToRawIntBits(v);
        return Float.isNaN(v) ? 0x7fc0 : bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }

    /** The distance between neighbours along each axis, in elements. */
    static int[] strides(long[] dims) {
        int[] strides = new int[dims.length];
        int step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= (int) dims[i];
        }
        return strides;
    }

    static int elements(long[] dims) {
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        return n;
    }

    /** For every element of {@code dims}, the element of {@code from} it is broadcast from. */
    static int[] sources(long[] dims, long[] from) {
        int[] strides = strides(from);
        int shift = dims.length - from.length;
        return indices(dims, axis -> axis < shift || from[axis - shift] == 1 ? 0 : strides[axis - shift]);
    }

    /** For every element of {@code dims} in row-major order, the sum of index times stride. */
    static int[] indices(long[] dims, IntUnaryOperator stride) {
        int[] result = new int[elements(dims)];
        int[] strides = strides(dims);
        for (int i = 0; i < result.length; i++) {
            int rest = i;
            for (int axis = 0; axis < dims.length; axis++) {
                result[i] += rest / strides[axis] * stride.applyAsInt(axis);
                rest %= strides[axis];
            }
        }
        return result;
    }

    /** The tensor that takes each element from the given place. */
    static TensorData picked(TensorData from, int[] places, long... dims) {
        int width = from.type().bytes();
        MemorySegment to = MemorySegment.ofArray(new byte[places.length * width]);
        for (int i = 0; i < places.length; i++) {
            MemorySegment.copy(from.bytes(), (long) places[i] * width, to, (long) i * width, width);
        }
        return new TensorData(from.type(), dims, to);
    }

    private static TensorData transposed(NodeFacts node, long[] dims) {
        TensorData x = input(node, 0);
        long[] order = node.node().integers("perm").orElseGet(
                () -> IntStream.range(0, x.rank()).mapToLong(i -> x.rank() - 1 - i).toArray());
        int[] axes = node.axes(order, x.rank());
        int[] strides = strides(x.dims());
        return picked(x, indices(dims, axis -> strides[axes[axis]]), dims);
    }

    private static TensorData repeated(TensorData x, long[] dims) {
        long[] from = x.dims();
        int[] strides = strides(from);
        int[] own = strides(dims);
        int shift = dims.length - from.length;
        int[] places = new int[elements(dims)];
        for (int i = 0; i < places.length; i++) {
            int rest = i;
            for (int axis = 0; axis < dims.length; axis++) {
                int at = rest / own[axis];
                rest %= own[axis];
                places[i] += axis < shift ? 0 : at % (int) from[axis - shift] * strides[axis - shift];
            }
        }
        return picked(x, places, dims);
    }

    private static TensorData sliced(NodeFacts node, long[] dims) {
        TensorData x = input(node, 0);
        long[] starts = node.list("starts", 1).orElseThrow();
        long[] ends = node.list("ends", 2).orElseThrow();
        int[] axes = node.list("axes", 3).map(a -> node.axes(a, x.rank()))
                .orElseGet(() -> IntStream.range(0, starts.length).toArray());
        Optional<long[]> steps = node.has(4) ? Optional.of(node.integers(4)) : Optional.empty();
        int[] strides = strides(x.dims());
        int base = 0;
        int[] step = strides.clone();
        for (int i = 0; i < axes.length; i++) {
            long[] range = SelectionShapes.range(x.dim(axes[i]), starts[i], ends[i],
                    steps.isPresent() ? steps.get()[i] : 1);
            base += (int) range[0] * strides[axes[i]];
            step[axes[i]] = (int) range[1] * strides[axes[i]];
        }
        int[] places = indices(dims, axis -> step[axis]);
        for (int i = 0; i < places.length; i++) {
            places[i] += base;
        }
        return picked(x, places, dims);
    }

    private static TensorData gathered(NodeFacts node, long[] dims) {
        TensorData x = input(node, 0);
        int axis = node.axis(node.node().integer("axis", 0), x.rank());
        long[] wanted = node.integers(1);
        int length = (int) x.dim(axis);
        int[] rows = Arrays.stream(wanted).mapToInt(i -> node.axis(i, length)).toArray();
        return x.select(axis, rows).reshaped(dims);
    }

    private static TensorData joined(NodeFacts node, long[] dims) {
        int axis = node.axis(node.node().integer("axis", 0), dims.length);
        DataType type = input(node, 0).type();
        MemorySegment to = MemorySegment.ofArray(new byte[elements(dims) * type.bytes()]);
        long outer = 1;
        for (int a = 0; a < axis; a++) {
            outer *= dims[a];
        }
        long at = 0;
        for (long o = 0; o < outer; o++) {
            for (int i = 0; i < node.node().inputs().size(); i++) {
                TensorData part = input(node, i);
                long run = part.bytes().byteSize() / outer;
                MemorySegment.copy(part.bytes(), o * run, to, at, run);
                at += run;
            }
        }
        return new TensorData(type, dims, to);
    }

    private static Optional<List<TensorData>> split(NodeFacts node) {
        TensorData x = input(node, 0);
        int axis = node.axis(node.node().integer("axis", 0), x.rank());
        List<TensorData> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < node.node().outputs().size(); i++) {
            Optional<Shape> shape = node.outputShape(i).filter(Shape::isFixed);
            if (shape.isEmpty()) {
                return Optional.empty();
            }
            int until = from + (int) shape.get().dim(axis).size();
            parts.add(x.select(axis, IntStream.range(from, until).toArray()));
            from = until;
        }
        return Optional.of(parts);
    }
}
