package dev.orbifold.engine;

/** A number that changes over training, such as the learning rate. */
public sealed interface Schedule {
    /**
     * Its value.
     *
     * @param progress how much of training is done, 0 to 1; values outside are taken as the nearer end
     */
    double at(double progress);

    /** Its value at a step of so many. */
    default double at(long step, long steps) {
        return at(steps <= 0 ? 0 : (double) step / steps);
    }

    /**
     * Always the same.
     *
     * @param value the number
     */
    record Constant(double value) implements Schedule {
        @Override
        public double at(double progress) {
            return value;
        }
    }

    /**
     * Half a cosine from one value to another (Loshchilov, Hutter, ICLR 2017, without restarts): last + (first −
     * last)·(1 + cos πp)/2.
     *
     * @param first the value at the start
     * @param last the value at the end
     */
    record Cosine(double first, double last) implements Schedule {
        @Override
        public double at(double progress) {
            return last + (first - last) * (1 + Math.cos(Math.PI * clamp(progress))) / 2;
        }
    }

    /**
     * Half a cosine up to a peak, another down to the end (Smith, Topin, arXiv 1708.07120).
     *
     * @param first the value at the start
     * @param peak the largest value
     * @param last the value at the end
     * @param rise the share of training before the peak, above 0 and below 1
     */
    record OneCycle(double first, double peak, double last, double rise) implements Schedule {
        /** Checks the share. */
        public OneCycle {
            if (!(rise > 0 && rise < 1)) {
                throw new EngineException("the rise of a one-cycle schedule must lie between 0 and 1, found " + rise);
            }
        }

        /** From peak/25 up during the first 30 %, and down to peak/250 000. */
        public static OneCycle to(double peak) {
            return new OneCycle(peak / 25, peak, peak / 250_000, 0.3);
        }

        @Override
        public double at(double progress) {
            double p = clamp(progress);
            return p < rise ? new Cosine(first, peak).at(p / rise)
                    : new Cosine(peak, last).at((p - rise) / (1 - rise));
        }
    }

    /**
     * A straight line from zero up to another schedule, which then runs its whole course.
     *
     * @param share of training that warms up, from 0 to below 1
     * @param then what follows
     */
    record WarmUp(double share, Schedule then) implements Schedule {
        /** Checks the share. */
        public WarmUp {
            if (!(share >= 0 && share < 1)) {
                throw new EngineException("a warm-up must take a share in [0, 1) of training, found " + share);
            }
        }

        @Override
        public double at(double progress) {
            double p = clamp(progress);
            return p < share ? then.at(0) * p / share : then.at((p - share) / (1 - share));
        }
    }

    private static double clamp(double progress) {
        return Math.clamp(progress, 0, 1);
    }
}
