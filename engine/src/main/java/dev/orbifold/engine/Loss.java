package dev.orbifold.engine;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** What training minimises: one number for a batch of outputs, the mean over its targets. */
public sealed interface Loss {
    /**
     * The loss of a batch, a scalar in float32 (float64 for float64 outputs) to differentiate; belongs to the caller's
     * pointer scope.
     *
     * @param outputs of the model: logits (n, classes), (n, tokens, classes) or (n, classes, …), or values
     * @param targets as a {@link Batch} has them
     * @throws EngineException if the shapes do not fit
     */
    Tensor of(Tensor outputs, Tensor targets);

    /** Whether outputs are logits of classes, so that accuracy means something. */
    boolean isClassification();

    /**
     * Cross-entropy in nats per target: the mean of −log softmax(outputs)[target], mixed with the mean over all classes.
     *
     * @param smoothing the share s of the target distribution that is spread over all classes (Szegedy et al., CVPR
     *        2016): (1 − s) on the target, s/classes everywhere; 0 to below 1
     */
    record CrossEntropy(double smoothing) implements Loss {
        /** Checks the share. */
        public CrossEntropy {
            if (!(smoothing >= 0 && smoothing < 1)) {
                throw new EngineException("label smoothing must lie in [0, 1), found " + smoothing);
            }
        }

        @Override
        public Tensor of(Tensor outputs, Tensor targets) {
            try (PointerScope scope = new PointerScope()) {
                Tensor logits = Logits.rows(outputs, targets);
                Tensor flat = logits.dim() == 2 ? targets.reshape(-1) : targets;
                Tensor loss = torch.cross_entropy_loss(logits, flat, new TensorOptional(), Logits.MEAN, Logits.NO_CLASS,
                        smoothing);
                return Tensors.adopt(loss, scope);
            }
        }

        @Override
        public boolean isClassification() {
            return true;
        }
    }

    /** The mean of (output − target)². */
    record MeanSquaredError() implements Loss {
        @Override
        public Tensor of(Tensor outputs, Tensor targets) {
            try (PointerScope scope = new PointerScope()) {
                Tensor values = Logits.wide(outputs);
                return Tensors.adopt(torch.mse_loss(values, Logits.alike(targets, values), Logits.MEAN), scope);
            }
        }

        @Override
        public boolean isClassification() {
            return false;
        }
    }

    /** The mean of −t·log σ(output) − (1−t)·log(1 − σ(output)) in nats, for targets t in 0 to 1. */
    record BinaryCrossEntropy() implements Loss {
        @Override
        public Tensor of(Tensor outputs, Tensor targets) {
            try (PointerScope scope = new PointerScope()) {
                Tensor logits = Logits.wide(outputs);
                Tensor loss = torch.binary_cross_entropy_with_logits(logits, Logits.alike(targets, logits),
                        new TensorOptional(), new TensorOptional(), Logits.MEAN);
                return Tensors.adopt(loss, scope);
            }
        }

        @Override
        public boolean isClassification() {
            return false;
        }
    }

    /**
     * How many targets a model gets right: the largest logit's class is the target.
     *
     * @param outputs as in {@link #of}
     * @param targets classes
     */
    static long correct(Tensor outputs, Tensor targets) {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = Logits.rows(outputs, targets);
            Tensor flat = logits.dim() == 2 ? targets.reshape(-1) : targets;
            return Math.round(logits.argmax(new LongOptional(1), false).eq(flat).sum().item_double());
        }
    }
}
