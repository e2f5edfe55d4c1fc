package dev.orbifold.constraint;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How far coordinates z are from a stationary point of L(z) + λ·Ω(z), with Ω the penalty that a {@link Scheme} amounts to
 * at balance. With g = ∂L/∂z, what is left over in a cell is
 * <ul>
 * <li>where the cell is not zero: g + λ·∂Ω/∂z, with ∂Ω/∂z = (2/D)·‖z_j‖^{2/D − 1}·z_j/‖z_j‖;</li>
 * <li>where it is zero and D = 2: max(0, ‖g_j‖ − λ), because ∂Ω is the whole ball;</li>
 * <li>where it is zero and D &gt; 2: nothing, because Ω rises vertically there and every zero is stationary.</li>
 * </ul>
 * Matrices Z = U S Vᵀ have their singular values as cells: with P the projection onto the matrices that share the columns or
 * the rows of Z (Watson, "Characterization of the subdifferential of some matrix norms", 1992), P(g) + λ·U·Ω'(S)·Vᵀ must
 * vanish, and with D = 2 the singular values of g − P(g) must not exceed λ, unless Z has the largest rank that it may
 * have. The penalty of a Tucker form has no closed form: there it is the gradient for its factors.
 *
 * @param left the Euclidean length of what is left over
 * @param pull the length of the penalty's own pull, λ·∂Ω/∂z where cells are not zero and λ per zero cell with D = 2; for
 *        a Tucker form of the factors' decay
 */
public record Stationarity(double left, double pull) {
    /** What is left over, as a share of the penalty's pull; where nothing pulls, what is left over itself. */
    public double relative() {
        return pull > 0 ? left / pull : left;
    }

    /**
     * Measures it.
     *
     * @param scheme how the coordinates are made
     * @param factors as they are
     * @param gradient ∂L/∂z, flat
     * @param lambda λ, at least 0
     */
    public static Stationarity of(Scheme scheme, Tensor factors, Tensor gradient, double lambda) {
        return switch (scheme) {
            case Elementwise e -> grouped(e.depth(),
                    new Groups.Aligned(new long[] {e.coordinates()}, new boolean[] {true}), e.product(factors),
                    gradient,
                    lambda);
            case Gated g -> grouped(g.depth(), g.groups(), g.product(factors), gradient, lambda);
            case Ranked r -> ranked(r, factors, gradient, lambda);
            case Tucker t -> factored(t, factors, gradient, lambda);
        };
    }

    /** λ·Ω' at sizes above 0; 0 at 0. */
    private static Tensor slope(int depth, Tensor sizes, double lambda) {
        double power = 2.0 / depth;
        Tensor zero = sizes.eq(Scalars.ZERO);
        return sizes.masked_fill(zero, Scalars.ONE).pow(new Scalar(power - 1)).mul(new Scalar(lambda * power))
                .masked_fill(zero, Scalars.ZERO);
    }

    private static Stationarity grouped(int depth, Groups groups, Tensor z, Tensor gradient, double lambda) {
        Tensor sizes = groups.total(z.mul(z)).sqrt();
        Tensor zero = sizes.eq(Scalars.ZERO);
        Tensor pull = slope(depth, sizes, lambda);
        Tensor per = pull.div(sizes.masked_fill(zero, Scalars.ONE));
        Tensor left = groups.total(gradient.add(z.mul(groups.spread(per))).pow(Scalars.TWO)).masked_fill(zero,
                Scalars.ZERO);
        double all = left.sum().item_double();
        double pulls = pull.mul(pull).sum().item_double();
        if (depth == 2) {
            Tensor lengths = groups.total(gradient.mul(gradient)).sqrt();
            all += above(lengths.masked_fill(zero.logical_not(), Scalars.ZERO), lambda);
            pulls += lambda * lambda * zero.sum().item_double();
        }
        return new Stationarity(Math.sqrt(all), Math.sqrt(pulls));
    }

    /** Σ max(0, length − λ)². */
    private static double above(Tensor lengths, double lambda) {
        return lengths.sub(new Scalar(lambda)).clamp_min(Scalars.ZERO).pow(Scalars.TWO).sum().item_double();
    }

    private static Stationarity ranked(Ranked scheme, Tensor factors, Tensor gradient, double lambda) {
        Tensor z = scheme.product(factors).view(scheme.count(), scheme.rows(), scheme.columns());
        Tensor g = gradient.view(scheme.count(), scheme.rows(), scheme.columns());
        T_TensorTensorTensor_T svd = torch.linalg_svd(z, false, new StringViewOptional());
        Tensor sizes = scheme.sizes(factors).view(scheme.count(), scheme.rank());
        Tensor alive = sizes.ne(Scalars.ZERO).to(z.scalar_type());
        Tensor u = svd.get0().narrow(2, 0, scheme.rank()).mul(alive.unsqueeze(1));
        Tensor v = svd.get2().narrow(1, 0, scheme.rank()).mul(alive.unsqueeze(2));
        Tensor outside = without(g, u, v);
        Tensor pull = slope(scheme.depth(), sizes, lambda);
        Tensor along = g.sub(outside).add(torch.bmm(u.mul(pull.unsqueeze(1)), v));
        double all = along.pow(Scalars.TWO).sum().item_double();
        double pulls = pull.mul(pull).sum().item_double();
        if (scheme.depth() == 2) {
            // A matrix that has its full rank r cannot grow in further directions, whatever pulls there.
            Tensor open = alive.sum(1).lt(new Scalar((double) scheme.rank())).to(z.scalar_type());
            all += above(torch.linalg_svdvals(outside).mul(open.unsqueeze(1)), lambda);
            pulls += lambda * lambda * sizes.eq(Scalars.ZERO).sum().item_double();
        }
        return new Stationarity(Math.sqrt(all), Math.sqrt(pulls));
    }

    /** (1 − U Uᵀ) g (1 − V Vᵀ), with Vᵀ given. */
    private static Tensor without(Tensor g, Tensor u, Tensor v) {
        Tensor rest = g.sub(torch.bmm(u, torch.bmm(u.transpose(1, 2), g)));
        return rest.sub(torch.bmm(torch.bmm(rest, v.transpose(1, 2)), v));
    }

    private static Stationarity factored(Tucker scheme, Tensor factors, Tensor gradient, double lambda) {
        Tensor pulled = torch.zeros_like(factors);
        scheme.pull(factors, gradient, pulled);
        Tensor decay = factors.mul(new Scalar(2 * lambda / scheme.depth()));
        return new Stationarity(pulled.add(decay).norm().item_double(), decay.norm().item_double());
    }
}
