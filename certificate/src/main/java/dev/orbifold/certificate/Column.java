package dev.orbifold.certificate;

/**
 * A tangent: the derivative of all parameters along a one-parameter family that leaves the outputs unchanged.
 *
 * @param values one number per element of {@link Theta}
 * @param charge whether the family is a linear map of the parameters by a symmetric matrix, so that gradient flow conserves
 *            its Noether charge, whose gradient is twice the tangent (theory, 4)
 */
record Column(double[] values, boolean charge) {
}
