package dev.orbifold.collapse;

import java.util.List;
import java.util.random.RandomGenerator;

/** Arithmetic on vectors, in float64. */
final class Vectors {
    private Vectors() {
    }

    static double[] normal(int n, RandomGenerator random) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextGaussian();
        }
        return v;
    }

    /** Entries 1 and −1 with equal chances. */
    static double[] signs(int n, RandomGenerator random) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextBoolean() ? 1 : -1;
        }
        return v;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double length(double[] v) {
        return Math.sqrt(dot(v, v));
    }

    static void scale(double[] v, double by) {
        for (int i = 0; i < v.length; i++) {
            v[i] *= by;
        }
    }

    static void add(double[] to, double factor, double[] v) {
        for (int i = 0; i < v.length; i++) {
            to[i] += factor * v[i];
        }
    }

    static double[] difference(double[] a, double[] b) {
        double[] d = a.clone();
        add(d, -1, b);
        return d;
    }

    /** Takes from v its part in the span of orthonormal vectors, twice, so that rounding leaves none of it. */
    static void orthogonalize(double[] v, List<double[]> basis) {
        for (int pass = 0; pass < 2; pass++) {
            for (double[] b : basis) {
                add(v, -dot(b, v), b);
            }
        }
    }

    /** The sum of vectors with coefficients. */
    static double[] combination(List<double[]> vectors, double[] coefficients) {
        double[] sum = new double[vectors.get(0).length];
        for (int j = 0; j < coefficients.length; j++) {
            add(sum, coefficients[j], vectors.get(j));
        }
        return sum;
    }
}
