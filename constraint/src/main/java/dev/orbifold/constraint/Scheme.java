package dev.orbifold.constraint;

import dev.orbifold.graph.Seed;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * How coordinates z are made of factors whose weight decay pulls z to exact zeros, or to lower rank (theory, 2): with wd =
 * 2λ/D on each of D factors the loss behaves as if λ·{@link #norm} were added to it. All tensors are flat and of one
 * element type; those that are returned belong to the caller's pointer scope.
 *
 * <p>
 * What goes to zero together is a <em>cell</em>: a coordinate, a group, an inner index of a product of matrices.
 */
public sealed interface Scheme permits Elementwise, Gated, Ranked, Tucker {
    /** D, the number of factors that are multiplied. */
    int depth();

    /** The number of coordinates, |z|. */
    long coordinates();

    /** The numbers in all factors together. */
    long factors();

    /** The number of cells. */
    long cells();

    /**
     * Writes balanced factors whose product is z, to rounding.
     *
     * @param coordinates z
     * @param factors where they go
     */
    void balance(Tensor coordinates, Tensor factors);

    /**
     * Writes factors whose product is z, to rounding, out of balance: one factor carries sign and size, the others exceed
     * it by an excess, or by the usual size of z. Balanced factors can shrink but never change the sign of what they make, because they
     * reach zero together, where every gradient is 0; these can, and decay brings them into balance.
     *
     * @param coordinates z
     * @param factors where they go
     * @param excess the others are the D-th root of the size of z and this; empty for the root mean square of z
     */
    void free(Tensor coordinates, Tensor factors, Optional<Double> excess);

    /**
     * Writes factors for training from a random start, as published for the scheme; their product has about the spread of z
     * and is not z.
     *
     * @param coordinates z as it would be started without factors
     * @param factors where they go
     */
    void start(Tensor coordinates, Tensor factors, Seed seed);

    /** z, the product. */
    Tensor product(Tensor factors);

    /**
     * Writes ∂L/∂factors.
     *
     * @param factors as they are
     * @param gradient ∂L/∂z
     * @param into where it goes
     */
    void pull(Tensor factors, Tensor gradient, Tensor into);

    /** Σ of the squares of all factors over D: λ times it is what weight decay adds to the loss. */
    Tensor penalty(Tensor factors);

    /**
     * What the penalty is at balance: ‖z‖_{2/D}^{2/D} over cells, or over singular values; empty where no closed form is
     * known.
     */
    Optional<Tensor> norm(Tensor coordinates);

    /** The size of each cell of z: what is 0 when the cell is on its mirror. */
    Tensor sizes(Tensor factors);

    /**
     * The largest difference between the squared sizes of a cell's factors, over the largest of them anywhere: 0 at
     * balance.
     */
    double imbalance(Tensor factors);

    /** Sets cells to exact zero whose factors are all below float32's epsilon to the power 1/D. */
    void snap(Tensor factors);

    /**
     * Multiplies all factors of each cell: one step of a decay that differs from cell to cell.
     *
     * @param factors the factors, or their momenta
     * @param perCell what the factors of each cell are multiplied with
     */
    void scale(Tensor factors, Tensor perCell);

    /**
     * Turns factors, without changing their product, so that cells are where {@link #sizes} counts them. Only products of
     * matrices are free to turn.
     *
     * @param factors as they are
     * @param momenta what turns with them
     */
    default void align(Tensor factors, List<Tensor> momenta) {
    }

    /**
     * How many times further than plain coordinates the product moves, at most, when its factors take a step along their
     * gradients: the learning rate of the factors is divided by it. 1 where a recipe's rate is for the factors themselves.
     *
     * @param factors as they start
     */
    default double steepness(Tensor factors) {
        return 1;
    }

    /** The number of zero cells. */
    default long closed(Tensor factors) {
        return sizes(factors).eq(Scalars.ZERO).sum().item_long();
    }

    /** Products below this, float32's epsilon, count as zero (theory, 2). */
    double ZERO = 1.19e-7;
}
