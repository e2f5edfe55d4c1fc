package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.ValueInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSetTest {
    private static final DataOptions DEFAULTS = DataOptions.defaults();

    @TempDir Path folder;

    static float[] floats(Part part, int index) {
        int n = 1;
        for (long d : part.itemShape()) {
            n *= (int) d;
        }
        float[] values = new float[n];
        part.read(index, MemorySegment.ofArray(values), 0);
        return values;
    }

    static long[] longs(Part part, int index, boolean target) {
        long[] values = new long[target ? part.targetsPerItem() : (int) part.itemShape()[0]];
        if (target) {
            part.readTarget(index, MemorySegment.ofArray(values), 0);
        } else {
            part.read(index, MemorySegment.ofArray(values), 0);
        }
        return values;
    }

    static ValueInfo input(DataType type, long... sizes) {
        return ValueInfo.of("x", type, Shape.of(sizes));
    }

    private static DataSet csv(String text, DataOptions options) {
        return DataSet.csv("rows.csv", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), options);
    }

    private static void assertFails(String part, Runnable work) {
        DataException e = assertThrows(DataException.class, work::run);
        assertTrue(e.getMessage().contains(part), () -> "expected \"" + part + "\" in: " + e.getMessage());
    }

    private void idx(String name, int[] dims, byte[] bytes, boolean zipped) throws IOException {
        try (OutputStream raw = Files.newOutputStream(folder.resolve(name));
                DataOutputStream out = new DataOutputStream(zipped ? new GZIPOutputStream(raw) : raw)) {
            out.writeInt(0x800 | dims.length);
            for (int d : dims) {
                out.writeInt(d);
            }
            out.write(bytes);
        }
    }

    private void smallIdx() throws IOException {
        idx("train-images-idx3-ubyte.gz", new int[] {3, 1, 2}, new byte[] {0, (byte) 255, 51, 102, (byte) 153, 1},
                true);
        idx("train-labels-idx1-ubyte.gz", new int[] {3}, new byte[] {2, 0, 1}, true);
        idx("t10k-images-idx3-ubyte", new int[] {1, 1, 2}, new byte[] {7, 8}, false);
        idx("t10k-labels-idx1-ubyte", new int[] {1}, new byte[] {1}, false);
    }

    @Test
    void idxPixelsAreDividedBy255AndNormalized() throws IOException {
        smallIdx();
        DataSet set = DataSet.open(folder, DEFAULTS.normalized(List.of(0.5), List.of(0.25)));
        assertEquals(3, set.train().size());
        assertEquals(1, set.test().size());
        assertEquals(3, set.classes());
        assertEquals(2, set.train().label(0));
        assertArrayEquals(new long[] {1, 1, 2}, set.train().itemShape());
        assertArrayEquals(new float[] {-2, 2}, floats(set.train(), 0));
        assertArrayEquals(new float[] {(0.2f - 0.5f) / 0.25f, (0.4f - 0.5f) / 0.25f}, floats(set.train(), 1));
    }

    @Test
    void damagedIdxFilesAreNamed() throws IOException {
        smallIdx();
        idx("train-labels-idx1-ubyte.gz", new int[] {2}, new byte[] {2, 0}, true);
        assertFails("3 images but", () -> DataSet.open(folder, DEFAULTS));
        idx("train-labels-idx1-ubyte.gz", new int[] {9}, new byte[] {2, 0}, true);
        assertFails("truncated", () -> DataSet.open(folder, DEFAULTS));
        Files.delete(folder.resolve("train-labels-idx1-ubyte.gz"));
        assertFails("no labels", () -> DataSet.open(folder, DEFAULTS));
        Files.writeString(folder.resolve("train-labels-idx1-ubyte.gz"), "plainly no gzip");
        assertFails("train-labels", () -> DataSet.open(folder, DEFAULTS));
    }

    @Test
    void labelsBeyondTheModelsClassesAreNamedWithTheirRow() throws IOException {
        smallIdx();
        DataSet set = DataSet.open(folder, DEFAULTS);
        set.requireClasses(3);
        assertFails("label 2 in row 0 of", () -> set.requireClasses(2));
    }

    @Test
    void csvRowsTakeTheShapeOfTheModel() {
        StringBuilder text = new StringBuilder("a,label,b,c,d\n");
        for (int i = 0; i < 50; i++) {
            text.append(i).append(',').append(i % 5).append(",1.5,-2,3e1\n");
        }
        DataSet set = csv(text.toString(), DEFAULTS.fitting(input(DataType.FLOAT, -1, 1, 2, 2)));
        assertEquals(40, set.train().size());
        assertEquals(10, set.test().size());
        assertArrayEquals(new long[] {1, 2, 2}, set.train().itemShape());
        float[] first = floats(set.train(), 0);
        assertEquals(set.train().label(0), (int) first[0] % 5);
        assertArrayEquals(new float[] {first[0], 1.5f, -2, 30}, first);
        int[] perClass = new int[5];
        for (int i = 0; i < 10; i++) {
            perClass[set.test().label(i)]++;
        }
        assertArrayEquals(new int[] {2, 2, 2, 2, 2}, perClass);
        assertFails("(4), 4 elements, which does not fit the model's input (?,1,3,3)",
                () -> csv(text.toString(), DEFAULTS.fitting(input(DataType.FLOAT, -1, 1, 3, 3))));
        assertFails("wants INT64", () -> csv(text.toString(), DEFAULTS.fitting(input(DataType.INT64, -1, 4))));
    }

    @Test
    void csvTargetsWithFractionsAreNumbers() {
        DataSet set = csv("label,x\n0.5,1\n1,2\n2,3\n3,4\n4,5\n", DEFAULTS);
        assertEquals(0, set.classes());
        assertEquals(DataType.FLOAT, set.train().targetType());
        assertArrayEquals(new long[] {1}, set.train().targetShape());
    }

    @Test
    void badCsvIsNamedWithItsRow() {
        assertFails("no column called label; found a, b", () -> csv("a,b\n1,2\n", DEFAULTS));
        assertFails("row 3 of rows.csv has 1 values, expected 2", () -> csv("label,b\n1,2\n1\n", DEFAULTS));
        assertFails("row 2 of rows.csv has 3 values", () -> csv("label,b\n1,2,3\n", DEFAULTS));
        assertFails("row 2 of rows.csv: column b should be a number, found \"x\"",
                () -> csv("label,b\n1,x\n", DEFAULTS));
        assertFails("finite", () -> csv("label,b\n1,NaN\n", DEFAULTS));
        assertFails("label -1", () -> csv("label,b\n-1,1\n", DEFAULTS));
        assertFails("empty", () -> csv("", DEFAULTS));
        assertFails("no items", () -> csv("label,b\n", DEFAULTS));
    }

    @Test
    void meansPerChannelMustFitTheChannels() {
        String text = "label,a,b\n" + "0,1,2\n".repeat(10);
        DataOptions two = DEFAULTS.normalized(List.of(1.0, 2.0), List.of());
        assertFails("--mean has 2 values", () -> csv(text, two));
        NormalizationException own = assertThrows(NormalizationException.class, () -> csv(text, two));
        assertEquals("mean", own.number());
        assertTrue(own.problem().startsWith("has 2 values"), own.problem());
        assertThrows(MisfitException.class, () -> csv(text, DEFAULTS.fitting(input(DataType.FLOAT, -1, 3))));
        DataSet set = csv(text, two.fitting(input(DataType.FLOAT, -1, 2, 1, 1)));
        assertArrayEquals(new float[] {0, 0}, floats(set.train(), 0));
    }

    @Test
    void textIsCutIntoWindowsWithTheNextCharacterAsTarget() throws IOException {
        Path file = folder.resolve("a.txt");
        Files.writeString(file, "abcdefghij".repeat(4), StandardCharsets.UTF_8);
        assertFails("fixed last axis", () -> DataSet.open(file, DEFAULTS));
        DataSet set = DataSet.open(file, DEFAULTS.fitting(input(DataType.INT64, -1, 3)));
        assertEquals(10, set.classes());
        assertEquals(11, set.train().size());
        assertEquals(1, set.test().size());
        assertArrayEquals(new long[] {3, 4, 5}, longs(set.train(), 1, false));
        assertArrayEquals(new long[] {4, 5, 6}, longs(set.train(), 1, true));
        assertArrayEquals(new long[] {6, 7, 8}, longs(set.test(), 0, false));
        assertFails("10 different characters, but the model knows 9", () -> set.requireClasses(9));
        Files.write(file, new byte[] {'a', (byte) 0xFF, 'b'});
        assertFails("UTF-8", () -> DataSet.open(file, DEFAULTS.fitting(input(DataType.INT64, -1, 3))));
    }

    @Test
    void whatIsNoDataSetIsSaidSo() throws IOException {
        assertFails("there is no data set", () -> DataSet.open(folder.resolve("nothing"), DEFAULTS));
        assertFails("found no data set in the folder", () -> DataSet.open(folder, DEFAULTS));
        Path foreign = Files.writeString(folder.resolve("x.bin"), "?");
        assertFails("cannot tell what kind", () -> DataSet.open(foreign, DEFAULTS));
    }

    @Test
    void splitsAreStratifiedDisjointAndTheSameForTheSameSeed() {
        StringBuilder text = new StringBuilder("label,x\n");
        for (int i = 0; i < 400; i++) {
            text.append(i % 4 == 0 ? 1 : 0).append(',').append(i).append('\n');
        }
        Part all = csv(text.toString(), DEFAULTS).train();
        Part.Split one = all.split(0.1, new Seed(7));
        assertEquals(32, one.held().size());
        assertEquals(all.size(), one.kept().size() + one.held().size());
        int ones = 0;
        boolean[] seen = new boolean[400];
        for (Part part : List.of(one.kept(), one.held())) {
            for (int i = 0; i < part.size(); i++) {
                int x = (int) floats(part, i)[0];
                assertTrue(!seen[x], "item " + x + " is in both parts");
                seen[x] = true;
            }
        }
        for (int i = 0; i < 32; i++) {
            ones += one.held().label(i);
        }
        assertEquals(8, ones);
        Part again = all.split(0.1, new Seed(7)).held();
        Part other = all.split(0.1, new Seed(8)).held();
        boolean differs = false;
        for (int i = 0; i < 32; i++) {
            assertArrayEquals(floats(one.held(), i), floats(again, i));
            differs |= floats(one.held(), i)[0] != floats(other, i)[0];
        }
        assertTrue(differs, "another seed should hold out other items");
    }

    @Test
    void symbolicAxesTakeWhatIsLeft() {
        String text = "label,a,b,c,d\n" + "0,1,2,3,4\n".repeat(5);
        Shape shape = new Shape(List.of(Dim.named("n"), Dim.of(2), Dim.named("w")));
        DataSet set = csv(text, DEFAULTS.fitting(ValueInfo.of("x", DataType.FLOAT, shape)));
        assertArrayEquals(new long[] {2, 2}, set.train().itemShape());
    }

    @Test
    void digitsAreSplitAndFitAnImageInput() throws IOException {
        Path file = SharedData.find("data/digits/digits.csv.gz");
        DataSet set = DataSet.open(file, DEFAULTS.fitting(input(DataType.FLOAT, -1, 1, 8, 8)));
        assertEquals(1797, set.train().size() + set.test().size());
        assertEquals(10, set.classes());
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        Files.copy(file, copy);
        DataSet resource = DataSet.csv("digits.csv.gz", new ByteArrayInputStream(copy.toByteArray()), DEFAULTS);
        assertArrayEquals(floats(set.test(), 3), floats(resource.test(), 3));
    }

    @Test
    void mnistIsRead() {
        DataSet set = DataSet.open(SharedData.find("data/mnist"),
                DEFAULTS.normalized(List.of(0.1307), List.of(0.3081)).fitting(input(DataType.FLOAT, -1, 1, 28, 28)));
        assertEquals(60000, set.train().size());
        assertEquals(10000, set.test().size());
        assertEquals(5, set.train().label(0));
        assertEquals(7, set.test().label(0));
        assertEquals((0 / 255f - 0.1307f) / 0.3081f, floats(set.train(), 0)[0]);
        assertEquals(54000, set.train().split(0.1, new Seed(0)).kept().size(), 5);
    }

    @Test
    void theSharedTextHasTheWindowsItsReadmeNames() {
        DataSet set = DataSet.open(SharedData.find("data/tinyshakespeare"),
                DEFAULTS.fitting(input(DataType.INT64, -1, 64)));
        assertEquals(65, set.classes());
        assertEquals(1742, set.test().size());
        assertEquals(MemorySegment.ofArray(longs(set.test(), 0, true)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
                longs(set.test(), 0, false)[1]);
    }
}
