package dev.orbifold.constraint;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The coordinates are the differences of neighbours along an axis, z_i = w_{i+1} − w_i; the rest are the means along it,
 * times the root of its length. Sparse z makes w constant in pieces, with pieces that are equal to the last bit. The
 * coordinates are not orthonormal: w is their running sum.
 *
 * @param outer the product of the axes before
 * @param length of the axis, at least 2
 * @param inner the product of the axes behind
 */
public record Differences(long outer, long length, long inner) implements Chart {
    /** Checks the length. */
    public Differences {
        if (length < 2) {
            throw new ConstraintException("differences along an axis of length " + length + "; it needs two entries");
        }
    }

    @Override
    public long entries() {
        return outer * length * inner;
    }

    @Override
    public long coordinates() {
        return outer * (length - 1) * inner;
    }

    @Override
    public long rest() {
        return outer * inner;
    }

    private Tensor shaped(Tensor entries) {
        return entries.view(outer, length, inner);
    }

    private Tensor means(Tensor shaped) {
        return shaped.mean(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        Tensor w = shaped(entries);
        return w.narrow(1, 1, length - 1).sub(w.narrow(1, 0, length - 1)).reshape(-1);
    }

    @Override
    public Tensor rest(Tensor entries) {
        return means(shaped(entries)).mul(new Scalar(Math.sqrt(length))).reshape(-1);
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        Tensor z = coordinates.view(outer, length - 1, inner);
        Tensor sums = torch.cat(new TensorVector(torch.zeros_like(z.narrow(1, 0, 1)), z.cumsum(1)), 1);
        Tensor level = rest.view(outer, 1, inner).mul(new Scalar(1 / Math.sqrt(length))).sub(means(sums));
        return sums.add(level).reshape(-1);
    }

    @Override
    public Tensor pulledCoordinates(Tensor gradient) {
        Tensor g = shaped(gradient);
        Tensor centred = g.sub(means(g)).narrow(1, 1, length - 1);
        return centred.flip(1).cumsum(1).flip(1).reshape(-1);
    }

    @Override
    public Tensor pulledRest(Tensor gradient) {
        return rest(gradient);
    }
}
