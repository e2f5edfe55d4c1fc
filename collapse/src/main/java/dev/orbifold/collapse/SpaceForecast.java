package dev.orbifold.collapse;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What the mirrors of one kind of a Space do.
 *
 * @param space its name
 * @param kind what lies on them
 * @param method how they were judged
 * @param mirrors how many there are; −1 where every direction is one
 * @param predictions those that were looked at
 * @param fresh the weight decay above which a new unit dies whatever its direction; empty where it was not looked for
 */
public record SpaceForecast(String space, Prediction.Kind kind, Method method, long mirrors,
        List<Prediction> predictions, OptionalDouble fresh) {
    /** How mirrors are judged. */
    public enum Method {
        /** The maximum that a unit's direction leads to, for units with a ReLU, and for others without one. */
        OWN_MAXIMUM("own maximum"),
        /** The direction that a unit has, where it cannot be looked at alone. */
        OWN_DIRECTION("own direction"),
        /** The smallest eigenvalue of OᵀHO. */
        BLOCK_HESSIAN("block Hessian");

        private final String words;

        Method(String words) {
            this.words = words;
        }

        /** The method in words. */
        public String words() {
            return words;
        }
    }

    /** Copies the list. */
    public SpaceForecast {
        predictions = List.copyOf(predictions);
    }

    /** How many of those looked at have a verdict. */
    public int count(Lyapunov.Verdict verdict) {
        return (int) predictions.stream().filter(p -> p.verdict() == verdict).count();
    }

    /** The thresholds wd*, ascending. */
    public double[] thresholds() {
        return predictions.stream().mapToDouble(Prediction::threshold).sorted().toArray();
    }

    /**
     * The share of the mirrors looked at that attract, from the curvatures that were measured: no interval is asked.
     *
     * @param rates η, from 0
     * @param decays wd
     * @return per rate, per decay
     */
    public double[][] attracting(double[] rates, double[] decays) {
        return Arrays.stream(rates).mapToObj(rate -> Arrays.stream(decays)
                .map(decay -> predictions.stream().filter(p -> p.law().exponent(rate, decay) < 0).count()
                        / (double) predictions.size())
                .toArray()).toArray(double[][]::new);
    }
}
