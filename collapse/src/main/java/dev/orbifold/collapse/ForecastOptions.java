package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.function.Predicate;

/**
 * What is asked of a {@link Forecast}.
 *
 * @param rate η, above 0
 * @param decay wd, coupled, from 0
 * @param pairs how many pairs of units per Space are looked at, the nearest ones
 * @param units how many units per Space are looked at, the nearest to their mirrors, where each takes passes over the data of
 *        its own; 0 for all, but {@link #FEW} where a pass is long
 * @param eigenvalues how many of the largest eigenvalues of the Hessian; 0 for nothing about the Hessian as a whole
 * @param spaces which Spaces, by name
 * @param seed of random starts and resampling
 */
public record ForecastOptions(double rate, double decay, int pairs, int units, int eigenvalues,
        Predicate<String> spaces, Seed seed) {
    /** Units per Space where passes over the data are long and nobody said how many. */
    public static final int FEW = 4;
    private static final double CONFIDENCE = 0.95;
    private static final int RESAMPLES = 1000;

    /** Checks the numbers. */
    public ForecastOptions {
        if (!(rate > 0 && rate < Double.POSITIVE_INFINITY) || !(decay >= 0 && decay < Double.POSITIVE_INFINITY)
                || pairs < 0 || units < 0 || eigenvalues < 0) {
            throw new CollapseException("a forecast needs a learning rate above 0 and a weight decay, pairs,"
                    + " units and eigenvalues from 0, found " + rate + ", " + decay + ", " + pairs + ", " + units
                    + " and " + eigenvalues);
        }
    }

    /** How intervals are made: 95 %, each mirror with draws of its own. */
    Lyapunov.Bootstrap bootstrap(String of) {
        return new Lyapunov.Bootstrap(CONFIDENCE, RESAMPLES, seed.split("bootstrap").split(of));
    }
}
