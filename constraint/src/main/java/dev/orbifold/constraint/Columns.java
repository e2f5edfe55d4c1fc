package dev.orbifold.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The columns of any O, orthonormalised. Columns that share entries, directly or through others, form a block; each block
 * is orthonormalised by itself (Gram-Schmidt, twice), so that a sparse O with short columns costs little however long it
 * is.
 *
 * @param entries n, the number of rows of O
 * @param blocks the blocks
 * @param dependent how many columns were combinations of others and add no condition
 */
public record Columns(long entries, List<Block> blocks, int dependent) {
    /** A column that others explain to this share of its length adds nothing. */
    private static final double DEPENDENT = 1e-10;
    /** Numbers in all bases together, 800 MB of float64. */
    private static final long MOST = 100_000_000;

    /**
     * One block.
     *
     * @param entries the rows it touches
     * @param width the number of orthonormal columns
     * @param basis them, row by row: [entries.length, width]
     */
    public record Block(int[] entries, int width, double[] basis) {
    }

    /**
     * One column of O.
     *
     * @param rows the rows where it is not 0
     * @param values its values there
     */
    public record Column(int[] rows, double[] values) {
    }

    /**
     * Orthonormalises columns.
     *
     * @param entries n, the number of rows
     * @throws ConstraintException if a row is out of range, a value is no number, a column is 0, nothing is free any more, or
     *         the bases would be too large; says which column
     */
    public static Columns of(long entries, List<Column> columns) {
        int n = Math.toIntExact(entries);
        int[] parent = new int[n];
        Arrays.setAll(parent, i -> i);
        for (int c = 0; c < columns.size(); c++) {
            check(entries, columns.get(c), c);
            int[] rows = columns.get(c).rows();
            for (int row : rows) {
                parent[root(parent, row)] = root(parent, rows[0]);
            }
        }
        Map<Integer, List<Column>> together = new LinkedHashMap<>();
        for (Column column : columns) {
            together.computeIfAbsent(root(parent, column.rows()[0]), k -> new ArrayList<>()).add(column);
        }
        List<Block> blocks = new ArrayList<>();
        int dependent = 0;
        long numbers = 0;
        for (List<Column> own : together.values()) {
            int[] rows = own.stream().flatMapToInt(c -> Arrays.stream(c.rows())).distinct().sorted().toArray();
            numbers += (long) rows.length * own.size();
            if (numbers > MOST) {
                throw new ConstraintException(
                        "the columns of O are entangled: orthonormalising them would take more than "
                                + MOST + " numbers; use columns that touch fewer common entries");
            }
            Block block = orthonormal(rows, own);
            dependent += own.size() - block.width();
            blocks.add(block);
        }
        int width = blocks.stream().mapToInt(Block::width).sum();
        if (width == 0) {
            throw new ConstraintException("O has no columns");
        }
        return new Columns(entries, List.copyOf(blocks), dependent);
    }

    private static void check(long entries, Column column, int number) {
        boolean some = false;
        for (int i = 0; i < column.rows().length; i++) {
            int row = column.rows()[i];
            double value = column.values()[i];
            if (row < 0 || row >= entries) {
                throw new ConstraintException("column " + number + " of O has an entry in row " + row
                        + ", but what it constrains has " + entries + " entries");
            }
            if (!Double.isFinite(value)) {
                throw new ConstraintException("column " + number + " of O holds " + value + " in row " + row);
            }
            some |= value != 0;
        }
        if (!some) {
            throw new ConstraintException("column " + number + " of O is 0: it constrains nothing");
        }
    }

    private static int root(int[] parent, int of) {
        int at = of;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }

    private static Block orthonormal(int[] rows, List<Column> columns) {
        List<double[]> basis = new ArrayList<>();
        for (Column column : columns) {
            double[] q = new double[rows.length];
            for (int i = 0; i < column.rows().length; i++) {
                q[Arrays.binarySearch(rows, column.rows()[i])] += column.values()[i];
            }
            double length = normalise(q);
            double left = 1;
            for (int pass = 0; pass < 2 && length > 0; pass++) {
                for (double[] b : basis) {
                    double along = dot(b, q);
                    for (int i = 0; i < q.length; i++) {
                        q[i] -= along * b[i];
                    }
                }
                left *= normalise(q);
            }
            if (length > 0 && left > DEPENDENT) {
                basis.add(q);
            }
        }
        int width = basis.size();
        double[] all = new double[rows.length * width];
        for (int c = 0; c < width; c++) {
            for (int i = 0; i < rows.length; i++) {
                all[i * width + c] = basis.get(c)[i];
            }
        }
        return new Block(rows, width, all);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Divides by the length, which it gives; leaves 0 as it is. */
    private static double normalise(double[] q) {
        double largest = Arrays.stream(q).map(Math::abs).max().orElse(0);
        if (largest == 0) {
            return 0;
        }
        double sum = 0;
        for (double x : q) {
            sum += x / largest * (x / largest);
        }
        double length = largest * Math.sqrt(sum);
        for (int i = 0; i < q.length; i++) {
            q[i] /= length;
        }
        return length;
    }

    /** The blocks, those of one height and width together. */
    List<List<Block>> byShape() {
        Map<List<Integer>, List<Block>> shapes = new LinkedHashMap<>();
        for (Block block : blocks) {
            if (block.width() > 0) {
                shapes.computeIfAbsent(List.of(block.entries().length, block.width()), k -> new ArrayList<>())
                        .add(block);
            }
        }
        return List.copyOf(shapes.values());
    }
}
