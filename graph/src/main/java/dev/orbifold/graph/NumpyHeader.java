package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of one npy array. Source: NEP 1 and {@code numpy.lib.format}, versions 1.0 to 3.0.
 *
 * @param type the element type
 * @param bigEndian whether elements must be turned around
 * @param fortran whether the first axis runs fastest
 * @param dims the sizes of the axes
 * @param end where the elements begin
 */
record NumpyHeader(DataType type, boolean bigEndian, boolean fortran, long[] dims, int end) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Map<String, DataType> TYPES = Map.ofEntries(Map.entry("f2", DataType.FLOAT16),
            Map.entry("f4", DataType.FLOAT), Map.entry("f8", DataType.DOUBLE), Map.entry("i1", DataType.INT8),
            Map.entry("i2", DataType.INT16), Map.entry("i4", DataType.INT32), Map.entry("i8", DataType.INT64),
            Map.entry("u1", DataType.UINT8), Map.entry("u2", DataType.UINT16), Map.entry("u4", DataType.UINT32),
            Map.entry("u8", DataType.UINT64), Map.entry("b1", DataType.BOOL));
    private static final Pattern DESCR = Pattern.compile("['\"]descr['\"]\\s*:\\s*['\"]([<>|=]?)([a-z]\\d+)['\"]");
    private static final Pattern ORDER = Pattern.compile("['\"]fortran_order['\"]\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("['\"]shape['\"]\\s*:\\s*\\(([\\dL,\\s]*)\\)");
    private static final int ALIGNMENT = 64;

    /** Reads a header; {@code what} names the array in errors. */
    static NumpyHeader read(MemorySegment bytes, String what) {
        if (bytes.byteSize() < 10 || !starts(bytes)) {
            throw new GraphException(what + " is not an npy array: it does not begin with \\x93NUMPY");
        }
        int version = number(bytes, 6, 1);
        if (version < 1 || version > 3) {
            throw new GraphException(what + " has npy version " + version + ", supported are 1 to 3");
        }
        int begin = version == 1 ? 10 : 12;
        long length = bytes.byteSize() < begin ? Long.MAX_VALUE : Integer.toUnsignedLong(number(bytes, 8, begin - 8));
        if (length > Math.min(bytes.byteSize() - begin, 1 << 20)) {
            throw new GraphException(what + " is truncated: its header should have " + length + " bytes");
        }
        String header = new String(bytes.asSlice(begin, length).toArray(ValueLayout.JAVA_BYTE),
                version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        Matcher descr = find(DESCR, header, "descr", what);
        DataType type = TYPES.get(descr.group(2));
        if (type == null) {
            throw new GraphException(what + " has elements of type '" + descr.group(2)
                    + "', supported are f2, f4, f8, i1 to i8, u1 to u8 and b1");
        }
        boolean fortran = find(ORDER, header, "fortran_order", what).group(1).equals("True");
        List<Long> dims = new ArrayList<>();
        for (String part : find(SHAPE, header, "shape", what).group(1).replace("L", "").split(",", -1)) {
            if (!part.isBlank()) {
                try {
                    dims.add(Long.parseLong(part.strip()));
                } catch (NumberFormatException e) {
                    throw new GraphException(what + " has a size that is no number: '" + part.strip() + "'", e);
                }
            }
        }
        return new NumpyHeader(type, descr.group(1).equals(">"), fortran,
                dims.stream().mapToLong(Long::longValue).toArray(), begin + (int) length);
    }

    /** Writes a header for little-endian elements in row-major order, padded so that they are aligned. */
    static byte[] write(TensorData data, String what) {
        String descr = TYPES.entrySet().stream().filter(e -> e.getValue() == data.type()).map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new GraphException(what + " is of type " + data.type() + ", which npy has not"));
        StringBuilder header = new StringBuilder("{'descr': '" + (data.type().bytes() == 1 ? "|" : "<") + descr
                + "', 'fortran_order': False, 'shape': (" + tuple(data.dims()) + "), }");
        int total = (10 + header.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        header.append(" ".repeat(total - 10 - header.length() - 1)).append('\n');
        byte[] bytes = new byte[total];
        System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
        bytes[6] = 1;
        bytes[8] = (byte) (total - 10);
        bytes[9] = (byte) (total - 10 >>> 8);
        System.arraycopy(header.toString().getBytes(StandardCharsets.ISO_8859_1), 0, bytes, 10, total - 10);
        return bytes;
    }

    private static String tuple(long[] dims) {
        StringBuilder tuple = new StringBuilder();
        for (int i = 0; i < dims.length; i++) {
            tuple.append(i == 0 ? "" : " ").append(dims[i]).append(i < dims.length - 1 || i == 0 ? "," : "");
        }
        return tuple.toString();
    }

    private static Matcher find(Pattern pattern, String header, String key, String what) {
        Matcher matcher = pattern.matcher(header);
        if (!matcher.find()) {
            throw new GraphException(what + " has a header without a readable '" + key + "': " + header.strip());
        }
        return matcher;
    }

    private static boolean starts(MemorySegment bytes) {
        return bytes.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) == -1;
    }

    private static int number(MemorySegment bytes, long at, int width) {
        int value = 0;
        for (int i = 0; i < width; i++) {
            value |= Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, at + i)) << 8 * i;
        }
        return value;
    }
}
