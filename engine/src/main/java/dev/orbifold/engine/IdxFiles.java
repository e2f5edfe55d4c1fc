package dev.orbifold.engine;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** A folder of IDX files with MNIST's names: images and labels, of a training part and perhaps of a test part. */
final class IdxFiles {
    private static final int UNSIGNED_BYTE = 8;
    private static final List<String> TRAIN = List.of("train-images", "train-labels");
    private static final List<List<String>> TEST = List.of(List.of("t10k-images", "t10k-labels"),
            List.of("test-images", "test-labels"));

    private IdxFiles() {
    }

    /** The data set of a folder, if it has training images. */
    static Optional<DataSet> find(Path folder, DataOptions options) throws IOException {
        Optional<Path> images = file(folder, TRAIN.getFirst());
        if (images.isEmpty()) {
            return Optional.empty();
        }
        for (List<String> names : TEST) {
            Optional<Path> tests = file(folder, names.getFirst());
            if (tests.isPresent()) {
                Part test = part(tests.get(), required(folder, names.getLast()), options);
                Part train = part(images.get(), required(folder, TRAIN.getLast()), options);
                return Optional.of(new DataSet(train, test));
            }
        }
        return Optional.of(DataSet.divided(part(images.get(), required(folder, TRAIN.getLast()), options),
                options.seed()));
    }

    private static Path required(Path folder, String start) throws IOException {
        return file(folder, start).orElseThrow(
                () -> new DataException("the folder " + folder + " has images but no labels: expected a file " + start
                        + "-idx1-ubyte, or the same with .gz"));
    }

    private static Optional<Path> file(Path folder, String start) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(f -> {
                String name = String.valueOf(f.getFileName()).toLowerCase(Locale.ROOT);
                return name.startsWith(start + "-idx") || name.startsWith(start + ".idx");
            }).min((a, b) -> a.toString().length() - b.toString().length());
        }
    }

    private static Part part(Path imageFile, Path labelFile, DataOptions options) throws IOException {
        Array images = read(imageFile);
        Array labels = read(labelFile);
        long[] dims = images.dims();
        if (dims.length < 2) {
            throw new DataException(imageFile + " should hold images, found an array of rank " + dims.length);
        }
        if (labels.dims().length != 1) {
            throw new DataException(labelFile + " should hold one label per image, found an array of rank "
                    + labels.dims().length);
        }
        if (labels.dims()[0] != dims[0]) {
            throw new DataException(imageFile + " has " + dims[0] + " images but " + labelFile + " has "
                    + labels.dims()[0] + " labels");
        }
        int[] classes = new int[labels.bytes().length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels.bytes()[i] & 0xFF;
        }
        long[] shape = dims.length == 3 ? new long[] {1, dims[1], dims[2]} : Arrays.copyOfRange(dims, 1, dims.length);
        int size = (int) dims[0];
        Items items = new Items.StoredBytes(MemorySegment.ofArray(images.bytes()), size,
                size == 0 ? 0 : images.bytes().length / size);
        Targets targets = new Targets.Classes(classes, Arrays.stream(classes).max().orElse(-1) + 1,
                labelFile.toString(), 0);
        return Part.of(imageFile.toString(), items, targets, new Normalization(options.mean(), options.std(), 255),
                shape);
    }

    private record Array(long[] dims, byte[] bytes) {
    }

    private static Array read(Path file) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
                DataInputStream in = new DataInputStream(file.toString().endsWith(".gz")
                        ? new GZIPInputStream(raw, 1 << 16) : new BufferedInputStream(raw, 1 << 16))) {
            int magic = in.readInt();
            if (magic >>> 16 != 0 || (magic & 0xFF) == 0 || (magic & 0xFF) > 8) {
                throw new DataException(String.format(Locale.ROOT,
                        "%s is not an IDX file: it begins with %08x, expected 000008 and the number of axes", file,
                        magic));
            }
            if ((magic >>> 8) != UNSIGNED_BYTE) {
                throw new DataException(file + " holds elements of IDX type " + (magic >>> 8)
                        + "; only unsigned bytes, type 8, are read");
            }
            long[] dims = new long[magic & 0xFF];
            long count = 1;
            for (int axis = 0; axis < dims.length; axis++) {
                dims[axis] = Integer.toUnsignedLong(in.readInt());
                count = dims[axis] == 0 ? 0 : Math.min(count, Long.MAX_VALUE / dims[axis]) * dims[axis];
            }
            if (count > Integer.MAX_VALUE - 8) {
                throw new DataException(
                        file + " declares the shape " + Arrays.toString(dims) + ", more than 2 GB of bytes");
            }
            byte[] bytes = in.readNBytes((int) count);
            if (bytes.length < count) {
                throw new DataException(file + " is truncated: its shape " + Arrays.toString(dims) + " needs " + count
                        + " bytes, found " + bytes.length);
            }
            return new Array(dims, bytes);
        } catch (EOFException e) {
            throw new DataException(file + " is truncated", e);
        } catch (java.util.zip.ZipException e) {
            throw new DataException(file + " is damaged: " + e.getMessage(), e);
        }
    }
}
