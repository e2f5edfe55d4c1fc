package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
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
    /** How many numbers are left of a unit's entries in its sketch: a prime, so that nothing periodic falls together. */
    static final int SKETCH = 31;

    /** Where a row is this many times as long as pairs are wanted of it, numbers are read one by one. */
    private static final int FEW = 16;

    private final TensorData tensor;
    private final int leg;
    private final int length;
    private final int inner;
    /** Per unit its index on the axis. */
    private final int[] places;
    /** These three per index of the axis. */
    private final double[] squares;
    private final double[] shadows;
    private final double[][] sketches;
    private final double directionSquared;

    private Entries(TensorData tensor, int leg, int length, int inner, int[] places, double[] squares,
            double[] shadows, double[][] sketches, double directionSquared) {
        this.tensor = tensor;
        this.leg = leg;
        this.length = length;
        this.inner = inner;
        this.places = places;
        this.squares = squares;
        this.shadows = shadows;
        this.sketches = sketches;
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
        double[][] sketches = new double[length][SKETCH];
        sum(tensor, length, inner, direction, squares, shadows, sketches);
        double directionSquared = Twins.dot(direction, direction);
        int[][] places = places(slot, legs, units);
        List<Entries> all = new ArrayList<>();
        for (int leg = 0; leg < legs; leg++) {
            int missing = 0;
            for (int place : places[leg]) {
                missing += place < 0 ? 1 : 0;
            }
            if (missing > 0 && missing < units) {
                return Optional.empty();
            }
            if (missing == 0) {
                all.add(new Entries(tensor, leg, length, inner, places[leg], squares, shadows, sketches,
                        directionSquared));
            }
        }
        return Optional.of(all);
    }

    /** Per leg the index on the axis of every unit, -1 where it has none. */
    private static int[][] places(Slot slot, int legs, int units) {
        int[][] places = new int[legs][units];
        for (int[] leg : places) {
            Arrays.fill(leg, -1);
        }
        for (int i = 0; i < slot.unit().length; i++) {
            if (slot.unit()[i] >= 0) {
                places[slot.leg()[i]][slot.unit()[i]] = i;
            }
        }
        return places;
    }

    /** Σ x² and Σ direction · x over the entries at every index of an axis, and their sketches. */
    private static void sum(TensorData tensor, int length, int inner, double[] direction, double[] squares,
            double[] shadows, double[][] sketches) {
        double[] signs = Arrays.stream(direction).map(Math::signum).toArray();
        // Two methods, so that neither is compiled again for what the other does.
        if (inner == 1) {
            sumColumns(tensor, length, direction, signs, squares, shadows, sketches);
        } else {
            sumRows(tensor, length, inner, direction, signs, squares, shadows, sketches);
        }
    }

    private static void sumColumns(TensorData tensor, int length, double[] direction, double[] signs, double[] squares,
            double[] shadows, double[][] sketches) {
        Reals reals = new Reals();
        double[] row = new double[length];
        double[][] turned = new double[SKETCH][length];
        for (int o = 0; o < direction.length; o++) {
            reals.read(tensor, (long) o * length, row, 0, length);
            add(row, direction[o], squares, shadows, signs[o], turned[o % SKETCH]);
        }
        for (int b = 0; b < turned.length; b++) {
            for (int i = 0; i < length; i++) {
                sketches[i][b] = turned[b][i];
            }
        }
    }

    private static void sumRows(TensorData tensor, int length, int inner, double[] direction, double[] signs,
            double[] squares, double[] shadows, double[][] sketches) {
        Reals reals = new Reals();
        double[] row = new double[inner];
        for (int o = 0; o < direction.length / inner; o++) {
            for (int i = 0; i < length; i++) {
                reals.read(tensor, ((long) o * length + i) * inner, row, 0, inner);
                squares[i] += dot(row, 0, row, 0, inner);
                shadows[i] += dot(row, 0, direction, o * inner, inner);
                sketch(row, signs, o * inner, sketches[i]);
            }
        }
    }

    private static void add(double[] row, double direction, double[] squares, double[] shadows, double sign,
            double[] sketch) {
        for (int i = 0; i < row.length; i++) {
            squares[i] += row[i] * row[i];
            shadows[i] += row[i] * direction;
            sketch[i] += row[i] * sign;
        }
    }

    /** Entry k of a unit, from {@code first} on, goes to number k modulo {@value #SKETCH}. */
    private static void sketch(double[] row, double[] signs, int first, double[] sketch) {
        int k = 0;
        while (k < row.length) {
            int start = (first + k) % SKETCH;
            int count = Math.min(SKETCH - start, row.length - k);
            add(row, k, signs, first + k, sketch, start, count);
            k += count;
        }
    }

    private static void add(double[] row, int k, double[] signs, int first, double[] sketch, int start, int count) {
        for (int j = 0; j < count; j++) {
            sketch[start + j] += row[k + j] * signs[first + j];
        }
    }

    /** Σ x² over the entries at every index of an axis. */
    static double[] squares(TensorData tensor, int axis) {
        int length = Math.toIntExact(tensor.dim(axis));
        int inner = Gauge.inner(tensor, axis);
        double[] squares = new double[length];
        Reals reals = new Reals();
        double[] row = new double[inner == 1 ? length : inner];
        long rows = tensor.elements() / row.length;
        for (long r = 0; r < rows; r++) {
            reals.read(tensor, r * row.length, row, 0, row.length);
            if (inner == 1) {
                addSquares(row, squares);
            } else {
                squares[(int) (r % length)] += dot(row, 0, row, 0, inner);
            }
        }
        return squares;
    }

    private static void addSquares(double[] row, double[] squares) {
        for (int i = 0; i < row.length; i++) {
            squares[i] += row[i] * row[i];
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

    /** The type of the numbers. */
    DataType type() {
        return tensor.type();
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
        return squares[places[unit]];
    }

    /** The entries of a unit along one fixed random direction. */
    double shadow(int unit) {
        return shadows[places[unit]];
    }

    /** The square of the length of that direction. */
    double directionSquared() {
        return directionSquared;
    }

    /** How many entries a unit has. */
    int count() {
        return Math.toIntExact(tensor.elements() / length);
    }

    /**
     * Adds a unit's entries to a sketch (Charikar, Chen and Farach-Colton, "Finding frequent items in data streams", 2002):
     * every entry, with a random sign, goes to one of {@value #SKETCH} numbers. Squared distances of sketches are those of the
     * entries in the mean over the signs.
     *
     * @param factor what the entries are multiplied by
     * @param start which number the first entry goes to
     * @param sketch {@value #SKETCH} numbers
     */
    void addSketch(int unit, double factor, int start, double[] sketch) {
        double[] own = sketches[places[unit]];
        for (int b = 0; b < SKETCH; b++) {
            sketch[(start + b) % SKETCH] += factor * own[b];
        }
    }

    /**
     * Adds the squared distances of the scaled entries of pairs of units, in one pass over the tensor.
     *
     * @param sums per pair what there is already
     */
    void addDistances(int[] unit, double[] factor, int[] other, double[] otherFactor, double[] sums) {
        Reals reals = new Reals();
        int outer = Math.toIntExact(tensor.elements() / length / inner);
        double[] row = new double[inner == 1 ? length : inner];
        double[] second = new double[row.length];
        for (long o = 0; o < outer; o++) {
            if (inner == 1 && FEW * sums.length < length) {
                for (int p = 0; p < sums.length; p++) {
                    double difference = factor[p] * tensor.doubleAt(o * length + places[unit[p]])
                            - otherFactor[p] * tensor.doubleAt(o * length + places[other[p]]);
                    sums[p] += difference * difference;
                }
            } else if (inner == 1) {
                reals.read(tensor, o * length, row, 0, length);
                for (int p = 0; p < sums.length; p++) {
                    double difference =
                            factor[p] * row[places[unit[p]]] - otherFactor[p] * row[places[other[p]]];
                    sums[p] += difference * difference;
                }
            } else {
                for (int p = 0; p < sums.length; p++) {
                    reals.read(tensor, (o * length + places[unit[p]]) * inner, row, 0, inner);
                    reals.read(tensor, (o * length + places[other[p]]) * inner, second, 0, inner);
                    sums[p] += distance(row, factor[p], second, otherFactor[p]);
                }
            }
        }
    }

    private static double distance(double[] a, double factor, double[] b, double otherFactor) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            double difference = factor * a[k] - otherFactor * b[k];
            sum += difference * difference;
        }
        return sum;
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
