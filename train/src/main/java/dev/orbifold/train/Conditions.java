package dev.orbifold.train;

import dev.orbifold.constraint.Columns;
import dev.orbifold.constraint.Condition;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Conditions that lie in files of NumPy. */
final class Conditions {
    private Conditions() {
    }

    /** The file that a node names. */
    static Path file(RecipeNode node, Path folder) {
        return folder.resolve(node.text()).toAbsolutePath().normalize();
    }

    private static Map<String, TensorData> arrays(RecipeNode node, Path folder) {
        Path file = file(node, folder);
        if (!Files.isRegularFile(file)) {
            throw node.wrong("there is no file " + file);
        }
        try {
            return NumpyFile.read(file);
        } catch (GraphException e) {
            throw node.wrong(String.valueOf(e.getMessage()));
        }
    }

    /** One array of whole numbers, in row-major order. */
    static int[] integers(RecipeNode node, Path folder) {
        Map<String, TensorData> arrays = arrays(node, folder);
        if (arrays.size() != 1) {
            throw node.wrong("expected one array in " + node.text() + ", found " + arrays.keySet());
        }
        TensorData data = arrays.values().iterator().next();
        int[] numbers = new int[Math.toIntExact(data.elements())];
        for (int i = 0; i < numbers.length; i++) {
            double value = data.doubleAt(i);
            if (value != Math.rint(value) || value < -1 || value > Integer.MAX_VALUE) {
                throw node.wrong("expected whole numbers from -1 up in " + node.text() + ", found " + value
                        + " at position " + i);
            }
            numbers[i] = (int) value;
        }
        return numbers;
    }

    /**
     * Any O: an array {@code O} [entries, columns], or {@code rows}, {@code columns}, {@code values} and {@code shape} of a
     * sparse one.
     */
    static Condition matrix(RecipeNode node, Path folder) {
        boolean together = false;
        RecipeNode file = node;
        if (node.isMapping()) {
            file = node.require("file");
            together = node.get("together").map(RecipeNode::truth).orElse(false);
            node.noOthers();
        }
        Map<String, TensorData> arrays = arrays(file, folder);
        List<Columns.Column> columns;
        long entries;
        if (arrays.containsKey("rows")) {
            for (String needed : List.of("rows", "columns", "values", "shape")) {
                if (!arrays.containsKey(needed)) {
                    throw file.wrong("a sparse O needs the arrays rows, columns, values and shape; found "
                            + arrays.keySet());
                }
            }
            TensorData shape = array(arrays, "shape");
            if (shape.elements() != 2) {
                throw file.wrong("the shape of a sparse O is two numbers, [entries, columns]; found " + shape);
            }
            entries = (long) shape.doubleAt(0);
            columns = sparse(file, arrays);
            if (columns.size() != (long) shape.doubleAt(1)) {
                throw file.wrong("a sparse O of " + (long) shape.doubleAt(1) + " columns has values in "
                        + columns.size() + " of them; leave empty ones out");
            }
        } else {
            RecipeNode where = file;
            TensorData dense = Optional.ofNullable(arrays.get("O"))
                    .or(() -> arrays.size() == 1 ? arrays.values().stream().findFirst() : Optional.empty())
                    .filter(o -> o.rank() == 2).orElseThrow(() -> where
                            .wrong("expected one matrix [entries, columns], or one called O; found "
                                    + arrays.keySet()));
            entries = dense.dim(0);
            columns = dense(dense);
        }
        boolean all = together;
        return new Condition.Matrix(Columns.of(entries, columns), all);
    }

    private static List<Columns.Column> dense(TensorData matrix) {
        int rows = Math.toIntExact(matrix.dim(0));
        int width = Math.toIntExact(matrix.dim(1));
        List<Columns.Column> columns = new ArrayList<>();
        for (int c = 0; c < width; c++) {
            List<Integer> at = new ArrayList<>();
            List<Double> values = new ArrayList<>();
            for (int r = 0; r < rows; r++) {
                double value = matrix.doubleAt((long) r * width + c);
                if (value != 0) {
                    at.add(r);
                    values.add(value);
                }
            }
            columns.add(column(at, values));
        }
        return columns;
    }

    private static List<Columns.Column> sparse(RecipeNode node, Map<String, TensorData> arrays) {
        TensorData rows = array(arrays, "rows");
        TensorData of = array(arrays, "columns");
        TensorData values = array(arrays, "values");
        if (rows.elements() != of.elements() || rows.elements() != values.elements()) {
            throw node.wrong("rows, columns and values of a sparse O have the lengths " + rows.elements() + ", "
                    + of.elements() + " and " + values.elements());
        }
        Map<Integer, List<Integer>> at = new TreeMap<>();
        Map<Integer, List<Double>> found = new TreeMap<>();
        for (long i = 0; i < rows.elements(); i++) {
            int column = whole(node, "columns", of.doubleAt(i));
            whole(node, "rows", rows.doubleAt(i));
            at.computeIfAbsent(column, k -> new ArrayList<>()).add((int) rows.doubleAt(i));
            found.computeIfAbsent(column, k -> new ArrayList<>()).add(values.doubleAt(i));
        }
        List<Columns.Column> all = new ArrayList<>();
        at.forEach((c, own) -> all.add(column(own, found.getOrDefault(c, List.of()))));
        return all;
    }

    private static int whole(RecipeNode node, String array, double value) {
        if (value != Math.rint(value) || value < 0 || value > Integer.MAX_VALUE) {
            throw node.wrong(array + " of a sparse O are whole numbers from 0 up, found " + value);
        }
        return (int) value;
    }

    private static TensorData array(Map<String, TensorData> arrays, String name) {
        return Optional.ofNullable(arrays.get(name)).orElseThrow();
    }

    private static Columns.Column column(List<Integer> rows, List<Double> values) {
        return new Columns.Column(rows.stream().mapToInt(Integer::intValue).toArray(),
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
