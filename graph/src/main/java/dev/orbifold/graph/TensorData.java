package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The elements of one tensor on the host: little-endian, row-major, in a memory-mapped file or on the heap. Treated as
 * immutable by everybody; two are equal if type, shape and bytes are.
 */
public final class TensorData {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** More elements of 16 bytes than any address reaches. */
    private static final long MOST = Long.MAX_VALUE / 16;

    private final DataType type;
    private final long[] dims;
    private final MemorySegment bytes;

    /**
     * Wraps bytes without copying them.
     *
     * @throws GraphException if the number of bytes does not fit type and shape
     */
    public TensorData(DataType type, long[] dims, MemorySegment bytes) {
        this.type = type;
        this.dims = dims.clone();
        this.bytes = bytes;
        long expected = elements(dims) * type.bytes();
        if (type.bytes() > 0 && bytes.byteSize() != expected) {
            throw new GraphException("a " + type + " tensor of shape " + Arrays.toString(dims) + " needs " + expected
                    + " bytes, found " + bytes.byteSize());
        }
    }

    /** A float32 tensor holding a copy of the values. */
    public static TensorData of(float[] values, long... dims) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 4)]);
        for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(FLOAT, i, values[i]);
        }
        return new TensorData(DataType.FLOAT, dims, bytes);
    }

    /** A float64 tensor holding a copy of the values. */
    public static TensorData of(double[] values, long... dims) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 8)]);
        for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(DOUBLE, i, values[i]);
        }
        return new TensorData(DataType.DOUBLE, dims, bytes);
    }

    /** An int64 tensor holding a copy of the values. */
    public static TensorData of(long[] values, long... dims) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 8)]);
        for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(LONG, i, values[i]);
        }
        return new TensorData(DataType.INT64, dims, bytes);
    }

    /** The element type. */
    public DataType type() {
        return type;
    }

    /** The sizes of the axes; empty for a scalar. */
    public long[] dims() {
        return dims.clone();
    }

    /** The number of axes. */
    public int rank() {
        return dims.length;
    }

    /** The size of one axis; negative axes count from the end. */
    public long dim(int axis) {
        return dims[axis < 0 ? axis + dims.length : axis];
    }

    /** The shape, all fixed. */
    public Shape shape() {
        return Shape.of(dims);
    }

    /** The number of elements. */
    public long elements() {
        return elements(dims);
    }

    /** The raw bytes; not to be written to. */
    public MemorySegment bytes() {
        return bytes;
    }

    /**
     * Gives the memory of elements in a mapped file back to the operating system, which reads them again when they are
     * needed: for what has been read and will not be read soon. Does nothing for elements elsewhere.
     */
    public void release() {
        if (bytes.isMapped()) {
            bytes.unload();
        }
    }

    /** All elements as floats (float32, float64, float16, bfloat16, integers and booleans are converted). */
    public float[] toFloats() {
        float[] values = new float[Math.toIntExact(elements())];
        if (type == DataType.FLOAT) {
            MemorySegment.copy(bytes, FLOAT, 0, values, 0, values.length);
            return values;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) doubleAt(i);
        }
        return values;
    }

    /** All elements as doubles. */
    public double[] toDoubles() {
        double[] values = new double[Math.toIntExact(elements())];
        new Reals().read(this, 0, values, 0, values.length);
        return values;
    }

    /** All elements as longs; real numbers are truncated. */
    public long[] toLongs() {
        long[] values = new long[Math.toIntExact(elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = longAt(i);
        }
        return values;
    }

    /** One element, by its row-major index, as a double. */
    public double doubleAt(long i) {
        return switch (type) {
            case FLOAT -> bytes.getAtIndex(FLOAT, i);
            case DOUBLE -> bytes.getAtIndex(DOUBLE, i);
            case FLOAT16 -> Float.float16ToFloat(bytes.getAtIndex(SHORT, i));
            case BFLOAT16 -> Float.intBitsToFloat(bytes.getAtIndex(SHORT, i) << 16);
            default -> longAt(i);
        };
    }

    /** One element, by its row-major index, as a long. */
    public long longAt(long i) {
        return switch (type) {
            case INT64, UINT64 -> bytes.getAtIndex(LONG, i);
            case INT32 -> bytes.getAtIndex(INT, i);
            case UINT32 -> Integer.toUnsignedLong(bytes.getAtIndex(INT, i));
            case INT16 -> bytes.getAtIndex(SHORT, i);
            case UINT16 -> Short.toUnsignedLong(bytes.getAtIndex(SHORT, i));
            case INT8 -> bytes.get(ValueLayout.JAVA_BYTE, i);
            case UINT8, BOOL -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, i));
            case FLOAT, DOUBLE, FLOAT16, BFLOAT16 -> (long) doubleAt(i);
            default -> throw new GraphException("elements of type " + type + " cannot be read as numbers");
        };
    }

    /**
     * The same elements under another shape.
     *
     * @throws GraphException if the number of elements differs
     */
    public TensorData reshaped(long... newDims) {
        if (elements(newDims) != elements()) {
            throw new GraphException(
                    "cannot reshape " + Arrays.toString(dims) + " to " + Arrays.toString(newDims) + ": sizes differ");
        }
        return new TensorData(type, newDims, bytes);
    }

    /**
     * The tensor made of the given indices of one axis, in the given order: how a Slot shrinks or permutes.
     *
     * @param axis the axis, not negative
     * @param indices positions along it, each in range; repeats are allowed
     */
    public TensorData select(int axis, int[] indices) {
        if (type.bytes() == 0) {
            throw new GraphException("elements of type " + type + " cannot be selected");
        }
        long[] newDims = dims.clone();
        newDims[axis] = indices.length;
        long outer = 1;
        for (int a = 0; a < axis; a++) {
            outer *= dims[a];
        }
        long inner = type.bytes();
        for (int a = axis + 1; a < dims.length; a++) {
            inner *= dims[a];
        }
        MemorySegment to = MemorySegment.ofArray(new byte[Math.toIntExact(outer * indices.length * inner)]);
        long at = 0;
        for (long o = 0; o < outer; o++) {
            for (int index : indices) {
                MemorySegment.copy(bytes, (o * dims[axis] + index) * inner, to, at, inner);
                at += inner;
            }
        }
        return new TensorData(type, newDims, to);
    }

    private static long elements(long[] dims) {
        long n = 1;
        for (long d : dims) {
            if (d < 0) {
                throw new GraphException("negative dimension in shape " + Arrays.toString(dims));
            }
            if (d != 0 && n > MOST / d) {
                throw new GraphException(
                        "a tensor cannot have the shape " + Arrays.toString(dims) + ": it is too large");
            }
            n *= d;
        }
        return n;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorData that && type == that.type && Arrays.equals(dims, that.dims)
                && bytes.mismatch(that.bytes) == -1;
    }

    @Override
    public int hashCode() {
        return 31 * type.hashCode() + Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(dims);
    }
}
