package dev.orbifold.train;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How to compress; everything has a default but the target.
 *
 * @param target what to reach
 * @param epochs passes over the training data, all phases together
 * @param seed of every random draw
 * @param batch samples per step
 * @param depth D of the D-gating, 2 to 4
 * @param lambda one fixed λ for all units instead of steering, if given
 * @param rate the highest learning rate, if the user names it
 * @param decay weight decay on the weights outside the push
 * @param distill the weight of the original model's answers in the loss, 0 to 1
 * @param temperature at which the answers are compared
 * @param smoothing label smoothing, 0 to below 1
 * @param augment which random changes of the training images to use
 * @param exclude globs over Space and parameter names that must stay as they are
 * @param roundTo widths become multiples of this
 * @param least the smallest width of a Space
 * @param sharing how far units of different Spaces compete as shares of what their Space carries: 0 raw, 1 shares
 * @param loss what is minimised
 */
public record CompressOptions(Target target, int epochs, long seed, int batch, int depth, OptionalDouble lambda,
        OptionalDouble rate, double decay, double distill, double temperature, double smoothing, Augment augment,
        List<String> exclude, int roundTo, int least, double sharing, LossKind loss) {

    /** Random changes of training images. */
    public enum Augment {
        /** Those under which the model being compressed keeps its accuracy, measured on the held-out part. */
        AUTO,
        /** None. */
        NONE,
        /** Shifts by up to an eighth of the width. */
        CROP,
        /** Shifts and left-right flips. */
        CROP_FLIP
    }

    /** What is minimised. */
    public enum LossKind {
        /** Cross-entropy over classes. */
        CROSS_ENTROPY,
        /** Mean squared error. */
        MSE,
        /** Binary cross-entropy on logits. */
        BCE
    }

    /** Samples per step, where nobody says otherwise. */
    public static final int BATCH = 128;
    /** D of the D-gating, where nobody says otherwise. */
    public static final int DEPTH = 3;
    /** Weight decay, where nobody says otherwise. */
    public static final double DECAY = 5e-4;
    /** Weight of the original model's answers, where nobody says otherwise. */
    public static final double DISTILL = 0.3;
    /** Temperature of the answers, where nobody says otherwise. */
    public static final double TEMPERATURE = 1;
    /** How far Spaces compete by shares, where nobody says otherwise. */
    public static final double SHARING = 0.75;

    /** Checks every number. */
    public CompressOptions {
        exclude = List.copyOf(exclude);
        check(epochs >= 1, "--epochs must be at least 1, found " + epochs);
        check(batch >= 1, "--batch-size must be at least 1, found " + batch);
        check(depth >= 2 && depth <= 4, "--depth must be 2, 3 or 4, found " + depth);
        check(lambda.isEmpty() || lambda.getAsDouble() > 0, "--lambda must be positive, found " + lambda.orElse(0));
        check(rate.isEmpty() || rate.getAsDouble() > 0, "--lr must be positive, found " + rate.orElse(0));
        check(decay >= 0, "--weight-decay must not be negative, found " + decay);
        check(distill >= 0 && distill <= 1, "--distill must lie between 0 and 1, found " + distill);
        check(temperature > 0, "--temperature must be positive, found " + temperature);
        check(smoothing >= 0 && smoothing < 1, "--label-smoothing must lie in [0, 1), found " + smoothing);
        check(roundTo >= 1, "--round-to must be at least 1, found " + roundTo);
        check(sharing >= 0 && sharing <= 1, "--sharing must lie between 0 and 1, found " + sharing);
        check(least >= 1, "--min-width must be at least 1, found " + least);
    }

    /**
     * The defaults: seed 0, steered, whatever augmentation keeps the model's accuracy, cross-entropy.
     *
     * @param target what to reach
     * @param epochs passes over the training data, all phases together
     */
    public static CompressOptions of(Target target, int epochs) {
        return new CompressOptions(target, epochs, 0, BATCH, DEPTH, OptionalDouble.empty(), OptionalDouble.empty(),
                DECAY,
                DISTILL, TEMPERATURE, 0, Augment.AUTO, List.of(), 1, 1, SHARING, LossKind.CROSS_ENTROPY);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new TrainException(message);
        }
    }
}
