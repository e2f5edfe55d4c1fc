package dev.orbifold.structure;

import dev.orbifold.graph.Reals;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a Space's units have at one Slot and leg: where it lies, and what one pass over the tensor says about every unit.
 * Entries themselves are read where they lie.
 */
final class Entries {
    private final TensorData tensor;
    private final int leg;
    private final int length;
    private final int inner;
    private final int[] places;
    private final double[] squares;
    private final double[] shadows;
    private final double directionSquared;

    private Entries(TensorData tensor, int leg, int length, int inner, int[] places, double[] squares,
            double[] shadows, double directionSquared) {
        this.tensor = tensor;
        this.leg = leg;
        this.length = length;
        this.inner = inner;
        this.places = places;
        this.squares = Arrays.stream(places).mapToDouble(i -> squares[i]).toArray();
        this.shadows = Arrays.stream(places).mapToDouble(i -> shadows[i]).toArray();
        this.directionSquared = directionSquared;
    }

    /** The entries at every leg of a Slot; empty where a leg has entries of some units alone. */
    static Optional<List<Entries>> of(TensorData tensor, Slot slot, int units) {
        int length = slot.unit().length;
        int inner = Gauge.inner(tensor, slot.axis());
        int legs = 1 + Arrays.stream(slot.leg()).max().orElse(0);
        double[] direction = Twins.direction(Math.toIntExact(tensor.elements() / length));
        double[] squares = new double[length];
        double[] shadows = new double[length];
        sum(tensor, length, inner, direction, squares, shadows);
        List<Entries> all = new ArrayList<>();
        for (int leg = 0; leg < legs; leg++) {
            int[] places = new int[units];
            Arrays.fill(places, -1);
            for (int i = 0; i < length; i++) {
                if (slot.unit()[i] >= 0 && slot.leg()[i] == leg) {
                    places[slot.unit()[i]] = i;
                }
            }
            long missing = Arrays.stream(places).filter(i -> i < 0).count();
            if (missing > 0 && missing < units) {
                return Optional.empty();
            }
            if (missing == 0) {
                all.add(new Entries(tensor, leg, length, inner, places, squares, shadows,
                        Twins.dot(direction, direction)));
            }
        }
        return Optional.of(all);
    }

    /** Σ x² and Σ direction · x over the entries at every index of an axis. */
    private static void sum(TensorData tensor, int length, int inner, double[] direction, double[] squares,
            double[] shadows) {
        Reals reals = new Reals();
        double[] row = new double[inner == 1 ? length : inner];
        for (int o = 0; o < direction.length / inner; o++) {
            if (inner == 1) {
                reals.read(tensor, (long) o * length, row, 0, length);
                add(row, direction[o], squares, shadows);
            } else {
                for (int i = 0; i < length; i++) {
                    reals.read(tensor, ((long) o * length + i) * inner, row, 0, inner);
                    squares[i] += dot(row, 0, row, 0, inner);
                    shadows[i] += dot(row, 0, direction, o * inner, inner);
                }
            }
        }
    }

    private static void add(double[] row, double direction, double[] squares, double[] shadows) {
        for (int i = 0; i < row.length; i++) {
            squares[i] += row[i] * row[i];
            shadows[i] += row[i] * direction;
        }
    }

    /** Four sums at a time, because one would wait for itself. */
    private static double dot(double[] a, int fromA, double[] b, int fromB, int count) {
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        int i = 0;
        for (; i + 3 < count; i += 4) {
            first += a[fromA + i] * b[fromB + i];
            second += a[fromA + i + 1] * b[fromB + i + 1];
            third += a[fromA + i + 2] * b[fromB + i + 2];
            fourth += a[fromA + i + 3] * b[fromB + i + 3];
        }
        for (; i < count; i++) {
            first += a[fromA + i] * b[fromB + i];
        }
        return first + second + (third + fourth);
    }

    /** How many units there are. */
    int units() {
        return places.length;
    }

    /** Which place of its unit this is. */
    int leg() {
        return leg;
    }

    /** The sum of the squares of a unit's entries. */
    double squares(int unit) {
        return squares[unit];
    }

    /** The entries of a unit along one fixed random direction. */
    double shadow(int unit) {
        return shadows[unit];
    }

    /** The square of the length of that direction. */
    double directionSquared() {
        return directionSquared;
    }

    /** The entries of a unit. */
    double[] of(int unit) {
        double[] own = new double[Math.toIntExact(tensor.elements() / length)];
        Reals reals = new Reals();
        for (int o = 0; o < own.length / inner; o++) {
            reals.read(tensor, ((long) o * length + places[unit]) * inner, own, o * inner, inner);
        }
        return own;
    }

    /**
     * Adds the squared distance of the scaled entries of two units.
     *
     * @param before what there is already
     * @param limit where to stop: what is above stays above
     */
    double distance(double before, int unit, double factor, int other, double otherFactor, double limit) {
        double sum = before;
        long outer = tensor.elements() / length / inner;
        for (long o = 0; o < outer && sum <= limit; o++) {
            long at = (o * length + places[unit]) * inner;
            long otherAt = (o * length + places[other]) * inner;
            for (int k = 0; k < inner && sum <= limit; k++) {
                double difference = factor * tensor.doubleAt(at + k) - otherFactor * tensor.doubleAt(otherAt + k);
                sum += difference * difference;
            }
        }
        return sum;
    }
}
