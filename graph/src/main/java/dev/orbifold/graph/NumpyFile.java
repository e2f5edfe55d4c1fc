package dev.orbifold.graph;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Reads and writes NumPy's npy and npz files. Arrays that are stored uncompressed, little-endian and in row-major order
 * are slices of the memory-mapped file; others are decoded. Element types are f2, f4, f8, i1 to i8, u1 to u8 and b1.
 */
public final class NumpyFile {
    private static final int BUFFER = 1 << 16;

    private NumpyFile() {
    }

    /**
     * Reads one array from an npy file.
     *
     * @throws GraphException if the file is not a complete npy array of a supported type
     */
    public static TensorData readNpy(Path file) {
        return array(map(file), file.toString());
    }

    /**
     * Reads all arrays of an npz file, by name without {@code .npy}, in file order. An npy file is read as one array
     * named {@code arr_0}, as NumPy names unnamed arrays.
     *
     * @throws GraphException if the file is neither, is damaged, or holds something else
     */
    public static Map<String, TensorData> read(Path file) {
        MemorySegment bytes = map(file);
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        if (bytes.byteSize() >= 1 && bytes.get(ValueLayout.JAVA_BYTE, 0) == (byte) 0x93) {
            arrays.put("arr_0", array(bytes, file.toString()));
            return arrays;
        }
        for (Map.Entry<String, MemorySegment> entry : ZipEntries.of(bytes, file.toString()).entrySet()) {
            String name = entry.getKey();
            String what = "'" + name + "' in " + file;
            if (!name.endsWith(".npy")) {
                throw new GraphException(what + " is not an npy array; an npz file holds nothing else");
            }
            arrays.put(name.substring(0, name.length() - 4), array(entry.getValue(), what));
        }
        return arrays;
    }

    /**
     * Writes one array as an npy file, atomically.
     *
     * @throws GraphException if it cannot be written or NumPy has no such type
     */
    public static void writeNpy(TensorData data, Path file) {
        byte[] header = NumpyHeader.write(data, "the array for " + file);
        AtomicFile.write(file, channel -> {
            WireMessage.write(MemorySegment.ofArray(header), channel);
            WireMessage.write(data.bytes(), channel);
        });
    }

    /**
     * Writes arrays as an uncompressed npz file, atomically.
     *
     * @throws GraphException if it cannot be written or NumPy has no such type
     */
    public static void write(Map<String, TensorData> arrays, Path file) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        arrays.forEach((name, data) -> headers.put(name, NumpyHeader.write(data, "array '" + name + "'")));
        AtomicFile.write(file, channel -> {
            ZipOutputStream zip = new ZipOutputStream(new BufferedOutputStream(
                    Channels.newOutputStream(channel), BUFFER));
            zip.setMethod(ZipOutputStream.STORED);
            for (Map.Entry<String, TensorData> array : arrays.entrySet()) {
                put(zip, array.getKey(), headers.getOrDefault(array.getKey(), new byte[0]), array.getValue());
            }
            zip.finish();
            zip.flush();
        });
    }

    private static void put(ZipOutputStream zip, String name, byte[] header, TensorData data) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(header);
        copy(data.bytes(), sum::update);
        ZipEntry entry = new ZipEntry(name + ".npy");
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
        entry.setSize(header.length + data.bytes().byteSize());
        entry.setCompressedSize(entry.getSize());
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(header);
        copy(data.bytes(), zip::write);
        zip.closeEntry();
    }

    /** What takes a run of bytes. */
    @FunctionalInterface
    private interface Sink {
        void accept(byte[] bytes) throws IOException;
    }

    private static void copy(MemorySegment bytes, Sink sink) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += BUFFER) {
            sink.accept(bytes.asSlice(at, Math.min(BUFFER, bytes.byteSize() - at)).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static MemorySegment map(Path file) {
        try {
            return ExternalData.map(file);
        } catch (IOException e) {
            throw new GraphException("cannot read " + file + ": " + ExternalData.reason(e), e);
        }
    }

    private static TensorData array(MemorySegment bytes, String what) {
        NumpyHeader header = NumpyHeader.read(bytes, what);
        double expected = Arrays.stream(header.dims()).asDoubleStream().reduce(header.type().bytes(), (a, b) -> a * b);
        long found = bytes.byteSize() - header.end();
        if (expected != found) {
            throw new GraphException(what + " of shape " + Arrays.toString(header.dims()) + " and type "
                    + header.type() + " needs " + (long) expected + " bytes of elements, found " + found);
        }
        MemorySegment elements = bytes.asSlice(header.end());
        if (header.bigEndian()) {
            elements = turned(elements, header.type().bytes());
        }
        if (!header.fortran() || header.dims().length < 2) {
            return new TensorData(header.type(), header.dims(), elements);
        }
        return rowMajor(new TensorData(header.type(), header.dims(), elements));
    }

    private static MemorySegment turned(MemorySegment elements, int width) {
        byte[] bytes = elements.toArray(ValueLayout.JAVA_BYTE);
        for (int i = 0; i + width <= bytes.length; i += width) {
            for (int a = i, b = i + width - 1; a < b; a++, b--) {
                byte swapped = bytes[a];
                bytes[a] = bytes[b];
                bytes[b] = swapped;
            }
        }
        return MemorySegment.ofArray(bytes);
    }

    private static TensorData rowMajor(TensorData columns) {
        if (columns.elements() > Integer.MAX_VALUE) {
            throw new GraphException("an array in fortran order of shape " + Arrays.toString(columns.dims())
                    + " is too large; store it in C order");
        }
        long[] dims = columns.dims();
        int[] strides = new int[dims.length];
        int step = 1;
        for (int axis = 0; axis < dims.length; axis++) {
            strides[axis] = step;
            step *= (int) dims[axis];
        }
        return Constants.picked(columns, Constants.indices(dims, axis -> strides[axis]), dims);
    }
}
