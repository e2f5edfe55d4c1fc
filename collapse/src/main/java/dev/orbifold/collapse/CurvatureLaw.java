package dev.orbifold.collapse;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * How the curvature h of a batch across a mirror varies from step to step, where it is one number. With s ← (1 − η(h + wd))s
 * the distance to the mirror grows by the Lyapunov exponent E log|1 − η(h + wd)| per step, in nats, and SGD collapses where
 * that is negative (theory, 1.5).
 */
public sealed interface CurvatureLaw {
    /** E log|1 − η(h + wd)|; −∞ where a batch takes the distance to 0 at once. */
    double exponent(double rate, double decay);

    /** log|1 − x|, exact for small x too. */
    static double logarithm(double x) {
        return x < 1 ? Math.log1p(-x) : Math.log(x - 1);
    }

    /** E[h]. */
    double mean();

    /** E[h²]. */
    double meanSquare();

    /** The exponent to second order in the learning rate: −ηE[h + wd] − η²E[(h + wd)²]/2. */
    default double exponentToSecondOrder(double rate, double decay) {
        return -rate * (mean() + decay) - rate * rate * shiftedSquare(decay) / 2;
    }

    /**
     * The learning rate from which on SGD collapses, from the exact mean.
     *
     * @return 0 where E[h + wd] ≥ 0 and every small rate collapses; empty where no rate does. Beyond much larger rates the
     *         steps are unstable, and the exponent is positive again.
     */
    default OptionalDouble critical(double decay) {
        double estimate = criticalToSecondOrder(decay);
        if (estimate == 0) {
            return OptionalDouble.of(0);
        }
        if (Double.isInfinite(estimate)) {
            return OptionalDouble.empty();
        }
        // The exponent starts at 0 with a positive slope: the first change of sign on a fine grid is the one.
        double ratio = Math.pow(2, 1 / 16.0);
        double low = estimate / 64;
        for (double high = low * ratio; high <= 64 * estimate; high *= ratio) {
            if (exponent(high, decay) < 0) {
                return OptionalDouble.of(bisect(low, high, decay));
            }
            low = high;
        }
        return OptionalDouble.empty();
    }

    private double bisect(double from, double to, double decay) {
        double low = from;
        double high = to;
        while (high - low > 1e-12 * high) {
            double middle = (low + high) / 2;
            if (exponent(middle, decay) < 0) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return (low + high) / 2;
    }

    /** The critical learning rate to second order, −2E[h + wd]/E[(h + wd)²]; 0 where E[h + wd] ≥ 0, ∞ without noise or drift. */
    default double criticalToSecondOrder(double decay) {
        double drift = mean() + decay;
        return drift >= 0 ? 0 : -2 * drift / shiftedSquare(decay);
    }

    private double shiftedSquare(double decay) {
        return meanSquare() + 2 * decay * mean() + decay * decay;
    }

    /**
     * Curvatures that were measured, each as likely.
     *
     * @param values h per batch
     */
    record Sampled(double[] values) implements CurvatureLaw {
        /** Checks that there is one. */
        public Sampled {
            if (values.length == 0) {
                throw new CollapseException("a law of curvatures needs at least one batch");
            }
            values = values.clone();
        }

        @Override
        public double exponent(double rate, double decay) {
            double sum = 0;
            for (double h : values) {
                sum += logarithm(rate * (h + decay));
            }
            return sum / values.length;
        }

        @Override
        public double mean() {
            return Arrays.stream(values).average().orElseThrow();
        }

        @Override
        public double meanSquare() {
            return Arrays.stream(values).map(h -> h * h).average().orElseThrow();
        }
    }

    /**
     * Curvatures from a normal distribution; its mean logarithm is an integral.
     *
     * @param mean E[h]
     * @param deviation the standard deviation of h, above 0
     */
    record Normal(double mean, double deviation) implements CurvatureLaw {
        /** Cells per standard deviation; the error of the integral is about the square of a cell. */
        private static final int CELLS = 1000;
        /** In standard deviations; what lies beyond weighs 1e-23. */
        private static final int REACH = 10;

        /** Checks the deviation. */
        public Normal {
            if (!(deviation > 0)) {
                throw new CollapseException("the standard deviation must be above 0, found " + deviation);
            }
        }

        /**
         * By the midpoint rule on cells that have the singularity, where the step takes the distance to 0, on a border. There
         * the rule exceeds ∫log|x|dx by log 2 times the cell (Stirling), which is taken off.
         */
        @Override
        public double exponent(double rate, double decay) {
            double spread = rate * deviation;
            double zero = (1 - rate * (mean + decay)) / spread;
            double cell = 1.0 / CELLS;
            boolean near = Math.abs(zero) <= REACH;
            double first = near ? zero - cell * Math.ceil((zero + REACH) / cell) : -REACH;
            double sum = near ? -Math.log(2) * cell * density(zero) : 0;
            for (double left = first; left < REACH; left += cell) {
                double z = left + cell / 2;
                sum += cell * density(z) * Math.log(spread * Math.abs(z - zero));
            }
            return sum;
        }

        private static double density(double z) {
            return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        }

        @Override
        public double meanSquare() {
            return mean * mean + deviation * deviation;
        }
    }
}
