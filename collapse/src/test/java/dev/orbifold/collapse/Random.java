package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random numbers of the shapes that tests need. */
final class Random {
    private final RandomGenerator random;

    Random(long seed) {
        random = new Seed(seed).generator();
    }

    double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    double normal() {
        return random.nextGaussian();
    }

    double[] vector(int n) {
        return Vectors.normal(n, random);
    }

    double[][] matrix(int rows, int columns, double size) {
        double[][] a = new double[rows][];
        for (int i = 0; i < rows; i++) {
            a[i] = vector(columns);
            Vectors.scale(a[i], size);
        }
        return a;
    }

    /** Orthonormal rows. */
    double[][] orthonormal(int rows, int columns) {
        List<double[]> basis = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            double[] v = vector(columns);
            Vectors.orthogonalize(v, basis);
            Vectors.scale(v, 1 / Vectors.length(v));
            basis.add(v);
        }
        return basis.toArray(new double[0][]);
    }

    /** Qᵀ diag(values) Q for a random orthogonal Q. */
    double[][] symmetric(double[] values) {
        int n = values.length;
        double[][] q = orthonormal(n, n);
        double[][] a = new double[n][n];
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < n; i++) {
                Vectors.add(a[i], values[k] * q[k][i], q[k]);
            }
        }
        return a;
    }

    /** The map of a matrix. */
    static SymmetricOperator map(double[][] a) {
        return vectors -> Arrays.stream(vectors)
                .map(v -> Arrays.stream(a).mapToDouble(row -> Vectors.dot(row, v)).toArray())
                .toArray(double[][]::new);
    }

    /** The map of a diagonal matrix. */
    static SymmetricOperator diagonal(double[] values) {
        return vectors -> Arrays.stream(vectors).map(v -> {
            double[] w = v.clone();
            for (int i = 0; i < w.length; i++) {
                w[i] *= values[i];
            }
            return w;
        }).toArray(double[][]::new);
    }
}
