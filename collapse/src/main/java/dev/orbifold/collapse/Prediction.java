package dev.orbifold.collapse;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * What one mirror does to weights near it, at a learning rate η, a weight decay wd and a batch size S.
 *
 * @param space the name of the Space
 * @param mirror which mirror of it, for people
 * @param kind what lies on it
 * @param units the units it is about, or the copy of a LinearSpace
 * @param distance ‖Oᵀθ‖, how far the weights are from it
 * @param threshold wd*, the weight decay from which on it attracts where gradients have no noise
 * @param error the standard error of the threshold, from the spread over batches, and the residual where it is an eigenvalue
 * @param law the curvature of single batches along the direction in which the mirror is left first
 * @param exponent the growth of the distance per step of SGD, in nats, with its interval
 * @param critical the learning rate from which on SGD comes to the mirror; 0 where every small one does; empty where none
 */
public record Prediction(String space, String mirror, Kind kind, int[] units, double distance, double threshold,
        double error, CurvatureLaw.Sampled law, Lyapunov exponent, OptionalDouble critical) {
    /** What lies on a mirror. */
    public enum Kind {
        /** A dead unit whose activation commutes with positive scales: the fixed set of its scalings. */
        UNIT("a dead unit"),
        /** A dead unit with a sign of its own: of an odd activation, linear, or a channel before batch norm. */
        SIGN("a dead unit"),
        /** Two units that say the same. */
        PAIR("twins"),
        /** A lost rank. */
        ROTATION("a lost rank");

        private final String collapse;

        Kind(String collapse) {
            this.collapse = collapse;
        }

        /** The collapse in words. */
        public String collapse() {
            return collapse;
        }
    }

    /**
     * Judges the curvatures of batches.
     *
     * @param lowest the mean curvature along the direction in which the mirror is left first; −wd* where that is positive
     * @param residual how far it may be off as an eigenvalue
     */
    static Prediction of(String space, String mirror, Kind kind, int[] units, double distance, double lowest,
            double residual, CurvatureLaw.Sampled law, ForecastOptions options) {
        double[] h = law.values();
        double mean = law.mean();
        double variance = Arrays.stream(h).map(x -> (x - mean) * (x - mean)).sum() / Math.max(1, h.length - 1);
        return new Prediction(space, mirror, kind, units, distance, Math.max(0, -lowest),
                Math.sqrt(variance / h.length + residual * residual), law,
                Lyapunov.of(law, options.rate(), options.decay(), options.bootstrap(space + "/" + mirror)),
                law.critical(options.decay()));
    }

    /** What the interval of the exponent says. */
    public Lyapunov.Verdict verdict() {
        return exponent.verdict();
    }
}
