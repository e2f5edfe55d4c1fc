package dev.orbifold.constraint;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The coordinates are matrices, each a product of D: Z = U₁ U₂ … U_D, with inner dimension r. Weight decay λ on each of two
 * factors is the nuclear norm; D factors are the Schatten-2/D norm (theory, 2). A stack of matrices is factored one by
 * one.
 *
 * <p>
 * A rank that is lost shows in no single column of a factor, because factors are free up to an inner rotation: cells are
 * singular values.
 *
 * @param depth D, 2 to 4
 * @param count matrices in the stack
 * @param rows of each
 * @param columns of each
 * @param rank r, the largest rank that the product can have
 */
public record Ranked(int depth, long count, long rows, long columns, long rank) implements Scheme {
    /** Rounding of a float32 product leaves about 1e-7 of the largest singular value where there is none. */
    private static final double ROUNDING = 1e-6;

    /** Checks D and r. */
    public Ranked {
        Depths.check(depth);
        if (rank < 1 || rank > Math.min(rows, columns)) {
            throw new ConstraintException("a matrix of " + rows + " × " + columns + " can have a rank from 1 to "
                    + Math.min(rows, columns) + ", not " + rank);
        }
    }

    @Override
    public long coordinates() {
        return count * rows * columns;
    }

    @Override
    public long factors() {
        return count * (rows * rank + (depth - 2) * rank * rank + rank * columns);
    }

    @Override
    public long cells() {
        return count * rank;
    }

    private List<Tensor> parts(Tensor factors) {
        List<Tensor> parts = new ArrayList<>();
        long at = 0;
        for (int d = 0; d < depth; d++) {
            long high = d == 0 ? rows : rank;
            long wide = d == depth - 1 ? columns : rank;
            parts.add(factors.narrow(0, at, count * high * wide).view(count, high, wide));
            at += count * high * wide;
        }
        return parts;
    }

    private Tensor shaped(Tensor z) {
        return z.view(count, rows, columns);
    }

    /** U S^{1/D}, S^{1/D}, …, S^{1/D} Vᵀ of the first r singular values: the nearest product of rank r. */
    @Override
    public void balance(Tensor z, Tensor factors) {
        T_TensorTensorTensor_T svd = torch.linalg_svd(shaped(z), false, new StringViewOptional());
        Tensor root = svd.get1().narrow(1, 0, rank).pow(new Scalar(1.0 / depth));
        List<Tensor> parts = parts(factors);
        parts.getFirst().copy_(svd.get0().narrow(2, 0, rank).mul(root.unsqueeze(1)));
        for (int d = 1; d < depth - 1; d++) {
            parts.get(d).copy_(torch.diag_embed(root));
        }
        parts.getLast().copy_(svd.get2().narrow(1, 0, rank).mul(root.unsqueeze(2)));
    }

    @Override
    public void free(Tensor z, Tensor factors, Optional<Double> excess) {
        T_TensorTensorTensor_T svd = torch.linalg_svd(shaped(z), false, new StringViewOptional());
        Tensor values = svd.get1().narrow(1, 0, rank);
        Tensor other =
                values.add(new Scalar(excess.orElseGet(() -> Depths.usual(values)))).pow(new Scalar(1.0 / depth));
        List<Tensor> parts = parts(factors);
        parts.getFirst().copy_(svd.get0().narrow(2, 0, rank).mul(other.unsqueeze(1)));
        for (int d = 1; d < depth - 1; d++) {
            parts.get(d).copy_(torch.diag_embed(other));
        }
        Tensor last = values.div(other.pow(new Scalar(depth - 1)));
        parts.getLast().copy_(svd.get2().narrow(1, 0, rank).mul(last.unsqueeze(2)));
    }

    @Override
    public void start(Tensor z, Tensor factors, Seed seed) {
        balance(z, factors);
    }

    /**
     * The product moves with the squares of the singular values of the other factors: the sum over d of
     * ‖U₁ … U_{d−1}‖² ‖U_{d+1} … U_D‖², spectral norms, which bounds the largest eigenvalue of the sum of JJᵀ.
     */
    @Override
    public double steepness(Tensor factors) {
        List<Tensor> parts = parts(factors);
        double sum = 0;
        for (int d = 0; d < depth; d++) {
            double before = d == 0 ? 1 : spectral(chained(parts.subList(0, d)));
            double behind = d == depth - 1 ? 1 : spectral(chained(parts.subList(d + 1, depth)));
            sum += before * before * behind * behind;
        }
        return Math.max(1, sum);
    }

    private static double spectral(Tensor matrices) {
        return torch.linalg_svdvals(matrices).max().item_double();
    }

    private static Tensor chained(List<Tensor> parts) {
        Tensor product = parts.getFirst();
        for (int d = 1; d < parts.size(); d++) {
            product = torch.bmm(product, parts.get(d));
        }
        return product;
    }

    @Override
    public Tensor product(Tensor factors) {
        return chained(parts(factors)).reshape(-1);
    }

    @Override
    public void pull(Tensor factors, Tensor gradient, Tensor into) {
        List<Tensor> parts = parts(factors);
        List<Tensor> gradients = parts(into);
        Tensor g = shaped(gradient);
        for (int d = 0; d < depth; d++) {
            Tensor own = g;
            if (d > 0) {
                own = torch.bmm(chained(parts.subList(0, d)).transpose(1, 2), own);
            }
            if (d < depth - 1) {
                own = torch.bmm(own, chained(parts.subList(d + 1, depth)).transpose(1, 2));
            }
            gradients.get(d).copy_(own);
        }
    }

    @Override
    public Tensor penalty(Tensor factors) {
        return factors.mul(factors).sum().div(new Scalar(depth));
    }

    @Override
    public Optional<Tensor> norm(Tensor z) {
        return Optional.of(torch.linalg_svdvals(shaped(z)).pow(new Scalar(2.0 / depth)).sum());
    }

    /** The singular values, largest first in each matrix; what rounding leaves of lost ones counts as 0. */
    @Override
    public Tensor sizes(Tensor factors) {
        Tensor values = torch.linalg_svdvals(shaped(product(factors))).narrow(1, 0, rank);
        Tensor lost = values.lt(values.narrow(1, 0, 1).mul(new Scalar(ROUNDING)));
        return values.masked_fill(lost, Scalars.ZERO).reshape(-1);
    }

    /** Compares U_dᵀU_d with U_{d+1}U_{d+1}ᵀ, which gradient flow with decay makes equal. */
    @Override
    public double imbalance(Tensor factors) {
        List<Tensor> parts = parts(factors);
        double largest = 0;
        double apart = 0;
        for (int d = 0; d + 1 < depth; d++) {
            Tensor left = torch.bmm(parts.get(d).transpose(1, 2), parts.get(d));
            Tensor right = torch.bmm(parts.get(d + 1), parts.get(d + 1).transpose(1, 2));
            largest = Math.max(largest, Math.max(left.abs().max().item_double(), right.abs().max().item_double()));
            apart = Math.max(apart, left.sub(right).abs().max().item_double());
        }
        return largest == 0 ? 0 : apart / largest;
    }

    /** Columns of the first factor and rows of the last; meant for aligned factors. */
    @Override
    public void scale(Tensor factors, Tensor perCell) {
        List<Tensor> parts = parts(factors);
        Tensor cells = perCell.view(count, rank);
        parts.getFirst().mul_(cells.unsqueeze(1));
        for (int d = 1; d < depth - 1; d++) {
            parts.get(d).mul_(cells.unsqueeze(1));
        }
        parts.getLast().mul_(cells.unsqueeze(2));
    }

    /**
     * Inner rotations R with U_d → U_d R_d, U_{d+1} → R_dᵀ U_{d+1} that make the columns of each U_d orthogonal, longest
     * first: the eigenvectors of U_dᵀU_d. Where factors are balanced these are the singular vectors of the product.
     */
    @Override
    public void align(Tensor factors, List<Tensor> momenta) {
        List<List<Tensor>> all = new ArrayList<>();
        all.add(parts(factors));
        momenta.forEach(m -> all.add(parts(m)));
        for (int d = 0; d + 1 < depth; d++) {
            Tensor left = all.getFirst().get(d);
            Tensor turn = torch.linalg_eigh(torch.bmm(left.transpose(1, 2), left)).get1().flip(2);
            for (List<Tensor> own : all) {
                own.get(d).copy_(torch.bmm(own.get(d), turn));
                own.get(d + 1).copy_(torch.bmm(turn.transpose(1, 2), own.get(d + 1)));
            }
        }
    }

    /** Cuts singular values below the threshold; factors come back balanced where something was cut. */
    @Override
    public void snap(Tensor factors) {
        Tensor z = shaped(product(factors));
        T_TensorTensorTensor_T svd = torch.linalg_svd(z, false, new StringViewOptional());
        Tensor small = svd.get1().lt(new Scalar(ZERO));
        if (small.logical_and(svd.get1().gt(Scalars.ZERO)).any().item_bool()) {
            Tensor kept = svd.get1().masked_fill(small, Scalars.ZERO);
            balance(torch.bmm(svd.get0().mul(kept.unsqueeze(1)), svd.get2()).reshape(-1), factors);
        }
    }

    /** Several matrices of one shape, as the coordinates of a stack. */
    static Tensor stacked(List<Tensor> matrices) {
        return torch.stack(new TensorVector(matrices.toArray(Tensor[]::new)), 0).reshape(-1);
    }
}
