package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;

/**
 * Every entry is a coordinate: sparsity of any pattern.
 *
 * @param entries n
 */
public record Whole(long entries) implements Chart {
    @Override
    public long coordinates() {
        return entries;
    }

    @Override
    public long rest() {
        return 0;
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        return entries;
    }

    @Override
    public Tensor rest(Tensor entries) {
        return entries.narrow(0, 0, 0);
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        return coordinates;
    }

    @Override
    public Tensor pulledCoordinates(Tensor gradient) {
        return gradient;
    }

    @Override
    public Tensor pulledRest(Tensor gradient) {
        return gradient.narrow(0, 0, 0);
    }
}
