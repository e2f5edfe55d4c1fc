package dev.orbifold.collapse;

import java.util.random.RandomGenerator;

/** A symmetric linear map that is never formed: it only answers what it makes of a vector. */
@FunctionalInterface
public interface SymmetricOperator {
    /**
     * The products with several vectors, which may share work.
     *
     * @param vectors each of the length the map acts on; not changed
     * @return one product for each, new arrays
     */
    double[][] times(double[][] vectors);

    /** The product with one vector. */
    default double[] times(double[] vector) {
        return times(new double[][] {vector})[0];
    }

    /**
     * A vector drawn from the standard normal distribution on the space the map acts on: all numbers of that length, unless
     * the map lives on a subspace that it gives in longer coordinates.
     *
     * @param length how many numbers
     */
    default double[] draw(int length, RandomGenerator random) {
        return Vectors.normal(length, random);
    }
}
