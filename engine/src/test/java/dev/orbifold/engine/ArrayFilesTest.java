package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrayFilesTest {
    private static final DataOptions DEFAULTS = DataOptions.defaults();

    @TempDir Path folder;

    private static void assertFails(String part, Path path, DataOptions options) {
        DataException e = assertThrows(DataException.class, () -> DataSet.open(path, options));
        assertTrue(e.getMessage().contains(part), () -> "expected \"" + part + "\" in: " + e.getMessage());
    }

    @Test
    void fourArraysAreTrainAndTest() {
        Path file = folder.resolve("four.npz");
        TensorData pixels = new TensorData(DataType.UINT8, new long[] {2, 1, 2},
                MemorySegment.ofArray(new byte[] {0, (byte) 200, 3, 4}));
        NumpyFile.write(
                Map.of("x_train", pixels, "y_train", TensorData.of(new long[] {1, 0}, 2), "x_test", pixels, "y_test",
                        TensorData.of(new long[] {2, 0}, 2, 1)),
                file);
        DataSet set = DataSet.open(file, DEFAULTS);
        assertArrayEquals(new float[] {0, 200}, DataSetTest.floats(set.train(), 0));
        assertEquals(3, set.classes());
        assertEquals(2, set.test().label(0));
        assertFails("label 2 in row 0", file, DEFAULTS, 2);
        DataSet normalized = DataSet.open(file, DEFAULTS.normalized(List.of(100.0), List.of(50.0)));
        assertArrayEquals(new float[] {-2, 2}, DataSetTest.floats(normalized.train(), 0));
    }

    private static void assertFails(String part, Path path, DataOptions options, int classes) {
        DataException e = assertThrows(DataException.class,
                () -> DataSet.open(path, options).requireClasses(classes));
        assertTrue(e.getMessage().contains(part), () -> "expected \"" + part + "\" in: " + e.getMessage());
    }

    @Test
    void realTargetsAreNumbersAndOnePartIsDivided() {
        Path file = folder.resolve("two.npz");
        float[] x = new float[30];
        float[] y = new float[20];
        for (int i = 0; i < 10; i++) {
            x[3 * i] = i;
            y[2 * i] = i;
            y[2 * i + 1] = 0.5f;
        }
        NumpyFile.write(Map.of("x", TensorData.of(x, 10, 3), "y", TensorData.of(y, 10, 2)), file);
        DataSet set = DataSet.open(file, DEFAULTS);
        assertEquals(8, set.train().size());
        assertEquals(DataType.FLOAT, set.train().targetType());
        float[] target = new float[2];
        set.train().readTarget(3, MemorySegment.ofArray(target), 0);
        assertArrayEquals(new float[] {DataSetTest.floats(set.train(), 3)[0], 0.5f}, target);
    }

    @Test
    void wholeNumbersAreTokensOrNumbersAsTheModelWants() throws IOException {
        NumpyFile.writeNpy(TensorData.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5, 2), folder.resolve("x.npy"));
        NumpyFile.writeNpy(TensorData.of(new long[] {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 5, 2), folder.resolve("y.npy"));
        DataSet tokens = DataSet.open(folder, DEFAULTS.fitting(DataSetTest.input(DataType.INT64, -1, 2)));
        assertEquals(12, tokens.classes());
        long[] first = DataSetTest.longs(tokens.train(), 0, false);
        assertArrayEquals(new long[] {first[0] + 1, first[1] + 1}, DataSetTest.longs(tokens.train(), 0, true));
        DataOptions halved = DEFAULTS.normalized(List.of(), List.of(2.0))
                .fitting(DataSetTest.input(DataType.FLOAT, -1, 2));
        assertArrayEquals(new float[] {first[0] / 2f, first[1] / 2f},
                DataSetTest.floats(DataSet.open(folder.resolve("x.npy"), halved).train(), 0));
    }

    @Test
    void badArraysAreNamed() throws IOException {
        Path file = folder.resolve("bad.npz");
        NumpyFile.write(Map.of("x", TensorData.of(new float[6], 3, 2)), file);
        assertFails("has no array y", file, DEFAULTS);
        NumpyFile.write(Map.of("x", TensorData.of(new float[6], 3, 2), "y", TensorData.of(new long[2], 2)), file);
        assertFails("has shape (3,2), which does not fit y of shape (2)", file, DEFAULTS);
        NumpyFile.write(Map.of("x", TensorData.of(new float[6], 3, 2), "y", TensorData.of(new long[] {0, -4, 0}, 3)),
                file);
        assertFails("label -4 in row 1", file, DEFAULTS);
        NumpyFile.write(Map.of("x", TensorData.of(new float[] {0, 0, 0, 0, 0, Float.NaN}, 3, 2), "y",
                TensorData.of(new long[3], 3)), file);
        assertFails("row 2 of x", file, DEFAULTS);
        NumpyFile.write(Map.of("x", TensorData.of(new float[6], 3, 2), "y",
                TensorData.of(new float[] {0, Float.POSITIVE_INFINITY, 0}, 3)), file);
        assertFails("row 1 of y", file, DEFAULTS);
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertFails("bad.npz", file, DEFAULTS);
    }
}
