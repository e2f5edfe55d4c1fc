package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoaderTest {
    private static final Normalization PIXELS = new Normalization(List.of(0.5), List.of(0.5), 255);

    private static Part images(int size) {
        byte[] bytes = new byte[size * 12];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 37 + 5);
        }
        int[] labels = new int[size];
        Arrays.setAll(labels, i -> i % 3);
        return Part.of("made up", new Items.StoredBytes(MemorySegment.ofArray(bytes), size, 12),
                new Targets.Classes(labels, 3, "made up", 0), PIXELS, 1, 3, 4);
    }

    private static List<float[]> run(Loader loader, int epoch, int fromStep) {
        List<float[]> seen = new ArrayList<>();
        for (Batch batch : loader.epoch(epoch, fromStep)) {
            float[] values = Tensors.toData(batch.inputs()).toFloats();
            assertEquals(batch.size(), batch.targets().size(0));
            float[] labelled = Arrays.copyOf(values, values.length + batch.size());
            long[] targets = Tensors.toData(batch.targets()).toLongs();
            for (int i = 0; i < batch.size(); i++) {
                labelled[values.length + i] = targets[i];
            }
            seen.add(labelled);
        }
        return seen;
    }

    private static void assertSame(List<float[]> expected, List<float[]> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), "batch " + i);
        }
    }

    @Test
    void anEpochIsAPermutationThatSeedAndNumberFix() {
        Part part = images(20);
        try (Loader one = Loader.training(part, 4, new Seed(1), Augmentation.NONE, Device.cpu());
                Loader two = Loader.training(part, 4, new Seed(1), Augmentation.NONE, Device.cpu())) {
            List<Integer> seen = new ArrayList<>();
            for (Batch batch : one.epoch(3)) {
                Arrays.stream(batch.indices()).forEach(seen::add);
            }
            assertEquals(20, seen.stream().distinct().count());
            assertTrue(!seen.equals(seen.stream().sorted().toList()), "the order should be random");
            assertSame(run(one, 3, 0), run(two, 3, 0));
            assertTrue(!Arrays.equals(run(one, 3, 0).getFirst(), run(two, 4, 0).getFirst()), "epochs should differ");
        }
    }

    @Test
    void resumingAnEpochGivesTheSameRest() {
        Augmentation moved = new Augmentation(1, true);
        try (Loader loader = Loader.training(images(23), 4, new Seed(5), moved, Device.cpu())) {
            List<float[]> all = run(loader, 2, 0);
            assertEquals(5, all.size());
            assertSame(all.subList(2, 5), run(loader, 2, 2));
        }
    }

    @Test
    void augmentationDependsOnTheItemAndNotOnItsBatch() {
        Part part = images(30);
        Augmentation moved = new Augmentation(2, true);
        float[][] byIndex = new float[30][];
        for (int size : new int[] {5, 30}) {
            try (Loader loader = Loader.training(part, size, new Seed(5), moved, Device.cpu())) {
                for (Batch batch : loader.epoch(1)) {
                    float[] values = Tensors.toData(batch.inputs()).toFloats();
                    for (int i = 0; i < batch.size(); i++) {
                        float[] item = Arrays.copyOfRange(values, i * 12, (i + 1) * 12);
                        if (byIndex[batch.indices()[i]] == null) {
                            byIndex[batch.indices()[i]] = item;
                        } else {
                            assertArrayEquals(byIndex[batch.indices()[i]], item);
                        }
                    }
                }
            }
        }
    }

    @Test
    void movesShiftFlipAndFillWithPixelsOfValueZero() {
        Part part = images(1);
        float[] plain = new float[12];
        part.read(0, MemorySegment.ofArray(plain), 0);
        float[] moved = new float[12];
        part.read(part.reader(), 0, new Move(1, -1, false), MemorySegment.ofArray(moved), 0);
        float out = -1;
        assertArrayEquals(new float[] {out, plain[4], plain[5], plain[6], out, plain[8], plain[9], plain[10], out, out,
                out, out}, moved);
        part.read(part.reader(), 0, new Move(0, 0, true), MemorySegment.ofArray(moved), 0);
        assertArrayEquals(new float[] {plain[3], plain[2], plain[1], plain[0]}, Arrays.copyOf(moved, 4));
    }

    @Test
    void floatItemsMoveLikeBytes() {
        Part bytes = images(4);
        float[] raw = new float[48];
        for (int i = 0; i < 48; i++) {
            raw[i] = (byte) (i * 37 + 5) & 0xFF;
        }
        Part floats = Part.of("made up", new Items.Floats(MemorySegment.ofArray(raw), 4, 12),
                new Targets.Classes(new int[4], 1, "made up", 0), PIXELS, 1, 3, 4);
        for (Move move : List.of(Move.NONE, new Move(1, 2, true), new Move(-2, -1, false), new Move(5, 0, false))) {
            float[] a = new float[12];
            float[] b = new float[12];
            bytes.read(bytes.reader(), 2, move, MemorySegment.ofArray(a), 0);
            floats.read(floats.reader(), 2, move, MemorySegment.ofArray(b), 0);
            assertArrayEquals(a, b, move.toString());
        }
    }

    @Test
    void batchesInMemoryAreThoseAssembled() {
        Part part = images(17);
        try (Loader assembled = Loader.training(part, 5, new Seed(9), Augmentation.NONE, Device.cpu());
                Loader picked = Loader.inMemory(part, 5, new Seed(9), Device.cpu())) {
            assertSame(run(assembled, 0, 0), run(picked, 0, 0));
            assertSame(run(assembled, 6, 2), run(picked, 6, 2));
        }
    }

    @Test
    void evaluationGivesEveryItemOnceInOrder() {
        try (Loader loader = Loader.evaluation(images(10), 4, Device.cpu())) {
            List<Integer> seen = new ArrayList<>();
            loader.epoch(0).forEach(batch -> Arrays.stream(batch.indices()).forEach(seen::add));
            assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), seen);
            assertEquals(3, loader.steps());
        }
    }

    @Test
    void anOlderEpochEndsWhenANewOneStarts() {
        try (Loader loader = Loader.training(images(10), 2, new Seed(0), Augmentation.NONE, Device.cpu())) {
            Loader.Epoch old = loader.epoch(0);
            old.next();
            loader.epoch(1);
            assertThrows(IllegalStateException.class, old::next);
        }
    }

    @Test
    void onlyImagesAreMoved() {
        Part rows = images(4).adapt(DataSetTest.input(dev.orbifold.graph.DataType.FLOAT, -1, 12));
        assertThrows(DataException.class,
                () -> Loader.training(rows, 2, new Seed(0), new Augmentation(1, false), Device.cpu()));
    }
}
