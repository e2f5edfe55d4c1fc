package dev.orbifold.graph;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of a safetensors file. Source: the format's specification in huggingface/safetensors: eight bytes with the
 * header's length, a JSON header, then the tensors without gap or overlap.
 *
 * @param tensors the tensors by name, in the order of the header; read ones are slices of the memory-mapped file
 * @param metadata free text by key
 */
public record Safetensors(Map<String, TensorData> tensors, Map<String, String> metadata) {
    private static final String METADATA = "__metadata__";
    private static final long LONGEST_HEADER = 100_000_000;
    private static final Map<String, DataType> TYPES = Map.ofEntries(Map.entry("F64", DataType.DOUBLE),
            Map.entry("F32", DataType.FLOAT), Map.entry("F16", DataType.FLOAT16), Map.entry("BF16", DataType.BFLOAT16),
            Map.entry("I64", DataType.INT64), Map.entry("I32", DataType.INT32), Map.entry("I16", DataType.INT16),
            Map.entry("I8", DataType.INT8), Map.entry("U64", DataType.UINT64), Map.entry("U32", DataType.UINT32),
            Map.entry("U16", DataType.UINT16), Map.entry("U8", DataType.UINT8), Map.entry("BOOL", DataType.BOOL),
            Map.entry("F8_E4M3", DataType.FLOAT8E4M3FN), Map.entry("F8_E5M2", DataType.FLOAT8E5M2));

    /** Copies the maps; their order is kept. */
    public Safetensors {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Reads a file, memory-mapped.
     *
     * @throws GraphException if it is not a valid safetensors file; one sentence that names the file and what is wrong
     */
    public static Safetensors read(Path file) {
        MemorySegment bytes;
        try {
            bytes = ExternalData.map(file);
        } catch (IOException e) {
            throw new GraphException("cannot read " + file + ": " + ExternalData.reason(e), e);
        }
        String what = file.toString();
        if (bytes.byteSize() < 8) {
            throw new GraphException(what + " is not a safetensors file: it has " + bytes.byteSize() + " bytes");
        }
        long length = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 2 || length > LONGEST_HEADER || length > bytes.byteSize() - 8) {
            throw new GraphException(what + " is not a safetensors file, or is truncated: its header should have "
                    + Long.toUnsignedString(length) + " bytes, the file has " + bytes.byteSize());
        }
        Map<String, Object> header = JsonHeader.parse(text(bytes.asSlice(8, length), what), what);
        MemorySegment data = bytes.asSlice(8 + length);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        List<long[]> ranges = new ArrayList<>();
        header.forEach((name, value) -> {
            if (!(value instanceof Map<?, ?> entry)) {
                throw new GraphException(what + ": the header's entry '" + name + "' is not an object");
            }
            if (name.equals(METADATA)) {
                entry.forEach((key, v) -> metadata.put((String) key, string(v, what, METADATA)));
            } else {
                tensors.put(name, tensor(entry, data, ranges, what + ": tensor '" + name + "'"));
            }
        });
        checkCovered(ranges, data.byteSize(), what);
        return new Safetensors(tensors, metadata);
    }

    /**
     * Writes a file atomically: widest element types first and then by name, so that all elements are aligned.
     *
     * @throws GraphException if it cannot be written or a tensor's type has no place in the format
     */
    public void write(Path file) {
        List<Map.Entry<String, TensorData>> order = new ArrayList<>(tensors.entrySet());
        order.sort(Comparator.<Map.Entry<String, TensorData>>comparingInt(e -> -e.getValue().type().bytes())
                .thenComparing(Map.Entry::getKey));
        StringBuilder header = new StringBuilder("{");
        if (!metadata.isEmpty()) {
            header.append(JsonHeader.quoted(METADATA)).append(":{");
            metadata.forEach((key, value) -> header.append(header.charAt(header.length() - 1) == '{' ? "" : ",")
                    .append(JsonHeader.quoted(key)).append(':').append(JsonHeader.quoted(value)));
            header.append('}');
        }
        long at = 0;
        for (Map.Entry<String, TensorData> entry : order) {
            TensorData tensor = entry.getValue();
            String type = TYPES.entrySet().stream().filter(e -> e.getValue() == tensor.type()).map(Map.Entry::getKey)
                    .findFirst().orElseThrow(() -> new GraphException("tensor '" + entry.getKey() + "' is of type "
                            + tensor.type() + ", which safetensors has not"));
            long end = at + tensor.bytes().byteSize();
            header.append(header.length() == 1 ? "" : ",").append(JsonHeader.quoted(entry.getKey()))
                    .append(":{\"dtype\":\"").append(type).append("\",\"shape\":")
                    .append(Arrays.toString(tensor.dims()).replace(" ", ""))
                    .append(",\"data_offsets\":[").append(at).append(',').append(end).append("]}");
            at = end;
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer begin = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        begin.putLong(padded).put(json).put(" ".repeat(padded - json.length).getBytes(StandardCharsets.US_ASCII));
        AtomicFile.write(file, channel -> {
            WireMessage.write(MemorySegment.ofArray(begin.array()), channel);
            for (Map.Entry<String, TensorData> entry : order) {
                WireMessage.write(entry.getValue().bytes(), channel);
            }
        });
    }

    private static String text(MemorySegment bytes, String what) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new GraphException(what + " is not a safetensors file: its header is not UTF-8", e);
        }
    }

    private static String string(Object value, String what, String place) {
        if (value instanceof String text) {
            return text;
        }
        throw new GraphException(what + ": '" + place + "' should hold text, found " + value);
    }

    private static TensorData tensor(Map<?, ?> entry, MemorySegment data, List<long[]> ranges, String what) {
        DataType type = entry.get("dtype") instanceof String name ? TYPES.get(name) : null;
        if (type == null) {
            throw new GraphException(what + " has the element type '" + entry.get("dtype") + "', supported are "
                    + TYPES.keySet().stream().sorted().toList());
        }
        long[] dims = numbers(entry.get("shape"), what + ": shape");
        long[] offsets = numbers(entry.get("data_offsets"), what + ": data_offsets");
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > data.byteSize()) {
            throw new GraphException(what + " should lie between 0 and " + data.byteSize() + ", found data_offsets "
                    + entry.get("data_offsets") + "; the file may be truncated");
        }
        ranges.add(offsets);
        try {
            return new TensorData(type, dims, data.asSlice(offsets[0], offsets[1] - offsets[0]));
        } catch (GraphException e) {
            throw new GraphException(what + ": " + e.getMessage(), e);
        }
    }

    private static long[] numbers(@Nullable Object value, String what) {
        if (!(value instanceof List<?> list)) {
            throw new GraphException(what + " should be a list of numbers, found " + value);
        }
        return list.stream().mapToLong(v -> {
            if (v instanceof Long number && number >= 0) {
                return number;
            }
            throw new GraphException(what + " should hold numbers that are not negative, found " + v);
        }).toArray();
    }

    private static void checkCovered(List<long[]> ranges, long size, String what) {
        ranges.sort(Comparator.<long[]>comparingLong(r -> r[0]).thenComparingLong(r -> r[1]));
        long at = 0;
        for (long[] range : ranges) {
            if (range[0] != at) {
                throw new GraphException(what + " has " + (range[0] < at ? "overlapping tensors" : "a hole")
                        + " at byte " + Math.min(at, range[0]) + " of its data");
            }
            at = range[1];
        }
        if (at != size) {
            throw new GraphException(what + " has " + (size - at) + " bytes behind its last tensor");
        }
    }
}
