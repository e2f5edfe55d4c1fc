package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;

/** What an {@link Aim} can steer: cells of which it pushes the smallest onto their mirrors. */
public interface Steerable {
    /** The number of cells. */
    long cells();

    /** D, the number of factors that reach zero together. */
    int depth();

    /** The size of each cell, 0 on its mirror; belongs to the caller's pointer scope. */
    Tensor sizes();

    /** Turns factors, without changing their product, so that cells can be pushed one by one. */
    void align();

    /**
     * Multiplies the factors of each cell: a push onto the mirror that no momentum carries on.
     *
     * @param perCell what the factors of each cell are multiplied with, from 0 to 1, float32
     */
    void push(Tensor perCell);

    /** Sets cells to exact zero that have come closer to it than float32 resolves, and their momenta with them. */
    void snap();

    /** The number of zero cells. */
    default long closed() {
        return sizes().eq(Scalars.ZERO).sum().item_long();
    }
}
