package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;

/**
 * Linear coordinates of a constraint Oᵀw = 0 on n entries w: w = A z + B r, where the constraint holds exactly when all
 * coordinates z are 0, and the rest r is free (theory, 1, DCS: w = (I − P)v + O z). O itself is never stored where its
 * structure tells how it acts. All tensors are flat, of one element type, and belong to the caller's pointer scope; w has
 * {@link #entries} elements, z {@link #coordinates}, r {@link #rest}.
 */
public sealed interface Chart permits Whole, Chosen, Classes, Sums, Differences, Span, Turned {
    /** n, the number of entries. */
    long entries();

    /** The number of coordinates, those that a constraint takes to 0. */
    long coordinates();

    /** The number of free numbers. */
    long rest();

    /** z of entries w: 0 exactly where w satisfies the constraint, to rounding. */
    Tensor coordinates(Tensor entries);

    /** r of entries w. */
    Tensor rest(Tensor entries);

    /** w = A z + B r; of coordinates that are 0, entries that satisfy the constraint exactly, or to rounding of a sum. */
    Tensor join(Tensor coordinates, Tensor rest);

    /** ∂L/∂z = Aᵀ ∂L/∂w. */
    Tensor pulledCoordinates(Tensor gradient);

    /** ∂L/∂r = Bᵀ ∂L/∂w. */
    Tensor pulledRest(Tensor gradient);
}
