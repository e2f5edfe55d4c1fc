package dev.orbifold.train;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What training under constraints reached.
 *
 * @param before the network as it started
 * @param after the model as it is written
 * @param fresh whether training began at random weights, so that what was before says nothing
 * @param weights how many there were, and how many are left
 * @param constraints what became of each
 * @param maxError largest output difference between the trained network and the one written, divided by the output range
 * @param samples how many inputs that was checked on
 * @param verdict one sentence for people
 * @param met whether every goal was reached
 * @param findings what the user should know
 * @param fates what became of units whose fate was predicted, if that was asked for
 * @param latents what became of the latents of a variational network
 */
public record TrainResult(CompressResult.Standing before, CompressResult.Standing after, boolean fresh, Weights weights,
        List<Outcome> constraints, double maxError, int samples, String verdict, boolean met, List<Finding> findings,
        Optional<Fates.Table> fates, Optional<Variational.Latents> latents) implements Reached {
    /**
     * Weights: entries of Parameters with two axes and more.
     *
     * @param before of the network as it started
     * @param nonZero of the written model, those that are not 0
     * @param each of the written model, one by one
     */
    public record Weights(long before, long nonZero, List<Weight> each) {
        /** Copies the list. */
        public Weights {
            each = List.copyOf(each);
        }

        static Weights of(Graph before, Graph after) {
            List<Weight> each = new ArrayList<>();
            after.parameters().forEach((name, data) -> {
                if (data.type().isReal() && data.rank() >= 2) {
                    each.add(new Weight(name, Arrays.stream(data.dims()).boxed().toList(), Measure.nonZero(data)));
                }
            });
            return new Weights(Measure.weights(before, false), Measure.weights(after, true), each);
        }

        /**
         * One Parameter of the written model.
         *
         * @param name of the Parameter
         * @param shape its axes
         * @param nonZero entries that are not 0
         */
        public record Weight(String name, List<Long> shape, long nonZero) {
            /** Copies the list. */
            public Weight {
                shape = List.copyOf(shape);
            }
        }
    }

    /**
     * What became of one constraint.
     *
     * @param name of the constraint, and of the Parameter where it is on several
     * @param parameters what it is on
     * @param condition what was asked for, in words
     * @param scheme how it was factored
     * @param depth D
     * @param goal the share of cells that was to become zero; NaN where λ was given
     * @param lambda λ at the end
     * @param cells what could go to zero: entries, groups, singular values, coordinates
     * @param zero how many are exactly zero
     * @param nearby how many would be zero at a threshold ten times as large, and at one ten times smaller
     * @param penalty what its weight decay added to the loss at the end
     * @param imbalance the largest relative difference between factors that are equal at balance
     * @param gap the duality gap over the objective, on the training data: how far this can be from the best there is; NaN
     *        where the problem is not convex
     * @param stationarity what is left over of the gradient of loss and penalty on the training data, over the penalty's own
     *        pull ({@link dev.orbifold.constraint.Stationarity}): 0 at a stationary point; NaN where there is no λ at the end
     * @param left ‖Oᵀw‖ of the written weights, over ‖w‖
     */
    public record Outcome(String name, List<String> parameters, String condition, String scheme, int depth, double goal,
            double lambda,
            long cells, long zero, Nearby nearby, double penalty, double imbalance, double gap, double stationarity,
            double left) {
        /**
         * How sensitive the count of zeros is.
         *
         * @param tenfold zeros at ten times the threshold
         * @param tenth zeros at a tenth of it
         */
        public record Nearby(long tenfold, long tenth) {
        }
    }

    /** Copies the lists. */
    public TrainResult {
        constraints = List.copyOf(constraints);
        findings = List.copyOf(findings);
    }
}
