package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {
    private static final DataOptions DEFAULTS = DataOptions.defaults();

    @TempDir Path folder;

    private static byte[] png(int type, int width, int height, int firstPixel) throws IOException {
        BufferedImage image = new BufferedImage(width, height, type);
        if (type == BufferedImage.TYPE_BYTE_GRAY) {
            image.getRaster().setSample(0, 0, 0, firstPixel);
        } else {
            image.setRGB(0, 0, firstPixel);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    private void file(String name, byte[] content) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        Files.write(path, content);
    }

    private static void entry(ByteArrayOutputStream tar, String name, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644");
        put(header, 124, String.format(Locale.ROOT, "%011o", content.length));
        put(header, 148, "        ");
        header[156] = '0';
        put(header, 257, "ustar");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        put(header, 148, String.format(Locale.ROOT, "%06o", sum) + "\0 ");
        tar.writeBytes(header);
        tar.writeBytes(content);
        tar.writeBytes(new byte[(512 - content.length % 512) % 512]);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    @Test
    void foldersAreClassesInAlphabeticalOrder() throws IOException {
        for (String part : List.of("train", "test")) {
            file(part + "/zebra/1.png", png(BufferedImage.TYPE_INT_RGB, 3, 2, 0xFF0033));
            file(part + "/ant/1.png", png(BufferedImage.TYPE_3BYTE_BGR, 3, 2, 0x003300));
        }
        DataSet set = DataSet.open(folder, DEFAULTS);
        assertEquals(2, set.classes());
        assertArrayEquals(new long[] {3, 2, 3}, set.train().itemShape());
        assertEquals(0, set.train().label(0));
        float[] ant = DataSetTest.floats(set.train(), 0);
        float[] zebra = DataSetTest.floats(set.train(), 1);
        assertEquals(0.2f, ant[6]);
        assertEquals(1, zebra[0]);
        assertEquals(0, zebra[6]);
        assertEquals(0.2f, zebra[12]);
        DataSet streamed = DataSet.open(folder, DEFAULTS.within(1));
        assertArrayEquals(zebra, DataSetTest.floats(streamed.train(), 1));
    }

    @Test
    void streamedImagesMakeTheSameBatchesAsDecodedOnes() throws IOException {
        for (int i = 0; i < 60; i++) {
            file("train/c" + i % 3 + "/" + i + ".png", png(BufferedImage.TYPE_INT_RGB, 4, 4, i * 70000));
        }
        file("test/c0/0.png", png(BufferedImage.TYPE_INT_RGB, 4, 4, 1));
        Part decoded = DataSet.open(folder, DEFAULTS).train();
        Part streamed = DataSet.open(folder, DEFAULTS.within(1)).train();
        assertTrue(streamed.isDecodedOnRead() && !decoded.isDecodedOnRead());
        Augmentation moved = new Augmentation(1, true);
        try (Loader one = Loader.training(decoded, 50, new Seed(4), moved, Device.cpu());
                Loader two = Loader.training(streamed, 50, new Seed(4), moved, Device.cpu())) {
            Batch a = one.epoch(1).next();
            Batch b = two.epoch(1).next();
            assertArrayEquals(a.indices(), b.indices());
            assertEquals(Tensors.toData(a.inputs()), Tensors.toData(b.inputs()));
            assertEquals(Tensors.toData(a.targets()), Tensors.toData(b.targets()));
        }
    }

    @Test
    void greyImagesKeepTheirStoredBytes() throws IOException {
        for (int i = 0; i < 10; i++) {
            file("a/" + i + ".png", png(BufferedImage.TYPE_BYTE_GRAY, 2, 2, 51));
        }
        DataSet set = DataSet.open(folder, DEFAULTS);
        assertArrayEquals(new long[] {1, 2, 2}, set.train().itemShape());
        assertEquals(0.2f, DataSetTest.floats(set.train(), 0)[0]);
        assertEquals(8, set.train().size());
    }

    @Test
    void archivesBesideEachOtherAreTrainAndTest() throws IOException {
        for (String part : List.of("train", "test")) {
            ByteArrayOutputStream tar = new ByteArrayOutputStream();
            entry(tar, "./b/1.png", png(BufferedImage.TYPE_INT_RGB, 2, 2, 0x330000));
            entry(tar, "./a/1.png", png(BufferedImage.TYPE_INT_RGB, 2, 2, 0x660000));
            tar.writeBytes(new byte[1024]);
            Files.write(folder.resolve(part + ".tar"), tar.toByteArray());
        }
        DataSet set = DataSet.open(folder, DEFAULTS);
        assertEquals(2, set.train().size());
        assertEquals(0.4f, DataSetTest.floats(set.train(), 0)[0]);
        assertEquals(1, set.test().label(1));
    }

    @Test
    void damagedImagesAndArchivesAreNamed() throws IOException {
        byte[] image = png(BufferedImage.TYPE_INT_RGB, 2, 2, 0);
        file("a/1.png", image);
        file("a/2.png", "no image at all".getBytes(StandardCharsets.UTF_8));
        assertFails("2.png: neither PNG nor JPEG", folder);
        file("a/2.png", java.util.Arrays.copyOf(image, image.length / 2));
        assertFails("2.png", folder);
        file("a/2.png", png(BufferedImage.TYPE_INT_RGB, 3, 2, 0));
        assertFails("all must have one size", folder);
        Files.delete(folder.resolve("a/2.png"));
        Files.createDirectories(folder.resolve("b"));
        assertFails("is empty", folder);
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        entry(tar, "a/1.png", image);
        Path archive = folder.resolve("x.tar");
        Files.write(archive, java.util.Arrays.copyOf(tar.toByteArray(), 520));
        assertFails("truncated", archive);
        Files.writeString(archive, "not an archive".repeat(100));
        assertFails("not a tar archive", archive);
    }

    private static void assertFails(String part, Path path) {
        DataException e = assertThrows(DataException.class, () -> DataSet.open(path, DEFAULTS));
        assertTrue(e.getMessage().contains(part), () -> "expected \"" + part + "\" in: " + e.getMessage());
    }

    @Test
    void cifarTestImagesAreDecoded() {
        Path archive = SharedData.find("data/cifar10/test.tar");
        DataSet set = DataSet.open(archive, DEFAULTS.seeded(new Seed(3)));
        assertEquals(10, set.classes());
        assertEquals(8000, set.train().size());
        assertArrayEquals(new long[] {3, 32, 32}, set.train().itemShape());
    }
}
