package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The linear relations between the scales of one unit's coordinates, and the solutions: every way to scale them that the
 * operators let pass. Magnitudes are solved over the reals, signs modulo 2.
 */
final class ScaleSystem {
    private static final double ZERO = 1e-9;

    private final int size;
    private final int[] order;
    private final Map<Integer, NavigableMap<Integer, Double>> magnitudes = new HashMap<>();
    private final Map<Integer, BitSet> signs = new HashMap<>();

    /**
     * A system without relations.
     *
     * @param last the coordinates to leave free where there is a choice
     */
    ScaleSystem(int size, BitSet last) {
        this.size = size;
        this.order = new int[size];
        Integer[] sorted =
                IntStream.range(0, size).boxed().sorted(Comparator.comparing(last::get)).toArray(Integer[]::new);
        for (int i = 0; i < size; i++) {
            order[sorted[i]] = i;
        }
    }

    /** Adds a relation between coordinates; one may occur several times. */
    void add(int[] coordinates, Scales scales) {
        if (scales.log().length > 0) {
            NavigableMap<Integer, Double> row = new TreeMap<>();
            for (int k = 0; k < coordinates.length; k++) {
                row.merge(order[coordinates[k]], scales.log()[k], Double::sum);
            }
            addMagnitude(row);
        }
        if (scales.sign().length > 0) {
            BitSet row = new BitSet(size);
            for (int k = 0; k < coordinates.length; k++) {
                if ((scales.sign()[k] & 1) != 0) {
                    row.flip(order[coordinates[k]]);
                }
            }
            addSign(row);
        }
    }

    private void addMagnitude(NavigableMap<Integer, Double> row) {
        row.values().removeIf(v -> Math.abs(v) < ZERO);
        while (!row.isEmpty()) {
            int column = row.firstKey();
            NavigableMap<Integer, Double> pivot = magnitudes.get(column);
            if (pivot == null) {
                magnitudes.put(column, row);
                return;
            }
            double factor = row.firstEntry().getValue() / pivot.firstEntry().getValue();
            pivot.forEach((c, v) -> row.merge(c, -factor * v, Double::sum));
            row.remove(column);
            row.values().removeIf(v -> Math.abs(v) < ZERO);
        }
    }

    private void addSign(BitSet row) {
        while (!row.isEmpty()) {
            int column = row.nextSetBit(0);
            BitSet pivot = signs.get(column);
            if (pivot == null) {
                signs.put(column, row);
                return;
            }
            row.xor(pivot);
        }
    }

    /** A basis of the ways to scale magnitudes: the exponent of every coordinate. */
    List<double[]> magnitudes() {
        List<double[]> basis = new ArrayList<>();
        for (int free = 0; free < size; free++) {
            if (magnitudes.containsKey(free)) {
                continue;
            }
            double[] solution = new double[size];
            solution[free] = 1;
            for (int column = size - 1; column >= 0; column--) {
                NavigableMap<Integer, Double> pivot = magnitudes.get(column);
                if (pivot != null) {
                    double sum = 0;
                    for (Map.Entry<Integer, Double> entry : pivot.tailMap(column, false).entrySet()) {
                        sum += entry.getValue() * solution[entry.getKey()];
                    }
                    solution[column] = sum == 0 ? 0 : -sum / pivot.firstEntry().getValue();
                }
            }
            basis.add(IntStream.range(0, size).mapToDouble(c -> solution[order[c]]).toArray());
        }
        return basis;
    }

    /** A basis of the ways to flip signs: 1 for every coordinate that flips. */
    List<double[]> signs() {
        List<double[]> basis = new ArrayList<>();
        for (int free = 0; free < size; free++) {
            if (signs.containsKey(free)) {
                continue;
            }
            BitSet solution = new BitSet(size);
            solution.set(free);
            for (int column = size - 1; column >= 0; column--) {
                BitSet pivot = signs.get(column);
                if (pivot != null) {
                    BitSet others = (BitSet) pivot.clone();
                    others.clear(column);
                    others.and(solution);
                    solution.set(column, (others.cardinality() & 1) != 0);
                }
            }
            basis.add(IntStream.range(0, size).mapToDouble(c -> solution.get(order[c]) ? 1 : 0).toArray());
        }
        return basis;
    }

    /** Whether flipping the coordinates with odd exponents is one of the allowed ways to flip signs. */
    boolean allowsSigns(double[] exponents) {
        BitSet flips = new BitSet(size);
        for (int c = 0; c < size; c++) {
            double e = exponents[c];
            if (e != Math.rint(e)) {
                return false;
            }
            flips.set(order[c], Math.abs(e) % 2 == 1);
        }
        for (BitSet row : signs.values()) {
            BitSet met = (BitSet) row.clone();
            met.and(flips);
            if ((met.cardinality() & 1) != 0) {
                return false;
            }
        }
        return true;
    }
}
