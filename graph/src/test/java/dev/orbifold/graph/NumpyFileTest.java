package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NumpyFileTest {
    @TempDir Path folder;

    private static byte[] npy(int version, String header, byte... data) {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        out.write(text.length);
        out.write(text.length >>> 8);
        if (version > 1) {
            out.write(0);
            out.write(0);
        }
        out.writeBytes(text);
        out.writeBytes(data);
        return out.toByteArray();
    }

    private TensorData read(byte[] bytes) throws IOException {
        return NumpyFile.readNpy(Files.write(folder.resolve("a.npy"), bytes));
    }

    private static TensorData random(Random random, DataType type) {
        long[] dims = random.longs(random.nextInt(4), 0, 5).toArray();
        byte[] bytes = new byte[(int) (Arrays.stream(dims).reduce(1, (a, b) -> a * b) * type.bytes())];
        random.nextBytes(bytes);
        return new TensorData(type, dims, MemorySegment.ofArray(bytes));
    }

    @Test
    void arraysComeBackAsTheyWere() {
        Random random = new Random(11);
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.INT8, DataType.INT16,
                DataType.INT32, DataType.INT64, DataType.UINT8, DataType.UINT16, DataType.UINT32, DataType.UINT64,
                DataType.BOOL)) {
            Map<String, TensorData> arrays = new LinkedHashMap<>();
            for (int i = 0; i < 5; i++) {
                arrays.put("array/" + i, random(random, type));
            }
            Path file = folder.resolve("all.npz");
            NumpyFile.write(arrays, file);
            assertEquals(arrays, NumpyFile.read(file), "seed 11, " + type);
            assertEquals(List.copyOf(arrays.keySet()), List.copyOf(NumpyFile.read(file).keySet()));
            NumpyFile.writeNpy(arrays.get("array/3"), folder.resolve("one.npy"));
            assertEquals(arrays.get("array/3"), NumpyFile.readNpy(folder.resolve("one.npy")), "seed 11, " + type);
        }
    }

    @Test
    void ordersAndVersionsAreUnderstood() throws IOException {
        String rows = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n";
        byte[] data = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
        for (int version = 1; version <= 3; version++) {
            assertArrayEquals(new long[] {1, 2, 3, 4, 5, 6}, read(npy(version, rows, data)).toLongs());
        }
        TensorData columns = read(npy(1, rows.replace("False", "True"), data));
        assertArrayEquals(new long[] {1, 3, 5, 2, 4, 6}, columns.toLongs());
        assertArrayEquals(new long[] {2, 3}, columns.dims());
        assertArrayEquals(new long[] {256, 512, 768, 1024, 1280, 1536},
                read(npy(1, rows.replace('<', '>'), data)).toLongs());
        assertArrayEquals(new long[0], read(npy(1, rows.replace("(2, 3)", "()"), (byte) 7, (byte) 0)).dims());
    }

    @Test
    void compressedArchivesAreInflated() throws IOException {
        byte[] array = npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1000,), }", new byte[1000]);
        Path file = folder.resolve("packed.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("zeros.npy"));
            zip.write(array);
            zip.closeEntry();
        }
        assertEquals(Map.of("zeros", new TensorData(DataType.UINT8, new long[] {1000},
                MemorySegment.ofArray(new byte[1000]))), NumpyFile.read(file));
    }

    @Test
    void malformedHeadersAreRefused() {
        String good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
        byte[] one = new byte[4];
        Map<byte[], String> cases = Map.of(npy(1, good, new byte[3]), "needs 4 bytes", npy(4, good, one), "version 4",
                npy(1, good.replace("<f4", "<c8"), one), "'c8'", npy(1, good.replace("False", "Maybe"), one),
                "fortran_order", npy(1, good.replace("(1,)", "1"), one), "shape",
                npy(1, good.replace("(1,)", "(99999999999999999999,)"), one), "no number", "hello".getBytes(),
                "does not begin", Arrays.copyOf(npy(1, good, one), 20), "truncated",
                npy(1, good.replace("(1,)", "(-1,)"), one), "shape");
        cases.forEach((bytes, part) -> {
            GraphException error = assertThrows(GraphException.class, () -> read(bytes), part);
            assertTrue(error.getMessage().contains(part), error.getMessage());
        });
    }

    @Test
    void damagedArchivesGiveNothingButGraphExceptions() throws IOException {
        Path file = folder.resolve("a.npz");
        NumpyFile.write(Map.of("a", TensorData.of(new float[] {1, 2}, 2), "b", TensorData.of(new long[] {3})), file);
        byte[] good = Files.readAllBytes(file);
        Random random = new Random(12);
        for (int round = 0; round < 2000; round++) {
            byte[] bad = round < good.length ? Arrays.copyOf(good, round) : good.clone();
            for (int i = 0; i < 3 && round >= good.length; i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            MemorySegment bytes = MemorySegment.ofArray(bad);
            try {
                for (Map.Entry<String, MemorySegment> entry : ZipEntries.of(bytes, "a.npz").entrySet()) {
                    NumpyHeader.read(entry.getValue(), entry.getKey());
                }
            } catch (GraphException e) {
                assertTrue(!e.getMessage().isBlank());
            } catch (RuntimeException e) {
                throw new AssertionError("seed 12, round " + round, e);
            }
        }
    }

    @Test
    void elementsAreAlignedInNpyFiles() throws IOException {
        NumpyFile.writeNpy(TensorData.of(new float[] {1}, 1), folder.resolve("x.npy"));
        byte[] bytes = Files.readAllBytes(folder.resolve("x.npy"));
        assertEquals(64 * 2 + 4, bytes.length);
        assertEquals('\n', bytes[127]);
        assertEquals(1f, MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 128));
    }
}
