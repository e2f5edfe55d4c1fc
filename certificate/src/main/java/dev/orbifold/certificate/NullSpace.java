package dev.orbifold.certificate;

import java.util.BitSet;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The null space of a Jacobian, as far as the certificate has to know it: in coordinates, one column per direction. */
sealed interface NullSpace permits FormedNullSpace, UnformedNullSpace {
    /** How many directions a family may have that {@link #within} is asked about. */
    int sought();

    /** The number of coordinates. */
    int coordinates();

    /** The coordinates of those of the given directions, made unit, that lie in the null space. */
    Tensor exact(List<double[]> columns);

    /** The coordinates of a basis of what the span of the given directions has in common with the null space. */
    Tensor within(List<double[]> family);

    /** The coordinates of a basis of the null directions that live on some entries alone. */
    Tensor supported(BitSet entries);

    /**
     * Searches for null directions beside a basis.
     *
     * @param basis in coordinates
     * @return orthonormal columns, one row per parameter element
     */
    Tensor beside(Basis basis);

    /** The largest image of a unit null direction, as a share of the Jacobian's norm. */
    double largestZero();

    /** The smallest singular value that counts, as a share of the largest; NaN where it was not computed. */
    double smallestNonZero();
}
