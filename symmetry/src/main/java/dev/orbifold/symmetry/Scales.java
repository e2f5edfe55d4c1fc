package dev.orbifold.symmetry;

/**
 * One linear relation between the scales of the coordinates at one position of several rows: the sum of
 * {@code log[k] · log|s_k|} and, modulo 2, the sum of {@code sign[k] · [s_k < 0]} are zero.
 *
 * @param log coefficients for the logarithms, one per row; empty where magnitudes are free
 * @param sign coefficients for the signs, one per row; empty where signs are free
 */
record Scales(double[] log, int[] sign) {
    /** The same linear relation for logarithms and signs. */
    static Scales linear(double... coefficients) {
        int[] sign = new int[coefficients.length];
        for (int k = 0; k < sign.length; k++) {
            sign[k] = Math.floorMod((int) Math.rint(coefficients[k]), 2);
        }
        return new Scales(coefficients, sign);
    }

    /** The row's scale is positive. */
    static Scales positive(int row, int rows) {
        int[] sign = new int[rows];
        sign[row] = 1;
        return new Scales(new double[0], sign);
    }

    /** The row's scale is 1 or -1. */
    static Scales unit(int row, int rows) {
        double[] log = new double[rows];
        log[row] = 1;
        return new Scales(log, new int[0]);
    }

    /** The row's scale is 1. */
    static Scales none(int row, int rows) {
        return new Scales(unit(row, rows).log(), positive(row, rows).sign());
    }

    /** Two rows have the same scale. */
    static Scales equal(int first, int second, int rows) {
        double[] both = new double[rows];
        both[first] = 1;
        both[second] -= 1;
        return linear(both);
    }
}
