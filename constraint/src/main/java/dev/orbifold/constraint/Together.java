package dev.orbifold.constraint;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Several things to steer as one: their cells, one after the other, compete with each other.
 *
 * @param parts of one depth, at least one
 */
public record Together(List<? extends Steerable> parts) implements Steerable {
    /** Checks that zeros are reached alike. */
    public Together {
        parts = List.copyOf(parts);
        if (parts.stream().mapToInt(Steerable::depth).distinct().count() != 1) {
            throw new ConstraintException("what is steered as one needs one depth");
        }
    }

    @Override
    public long cells() {
        return parts.stream().mapToLong(Steerable::cells).sum();
    }

    @Override
    public int depth() {
        return parts.getFirst().depth();
    }

    @Override
    public Tensor sizes() {
        return torch.cat(new TensorVector(parts.stream().map(p -> p.sizes().reshape(-1)).toArray(Tensor[]::new)), 0);
    }

    @Override
    public void align() {
        parts.forEach(Steerable::align);
    }

    @Override
    public void push(Tensor perCell) {
        long from = 0;
        for (Steerable part : parts) {
            part.push(perCell.narrow(0, from, part.cells()));
            from += part.cells();
        }
    }

    @Override
    public void snap() {
        parts.forEach(Steerable::snap);
    }
}
