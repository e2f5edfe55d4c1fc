package dev.orbifold.engine;

import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * NumPy arrays called x and y, or x_train, y_train, x_test and y_test: in one {@code .npz}, or as {@code .npy} files
 * beside each other. Whole numbers in y are classes, or tokens where there is a row per item; real ones are numbers to be
 * predicted.
 */
final class ArrayFiles {
    private static final List<String> NAMES = List.of("x", "y", "x_train", "y_train", "x_test", "y_test");

    private ArrayFiles() {
    }

    /** The data set of a folder, if it has {@code .npy} files of these names. */
    static Optional<DataSet> find(Path folder, DataOptions options) throws IOException {
        Map<String, TensorData> arrays = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
                if (name.endsWith(".npy") && NAMES.contains(name.substring(0, name.length() - 4))) {
                    arrays.put(name.substring(0, name.length() - 4), numpy(() -> NumpyFile.readNpy(file)));
                }
            }
        }
        return arrays.isEmpty() ? Optional.empty() : Optional.of(dataSet(folder.toString(), arrays, options));
    }

    /** The data set of an {@code .npz}, or of an {@code .npy} and those beside it. */
    static DataSet read(Path path, DataOptions options) throws IOException {
        if (path.toString().toLowerCase(Locale.ROOT).endsWith(".npy")) {
            Path folder = path.toAbsolutePath().getParent();
            return find(folder == null ? path : folder, options).orElseThrow(
                    () -> new DataException(path + " should be called x.npy, with y.npy beside it, or x_train.npy"));
        }
        Map<String, TensorData> arrays = new TreeMap<>();
        numpy(() -> NumpyFile.read(path)).forEach((name, array) -> arrays.put(name.toLowerCase(Locale.ROOT), array));
        return dataSet(path.toString(), arrays, options);
    }

    private static <T> T numpy(Supplier<T> read) {
        try {
            return read.get();
        } catch (GraphException e) {
            throw new DataException(String.valueOf(e.getMessage()), e);
        }
    }

    static DataSet dataSet(String source, Map<String, TensorData> arrays, DataOptions options) {
        boolean divided = arrays.containsKey("x_train");
        Part train = part(source, arrays, divided ? "_train" : "", options);
        return divided && arrays.containsKey("x_test")
                ? new DataSet(train, part(source, arrays, "_test", options)) : DataSet.divided(train, options.seed());
    }

    private static Part part(String source, Map<String, TensorData> arrays, String end, DataOptions options) {
        TensorData x = array(source, arrays, "x" + end);
        TensorData y = array(source, arrays, "y" + end);
        if (x.rank() == 0 || y.rank() == 0 || x.dim(0) != y.dim(0)) {
            throw new DataException(
                    "x" + end + " in " + source + " has shape " + x.shape() + ", which does not fit y" + end
                            + " of shape " + y.shape() + ": their first axes must be equally long");
        }
        long[] dims = x.dims();
        long[] shape = dims.length == 1 ? new long[] {1} : Arrays.copyOfRange(dims, 1, dims.length);
        Normalization normalization = new Normalization(options.mean(), options.std(), 1);
        return Part.of(source, finite("x" + end + " of " + source, items(x)), targets("y" + end + " of " + source, y),
                normalization, shape);
    }

    private static TensorData array(String source, Map<String, TensorData> arrays, String name) {
        TensorData found = arrays.get(name);
        if (found == null) {
            throw new DataException(
                    source + " has no array " + name + "; expected x and y, or x_train, y_train, x_test and"
                            + " y_test; found " + String.join(", ", arrays.keySet()));
        }
        return found;
    }

    private static Items items(TensorData x) {
        int size = Math.toIntExact(x.dim(0));
        int elements = size == 0 ? 0 : Math.toIntExact(x.elements() / size);
        return switch (x.type()) {
            case FLOAT -> new Items.Floats(x.bytes(), size, elements);
            case UINT8, BOOL -> new Items.StoredBytes(x.bytes(), size, elements);
            case DOUBLE, FLOAT16, BFLOAT16 -> new Items.Floats(MemorySegment.ofArray(x.toFloats()), size, elements);
            default -> new Items.Longs(x.toLongs(), size, elements);
        };
    }

    /** The same items, none of which would make every loss NaN. */
    private static Items finite(String name, Items items) {
        if (items instanceof Items.Floats floats) {
            long size = floats.memory().byteSize() / Float.BYTES;
            for (long i = 0; i < size; i++) {
                float value = floats.memory().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
                if (!Float.isFinite(value)) {
                    throw new DataException("row " + i / floats.elements() + " of " + name + " has the value " + value
                            + "; data must be finite numbers");
                }
            }
        }
        return items;
    }

    private static Targets targets(String name, TensorData y) {
        int size = Math.toIntExact(y.dim(0));
        int width = size == 0 ? 1 : Math.toIntExact(y.elements() / size);
        if (y.type().isReal()) {
            float[] values = y.toFloats();
            finite(name, new Items.Floats(MemorySegment.ofArray(values), size, width));
            return new Targets.Rows(values, size, width);
        }
        long[] values = y.toLongs();
        long largest = -1;
        for (int i = 0; i < values.length; i++) {
            if (values[i] < 0 || values[i] >= Integer.MAX_VALUE) {
                throw new DataException("label " + values[i] + " in row " + i / width + " of " + name
                        + " is out of range: classes are numbered from 0");
            }
            largest = Math.max(largest, values[i]);
        }
        int classes = (int) largest + 1;
        return width == 1
                ? new Targets.Classes(Arrays.stream(values).mapToInt(v -> (int) v).toArray(), classes, name, 0)
                : new Targets.Tokens(values, size, width, classes, name);
    }
}
