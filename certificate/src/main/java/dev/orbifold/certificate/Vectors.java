package dev.orbifold.certificate;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Arithmetic on vectors. */
final class Vectors {
    private Vectors() {
    }

    static double[] normal(int n, Seed seed) {
        RandomGenerator random = seed.generator();
        double[] v = new double[n];
        Arrays.setAll(v, i -> random.nextGaussian());
        return v;
    }

    static double length(double[] v) {
        double sum = 0;
        for (double x : v) {
            sum += x * x;
        }
        return Math.sqrt(sum);
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
}
