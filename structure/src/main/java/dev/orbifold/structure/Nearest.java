package dev.orbifold.structure;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * How far units are from the ones nearest to them. Who is nearest is looked for among sketches of a few numbers per unit
 * ({@link Entries#addSketch}), which come with the one pass that sums squares; how far it is takes a second pass.
 */
final class Nearest {
    /** At most this many units are measured. */
    static final int SAMPLED = 512;

    private final Gauge gauge;
    /** Per unit what multiplies each group of entries in its normal form. */
    private final double[][] by;
    /** Number b of the sketch of every unit. */
    private final double[][] sketches;
    private final double[] sketchSquares;
    private final double[] squares;
    /** Units that something writes. */
    private final int[] there;

    private Nearest(Gauge gauge, int units) {
        this.gauge = gauge;
        this.by = IntStream.range(0, units).mapToObj(gauge::normal).toArray(double[][]::new);
        this.sketches = new double[Entries.SKETCH][units];
        this.sketchSquares = new double[units];
        this.squares = new double[units];
        RandomGenerator random = new Seed(0x5EED).generator();
        double[] signs = IntStream.range(0, gauge.groups()).mapToDouble(g -> random.nextBoolean() ? 1 : -1).toArray();
        for (int u = 0; u < units; u++) {
            double[] sketch = new double[Entries.SKETCH];
            // Groups go one behind the other, so that few entries in all get a number each.
            long start = 0;
            for (int g = 0; g < signs.length; g++) {
                Entries entries = gauge.group(g);
                squares[u] += by[u][g] * by[u][g] * entries.squares(u);
                entries.addSketch(u, signs[g] * by[u][g], (int) (start % Entries.SKETCH), sketch);
                start += entries.count();
            }
            for (int b = 0; b < sketch.length; b++) {
                sketches[b][u] = sketch[b];
                sketchSquares[u] += sketch[b] * sketch[b];
            }
        }
        this.there = IntStream.range(0, units).filter(u -> squares[u] > 0).toArray();
    }

    /**
     * Per measured unit ‖x − y‖/√(‖x‖² + ‖y‖²) to the unit y that seems nearest; none where fewer than two units are written.
     */
    static double[] distances(Gauge gauge, int units) {
        return new Nearest(gauge, units).distances();
    }

    private double[] distances() {
        if (there.length < 2) {
            return new double[0];
        }
        int step = Math.max(1, Math.ceilDiv(there.length, SAMPLED));
        int[] measured = IntStream.iterate(0, i -> i < there.length, i -> i + step).map(i -> there[i]).toArray();
        double[] apart = new double[squares.length];
        int[] nearest = Arrays.stream(measured).map(u -> nearest(u, apart)).toArray();
        double[] sums = new double[measured.length];
        for (int g = 0; g < gauge.groups(); g++) {
            int group = g;
            gauge.group(g).addDistances(measured, Arrays.stream(measured).mapToDouble(u -> by[u][group]).toArray(),
                    nearest, Arrays.stream(nearest).mapToDouble(u -> by[u][group]).toArray(), sums);
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] = Math.sqrt(sums[i] / (squares[measured[i]] + squares[nearest[i]]));
        }
        return sums;
    }

    /** The other unit whose sketch is nearest, relative to the lengths of both. */
    private int nearest(int unit, double[] apart) {
        Arrays.fill(apart, 0);
        for (double[] numbers : sketches) {
            add(numbers, numbers[unit], apart);
        }
        int best = -1;
        double least = Double.POSITIVE_INFINITY;
        for (int other : there) {
            double relative = apart[other] / (sketchSquares[unit] + sketchSquares[other]);
            if (other != unit && (best < 0 || relative < least)) {
                best = other;
                least = relative;
            }
        }
        return best;
    }

    private static void add(double[] numbers, double own, double[] apart) {
        for (int u = 0; u < apart.length; u++) {
            apart[u] += (numbers[u] - own) * (numbers[u] - own);
        }
    }
}
