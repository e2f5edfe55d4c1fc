package dev.orbifold.collapse;

/**
 * An eigenvalue as far as it is known.
 *
 * @param value λ
 * @param vector v, of length 1
 * @param residual ‖Hv − λv‖, from a product with v: an eigenvalue of H lies within that distance of λ
 */
public record EigenPair(double value, double[] vector, double residual) {
}
