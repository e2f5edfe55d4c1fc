package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One TensorProto message taken apart. Raw and external data become slices of their file; typed data are decoded. A
 * string tensor keeps its {@code string_data} fields as they are encoded, which is also how it is written.
 *
 * @param name the tensor's name
 * @param data its elements
 * @param external whether the elements are in a file of their own
 */
record TensorProto(String name, TensorData data, boolean external) {
    static final int DIMS = 1;
    static final int DATA_TYPE = 2;
    static final int SEGMENT = 3;
    static final int FLOAT_DATA = 4;
    static final int INT32_DATA = 5;
    static final int STRING_DATA = 6;
    static final int INT64_DATA = 7;
    static final int NAME = 8;
    static final int RAW_DATA = 9;
    static final int DOUBLE_DATA = 10;
    static final int UINT64_DATA = 11;
    static final int EXTERNAL_DATA = 13;
    static final int DATA_LOCATION = 14;

    private static final long EXTERNAL = 1;

    /** Whether a field says where or what the elements are, which a tensor written anew says again. */
    static boolean isContent(int field) {
        return field <= UINT64_DATA || field == EXTERNAL_DATA || field == DATA_LOCATION;
    }

    /** Reads a tensor. */
    static TensorProto read(MemorySegment message, String what, ExternalData files) {
        Wire wire = new Wire(message, what);
        Bytes dims = new Bytes();
        Bytes typed = new Bytes();
        Map<String, String> entries = new HashMap<>();
        Optional<MemorySegment> raw = Optional.empty();
        String name = "";
        long location = 0;
        int code = 0;
        while (wire.next()) {
            if (wire.field() == DATA_TYPE) {
                code = (int) wire.integer();
            }
        }
        DataType type = type(code, what);
        wire = new Wire(message, what);
        while (wire.next()) {
            switch (wire.field()) {
                case DIMS -> wire.integers(v -> dims.number(v, 8));
                case SEGMENT -> throw new GraphException(what + " is stored in segments, which are not supported");
                case NAME -> name = wire.text();
                case RAW_DATA -> raw = Optional.of(wire.bytes());
                case DATA_LOCATION -> location = wire.integer();
                case EXTERNAL_DATA -> entry(wire.bytes(), what, entries);
                case FLOAT_DATA -> typed.append(wire.fixed(4));
                case DOUBLE_DATA -> typed.append(wire.fixed(8));
                case STRING_DATA -> {
                    wire.bytes();
                    typed.append(wire.whole());
                }
                case INT32_DATA, INT64_DATA, UINT64_DATA -> {
                    int width = Math.max(1, type.bytes());
                    wire.integers(v -> typed.number(v, width));
                }
                default -> {
                }
            }
        }
        String label = name.isEmpty() ? what : what + " '" + name + "'";
        long[] shape = dims.longs();
        long size = size(type, shape, label);
        MemorySegment bytes;
        if (location == EXTERNAL) {
            bytes = files.bytes(entries, size, name);
        } else {
            bytes = raw.orElseGet(typed::segment);
            if (type != DataType.STRING && bytes.byteSize() != size) {
                throw new GraphException(label + " of type " + type + " and shape " + Arrays.toString(shape) + " needs "
                        + size + " bytes, found " + bytes.byteSize());
            }
        }
        return new TensorProto(name, new TensorData(type, shape, bytes), location == EXTERNAL);
    }

    /** Writes name, type, shape and elements as fields of a TensorProto. */
    static WireMessage write(String name, TensorData data) {
        WireMessage message = header(name, data);
        if (data.type() == DataType.STRING) {
            return message.raw(data.bytes());
        }
        return message.bytes(RAW_DATA, data.bytes());
    }

    /** Writes name, type and shape, and where in a file beside the model the elements are. */
    static WireMessage writeExternal(String name, TensorData data, String location, long offset) {
        WireMessage message = header(name, data);
        message.message(EXTERNAL_DATA, pair("location", location));
        message.message(EXTERNAL_DATA, pair("offset", Long.toString(offset)));
        message.message(EXTERNAL_DATA, pair("length", Long.toString(data.bytes().byteSize())));
        return message.integer(DATA_LOCATION, EXTERNAL);
    }

    /** Whether the message says that its elements are in a file of their own. */
    static boolean isExternal(MemorySegment message, String what) {
        boolean external = false;
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            if (wire.field() == DATA_LOCATION) {
                external = wire.integer() == EXTERNAL;
            }
        }
        return external;
    }

    private static WireMessage header(String name, TensorData data) {
        WireMessage message = new WireMessage();
        for (long d : data.dims()) {
            message.integer(DIMS, d);
        }
        message.integer(DATA_TYPE, data.type().code());
        return name.isEmpty() ? message : message.text(NAME, name);
    }

    private static WireMessage pair(String key, String value) {
        return new WireMessage().text(1, key).text(2, value);
    }

    private static void entry(MemorySegment message, String what, Map<String, String> entries) {
        Wire wire = new Wire(message, what);
        String key = "";
        String value = "";
        while (wire.next()) {
            if (wire.field() == 1) {
                key = wire.text();
            } else if (wire.field() == 2) {
                value = wire.text();
            }
        }
        entries.put(key, value);
    }

    private static DataType type(int code, String what) {
        try {
            return DataType.of(code);
        } catch (GraphException e) {
            throw new GraphException(what + " has an " + e.getMessage(), e);
        }
    }

    private static long size(DataType type, long[] shape, String label) {
        long elements = 1;
        boolean empty = false;
        for (long d : shape) {
            if (d < 0 || d > Integer.MAX_VALUE * 1024L || elements > Long.MAX_VALUE / 16 / Math.max(1, d)) {
                throw new GraphException(label + " cannot have the shape " + Arrays.toString(shape));
            }
            empty |= d == 0;
            elements *= Math.max(1, d);
        }
        if (empty) {
            return 0;
        }
        return switch (type) {
            case STRING -> 0;
            case UINT4, INT4, FLOAT4E2M1 -> (elements + 1) / 2;
            default -> elements * type.bytes();
        };
    }

    /** A growing run of little-endian bytes. */
    private static final class Bytes {
        private byte[] bytes = new byte[32];
        private int used;

        void number(long value, int width) {
            room(width);
            for (int i = 0; i < width; i++) {
                bytes[used++] = (byte) (value >>> 8 * i);
            }
        }

        void append(MemorySegment segment) {
            int length = (int) Math.min(segment.byteSize(), Integer.MAX_VALUE);
            room(length);
            MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, 0, bytes, used, length);
            used += length;
        }

        MemorySegment segment() {
            return MemorySegment.ofArray(Arrays.copyOf(bytes, used));
        }

        long[] longs() {
            return segment()
                    .toArray(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
        }

        private void room(int length) {
            if (used + length > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(used + length, bytes.length + (bytes.length >> 1)));
            }
        }
    }
}
