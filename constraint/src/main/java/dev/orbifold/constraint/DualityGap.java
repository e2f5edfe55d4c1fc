package dev.orbifold.constraint;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How far a linear model is from the best there is: for convex losses and norms the objective minus a dual objective is
 * never less than the objective minus its minimum. The model is z = XWᵀ + b, the objective f(z) + λ·Ω(W) with Ω a sum of
 * absolute values, of lengths of groups, or of singular values; b is free. All tensors are float64.
 *
 * <p>
 * From θ = −∇f(z), scaled so that Ω°(θᵀX) ≤ λ, Fenchel's inequality gives the dual objective −f*(−θ). A free b asks for
 * columns of θ that sum to 0; what they miss is charged with the size of b.
 *
 * @param objective f(z) + λ·Ω(W)
 * @param gap objective minus dual objective
 */
public record DualityGap(double objective, double gap) {
    /** The loss f. */
    public enum Loss {
        /** The mean of (z − y)². */
        SQUARED,
        /** The mean of −y·log σ(z) − (1 − y)·log(1 − σ(z)). */
        LOGISTIC,
        /** The mean over rows of −log softmax(z)[y], y one-hot. */
        SOFTMAX
    }

    /** The gap over the objective. */
    public double relative() {
        return objective == 0 ? 0 : gap / objective;
    }

    /**
     * The gap of a model.
     *
     * @param x X [samples, features]
     * @param y targets [samples, outputs]
     * @param weight W [outputs, features]
     * @param bias b [outputs], zeros where there is none
     * @param free whether b is trained
     * @param scheme how W is factored, with D = 2, which says what Ω is
     * @param lambda λ, above 0
     * @throws ConstraintException if the scheme is not convex
     */
    public static DualityGap of(Loss loss, Tensor x, Tensor y, Tensor weight, Tensor bias, boolean free, Scheme scheme,
            double lambda) {
        if (scheme.depth() != 2 || scheme instanceof Tucker) {
            throw new ConstraintException(
                    "only two factors make a convex penalty; depth " + scheme.depth() + " does not");
        }
        Tensor z = x.matmul(weight.t()).add(bias);
        double omega = scheme.norm(weight.reshape(-1)).orElseThrow().item_double();
        double objective = value(loss, z, y) + lambda * omega;
        Tensor theta = descent(loss, z, y);
        double most = dual(scheme, theta.t().matmul(x));
        double share = most == 0 ? 1 : Math.min(1, lambda / most);
        Tensor scaled = theta.mul(new Scalar(share));
        double below = -conjugate(loss, scaled, y);
        double missed = free ? scaled.sum(0).mul(bias).abs().sum().item_double() : 0;
        return new DualityGap(objective, Math.max(0, objective - below) + missed);
    }

    /** The penalty's λ from which on W = 0 is best, with the best b alone: Ω°(θᵀX) at W = 0. */
    public static double largestLambda(Loss loss, Tensor x, Tensor y, Tensor bias, Scheme scheme) {
        Tensor z = torch.zeros_like(y).add(bias);
        return dual(scheme, descent(loss, z, y).t().matmul(x));
    }

    private static double value(Loss loss, Tensor z, Tensor y) {
        return switch (loss) {
            case SQUARED -> z.sub(y).pow(Scalars.TWO).mean().item_double();
            case LOGISTIC -> torch.softplus(z).sub(z.mul(y)).mean().item_double();
            case SOFTMAX -> z.log_softmax(1).mul(y).sum().item_double() / -z.size(0);
        };
    }

    /** −∇f(z). */
    private static Tensor descent(Loss loss, Tensor z, Tensor y) {
        return switch (loss) {
            case SQUARED -> y.sub(z).mul(new Scalar(2.0 / z.numel()));
            case LOGISTIC -> y.sub(z.sigmoid()).div(new Scalar(z.numel()));
            case SOFTMAX -> y.sub(z.softmax(1)).div(new Scalar(z.size(0)));
        };
    }

    /** f*(−θ). */
    private static double conjugate(Loss loss, Tensor theta, Tensor y) {
        return switch (loss) {
            case SQUARED -> theta.pow(Scalars.TWO).sum().item_double() * theta.numel() / 4
                    - theta.mul(y).sum().item_double();
            case LOGISTIC -> {
                Tensor s = y.sub(theta.mul(new Scalar(theta.numel())));
                Tensor rest = s.neg().add(Scalars.ONE);
                yield torch.xlogy(s, s).add(torch.xlogy(rest, rest)).mean().item_double();
            }
            case SOFTMAX -> {
                Tensor s = y.sub(theta.mul(new Scalar(theta.size(0))));
                yield torch.xlogy(s, s).sum().item_double() / theta.size(0);
            }
        };
    }

    /** Ω°: the largest entry, length or singular value. */
    private static double dual(Scheme scheme, Tensor correlations) {
        return switch (scheme) {
            case Elementwise e -> correlations.abs().max().item_double();
            case Gated g -> g.groups().total(correlations.reshape(-1).pow(Scalars.TWO)).sqrt().max().item_double();
            case Ranked r -> torch.linalg_svdvals(correlations).max().item_double();
            case Tucker t -> throw new ConstraintException("the Tucker form has no dual norm that is known");
        };
    }
}
