package dev.orbifold.structure;

import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    private final List<Entries> groups;
    private final List<double[]> powers;
    /** The numbers of the scalings that have magnitudes, and of those that have signs. */
    private final int[] scales;
    private final int[] flips;
    private final Map<Integer, double[][]> read = new HashMap<>();
    private final Map<Integer, double[]> fixed = new HashMap<>();

    /**
     * @param groups per slot and leg the entries
     * @param powers per slot and leg, the power of each scaling
     */
    private Gauge(List<Scaling> scalings, List<Entries> groups, List<double[]> powers) {
        this.scalings = scalings;
        this.groups = groups;
        this.powers = powers;
        scales = IntStream.range(0, scalings.size())
                .filter(s -> scalings.get(s).diagonal() != Group.Diagonal.SIGNS).toArray();
        flips = IntStream.range(0, scalings.size())
                .filter(s -> scalings.get(s).diagonal() != Group.Diagonal.POSITIVE).toArray();
    }

    /** The writers and followers of a Space; empty where nothing writes it or a parameter's content is not known. */
    static Optional<Gauge> of(Symmetries symmetries, Axes axes, Space space) {
        boolean written = space.slots().stream().anyMatch(s -> s.role() == Slot.Role.WRITES);
        return written ? of(symmetries, axes, space, s -> s.role() != Slot.Role.READS) : Optional.empty();
    }

    /** Of every Space, by id. */
    static List<Optional<Gauge>> all(Symmetries symmetries) {
        Axes axes = new Axes(symmetries);
        return symmetries.spaces().parallelStream().map(s -> of(symmetries, axes, s)).toList();
    }

    /** Some of what meets a Space; empty where that is nothing or a parameter's content is not known. */
    static Optional<Gauge> of(Symmetries symmetries, Axes axes, Space space, Predicate<Slot> slots) {
        List<Scaling> scalings = symmetries.scalings(space);
        int[] numbers = IntStream.range(0, space.slots().size()).filter(i -> slots.test(space.slots().get(i)))
                .toArray();
        List<Optional<List<Entries>>> found = Arrays.stream(numbers).parallel().mapToObj(i -> {
            Slot slot = space.slots().get(i);
            return axes.constant(slot.parameter()).filter(t -> t.type().isReal())
                    .flatMap(t -> Entries.of(t, slot, space.dimension()));
        }).toList();
        List<Entries> groups = new ArrayList<>();
        List<double[]> powers = new ArrayList<>();
        for (int i = 0; i < numbers.length; i++) {
            if (found.get(i).isEmpty()) {
                return Optional.empty();
            }
            for (Entries entries : found.get(i).get()) {
                int number = numbers[i];
                groups.add(entries);
                powers.add(scalings.stream().mapToDouble(s -> s.powers().get(number)[entries.leg()]).toArray());
            }
        }
        return groups.isEmpty() ? Optional.empty() : Optional.of(new Gauge(scalings, groups, powers));
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

    /** The entries of a unit in one group, kept for the next time. */
    double[] entries(int group, int unit) {
        double[][] here = read.computeIfAbsent(group, g -> new double[groups.get(g).units()][]);
        if (here[unit] == null) {
            here[unit] = groups.get(group).of(unit);
        }
        return here[unit];
    }

    /** A group of entries. */
    Entries group(int group) {
        return groups.get(group);
    }

    /** What one factor per scaling multiplies the entries of a group by. */
    double factor(int group, double[] factors) {
        double factor = 1;
        for (int s = 0; s < factors.length; s++) {
            factor *= power(factors[s], powers.get(group)[s]);
        }
        return factor;
    }

    /** The factors that scale a unit to its normal form, one per scaling; not to be written to. */
    double[] fixing(int unit) {
        return fixed.computeIfAbsent(unit, this::fixed);
    }

    /** What the entries of every group are multiplied by in a unit's normal form. */
    double[] normal(int unit) {
        double[] factors = fixing(unit);
        return IntStream.range(0, groups.size()).mapToDouble(g -> factor(g, factors)).toArray();
    }

    private double[] fixed(int unit) {
        double[] factors = magnitudes(unit);
        double[] signs = signs(unit);
        return IntStream.range(0, factors.length).mapToDouble(s -> factors[s] * signs[s]).toArray();
    }

    /** Positive factors that give as many groups of entries norm 1 as there are scalings of magnitude. */
    double[] magnitudes(int unit) {
        int[] free = scales;
        List<double[]> rows = new ArrayList<>();
        List<Integer> pivots = new ArrayList<>();
        for (int g = 0; g < groups.size() && rows.size() < free.length; g++) {
            double norm = Math.sqrt(groups.get(g).squares(unit));
            if (norm > 0) {
                double[] power = powers.get(g);
                double[] row = new double[free.length + 1];
                Arrays.setAll(row, k -> k < free.length ? power[free[k]] : -Math.log(norm));
                eliminate(rows, pivots, row);
            }
        }
        double[] factors = new double[scalings.size()];
        Arrays.fill(factors, 1);
        double[] logs = solved(rows, pivots, free.length);
        for (int k = 0; k < free.length; k++) {
            factors[free[k]] = Math.exp(logs[k]);
        }
        return factors;
    }

    /** Reduces a row by those before it and keeps it if a pivot is left: each kept row is zero at the others' pivots. */
    private static void eliminate(List<double[]> rows, List<Integer> pivots, double[] row) {
        for (int r = 0; r < rows.size(); r++) {
            subtract(row, rows.get(r), pivots.get(r));
        }
        int own = pivot(row, row.length - 1);
        if (own < 0) {
            return;
        }
        for (double[] other : rows) {
            subtract(other, row, own);
        }
        rows.add(row);
        pivots.add(own);
    }

    /** Subtracts so much of a row that nothing is left at its pivot; mostly there is nothing to begin with. */
    private static void subtract(double[] from, double[] row, int pivot) {
        double factor = from[pivot] / row[pivot];
        for (int k = 0; k < row.length && factor != 0; k++) {
            from[k] -= factor * row[k];
        }
    }

    private static int pivot(double[] row, int columns) {
        for (int k = 0; k < columns; k++) {
            if (Math.abs(row[k]) > ZERO) {
                return k;
            }
        }
        return -1;
    }

    private static double[] solved(List<double[]> rows, List<Integer> pivots, int columns) {
        double[] solution = new double[columns];
        for (int r = 0; r < rows.size(); r++) {
            solution[pivots.get(r)] = rows.get(r)[columns] / rows.get(r)[pivots.get(r)];
        }
        return solution;
    }

    /** Signs that turn as many groups of entries to the positive side of a fixed direction as there are flips. */
    private double[] signs(int unit) {
        int[] free = flips;
        List<boolean[]> rows = new ArrayList<>();
        for (int g = 0; g < groups.size() && rows.size() < free.length; g++) {
            double side = groups.get(g).shadow(unit);
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
        int at = 0;
        while (at < row.length - 1 && !row[at]) {
            at++;
        }
        return at;
    }

    private static void add(boolean[] to, boolean[] row) {
        for (int k = 0; k < row.length; k++) {
            to[k] ^= row[k];
        }
    }
}
