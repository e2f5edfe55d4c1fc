package dev.orbifold.constraint;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The coordinates are a tensor in deep Tucker form (Hariz et al., AISTATS 2024): Z = G ×₁ Ũ₁ ×₂ … ×_k Ũ_k, every Ũ_i a
 * product of matrices, decay on all. Whole slices of G vanish, so that the multilinear rank falls.
 *
 * <p>
 * The factors are G, then the matrices axis by axis: Ũ_i = U_{i,1} (d_i × r_i) U_{i,2} (r_i × r_i) ….
 *
 * @param layers matrices in each Ũ, at least 1
 * @param dims the shape of Z, of rank 2 or more
 * @param ranks the shape of G
 */
public record Tucker(int layers, List<Long> dims, List<Long> ranks) implements Scheme {
    /** Checks the shapes. */
    public Tucker {
        dims = List.copyOf(dims);
        ranks = List.copyOf(ranks);
        if (layers < 1 || layers > Depths.MOST) {
            throw new ConstraintException("a Tucker axis takes 1 to 4 matrices, asked for " + layers);
        }
        if (dims.size() < 2 || dims.size() != ranks.size()) {
            throw new ConstraintException("Tucker form needs as many ranks as axes, two or more; the shape is " + dims
                    + ", the ranks are " + ranks);
        }
        for (int axis = 0; axis < dims.size(); axis++) {
            if (ranks.get(axis) < 1 || ranks.get(axis) > dims.get(axis)) {
                throw new ConstraintException("axis " + axis + " of length " + dims.get(axis) + " cannot have rank "
                        + ranks.get(axis));
            }
        }
    }

    /** One core, and so many matrices for each axis, are multiplied. */
    @Override
    public int depth() {
        return 1 + layers * dims.size();
    }

    @Override
    public long coordinates() {
        return size(dims);
    }

    private static long size(List<Long> dims) {
        return dims.stream().reduce(1L, Math::multiplyExact);
    }

    @Override
    public long factors() {
        long n = size(ranks);
        for (int axis = 0; axis < dims.size(); axis++) {
            long r = ranks.get(axis);
            n += dims.get(axis) * r + (layers - 1) * r * r;
        }
        return n;
    }

    /** The slices of G, axis by axis. */
    @Override
    public long cells() {
        return ranks.stream().mapToLong(Long::longValue).sum();
    }

    private Tensor core(Tensor factors) {
        return factors.narrow(0, 0, size(ranks)).view(longs(ranks));
    }

    private static long[] longs(List<Long> of) {
        return of.stream().mapToLong(Long::longValue).toArray();
    }

    private List<List<Tensor>> matrices(Tensor factors) {
        List<List<Tensor>> all = new ArrayList<>();
        long at = size(ranks);
        for (int axis = 0; axis < dims.size(); axis++) {
            long r = ranks.get(axis);
            List<Tensor> own = new ArrayList<>();
            for (int layer = 0; layer < layers; layer++) {
                long high = layer == 0 ? dims.get(axis) : r;
                own.add(factors.narrow(0, at, high * r).view(high, r));
                at += high * r;
            }
            all.add(own);
        }
        return all;
    }

    /** Contracts an axis of a tensor with the columns of a matrix. */
    private static Tensor times(Tensor tensor, Tensor matrix, int axis) {
        return tensor.movedim(axis, -1).matmul(matrix.t()).movedim(-1, axis);
    }

    private static Tensor unfolded(Tensor tensor, int axis) {
        return tensor.movedim(axis, 0).reshape(tensor.size(axis), -1);
    }

    /**
     * The higher-order singular value decomposition, cut to the ranks; the singular values of each axis go into its matrices
     * and out of G, each matrix taking the same share.
     */
    @Override
    public void balance(Tensor z, Tensor factors) {
        Tensor tensor = z.view(longs(dims));
        Tensor core = tensor;
        List<List<Tensor>> matrices = matrices(factors);
        for (int axis = 0; axis < dims.size(); axis++) {
            var svd = torch.linalg_svd(unfolded(tensor, axis), false, new StringViewOptional());
            Tensor left = svd.get0().narrow(1, 0, Math.min(ranks.get(axis), svd.get0().size(1)));
            double scale = svd.get1().narrow(0, 0, 1).item_double();
            Tensor share = svd.get1().narrow(0, 0, left.size(1)).div(new Scalar(scale == 0 ? 1 : scale))
                    .clamp_min(new Scalar(1e-6)).pow(new Scalar(1.0 / (depth())));
            core = times(core, left.div(share.pow(new Scalar(layers))).t(), axis);
            Tensor first = matrices.get(axis).getFirst();
            first.zero_().narrow(1, 0, left.size(1)).copy_(left.mul(share));
            for (int layer = 1; layer < layers; layer++) {
                matrices.get(axis).get(layer).zero_().narrow(0, 0, left.size(1)).narrow(1, 0, left.size(1))
                        .copy_(torch.diag_embed(share));
            }
        }
        Tensor whole = core(factors).zero_();
        for (int axis = 0; axis < dims.size(); axis++) {
            whole = whole.narrow(axis, 0, core.size(axis));
        }
        whole.copy_(core);
    }

    /** The core carries signs already: it is no product. */
    @Override
    public void free(Tensor z, Tensor factors, Optional<Double> excess) {
        balance(z, factors);
    }

    @Override
    public void start(Tensor z, Tensor factors, Seed seed) {
        balance(z, factors);
    }

    /** The same bound as of a product of matrices: per factor the squared spectral norms of all others. */
    @Override
    public double steepness(Tensor factors) {
        List<Double> norms = new ArrayList<>();
        double core = 0;
        for (int axis = 0; axis < dims.size(); axis++) {
            core = Math.max(core, spectral(unfolded(core(factors), axis)));
        }
        norms.add(core);
        matrices(factors).forEach(layers -> layers.forEach(m -> norms.add(spectral(m))));
        double sum = 0;
        for (int own = 0; own < norms.size(); own++) {
            double others = 1;
            for (int other = 0; other < norms.size(); other++) {
                others *= other == own ? 1 : norms.get(other) * norms.get(other);
            }
            sum += others;
        }
        return Math.max(1, sum);
    }

    private static double spectral(Tensor matrix) {
        return torch.linalg_svdvals(matrix).max().item_double();
    }

    private Tensor tensor(Tensor factors) {
        Tensor product = core(factors);
        List<List<Tensor>> matrices = matrices(factors);
        for (int axis = 0; axis < dims.size(); axis++) {
            for (int layer = layers - 1; layer >= 0; layer--) {
                product = times(product, matrices.get(axis).get(layer), axis);
            }
        }
        return product;
    }

    @Override
    public Tensor product(Tensor factors) {
        return tensor(factors).reshape(-1);
    }

    @Override
    public void pull(Tensor factors, Tensor gradient, Tensor into) {
        Tensor leaf = factors.detach().clone();
        leaf.set_requires_grad(true);
        product(leaf).backward(gradient, new org.bytedeco.pytorch.BoolOptional(), false,
                new org.bytedeco.pytorch.TensorArrayRefOptional());
        into.copy_(leaf.grad());
    }

    @Override
    public Tensor penalty(Tensor factors) {
        return factors.mul(factors).sum().div(new Scalar(depth()));
    }

    @Override
    public Optional<Tensor> norm(Tensor z) {
        return Optional.empty();
    }

    @Override
    public Tensor sizes(Tensor factors) {
        Tensor core = core(factors);
        Tensor[] norms = new Tensor[dims.size()];
        for (int axis = 0; axis < norms.length; axis++) {
            Tensor rows = unfolded(core, axis);
            norms[axis] = rows.mul(rows).sum(1).sqrt();
        }
        return torch.cat(new org.bytedeco.pytorch.TensorVector(norms), 0);
    }

    /** Compares the squared lengths of all factors. */
    @Override
    public double imbalance(Tensor factors) {
        List<Tensor> all = new ArrayList<>();
        all.add(core(factors));
        matrices(factors).forEach(all::addAll);
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (Tensor part : all) {
            double square = part.mul(part).sum().item_double();
            least = Math.min(least, square);
            most = Math.max(most, square);
        }
        return most == 0 ? 0 : (most - least) / most;
    }

    /**
     * Slices of G, an entry once for each axis, and the columns of Ũ that they meet: where both are 0 no gradient leads away,
     * where only G is it does.
     */
    @Override
    public void scale(Tensor factors, Tensor perCell) {
        Tensor core = core(factors);
        List<List<Tensor>> matrices = matrices(factors);
        long at = 0;
        for (int axis = 0; axis < dims.size(); axis++) {
            long[] shape = new long[dims.size()];
            java.util.Arrays.fill(shape, 1);
            shape[axis] = ranks.get(axis);
            Tensor own = perCell.narrow(0, at, ranks.get(axis));
            core.mul_(own.view(shape));
            matrices.get(axis).getLast().mul_(own.unsqueeze(0));
            at += ranks.get(axis);
        }
    }

    /**
     * Slices of G become 0 whose part of Z is below float32's epsilon, bounded by the length of the slice, of its column of
     * Ũ_i and of all other Ũ.
     */
    @Override
    public void snap(Tensor factors) {
        Tensor core = core(factors);
        List<Tensor> whole = matrices(factors).stream().map(Tucker::multiplied).toList();
        for (int axis = 0; axis < dims.size(); axis++) {
            double others = 1;
            for (int other = 0; other < dims.size(); other++) {
                others *= other == axis ? 1 : whole.get(other).norm().item_double();
            }
            Tensor rows = unfolded(core, axis);
            Tensor columns = whole.get(axis);
            Tensor lengths = rows.mul(rows).sum(1).mul(columns.mul(columns).sum(0)).sqrt();
            long[] shape = new long[dims.size()];
            java.util.Arrays.fill(shape, 1);
            shape[0] = ranks.get(axis);
            core.movedim(axis, 0).masked_fill_(lengths.mul(new Scalar(others)).lt(new Scalar(ZERO)).view(shape),
                    Scalars.ZERO);
        }
    }

    private static Tensor multiplied(List<Tensor> layers) {
        Tensor product = layers.getFirst();
        for (Tensor layer : layers.subList(1, layers.size())) {
            product = product.matmul(layer);
        }
        return product;
    }
}
