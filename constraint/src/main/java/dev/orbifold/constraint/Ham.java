package dev.orbifold.constraint;

import dev.orbifold.engine.FlatWeights;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Hyperbolic aware minimization (HAM, arXiv 2506.02630): after a step of any optimizer, w ← w·exp(−η(α·sign(w)·∂L/∂w +
 * β)) for every Parameter of rank 2 and more, the exponent clamped to ±5. No factors are kept.
 */
public final class Ham {
    private static final double MOST = 5;

    private final FlatWeights weights;
    private final double alpha;
    private final double beta;

    /**
     * @param alpha α, at least 0 (published: 200)
     * @param beta β, at least 0: the pull towards 0
     */
    public Ham(FlatWeights weights, double alpha, double beta) {
        if (!(alpha >= 0 && beta >= 0)) {
            throw new ConstraintException("HAM needs α and β from 0 up, found " + alpha + " and " + beta);
        }
        this.weights = weights;
        this.alpha = alpha;
        this.beta = beta;
    }

    /** Acts on the weights after a step at the learning rate, with the gradients of that step. */
    public void after(double rate) {
        try (PointerScope scope = new PointerScope()) {
            for (FlatWeights.Place place : weights.places()) {
                if (place.dims().length < 2) {
                    continue;
                }
                Tensor w = weights.values().narrow(0, place.offset(), place.elements());
                Tensor g = weights.gradients().narrow(0, place.offset(), place.elements());
                Tensor exponent = w.sign().mul(g).mul(new Scalar(-rate * alpha)).sub(new Scalar(rate * beta))
                        .clamp(new org.bytedeco.pytorch.ScalarOptional(new Scalar(-MOST)),
                                new org.bytedeco.pytorch.ScalarOptional(new Scalar(MOST)));
                w.mul_(exponent.exp_());
            }
        }
    }
}
