package dev.orbifold.structure;

import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * How far the units or copies of one Space are from its mirrors (theory, 1), as numbers without unit; 0 is on the mirror.
 *
 * <ul>
 * <li>Dead, where the Group has signs or scales: per unit with in-weights u and out-weights w, all entries that the Group's
 * diagonal acts on, ‖(u, w)‖ = √(‖u‖² + ‖w‖²), smallest along the orbit of the scales where there are any: √(2‖u‖‖w‖);
 * divided by the root mean square of that over the Space's units.
 * <li>Twins, for every Space of at least two units: per unit ‖x − y‖/√(‖x‖² + ‖y‖²) to the unit y nearest to it, x and y
 * being what writes the two, each brought to normal form by the scalings of the Group; 1 is orthogonal. At most
 * {@value #SAMPLED} units, evenly spaced, are measured, and the nearest is looked for along {@value #DIRECTIONS} random
 * directions, so that what is reported is exact for a pair but may not be the nearest one. Units written by zeros are left
 * out.
 * <li>Rank, for a Space between two contractions: per copy the smallest singular value of what writes it times what reads
 * it, divided by the largest ({@link Spectrum}).
 * </ul>
 *
 * @param dead to the mirrors of signs and scales
 * @param twins to the mirrors of permutations
 * @param rank to the mirrors of rotations
 */
public record Distances(Optional<Quantiles> dead, Optional<Quantiles> twins, Optional<Quantiles> rank) {
    private static final int SAMPLED = 512;
    private static final int DIRECTIONS = 24;

    /**
     * The lower end of a distribution: of n sorted numbers the first, number ⌈n/10⌉ and number ⌈n/2⌉.
     *
     * @param minimum the smallest
     * @param tenth the 10 % quantile
     * @param median the 50 % quantile
     */
    public record Quantiles(double minimum, double tenth, double median) {
        /** Of some numbers; empty where there are none. */
        static Optional<Quantiles> of(double[] numbers) {
            double[] sorted = numbers.clone();
            Arrays.sort(sorted);
            int n = sorted.length;
            return n == 0 ? Optional.empty()
                    : Optional.of(new Quantiles(sorted[0], sorted[(n + 9) / 10 - 1], sorted[(n + 1) / 2 - 1]));
        }
    }

    /** Of a Space of units. */
    static Distances of(Symmetries symmetries, Axes axes, Space space) {
        Optional<Quantiles> dead = space.group() instanceof Group.Monomial m
                ? Quantiles.of(lengths(axes, space, m.diagonal() != Group.Diagonal.SIGNS))
                : Optional.empty();
        Optional<Quantiles> twins = space.dimension() < 2 ? Optional.empty()
                : Gauge.of(symmetries, axes, space).flatMap(g -> Quantiles.of(nearest(g, space.dimension())));
        return new Distances(dead, twins, Optional.empty());
    }

    /** Of a Space whose coordinates mix. */
    static Distances of(Optional<Spectrum> spectrum) {
        return new Distances(Optional.empty(), Optional.empty(),
                spectrum.flatMap(s -> Quantiles.of(s.values().stream().mapToDouble(Distances::smallest).toArray())));
    }

    private static double smallest(double[] values) {
        return values.length == 0 || values[0] == 0 ? 0 : values[values.length - 1] / values[0];
    }

    /** Per unit the length of (u, w), over its root mean square; nothing where a parameter's content is not known. */
    private static double[] lengths(Axes axes, Space space, boolean scales) {
        double[] in = new double[space.dimension()];
        double[] out = new double[space.dimension()];
        for (Slot slot : space.slots()) {
            if (slot.exponent() != 0 && slot.role() != Slot.Role.FOLLOWS) {
                Optional<TensorData> tensor = axes.constant(slot.parameter()).filter(t -> t.type().isReal());
                if (tensor.isEmpty()) {
                    return new double[0];
                }
                addSquares(tensor.get(), slot, slot.role() == Slot.Role.WRITES ? in : out);
            }
        }
        boolean both = Arrays.stream(in).anyMatch(x -> x > 0) && Arrays.stream(out).anyMatch(x -> x > 0);
        double[] squares = new double[in.length];
        Arrays.setAll(squares, u -> scales && both ? 2 * Math.sqrt(in[u] * out[u]) : in[u] + out[u]);
        double mean = Arrays.stream(squares).average().orElse(0);
        return mean == 0 ? squares : Arrays.stream(squares).map(s -> Math.sqrt(s / mean)).toArray();
    }

    private static void addSquares(TensorData tensor, Slot slot, double[] squares) {
        int inner = Gauge.inner(tensor, slot.axis());
        double[] values = tensor.toDoubles();
        for (int i = 0; i < values.length; i++) {
            int unit = slot.unit()[i / inner % slot.unit().length];
            if (unit >= 0) {
                squares[unit] += values[i] * values[i];
            }
        }
    }

    private static double[] nearest(Gauge gauge, int n) {
        double[][] written = new double[n][];
        for (int u = 0; u < n; u++) {
            written[u] = entries(gauge, u);
        }
        int[] there = IntStream.range(0, n).filter(u -> Twins.dot(written[u], written[u]) > 0).toArray();
        double[][] shadows = shadows(written);
        int step = Math.max(1, Math.ceilDiv(there.length, SAMPLED));
        return there.length < 2 ? new double[0]
                : IntStream.iterate(0, i -> i < there.length, i -> i + step)
                        .mapToDouble(i -> apart(written, shadows, there, there[i])).toArray();
    }

    /** All entries of a unit, scaled to its normal form. */
    private static double[] entries(Gauge gauge, int unit) {
        double[] factors = gauge.fixing(unit);
        return IntStream.range(0, gauge.groups()).boxed().flatMapToDouble(g -> {
            double factor = gauge.factor(g, factors);
            return Arrays.stream(gauge.group(g).of(unit)).map(x -> factor * x);
        }).toArray();
    }

    private static double[][] shadows(double[][] written) {
        RandomGenerator random = new Seed(0x5EED).generator();
        int length = written[0].length;
        double[][] shadows = new double[written.length][DIRECTIONS];
        for (int d = 0; d < DIRECTIONS; d++) {
            double[] direction = new double[length];
            Arrays.setAll(direction, i -> random.nextGaussian());
            for (int u = 0; u < written.length; u++) {
                shadows[u][d] = Twins.dot(written[u], direction);
            }
        }
        return shadows;
    }

    /** The relative distance of a unit to the one whose shadow is nearest, relative to the lengths of both. */
    private static double apart(double[][] written, double[][] shadows, int[] there, int unit) {
        int best = -1;
        double least = Double.POSITIVE_INFINITY;
        double own = Twins.dot(shadows[unit], shadows[unit]);
        for (int other : there) {
            if (other == unit) {
                continue;
            }
            double relative = square(shadows[unit], shadows[other]) / (own + Twins.dot(shadows[other], shadows[other]));
            if (relative < least || best < 0) {
                least = relative;
                best = other;
            }
        }
        double lengths = Twins.dot(written[unit], written[unit]) + Twins.dot(written[best], written[best]);
        return Math.sqrt(square(written[unit], written[best]) / lengths);
    }

    private static double square(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    /** Of every Space, those of units first. */
    static List<Distances> of(Symmetries symmetries, List<Optional<Spectrum>> spectra) {
        Axes axes = new Axes(symmetries);
        List<Distances> all = new ArrayList<>();
        symmetries.spaces().forEach(space -> all.add(of(symmetries, axes, space)));
        spectra.forEach(spectrum -> all.add(of(spectrum)));
        return all;
    }
}
