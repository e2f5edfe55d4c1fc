package dev.orbifold.certificate;

import dev.orbifold.symmetry.Group;
import java.util.ArrayList;
import java.util.List;

/** A basis of the Lie algebra of a Group whose maps mix coordinates: n × n matrices, symmetric ones told apart. */
final class Generators {
    /** A matrix, and whether it is symmetric. */
    record Generator(double[][] matrix, boolean symmetric) {
    }

    private Generators() {
    }

    static List<Generator> of(Group group, int n) {
        List<Generator> all = new ArrayList<>();
        switch (group) {
            case Group.General g -> {
                symmetric(n, all);
                antisymmetric(n, all);
            }
            case Group.Orthogonal g -> antisymmetric(n, all);
            case Group.OrthogonalFixingOnes g -> {
                double[][] across = acrossOnes(n);
                List<Generator> inner = new ArrayList<>();
                antisymmetric(n - 1, inner);
                inner.forEach(i -> all.add(new Generator(between(across, i.matrix()), false)));
            }
            case Group.RotationScaling g -> {
                all.add(new Generator(new double[][] {{1, 0}, {0, 1}}, true));
                antisymmetric(2, all);
            }
            case Group.Rotation g -> antisymmetric(2, all);
            case Group.Monomial g -> {
                for (int i = 0; i < n && g.diagonal() != Group.Diagonal.SIGNS; i++) {
                    double[][] e = new double[n][n];
                    e[i][i] = 1;
                    all.add(new Generator(e, true));
                }
            }
            default -> {
                // A discrete Group has none.
            }
        }
        return all;
    }

    private static void symmetric(int n, List<Generator> all) {
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                double[][] e = new double[n][n];
                e[i][j] = 1;
                e[j][i] = 1;
                all.add(new Generator(e, true));
            }
        }
    }

    private static void antisymmetric(int n, List<Generator> all) {
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                double[][] e = new double[n][n];
                e[i][j] = 1;
                e[j][i] = -1;
                all.add(new Generator(e, false));
            }
        }
    }

    /** An orthonormal basis of the vectors whose entries sum to zero, as n × (n − 1) (Helmert's). */
    private static double[][] acrossOnes(int n) {
        double[][] basis = new double[n][n - 1];
        for (int k = 1; k < n; k++) {
            double length = Math.sqrt(k * (k + 1.0));
            for (int i = 0; i < k; i++) {
                basis[i][k - 1] = 1 / length;
            }
            basis[k][k - 1] = -k / length;
        }
        return basis;
    }

    /** B M Bᵀ. */
    private static double[][] between(double[][] b, double[][] m) {
        int n = b.length;
        double[][] result = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int p = 0; p < m.length; p++) {
                for (int q = 0; q < m.length; q++) {
                    if (m[p][q] != 0) {
                        for (int j = 0; j < n; j++) {
                            result[i][j] += b[i][p] * m[p][q] * b[j][q];
                        }
                    }
                }
            }
        }
        return result;
    }
}
