package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    @TempDir Path folder;

    private Safetensors read(String header, int data) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = ByteBuffer.allocate(8 + text.length + data).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length)
                .put(text).array();
        return Safetensors.read(Files.write(folder.resolve("t.safetensors"), bytes));
    }

    @Test
    void tensorsAndMetadataComeBack() {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        tensors.put("half", Constants.numbers(DataType.FLOAT16, new double[] {1, 0.5, -2}, 3));
        tensors.put("a \"quoted\" näme\n", TensorData.of(new float[] {1, 2, 3, 4}, 2, 2));
        tensors.put("scalar", TensorData.of(new long[] {7}));
        tensors.put("none", TensorData.of(new float[0], 0, 5));
        tensors.put("flag", Constants.integers(DataType.BOOL, new long[] {1}, 1));
        Safetensors all = new Safetensors(tensors, Map.of("format", "pt", "seed", "\\0"));
        Path file = folder.resolve("a.safetensors");
        all.write(file);
        assertEquals(all, Safetensors.read(file));
    }

    @Test
    void aFileWrittenByHandIsRead() throws IOException {
        Safetensors read = read("{\"__metadata__\":{\"k\":\"v\"},\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],"
                + "\"data_offsets\":[0,8]}}   ", 8);
        assertEquals(Map.of("k", "v"), read.metadata());
        assertEquals(Map.of("w", TensorData.of(new float[2], 1, 2)), read.tensors());
    }

    @Test
    void invalidHeadersAreRefused() {
        String w = "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
        Map<String, String> cases = Map.ofEntries(Map.entry("{" + w + ",\"v\":" + w.substring(4) + "}", "overlapping"),
                Map.entry("{" + w.replace("[0,8]", "[4,12]") + "}", "between 0 and 8"),
                Map.entry("{" + w + "," + w + "}", "twice"), Map.entry("{" + w.replace("F32", "F31") + "}", "'F31'"),
                Map.entry("{" + w.replace("[2]", "[3]") + "}", "needs 12 bytes"),
                Map.entry("{" + w.replace("[2]", "[-2]") + "}", "not negative"),
                Map.entry("{" + w.replace("[2]", "2") + "}", "list of numbers"),
                Map.entry("{" + w.replace("[2]", "[1]").replace("[0,8]", "[0,4]") + "}", "behind its last"),
                Map.entry("{" + w.replace("[2]", "[1]").replace("[0,8]", "[4,8]") + "}", "a hole"),
                Map.entry("{" + w, "ends too early"), Map.entry("{" + w + "} x", "closing brace"),
                Map.entry("[" + w + "]", "expected '{'"), Map.entry("{\"w\":3}", "not an object"),
                Map.entry("{" + w.replace("[2]", "[4611686018427387904,4]") + "}", "too large"));
        cases.forEach((header, part) -> {
            GraphException error = assertThrows(GraphException.class, () -> read(header, 8), header);
            assertTrue(error.getMessage().contains(part), error.getMessage());
        });
    }

    @Test
    void damagedFilesGiveNothingButGraphExceptions() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new Safetensors(Map.of("a", TensorData.of(new float[] {1}, 1), "b", TensorData.of(new long[] {2}, 1)),
                Map.of("k", "v")).write(file);
        byte[] good = Files.readAllBytes(file);
        Random random = new Random(13);
        for (int round = 0; round < 400; round++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            Files.write(file, bad);
            try {
                Safetensors.read(file);
            } catch (GraphException e) {
                assertTrue(e.getMessage().contains("a.safetensors"), e.getMessage());
            } catch (RuntimeException e) {
                throw new AssertionError("seed 13, round " + round, e);
            }
        }
    }
}
