package dev.orbifold.train;

import dev.orbifold.constraint.Constraint;
import dev.orbifold.constraint.Rival;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Schedule;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code train} is to do, checked as far as it goes without model and data.
 *
 * @param origin where the network comes from
 * @param data what it learns from
 * @param tasks what it learns after that
 * @param samples how many of each training part are used at most, with what is held out
 * @param loss what is minimised
 * @param smoothing label smoothing, 0 to below 1
 * @param epochs passes over the training part, those of all tasks together
 * @param batch samples per step; 0 for all at once
 * @param seed of every random draw
 * @param heldOut the share of the training part that is only looked at, 0 to below 1
 * @param optimizer how weights move
 * @param projected the relative duality gap to reach by variable projection in the place of the optimizer, if that was asked
 *        for
 * @param rate the learning rate over training
 * @param clip the longest gradient let through
 * @param augment random changes of training images
 * @param constraints what is to hold at the end
 * @param remove what keeps the network off its mirrors
 * @param ham multiplicative updates beside the optimizer (HAM), if asked for
 * @param shrink whether collapsed units are taken out at the end
 * @param precision auto, float32 or bfloat16
 * @param predict fates of units that are predicted on the way, if asked for
 * @param watch what is measured of the network while it trains
 * @param tensorboard whether the metrics are kept as TensorBoard reads them too
 * @param output where the model goes
 * @param places where all this was written
 */
public record Recipe(Origin origin, DataSource data, Tasks tasks, int samples, CompressOptions.LossKind loss,
        double smoothing, int epochs, int batch, long seed, double heldOut, Optimizer.Kind optimizer,
        Optional<Double> projected, Schedule rate,
        double clip,
        CompressOptions.Augment augment, List<Asked> constraints, Prevention remove, Optional<Ham> ham, boolean shrink,
        String precision, Optional<Predict> predict, Watch watch, boolean tensorboard, Path output, Places places) {
    /** Where the network comes from. */
    public sealed interface Origin {
        /**
         * An ONNX file.
         *
         * @param path the file
         * @param random whether its weights are drawn anew
         */
        record Model(Path path, boolean random) implements Origin {
        }

        /**
         * A variational autoencoder with random weights: an encoder, and a decoder that is its mirror image.
         *
         * @param widths inputs, hidden units of the encoder, latents
         * @param activation an ONNX operator, between layers
         * @param scale what drawn weights are multiplied with
         * @param beta β, the factor of the divergence
         */
        record Autoencoder(List<Integer> widths, String activation, double scale, double beta) implements Origin {
            /** Copies the list. */
            public Autoencoder {
                widths = List.copyOf(widths);
            }
        }

        /**
         * A dense network with random weights.
         *
         * @param widths inputs, hidden units, outputs
         * @param activation an ONNX operator: Relu, Tanh, Sigmoid, Gelu or Identity; or Figlu, σ(Fx)⊙x with a fixed F
         * @param bias whether layers have biases
         * @param residual whether what a layer reads is added to what it says, where both have one width
         * @param scale what drawn weights are multiplied with
         */
        record Dense(List<Integer> widths, String activation, boolean bias, boolean residual,
                double scale) implements Origin {
            /** Copies the list. */
            public Dense {
                widths = List.copyOf(widths);
            }

            /** One without residual connections, weights as they are drawn. */
            public Dense(List<Integer> widths, String activation, boolean bias) {
                this(widths, activation, bias, false, 1);
            }
        }
    }

    /** Epochs of each task. */
    int epochsOfTask() {
        return epochs / tasks.count();
    }

    /** Whether training begins at random weights. */
    boolean fresh() {
        return !(origin instanceof Origin.Model m) || m.random();
    }

    /**
     * One constraint and its strength over training.
     *
     * @param constraint what is asked
     * @param rival how it is held where that is not by factors
     * @param lambda λ over training
     * @param goalUntil the share of training by which a goal must be reached
     * @param signIn every how many epochs β = 1 is restored (Sign-In); 0 for never
     * @param file what the condition was read from, where it was
     * @param where the recipe and its line, or the option it was typed behind, for messages
     */
    public record Asked(Constraint constraint, Optional<Rival> rival, Lambda lambda, double goalUntil, int signIn,
            Optional<Path> file, String where) {
    }

    /**
     * λ over training: a straight line from one value to another until a share of training, then constant, and 0 from
     * another share on.
     *
     * @param from λ at the start
     * @param to λ from {@code until} on
     * @param until the share of training at which {@code to} is reached
     * @param off the share of training from which there is no λ; 1 for never
     * @param budget instead of the line: λ rises from {@code from} as long as ‖w‖₁ exceeds this share of its start
     *        ({@link dev.orbifold.constraint.PilotSchedule})
     */
    public record Lambda(double from, double to, double until, double off, Optional<Double> budget) {
        /** Always the same. */
        public static Lambda constant(double value) {
            return new Lambda(value, value, 0, 1, Optional.empty());
        }

        /** λ when so much of training is done. */
        public double at(double progress) {
            if (progress >= off && off < 1) {
                return 0;
            }
            return progress >= until ? to : from + (to - from) * progress / until;
        }
    }

    /**
     * After each step of the optimizer w ← w·exp(−η(α·sign(w)·∂L/∂w + β)) on Parameters of rank 2 and more, the exponent
     * within ±5 (HAM, arXiv 2506.02630).
     *
     * @param alpha α
     * @param beta β, the pull towards 0
     */
    public record Ham(double alpha, double beta) {
    }

    /**
     * Which units will be dead at the end, said on the way.
     *
     * @param at the share of training after which it is said, above 0 and below 1
     * @param samples how many training samples gradients are measured on
     * @param dead the share of its Space's largest unit at that time below which a unit counts as dead
     * @param where the recipe and its line, for messages
     */
    public record Predict(double at, int samples, double dead, String where) {
    }

    /** Copies the list. */
    public Recipe {
        constraints = List.copyOf(constraints);
    }
}
