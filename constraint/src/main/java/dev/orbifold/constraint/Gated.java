package dev.orbifold.constraint;

import dev.orbifold.graph.Seed;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Every group of coordinates is a vector times D − 1 gates: z_j = ω_j·Π γ_{j,d} (D-gating, Kolb et al., arXiv 2509.23898),
 * which equals Σ‖z_j‖^{2/D}; for D = 2 the group lasso. The D − 1 gates of a group start equal and see the same gradient,
 * so they stay equal: one number γ per group is kept, ∂L/∂γ_d = γ^{D−2}·⟨ω_j, g_j⟩.
 *
 * <p>
 * The factors are ω, then γ.
 *
 * @param depth D, 2 to 4
 * @param groups which coordinates go together
 */
public record Gated(int depth, Groups groups) implements Scheme {
    /** Checks D. */
    public Gated {
        Depths.check(depth);
    }

    @Override
    public long coordinates() {
        return groups.coordinates();
    }

    @Override
    public long factors() {
        return groups.coordinates() + groups.count();
    }

    @Override
    public long cells() {
        return groups.count();
    }

    private Tensor vectors(Tensor factors) {
        return factors.narrow(0, 0, coordinates());
    }

    private Tensor gates(Tensor factors) {
        return factors.narrow(0, coordinates(), groups.count());
    }

    private static Tensor power(Tensor of, int exponent) {
        return switch (exponent) {
            case 0 -> torch.ones_like(of);
            case 1 -> of;
            case 2 -> of.mul(of);
            default -> of.pow(new Scalar(exponent));
        };
    }

    /** ‖z_j‖^{1/D} for the gates and for the length of ω_j. */
    @Override
    public void balance(Tensor z, Tensor factors) {
        Tensor norms = groups.total(z.mul(z)).sqrt();
        Tensor gate = norms.pow(new Scalar(1.0 / depth));
        Tensor divisor = power(gate, depth - 1);
        divisor.masked_fill_(gate.eq(Scalars.ZERO), Scalars.ONE);
        vectors(factors).copy_(z.div(groups.spread(divisor)));
        gates(factors).copy_(gate);
    }

    /** ω carries sign and size; a gate of its usual length or more lets it change both. */
    @Override
    public void free(Tensor z, Tensor factors, Optional<Double> excess) {
        Tensor norms = groups.total(z.mul(z)).sqrt();
        Tensor gate = norms.add(new Scalar(excess.orElseGet(() -> Depths.usual(norms)))).pow(new Scalar(1.0 / depth));
        vectors(factors).copy_(z.div(groups.spread(power(gate, depth - 1))));
        gates(factors).copy_(gate);
    }

    /** ω as usual, all gates 1. */
    @Override
    public void start(Tensor z, Tensor factors, Seed seed) {
        vectors(factors).copy_(z);
        gates(factors).fill_(Scalars.ONE);
    }

    @Override
    public Tensor product(Tensor factors) {
        return vectors(factors).mul(groups.spread(power(gates(factors), depth - 1)));
    }

    @Override
    public void pull(Tensor factors, Tensor gradient, Tensor into) {
        Tensor gate = gates(factors);
        vectors(into).copy_(gradient.mul(groups.spread(power(gate, depth - 1))));
        gates(into).copy_(groups.total(vectors(factors).mul(gradient)).mul(power(gate, depth - 2)));
    }

    @Override
    public Tensor penalty(Tensor factors) {
        Tensor vectors = vectors(factors);
        Tensor gates = gates(factors);
        return vectors.mul(vectors).sum().add(gates.mul(gates).sum(), new Scalar(depth - 1))
                .div(new Scalar(depth));
    }

    @Override
    public Optional<Tensor> norm(Tensor z) {
        return Optional.of(groups.total(z.mul(z)).pow(new Scalar(1.0 / depth)).sum());
    }

    @Override
    public Tensor sizes(Tensor factors) {
        Tensor z = product(factors);
        return groups.total(z.mul(z)).sqrt();
    }

    @Override
    public double imbalance(Tensor factors) {
        Tensor vectors = vectors(factors);
        Tensor lengths = groups.total(vectors.mul(vectors));
        Tensor gates = gates(factors).mul(gates(factors));
        double largest = Math.max(lengths.max().item_double(), gates.max().item_double());
        return largest == 0 ? 0 : lengths.sub(gates).abs().max().item_double() / largest;
    }

    @Override
    public void scale(Tensor factors, Tensor perCell) {
        vectors(factors).mul_(groups.spread(perCell));
        gates(factors).mul_(perCell);
    }

    @Override
    public void snap(Tensor factors) {
        Tensor vectors = vectors(factors);
        Tensor length = groups.total(vectors.mul(vectors)).sqrt();
        Tensor small = torch.maximum(length, gates(factors).abs()).lt(new Scalar(Depths.zero(depth)));
        gates(factors).masked_fill_(small, Scalars.ZERO);
        vectors.mul_(groups.spread(small.logical_not().to(vectors.scalar_type())));
    }
}
