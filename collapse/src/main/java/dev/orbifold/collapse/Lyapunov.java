package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The top Lyapunov exponent of SGD across a mirror, s ← (I − η(h + wd)) s with h a batch's block Hessian, from the curvatures
 * of measured batches (theory, 1.5), with a confidence interval by the bootstrap over batches. It is the rate, per step and
 * in nats, at which the distance to the mirror grows; the mirror attracts where it is negative.
 *
 * @param value the exponent for these batches
 * @param low the lower end of the interval
 * @param high the upper end
 */
public record Lyapunov(double value, double low, double high) {
    /** Steps before the product has forgotten where it started, as a share of all. */
    private static final double TRANSIENT = 0.1;

    /**
     * How an interval is made.
     *
     * @param confidence the share of cases in which it holds the truth, such as 0.95
     * @param resamples how many sets of batches are drawn
     * @param seed of the draws
     */
    public record Bootstrap(double confidence, int resamples, Seed seed) {
        /** Checks the numbers. */
        public Bootstrap {
            if (!(confidence > 0 && confidence < 1) || resamples < 2) {
                throw new CollapseException("a bootstrap needs a confidence between 0 and 1 and at least 2 resamples,"
                        + " found " + confidence + " and " + resamples);
            }
        }
    }

    /** What the interval says. */
    public enum Verdict {
        /** The whole interval is negative. */
        COLLAPSES,
        /** The whole interval is positive. */
        ESCAPES,
        /** The interval holds 0. */
        OPEN
    }

    /** Whether the mirror attracts, as far as the interval tells. */
    public Verdict verdict() {
        return high < 0 ? Verdict.COLLAPSES : low > 0 ? Verdict.ESCAPES : Verdict.OPEN;
    }

    /** The exponent where a batch's curvature is one number. */
    public static Lyapunov of(CurvatureLaw.Sampled law, double rate, double decay, Bootstrap bootstrap) {
        double[] logs = Arrays.stream(law.values()).map(h -> CurvatureLaw.logarithm(rate * (h + decay))).toArray();
        RandomGenerator random = bootstrap.seed().generator();
        double[] means = new double[bootstrap.resamples()];
        for (int r = 0; r < means.length; r++) {
            double sum = 0;
            for (int i = 0; i < logs.length; i++) {
                sum += logs[random.nextInt(logs.length)];
            }
            means[r] = sum / logs.length;
        }
        return interval(Arrays.stream(logs).average().orElseThrow(), means, bootstrap.confidence());
    }

    /**
     * The top exponent where a batch's curvature is a small matrix.
     *
     * @param blocks batch × k × k, symmetric
     * @param steps how many batches are multiplied, for the value and for each resample
     */
    public static Lyapunov of(double[][][] blocks, double rate, double decay, int steps, Bootstrap bootstrap) {
        double value = exponents(blocks, rate, decay, steps, bootstrap.seed().split("value"))[0];
        double[] found = new double[bootstrap.resamples()];
        for (int r = 0; r < found.length; r++) {
            Seed seed = bootstrap.seed().split(r);
            RandomGenerator random = seed.generator();
            double[][][] drawn = new double[blocks.length][][];
            for (int b = 0; b < drawn.length; b++) {
                drawn[b] = blocks[random.nextInt(blocks.length)];
            }
            found[r] = exponents(drawn, rate, decay, steps, seed.split("steps"))[0];
        }
        return interval(value, found, bootstrap.confidence());
    }

    private static Lyapunov interval(double value, double[] found, double confidence) {
        double[] sorted = found.clone();
        Arrays.sort(sorted);
        double tail = (1 - confidence) / 2;
        int low = (int) Math.floor(tail * (sorted.length - 1));
        return new Lyapunov(value, sorted[low], sorted[sorted.length - 1 - low]);
    }

    /**
     * All Lyapunov exponents of the product of I − η(h_b + wd I), batches b drawn with replacement: the mean logarithms of the
     * diagonal of R, where every factor is applied to an orthonormal frame and the frame made orthonormal again by QR
     * (Benettin et al., Meccanica 15, 1980).
     *
     * @param blocks batch × k × k, symmetric
     * @param steps how many factors; the first tenth is not counted
     * @return k exponents per step, descending up to the error of the mean
     */
    public static double[] exponents(double[][][] blocks, double rate, double decay, int steps, Seed seed) {
        if (blocks.length == 0 || blocks[0].length == 0 || steps < 10) {
            throw new CollapseException("exponents need batches, a direction and at least 10 steps, found "
                    + blocks.length + " batches and " + steps + " steps");
        }
        int k = blocks[0].length;
        RandomGenerator random = seed.generator();
        double[][] frame = new double[k][];
        for (int i = 0; i < k; i++) {
            frame[i] = Vectors.normal(k, random);
        }
        double[] sums = new double[k];
        int skipped = (int) (TRANSIENT * steps);
        for (int step = 0; step < steps; step++) {
            double[][] block = blocks[random.nextInt(blocks.length)];
            for (double[] v : frame) {
                step(block, v, rate, decay);
            }
            double[] lengths = orthonormalize(frame, random);
            for (int i = 0; i < k && step >= skipped; i++) {
                sums[i] += Math.log(lengths[i]);
            }
        }
        return Arrays.stream(sums).map(s -> s / (steps - skipped)).toArray();
    }

    /**
     * The top exponent of the product of I − η(H_b + wd I) for maps that are never formed, batches b drawn with replacement:
     * every direction across a mirror takes part, not only some that were chosen. One product a step.
     *
     * @param blocks the curvature across the mirror of each batch ({@link Subspace#block} of {@link LossCurvature#ofBatch})
     * @param length how many numbers their vectors have
     * @param steps how many factors, at least 10; the first tenth is not counted
     * @return nats per step; −∞ if a factor takes the vector to 0
     */
    public static double exponent(List<SymmetricOperator> blocks, int length, double rate, double decay, int steps,
            Seed seed) {
        if (blocks.isEmpty() || steps < 10) {
            throw new CollapseException("an exponent needs batches and at least 10 steps, found " + blocks.size()
                    + " batches and " + steps + " steps");
        }
        RandomGenerator random = seed.generator();
        double[] v = blocks.get(0).draw(length, random);
        Vectors.scale(v, 1 / Vectors.length(v));
        int skipped = (int) (TRANSIENT * steps);
        double sum = 0;
        for (int step = 0; step < steps; step++) {
            double[] image = blocks.get(random.nextInt(blocks.size())).times(v);
            Vectors.scale(v, 1 - rate * decay);
            Vectors.add(v, -rate, image);
            double size = Vectors.length(v);
            if (size == 0) {
                return Double.NEGATIVE_INFINITY;
            }
            Vectors.scale(v, 1 / size);
            sum += step >= skipped ? Math.log(size) : 0;
        }
        return sum / (steps - skipped);
    }

    private static void step(double[][] block, double[] v, double rate, double decay) {
        double[] before = v.clone();
        for (int i = 0; i < v.length; i++) {
            v[i] = (1 - rate * decay) * before[i] - rate * Vectors.dot(block[i], before);
        }
    }

    /** Gram–Schmidt, each vector twice; returns the diagonal of R. A vector that became 0 is drawn anew. */
    private static double[] orthonormalize(double[][] frame, RandomGenerator random) {
        double[] lengths = new double[frame.length];
        for (int i = 0; i < frame.length; i++) {
            project(frame, i);
            lengths[i] = Vectors.length(frame[i]);
            if (lengths[i] == 0) {
                frame[i] = Vectors.normal(frame.length, random);
            } else {
                Vectors.scale(frame[i], 1 / lengths[i]);
            }
            project(frame, i);
            Vectors.scale(frame[i], 1 / Vectors.length(frame[i]));
        }
        return lengths;
    }

    private static void project(double[][] frame, int i) {
        for (int j = 0; j < i; j++) {
            Vectors.add(frame[i], -Vectors.dot(frame[j], frame[i]), frame[j]);
        }
    }
}
