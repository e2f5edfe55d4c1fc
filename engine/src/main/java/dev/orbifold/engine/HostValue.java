package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;

/**
 * A small integer tensor kept on the host: shapes and the arithmetic on them never visit the device.
 *
 * @param type INT64, INT32 or BOOL
 * @param dims its shape
 * @param values its elements, row-major
 */
record HostValue(DataType type, long[] dims, long[] values) {
    /** More elements than this are no shape arithmetic. */
    static final int MOST = 64;

    /** A vector of int64. */
    static HostValue vector(long... values) {
        return new HostValue(DataType.INT64, new long[] {values.length}, values);
    }

    /** An int64 scalar. */
    static HostValue scalar(long value) {
        return new HostValue(DataType.INT64, new long[0], new long[] {value});
    }

    /** Whether a tensor of this type and size is kept on the host where it can be. */
    static boolean fits(DataType type, long elements) {
        return elements <= MOST && (type == DataType.INT64 || type == DataType.INT32 || type == DataType.BOOL);
    }

    static HostValue of(TensorData data) {
        return new HostValue(data.type(), data.dims(), data.toLongs());
    }

    /** The same value as host data. */
    TensorData data() {
        return switch (type) {
            case INT64 -> TensorData.of(values, dims);
            case INT32 -> {
                int[] narrow = new int[values.length];
                for (int i = 0; i < narrow.length; i++) {
                    narrow[i] = (int) values[i];
                }
                yield new TensorData(type, dims, bytesOf(narrow));
            }
            case BOOL -> {
                byte[] bytes = new byte[values.length];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (values[i] == 0 ? 0 : 1);
                }
                yield new TensorData(type, dims, java.lang.foreign.MemorySegment.ofArray(bytes));
            }
            default -> throw new EngineException("a value on the host cannot have type " + type);
        };
    }

    private static java.lang.foreign.MemorySegment bytesOf(int[] values) {
        java.lang.foreign.MemorySegment bytes = java.lang.foreign.MemorySegment.ofArray(new byte[values.length * 4]);
        bytes.copyFrom(java.lang.foreign.MemorySegment.ofArray(values));
        return bytes;
    }
}
