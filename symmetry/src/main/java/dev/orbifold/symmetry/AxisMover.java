package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.Map;

/**
 * Moves one parameter by {@link AxisMap}s of its axes, row by row: rows are read in the order in which they are written,
 * and a row is short enough for the cache.
 */
final class AxisMover {
    /** From this length on, entries behind an axis are moved as a whole. */
    private static final int LONG_ROW = 64;
    /** Longer rows are moved in pieces. */
    private static final int PIECE = 1 << 14;

    /** Gives elements of the parameter as it is. */
    @FunctionalInterface
    interface Source {
        /** Copies elements from a row-major index on. */
        void read(long first, double[] to, int at, int count);
    }

    /** Takes the rows of the moved parameter in order. */
    @FunctionalInterface
    interface Rows {
        /** One row, or a piece of it, at its row-major place; the array is used again. */
        void put(double[] row, int length, long place);
    }

    private double[] read = new double[0];
    private double[] moved = new double[0];

    /** Moves a parameter. */
    void move(Source source, long[] dims, Map<Integer, AxisMap> maps, Rows rows) {
        long elements = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        if (elements == 0) {
            return;
        }
        int inner = 1;
        int axis = dims.length;
        while (axis > 0 && !maps.containsKey(axis - 1)) {
            inner = Math.toIntExact(inner * dims[--axis]);
        }
        AxisMap along = null;
        if (axis > 0 && inner < LONG_ROW && maps.containsKey(axis - 1)) {
            along = maps.get(axis - 1);
            axis--;
        }
        int length = along == null ? inner : inner * along.sources().length;
        int buffer = along == null ? Math.min(length, PIECE) : length;
        if (read.length < buffer) {
            read = new double[buffer];
            moved = new double[buffer];
        }
        int[] index = new int[axis];
        long outer = elements / length;
        for (long o = 0; o < outer; o++) {
            long from = 0;
            double factor = 1;
            for (int a = 0; a < axis; a++) {
                AxisMap map = maps.get(a);
                from = from * dims[a] + (map == null ? index[a] : map.sources()[index[a]]);
                factor *= map == null ? 1 : map.factors()[index[a]];
            }
            if (along == null) {
                pieces(source, from * length, o * length, length, factor, rows);
            } else {
                source.read(from * length, read, 0, length);
                if (inner == 1) {
                    gather(read, moved, along, factor);
                } else {
                    gather(read, moved, along, inner, factor);
                }
                rows.put(moved, length, o * length);
            }
            for (int a = axis - 1; a >= 0 && ++index[a] == dims[a]; a--) {
                index[a] = 0;
            }
        }
    }

    private void pieces(Source source, long from, long place, int length, double factor, Rows rows) {
        for (int done = 0; done < length; done += PIECE) {
            int n = Math.min(PIECE, length - done);
            source.read(from + done, read, 0, n);
            scale(read, moved, n, factor);
            rows.put(moved, n, place + done);
        }
    }

    private static void scale(double[] from, double[] to, int length, double factor) {
        for (int i = 0; i < length; i++) {
            to[i] = factor * from[i];
        }
    }

    private static void gather(double[] from, double[] to, AxisMap map, double factor) {
        int[] sources = map.sources();
        double[] factors = map.factors();
        for (int i = 0; i < sources.length; i++) {
            to[i] = factor * factors[i] * from[sources[i]];
        }
    }

    private static void gather(double[] from, double[] to, AxisMap map, int inner, double factor) {
        for (int i = 0; i < map.sources().length; i++) {
            double by = factor * map.factors()[i];
            int source = map.sources()[i] * inner;
            for (int k = 0; k < inner; k++) {
                to[i * inner + k] = by * from[source + k];
            }
        }
    }
}
