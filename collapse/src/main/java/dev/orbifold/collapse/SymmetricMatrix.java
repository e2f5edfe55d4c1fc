package dev.orbifold.collapse;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The eigenvalues and eigenvectors of a small symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan, Matrix
 * Computations, 8.5), accurate to rounding.
 *
 * @param values ascending
 * @param vectors one eigenvector of length 1 for each value
 */
record SymmetricMatrix(double[] values, double[][] vectors) {
    /** Convergence is quadratic; ten sweeps do for 64-bit numbers at any size used here. */
    private static final int SWEEPS = 60;

    static SymmetricMatrix eigen(double[][] matrix) {
        int n = matrix.length;
        double[][] a = new double[n][];
        double[][] v = new double[n][n];
        for (int i = 0; i < n; i++) {
            a[i] = matrix[i].clone();
            v[i][i] = 1;
        }
        boolean moved = true;
        for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
            moved = false;
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    moved |= rotate(a, v, p, q);
                }
            }
        }
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> a[i][i]));
        double[] values = new double[n];
        double[][] vectors = new double[n][];
        for (int i = 0; i < n; i++) {
            values[i] = a[order[i]][order[i]];
            vectors[i] = v[order[i]];
        }
        return new SymmetricMatrix(values, vectors);
    }

    /** Makes a[p][q] zero; the rows of v are the eigenvectors. Returns whether there was anything to do. */
    private static boolean rotate(double[][] a, double[][] v, int p, int q) {
        double off = a[p][q];
        if (Math.abs(off) <= 1e-17 * (Math.abs(a[p][p]) + Math.abs(a[q][q])) || Math.abs(off) < Double.MIN_NORMAL) {
            a[p][q] = 0;
            a[q][p] = 0;
            return false;
        }
        double ratio = (a[q][q] - a[p][p]) / (2 * off);
        double t = Math.copySign(1, ratio) / (Math.abs(ratio) + Math.hypot(1, ratio));
        double c = 1 / Math.hypot(1, t);
        double s = t * c;
        for (int k = 0; k < a.length; k++) {
            double x = a[k][p];
            double y = a[k][q];
            a[k][p] = c * x - s * y;
            a[k][q] = s * x + c * y;
        }
        for (int k = 0; k < a.length; k++) {
            double x = a[p][k];
            double y = a[q][k];
            a[p][k] = c * x - s * y;
            a[q][k] = s * x + c * y;
            x = v[p][k];
            y = v[q][k];
            v[p][k] = c * x - s * y;
            v[q][k] = s * x + c * y;
        }
        a[p][q] = 0;
        a[q][p] = 0;
        return true;
    }
}
