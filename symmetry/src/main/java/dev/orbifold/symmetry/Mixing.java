package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Applies maps that mix coordinates to a parameter, in tiles that hold every coordinate of some vectors and stay in the
 * cache. Not for several threads at once.
 */
final class Mixing {
    /** Doubles in a tile. */
    private static final int TILE = 4096;
    private static final int LEAST = 32;

    private double[] tile = new double[0];
    private double[] dot = new double[0];

    /**
     * Moves the vectors that a Slot tells of.
     *
     * @param n their dimension
     * @param maps one map per copy
     * @param values the parameter's elements, row-major, moved in place
     * @param count how many elements the parameter has; the array may be longer
     */
    void apply(LinearSlot slot, int n, List<LinearMap> maps, long[] dims, double[] values, int count) {
        int stride = stride(dims, slot.axis());
        int size = slot.coordinate().length;
        Map<Integer, int[]> bases = bases(slot, dims, count, stride);
        Map<Long, int[]> groups = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0) {
                groups.computeIfAbsent(((long) slot.copy()[i] << 32) | slot.row()[i], k -> new int[n])[slot
                        .coordinate()[i]] = i * stride;
            }
        }
        int width = Math.max(TILE / n, LEAST);
        if (tile.length < n * width) {
            tile = new double[n * width];
        }
        dot = dot.length < width ? new double[width] : dot;
        groups.forEach((key, places) -> bases.forEach((along, starts) -> {
            LinearMap map = maps.get((int) (key >> 32) + along);
            for (int b = 0; b < starts.length; b += width) {
                block(map, values, places, starts, b, Math.min(width, starts.length - b), stride == 1);
            }
        }));
    }

    /** Where vectors begin, by what the other axes add to the number of their copy. */
    private static Map<Integer, int[]> bases(LinearSlot slot, long[] dims, int elements, int stride) {
        int size = slot.coordinate().length;
        int[] all = new int[elements / size];
        for (int k = 0; k < all.length; k++) {
            all[k] = k / stride * size * stride + k % stride;
        }
        if (slot.along().isEmpty()) {
            return Map.of(0, all);
        }
        Map<Integer, List<Integer>> grouped = new LinkedHashMap<>();
        for (int base : all) {
            int copy = slot.along().stream().mapToInt(
                    a -> a.copy()[base / stride(dims, a.axis()) % a.copy().length]).sum();
            grouped.computeIfAbsent(copy, k -> new ArrayList<>()).add(base);
        }
        Map<Integer, int[]> bases = new LinkedHashMap<>();
        grouped.forEach((copy, list) -> bases.put(copy, list.stream().mapToInt(i -> i).toArray()));
        return bases;
    }

    private void block(LinearMap map, double[] values, int[] places, int[] starts, int first, int width,
            boolean adjacent) {
        if (adjacent && consecutive(places)) {
            for (int b = 0; b < width; b++) {
                inPlace(map, values, starts[first + b] + places[0]);
            }
            return;
        }
        if (adjacent) {
            for (int b = 0; b < width; b++) {
                load(values, places, starts[first + b], b, width);
            }
        } else {
            load(values, places, starts, first, width);
        }
        for (LinearMap.Step step : map.steps()) {
            Arrays.fill(dot, 0, width, 0);
            for (int c = 0; c < places.length; c++) {
                collect(tile, c * width, dot, width, step.v()[c]);
            }
            for (int c = 0; c < places.length; c++) {
                add(tile, c * width, dot, width, step.u()[c]);
            }
        }
        if (adjacent) {
            for (int b = 0; b < width; b++) {
                store(values, places, starts[first + b], b, width);
            }
        } else {
            store(values, places, starts, first, width);
        }
    }

    /** Whether the coordinates of a vector lie one behind the other. */
    private static boolean consecutive(int[] places) {
        for (int c = 1; c < places.length; c++) {
            if (places[c] != places[0] + c) {
                return false;
            }
        }
        return true;
    }

    /** Moves a vector whose coordinates lie one behind the other: x ← x + u (vᵀx) for every step. */
    private static void inPlace(LinearMap map, double[] values, int at) {
        for (LinearMap.Step step : map.steps()) {
            addScaled(step.u(), dot(step.v(), values, at), values, at);
        }
    }

    /** Four sums at a time, because one would wait for itself. */
    private static double dot(double[] v, double[] values, int at) {
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        int c = 0;
        for (; c + 3 < v.length; c += 4) {
            first += v[c] * values[at + c];
            second += v[c + 1] * values[at + c + 1];
            third += v[c + 2] * values[at + c + 2];
            fourth += v[c + 3] * values[at + c + 3];
        }
        for (; c < v.length; c++) {
            first += v[c] * values[at + c];
        }
        return first + second + (third + fourth);
    }

    private static void addScaled(double[] u, double by, double[] values, int at) {
        for (int c = 0; c < u.length; c++) {
            values[at + c] += by * u[c];
        }
    }

    /** Whether vectors begin one beside the other, starts being ascending. */
    private static boolean inARow(int[] starts, int first, int width) {
        return starts[first + width - 1] - starts[first] == width - 1;
    }

    private void load(double[] values, int[] places, int[] starts, int first, int width) {
        boolean row = inARow(starts, first, width);
        for (int c = 0; c < places.length; c++) {
            if (row) {
                System.arraycopy(values, starts[first] + places[c], tile, c * width, width);
            }
            for (int b = 0; b < width && !row; b++) {
                tile[c * width + b] = values[starts[first + b] + places[c]];
            }
        }
    }

    private void store(double[] values, int[] places, int[] starts, int first, int width) {
        boolean row = inARow(starts, first, width);
        for (int c = 0; c < places.length; c++) {
            if (row) {
                System.arraycopy(tile, c * width, values, starts[first] + places[c], width);
            }
            for (int b = 0; b < width && !row; b++) {
                values[starts[first + b] + places[c]] = tile[c * width + b];
            }
        }
    }

    private void load(double[] values, int[] places, int start, int b, int width) {
        for (int c = 0; c < places.length; c++) {
            tile[c * width + b] = values[start + places[c]];
        }
    }

    private void store(double[] values, int[] places, int start, int b, int width) {
        for (int c = 0; c < places.length; c++) {
            values[start + places[c]] = tile[c * width + b];
        }
    }

    private static void collect(double[] tile, int at, double[] dot, int width, double v) {
        for (int b = 0; b < width; b++) {
            dot[b] += v * tile[at + b];
        }
    }

    private static void add(double[] tile, int at, double[] dot, int width, double u) {
        for (int b = 0; b < width; b++) {
            tile[at + b] += u * dot[b];
        }
    }

    /** How far apart neighbours along an axis lie. */
    static int stride(long[] dims, int axis) {
        int stride = 1;
        for (int a = axis + 1; a < dims.length; a++) {
            stride *= Math.toIntExact(dims[a]);
        }
        return stride;
    }
}
