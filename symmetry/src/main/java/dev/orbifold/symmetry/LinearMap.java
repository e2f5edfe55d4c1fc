package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * An invertible linear map as a product of maps I + u vᵀ, which act on n coordinates in n steps, and whose inverse
 * transposes are known: (I + u vᵀ)⁻ᵀ = I − v uᵀ/(1 + vᵀu).
 *
 * @param steps the maps, the first applied first
 */
public record LinearMap(List<Step> steps) {
    private static final int REFLECTIONS = 4;
    private static final int SHEARS = 4;

    /** The map I + u vᵀ. */
    public record Step(double[] u, double[] v) {
        Step inverseTransposed() {
            double pivot = 1;
            for (int i = 0; i < u.length; i++) {
                pivot += u[i] * v[i];
            }
            double[] scaled = new double[u.length];
            for (int i = 0; i < u.length; i++) {
                scaled[i] = -v[i] / pivot;
            }
            return new Step(scaled, u);
        }
    }

    /** Copies the list. */
    public LinearMap {
        steps = List.copyOf(steps);
    }

    /** The inverse of the transpose. */
    public LinearMap inverseTransposed() {
        return new LinearMap(steps.stream().map(Step::inverseTransposed).toList());
    }

    /**
     * A well-conditioned random element.
     *
     * @throws SymmetryException if the Group is not one of maps that mix coordinates
     */
    public static LinearMap random(Group group, int n, Seed seed) {
        RandomGenerator random = seed.generator();
        List<Step> steps = new ArrayList<>();
        switch (group) {
            case Group.General g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    steps.add(reflection(normal(random, n)));
                }
                for (int k = 0; k < SHEARS; k++) {
                    double[] u = unit(normal(random, n));
                    double[] v = unit(normal(random, n));
                    double size = 0.25 + 0.25 * random.nextDouble();
                    steps.add(new Step(scaled(u, size), v));
                }
            }
            case Group.Orthogonal g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    steps.add(reflection(normal(random, n)));
                }
            }
            case Group.OrthogonalFixingOnes g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    double[] u = normal(random, n);
                    double mean = java.util.Arrays.stream(u).average().orElse(0);
                    java.util.Arrays.setAll(u, i -> u[i] - mean);
                    steps.add(reflection(u));
                }
            }
            case Group.RotationScaling g -> steps.addAll(plane(random, Math.pow(2, 2 * random.nextDouble() - 1)));
            case Group.Rotation g -> steps.addAll(plane(random, 1));
            default -> throw new SymmetryException(group + " has no maps that mix coordinates");
        }
        return new LinearMap(steps);
    }

    /** A rotation of the plane, as two reflections, times a size. */
    private static List<Step> plane(RandomGenerator random, double size) {
        List<Step> steps = new ArrayList<>(
                List.of(reflection(normal(random, 2)), reflection(normal(random, 2))));
        if (size != 1) {
            steps.add(new Step(new double[] {size - 1, 0}, new double[] {1, 0}));
            steps.add(new Step(new double[] {0, size - 1}, new double[] {0, 1}));
        }
        return steps;
    }

    private static Step reflection(double[] normal) {
        double[] u = unit(normal);
        return new Step(scaled(u, -2), u);
    }

    private static double[] normal(RandomGenerator random, int n) {
        return random.doubles(n).map(x -> random.nextGaussian()).toArray();
    }

    private static double[] unit(double[] x) {
        double norm = Math.sqrt(java.util.Arrays.stream(x).map(v -> v * v).sum());
        return scaled(x, 1 / norm);
    }

    private static double[] scaled(double[] x, double by) {
        return java.util.Arrays.stream(x).map(v -> v * by).toArray();
    }
}
