package dev.orbifold.structure;

import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How far the units or copies of one Space are from its mirrors (theory, 1), as numbers without unit; 0 is on the mirror.
 *
 * <ul>
 * <li>Dead, where the Group has signs or scales, unless signs come with a bias correction: per unit with in-weights u and
 * out-weights w, all entries that the Group's diagonal acts on, ‖(u, w)‖ = √(‖u‖² + ‖w‖²), smallest along the orbit of the
 * scales where there are any: √(2‖u‖‖w‖); divided by the root mean square of that over the Space's units.
 * <li>Twins, for every Space of at least two units: per unit ‖x − y‖/√(‖x‖² + ‖y‖²) to the unit y nearest to it, x and y
 * being what writes the two, each brought to normal form by the scalings of the Group; 1 is orthogonal. At most
 * {@value Nearest#SAMPLED} units, evenly spaced, are measured, and the nearest is looked for among sketches of
 * {@value Entries#SKETCH} numbers, so that what is reported is exact for a pair but may not be the nearest one. Units written
 * by zeros are left out.
 * <li>Rank, for a Space between two contractions: per copy the smallest singular value of what writes it times what reads
 * it, divided by the largest ({@link Spectrum}).
 * </ul>
 *
 * @param dead to the mirrors of signs and scales
 * @param twins to the mirrors of permutations
 * @param rank to the mirrors of rotations
 */
public record Distances(Optional<Quantiles> dead, Optional<Quantiles> twins, Optional<Quantiles> rank) {
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

    /**
     * What the numbers of a Space are quantiles of; nothing where a kind does not apply.
     *
     * @param dead per unit
     * @param twins per measured unit
     * @param rank per copy
     * @param scale the root mean square that {@code dead} is divided by; 0 where there is none
     */
    record Each(double[] dead, double[] twins, double[] rank, double scale) {
        /** Of a Space of units. */
        static Each of(Symmetries symmetries, Axes axes, Space space, Optional<Gauge> gauge) {
            double[] lengths = space.group() instanceof Group.Monomial m && reflects(symmetries, space)
                    ? lengths(axes, space, seen(symmetries, space), m.diagonal() != Group.Diagonal.SIGNS)
                    : new double[0];
            double[] twins = space.dimension() < 2 ? new double[0]
                    : gauge.map(g -> Nearest.distances(g, space.dimension())).orElse(new double[0]);
            double scale = Math.sqrt(Arrays.stream(lengths).map(x -> x * x).average().orElse(0));
            return new Each(scale == 0 ? lengths : Arrays.stream(lengths).map(x -> x / scale).toArray(), twins,
                    new double[0], scale);
        }

        /** Of a Space whose coordinates mix. */
        static Each of(Optional<Spectrum> spectrum) {
            return new Each(new double[0], new double[0], spectrum
                    .map(s -> s.values().stream().mapToDouble(Distances::smallest).toArray()).orElse(new double[0]),
                    0);
        }

        Distances quantiles() {
            return new Distances(Quantiles.of(dead), Quantiles.of(twins), Quantiles.of(rank));
        }
    }

    private static double smallest(double[] values) {
        return values.length == 0 || values[0] == 0 ? 0 : values[values.length - 1] / values[0];
    }

    /**
     * Whether the diagonal that readers see, which the slots' exponents are of, moves parameters linearly: signs with a bias
     * correction have no mirror at 0.
     */
    private static boolean reflects(Symmetries symmetries, Space space) {
        return seen(symmetries, space).stream().findFirst().filter(scaling -> !scaling.affine()).isPresent();
    }

    /** The scalings that readers see; several where groups of places have one each. */
    private static List<Scaling> seen(Symmetries symmetries, Space space) {
        return symmetries.scalings(space).stream().filter(scaling -> IntStream.range(0, space.slots().size())
                .anyMatch(i -> space.slots().get(i).role() == Slot.Role.READS
                        && Arrays.stream(scaling.powers().get(i)).anyMatch(p -> p != 0)))
                .toList();
    }

    /** Per unit the length of (u, w), of all scalings together; nothing where a parameter's content is not known. */
    private static double[] lengths(Axes axes, Space space, List<Scaling> seen, boolean scales) {
        double[] sums = new double[space.dimension()];
        for (Scaling scaling : seen) {
            double[] in = new double[space.dimension()];
            double[] out = new double[space.dimension()];
            for (int s = 0; s < space.slots().size(); s++) {
                Slot slot = space.slots().get(s);
                double[] powers = scaling.powers().get(s);
                if (slot.role() == Slot.Role.FOLLOWS || Arrays.stream(powers).allMatch(p -> p == 0)) {
                    continue;
                }
                Optional<TensorData> tensor = axes.constant(slot.parameter()).filter(t -> t.type().isReal());
                if (tensor.isEmpty()) {
                    return new double[0];
                }
                double[] squares = Entries.squares(tensor.get(), slot.axis());
                for (int i = 0; i < squares.length; i++) {
                    double power = slot.unit()[i] < 0 ? 0 : powers[slot.leg()[i]];
                    if (power != 0) {
                        (power > 0 ? in : out)[slot.unit()[i]] += squares[i];
                    }
                }
            }
            boolean both = Arrays.stream(in).anyMatch(x -> x > 0) && Arrays.stream(out).anyMatch(x -> x > 0);
            for (int u = 0; u < sums.length; u++) {
                sums[u] += scales && both ? 2 * Math.sqrt(in[u] * out[u]) : in[u] + out[u];
            }
        }
        return Arrays.stream(sums).map(Math::sqrt).toArray();
    }

    /** Of every Space, those of units first. */
    static List<Distances> of(Symmetries symmetries, List<Optional<Spectrum>> spectra) {
        return of(symmetries, Gauge.all(symmetries), spectra);
    }

    /** The same, with the gauge of every Space known. */
    static List<Distances> of(Symmetries symmetries, List<Optional<Gauge>> gauges, List<Optional<Spectrum>> spectra) {
        Axes axes = new Axes(symmetries);
        List<Distances> all = new ArrayList<>(
                symmetries.spaces().parallelStream()
                        .map(s -> Each.of(symmetries, axes, s, gauges.get(s.id())).quantiles()).toList());
        spectra.forEach(spectrum -> all.add(Each.of(spectrum).quantiles()));
        return all;
    }
}
