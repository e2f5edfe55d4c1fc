package dev.orbifold.structure;

import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How one Space stands to its mirrors at one moment of training: its {@link Distances}, what lies on a mirror already, by the
 * thresholds of {@code scan}, and what is within {@link #NEAR} of one.
 *
 * @param name of the Space
 * @param size units, or coordinates
 * @param distances to its mirrors
 * @param length the root mean square of what units weigh, as {@link Distances} measures it and divides by; 0 where it does not
 * @param dead units that no reader gets anything but a constant from; nothing where units cannot be taken out, or mix
 * @param twins units that repeat another one up to the Group; nothing where coordinates mix
 * @param rank the largest numerical rank of the products of all copies; nothing where units do not mix
 * @param nearlyDead the share of units whose distance to the mirrors of signs and scales is at most {@link #NEAR}
 * @param nearlyTwins the share of measured units whose distance to another one is at most that
 * @param nearlyLost the share of coordinates whose singular value is at most that times the largest, in the copy with the
 *        fewest
 */
public record Closeness(String name, int size, Distances distances, double length, OptionalInt dead, OptionalInt twins,
        OptionalInt rank, double nearlyDead, double nearlyTwins, double nearlyLost) {
    /**
     * What counts as near a mirror: a hundredth of the Space's root mean square, of what two units have together, of the
     * largest singular value. What is left there does a ten thousandth of what others do to squares.
     */
    public static final double NEAR = 1e-2;

    /**
     * Looks at every Space; those of units first.
     *
     * @param units the symmetries that keep units apart, on the weights as they are
     * @param mixing the Spaces whose coordinates mix, of the same Graph; those that are no product of two sides say nothing
     */
    public static List<Closeness> of(Symmetries units, List<LinearSpace> mixing) {
        Axes axes = new Axes(units);
        List<Optional<Gauge>> gauges = Gauge.all(units);
        Twins twins = Twins.of(units, gauges);
        DeadUnits dead = DeadUnits.of(units);
        List<Closeness> all = new ArrayList<>(units.spaces().parallelStream().map(space -> {
            Distances.Each each = Distances.Each.of(units, axes, space, gauges.get(space.id()));
            return new Closeness(space.name(), space.dimension(), each.quantiles(), each.scale(), dead(space, dead),
                    OptionalInt.of(twins.pairs().get(space.id()).size()), OptionalInt.empty(), near(each.dead()),
                    near(each.twins()), 0);
        }).toList());
        for (LinearSpace space : mixing) {
            if (Spectrum.bilinear(space)) {
                Spectrum.of(units.graph(), space).ifPresent(spectrum -> all.add(new Closeness(space.name(),
                        space.dimension(), Distances.Each.of(Optional.of(spectrum)).quantiles(), 0, OptionalInt.empty(),
                        OptionalInt.empty(), OptionalInt.of(spectrum.rank()), 0, 0, lost(spectrum))));
            }
        }
        return all;
    }

    private static OptionalInt dead(Space space, DeadUnits dead) {
        return space.shrinkable() ? OptionalInt.of(dead.removable(space.id()).cardinality()) : OptionalInt.empty();
    }

    private static double near(double[] distances) {
        return distances.length == 0 ? 0
                : Arrays.stream(distances).filter(d -> d <= NEAR).count() / (double) distances.length;
    }

    private static double lost(Spectrum spectrum) {
        int n = spectrum.space().dimension();
        long most = spectrum.values().stream()
                .mapToLong(v -> Arrays.stream(v).filter(x -> x > NEAR * v[0]).count()).max().orElse(0);
        return 1 - most / (double) n;
    }
}
