package dev.orbifold.structure;

import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Everything that writes a Space's units or follows them, unit by unit, and the scalings that do not change the function.
 * Fixing the gauge divides a unit by what the scalings allow, so that two units that differ by a scaling alone become equal.
 */
final class Gauge {
    private static final double ZERO = 1e-9;

    private final List<Scaling> scalings;
    private final List<double[][]> groups;
    private final List<double[]> powers;
    private final List<double[]> directions = new ArrayList<>();

    /**
     * @param groups per slot and leg, per unit, the entries
     * @param powers per slot and leg, the power of each scaling
     */
    private Gauge(List<Scaling> scalings, List<double[][]> groups, List<double[]> powers) {
        this.scalings = scalings;
        this.groups = groups;
        this.powers = powers;
        groups.forEach(g -> directions.add(Twins.direction(g[0].length)));
    }

    /** The writers and followers of a Space; empty where nothing writes it or a parameter's content is not known. */
    static Optional<Gauge> of(Symmetries symmetries, Axes axes, Space space) {
        boolean written = space.slots().stream().anyMatch(s -> s.role() == Slot.Role.WRITES);
        return written ? of(symmetries, axes, space, s -> s.role() != Slot.Role.READS) : Optional.empty();
    }

    /** Some of what meets a Space; empty where that is nothing or a parameter's content is not known. */
    static Optional<Gauge> of(Symmetries symmetries, Axes axes, Space space, Predicate<Slot> slots) {
        List<Scaling> scalings = symmetries.scalings(space);
        List<double[][]> groups = new ArrayList<>();
        List<double[]> powers = new ArrayList<>();
        for (int i = 0; i < space.slots().size(); i++) {
            Slot slot = space.slots().get(i);
            if (!slots.test(slot)) {
                continue;
            }
            Optional<TensorData> tensor = axes.constant(slot.parameter()).filter(t -> t.type().isReal());
            if (tensor.isEmpty() || !collect(tensor.get(), slot, i, space.dimension(), scalings, groups, powers)) {
                return Optional.empty();
            }
        }
        return groups.isEmpty() ? Optional.empty() : Optional.of(new Gauge(scalings, groups, powers));
    }

    private static boolean collect(TensorData tensor, Slot slot, int number, int units, List<Scaling> scalings,
            List<double[][]> groups, List<double[]> powers) {
        double[] values = tensor.toDoubles();
        int length = slot.unit().length;
        int inner = inner(tensor, slot.axis());
        int outer = values.length / (length * inner);
        int legs = 1 + Arrays.stream(slot.leg()).max().orElse(0);
        for (int leg = 0; leg < legs; leg++) {
            double[][] entries = new double[units][];
            for (int i = 0; i < length; i++) {
                if (slot.unit()[i] >= 0 && slot.leg()[i] == leg) {
                    double[] own = new double[outer * inner];
                    for (int o = 0; o < outer; o++) {
                        System.arraycopy(values, (o * length + i) * inner, own, o * inner, inner);
                    }
                    entries[slot.unit()[i]] = own;
                }
            }
            int missing = (int) Arrays.stream(entries).filter(e -> e == null).count();
            if (missing == units) {
                continue;
            }
            if (missing > 0) {
                return false;
            }
            int at = leg;
            groups.add(entries);
            powers.add(scalings.stream().mapToDouble(s -> s.powers().get(number)[at]).toArray());
        }
        return true;
    }

    /** How far apart two neighbours along an axis lie. */
    static int inner(TensorData tensor, int axis) {
        int inner = 1;
        for (int a = axis + 1; a < tensor.rank(); a++) {
            inner *= Math.toIntExact(tensor.dim(a));
        }
        return inner;
    }

    /** A signed factor to a power: the sign counts where the power is odd. */
    static double power(double factor, double power) {
        return Math.pow(Math.abs(factor), power) * (factor < 0 && Math.abs(power) % 2 == 1 ? -1 : 1);
    }

    /** How many groups of entries a unit has: one per slot and leg. */
    int groups() {
        return groups.size();
    }

    /** The entries of a unit in one group. */
    double[] entries(int group, int unit) {
        return groups.get(group)[unit];
    }

    /** What one factor per scaling multiplies the entries of a group by. */
    double factor(int group, double[] factors) {
        double factor = 1;
        for (int s = 0; s < factors.length; s++) {
            factor *= power(factors[s], powers.get(group)[s]);
        }
        return factor;
    }

    /** All entries of a unit. */
    double[] entries(int unit) {
        return groups.stream().flatMapToDouble(g -> Arrays.stream(g[unit])).toArray();
    }

    /** Scales a unit to its normal form; the factors used, one per scaling. */
    double[] fix(int unit) {
        double[] factors = magnitudes(unit);
        scale(unit, factors);
        double[] signs = signs(unit);
        scale(unit, signs);
        return IntStream.range(0, factors.length).mapToDouble(s -> factors[s] * signs[s]).toArray();
    }

    private void scale(int unit, double[] factors) {
        for (int g = 0; g < groups.size(); g++) {
            double factor = factor(g, factors);
            double[] own = groups.get(g)[unit];
            for (int i = 0; i < own.length; i++) {
                own[i] *= factor;
            }
        }
    }

    /** Positive factors that give as many groups of entries norm 1 as there are scalings of magnitude. */
    double[] magnitudes(int unit) {
        int[] free = IntStream.range(0, scalings.size())
                .filter(s -> scalings.get(s).diagonal() != Group.Diagonal.SIGNS).toArray();
        List<double[]> rows = new ArrayList<>();
        for (int g = 0; g < groups.size() && rows.size() < free.length; g++) {
            double norm = Math.sqrt(Twins.dot(groups.get(g)[unit], groups.get(g)[unit]));
            if (norm > 0) {
                double[] power = powers.get(g);
                double[] row = new double[free.length + 1];
                Arrays.setAll(row, k -> k < free.length ? power[free[k]] : -Math.log(norm));
                eliminate(rows, row);
            }
        }
        double[] factors = new double[scalings.size()];
        Arrays.fill(factors, 1);
        double[] logs = solved(rows, free.length);
        for (int k = 0; k < free.length; k++) {
            factors[free[k]] = Math.exp(logs[k]);
        }
        return factors;
    }

    /** Reduces a row by those before it and keeps it if a pivot is left: each kept row is zero at the others' pivots. */
    private static void eliminate(List<double[]> rows, double[] row) {
        int columns = row.length - 1;
        for (double[] other : rows) {
            int p = pivot(other, columns);
            double factor = row[p] / other[p];
            for (int k = 0; k <= columns; k++) {
                row[k] -= factor * other[k];
            }
        }
        int own = pivot(row, columns);
        if (own < 0) {
            return;
        }
        for (double[] other : rows) {
            double factor = other[own] / row[own];
            for (int k = 0; k <= columns; k++) {
                other[k] -= factor * row[k];
            }
        }
        rows.add(row);
    }

    private static int pivot(double[] row, int columns) {
        return IntStream.range(0, columns).filter(k -> Math.abs(row[k]) > ZERO).boxed()
                .min(Comparator.naturalOrder()).orElse(-1);
    }

    private static double[] solved(List<double[]> rows, int columns) {
        double[] solution = new double[columns];
        for (double[] row : rows) {
            int p = pivot(row, columns);
            solution[p] = row[columns] / row[p];
        }
        return solution;
    }

    /** Signs that turn as many groups of entries to the positive side of a fixed direction as there are flips. */
    private double[] signs(int unit) {
        int[] free = IntStream.range(0, scalings.size())
                .filter(s -> scalings.get(s).diagonal() != Group.Diagonal.POSITIVE).toArray();
        List<boolean[]> rows = new ArrayList<>();
        for (int g = 0; g < groups.size() && rows.size() < free.length; g++) {
            double side = Twins.dot(groups.get(g)[unit], directions.get(g));
            if (side != 0) {
                boolean[] row = new boolean[free.length + 1];
                for (int k = 0; k < free.length; k++) {
                    row[k] = Math.abs(powers.get(g)[free[k]]) % 2 == 1;
                }
                row[free.length] = side < 0;
                flip(rows, row);
            }
        }
        double[] signs = new double[scalings.size()];
        Arrays.fill(signs, 1);
        for (boolean[] row : rows) {
            for (int k = 0; k < free.length; k++) {
                if (row[k]) {
                    signs[free[k]] = row[free.length] ? -1 : 1;
                    break;
                }
            }
        }
        return signs;
    }

    /** The same elimination modulo 2. */
    private static void flip(List<boolean[]> rows, boolean[] row) {
        for (boolean[] other : rows) {
            if (row[first(other)]) {
                add(row, other);
            }
        }
        int own = first(row);
        if (own == row.length - 1) {
            return;
        }
        for (boolean[] other : rows) {
            if (other[own]) {
                add(other, row);
            }
        }
        rows.add(row);
    }

    private static int first(boolean[] row) {
        return IntStream.range(0, row.length - 1).filter(k -> row[k]).findFirst().orElse(row.length - 1);
    }

    private static void add(boolean[] to, boolean[] row) {
        for (int k = 0; k < row.length; k++) {
            to[k] ^= row[k];
        }
    }
}
