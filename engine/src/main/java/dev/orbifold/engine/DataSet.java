package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Items with targets to learn from, and others to judge by.
 *
 * @param train the training part
 * @param test the test part, which nobody looks at before the end
 */
public record DataSet(Part train, Part test) {
    private static final double TEST_SHARE = 0.2;
    private static final List<String> FILES = List.of(".npz", ".npy", ".csv", ".csv.gz", ".tar", ".txt");

    /**
     * Reads a data set: a folder of IDX files with MNIST's names; an image folder or {@code .tar} with one folder per
     * class, {@code train} and {@code test} beside each other; {@code .npz} or {@code .npy} arrays; {@code .csv} or
     * {@code .csv.gz} with a {@code label} column; text in a {@code .txt}; or a folder with exactly one such file. One
     * without a test part is split 80/20 by the seed, of every class the same share.
     *
     * @throws DataException if it cannot be used; says which file and row
     */
    public static DataSet open(Path path, DataOptions options) {
        if (!Files.exists(path)) {
            throw new DataException("there is no data set at " + path);
        }
        DataSet read = Files.isDirectory(path) ? folder(path, options) : file(path, options);
        return read.fitting(options);
    }

    /**
     * Reads a CSV with a {@code label} column from a stream, such as a resource; splits it 80/20 by the seed.
     *
     * @param name what messages call it; one that ends in {@code .gz} is decompressed
     * @throws DataException if it cannot be used; says which row
     */
    public static DataSet csv(String name, InputStream stream, DataOptions options) {
        try {
            return divided(CsvTable.read(name, stream, options), options.seed()).fitting(options);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Arrays that are in memory: x_train, y_train, x_test and y_test, or x and y, which are split 80/20 by the seed. Their
     * first axis counts items; whole numbers in y are classes, real ones numbers to be predicted.
     *
     * @param name what messages call them
     * @throws DataException if they cannot be used
     */
    public static DataSet arrays(String name, Map<String, TensorData> arrays, DataOptions options) {
        return ArrayFiles.dataSet(name, arrays, options).fitting(options);
    }

    /**
     * Both parts in the shape and element type of a model's input.
     *
     * @throws MisfitException if they do not fit; states both shapes
     * @throws NormalizationException if there is not one mean or standard deviation for each channel
     */
    public DataSet adapt(ValueInfo input) {
        return new DataSet(train.adapt(input).checked(), test.adapt(input).checked());
    }

    /**
     * Checks that a model with so many outputs can answer every target.
     *
     * @throws DataException naming the first label that is out of range, with its file and row
     */
    public DataSet requireClasses(int outputs) {
        train.requireClasses(outputs);
        test.requireClasses(outputs);
        return this;
    }

    /** The number of classes or token ids of both parts; 0 where targets are real numbers. */
    public int classes() {
        return Math.max(train.classes(), test.classes());
    }

    private DataSet fitting(DataOptions options) {
        return options.input().map(this::adapt).orElseGet(() -> new DataSet(train.checked(), test.checked()));
    }

    private static DataSet folder(Path path, DataOptions options) {
        try {
            Optional<DataSet> idx = IdxFiles.find(path, options);
            if (idx.isPresent()) {
                return idx.get();
            }
            Optional<DataSet> images = ImageFiles.find(path, options);
            if (images.isPresent()) {
                return images.get();
            }
            Optional<DataSet> arrays = ArrayFiles.find(path, options);
            if (arrays.isPresent()) {
                return arrays.get();
            }
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
        List<Path> files;
        try (Stream<Path> list = Files.list(path)) {
            files = list.filter(f -> FILES.stream().anyMatch(end -> name(f).endsWith(end))).sorted().toList();
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
        if (files.size() != 1) {
            throw new DataException("found no data set in the folder " + path
                    + ": expected IDX files with MNIST's names, train.tar and test.tar, one folder of images per class, or"
                    + " exactly one file ending in " + String.join(", ", FILES) + "; found " + files.size()
                    + " of the last kind");
        }
        return file(files.getFirst(), options);
    }

    private static DataSet file(Path path, DataOptions options) {
        String name = name(path);
        try {
            if (name.endsWith(".csv") || name.endsWith(".csv.gz")) {
                try (InputStream stream = Files.newInputStream(path)) {
                    return divided(CsvTable.read(path.toString(), stream, options), options.seed());
                }
            }
            if (name.endsWith(".npz") || name.endsWith(".npy")) {
                return ArrayFiles.read(path, options);
            }
            if (name.endsWith(".tar")) {
                return ImageFiles.tar(path, options);
            }
            if (name.endsWith(".txt")) {
                return TextFile.read(path, options);
            }
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
        throw new DataException(
                "cannot tell what kind of data set " + path + " is: expected a folder, or a file ending in "
                        + String.join(", ", FILES));
    }

    /** Splits what has no test part of its own. */
    static DataSet divided(Part all, Seed seed) {
        Part.Split split = all.split(TEST_SHARE, seed.split("test part"));
        return new DataSet(split.kept(), split.held());
    }

    static DataException unreadable(String source, IOException e) {
        return new DataException("cannot read " + source + ": " + e.getMessage(), e);
    }

    private static String name(Path path) {
        Path last = path.getFileName();
        return last == null ? "" : last.toString().toLowerCase(Locale.ROOT);
    }
}
