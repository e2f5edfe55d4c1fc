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

        /** The same on the coordinates from a first one on, among n. */
        private Step on(int first, int n) {
            return u.length == n ? this : new Step(placed(u, first, n), placed(v, first, n));
        }

        private static double[] placed(double[] x, int first, int n) {
            double[] y = new double[n];
            System.arraycopy(x, 0, y, first, x.length);
            return y;
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
     * A well-conditioned random element: permutations are uniform, scales from 1/2 to 2.
     *
     * @throws SymmetryException if the Group translates, or does not act on n coordinates
     */
    public static LinearMap random(Group group, int n, Seed seed) {
        NormalForm.check(group, n);
        List<Step> steps = new ArrayList<>();
        add(steps, group, n, 0, n, seed);
        return new LinearMap(steps);
    }

    /** Adds an element of a Group on the coordinates first … first + size − 1 of n. */
    private static void add(List<Step> steps, Group group, int size, int first, int n, Seed seed) {
        RandomGenerator random = seed.generator();
        switch (group) {
            case Group.General g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    steps.add(reflection(normal(random, size)).on(first, n));
                }
                for (int k = 0; k < SHEARS; k++) {
                    double[] u = unit(normal(random, size));
                    double[] v = unit(normal(random, size));
                    double length = 0.25 + 0.25 * random.nextDouble();
                    steps.add(new Step(scaled(u, length), v).on(first, n));
                }
            }
            case Group.Orthogonal g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    steps.add(reflection(normal(random, size)).on(first, n));
                }
            }
            case Group.OrthogonalFixingOnes g -> {
                for (int k = 0; k < REFLECTIONS; k++) {
                    double[] u = normal(random, size);
                    double mean = java.util.Arrays.stream(u).average().orElse(0);
                    java.util.Arrays.setAll(u, i -> u[i] - mean);
                    steps.add(reflection(u).on(first, n));
                }
            }
            case Group.RotationScaling g -> plane(random, Math.pow(2, 2 * random.nextDouble() - 1))
                    .forEach(step -> steps.add(step.on(first, n)));
            case Group.Rotation g -> plane(random, 1).forEach(step -> steps.add(step.on(first, n)));
            case Group.Monomial m -> {
                for (int i = 0; i < size; i++) {
                    double scale = m.diagonal() == Group.Diagonal.SIGNS ? 1
                            : Math.pow(2, 2 * random.nextDouble() - 1);
                    boolean flip = m.diagonal() != Group.Diagonal.POSITIVE && random.nextBoolean();
                    double[] one = Normal.unit(i).vector(size);
                    steps.add(new Step(scaled(one, (flip ? -scale : scale) - 1), one).on(first, n));
                }
                exchange(steps, size, 1, first, n, random);
            }
            case Group.Permutation p -> exchange(steps, size, 1, first, n, random);
            case Group.Heads h -> {
                for (int k = 0; k < h.count(); k++) {
                    add(steps, h.inner(), h.size(), first + k * h.size(), n, seed.split(k));
                }
                exchange(steps, h.count(), h.size(), first, n, random);
            }
            case Group.BlockSum sum -> NormalForm.placed(sum).forEach(
                    p -> add(steps, p.group(), p.size(), first + p.first(), n, seed.split(p.first())));
            case Group.Trivial t -> {
            }
            case Group.Shift s -> throw new SymmetryException(group + " has no linear maps");
        }
    }

    /** A uniform permutation of blocks of coordinates, as reflections in their differences. */
    private static void exchange(List<Step> steps, int count, int size, int first, int n, RandomGenerator random) {
        for (int i = count - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            for (int c = 0; c < size && j < i; c++) {
                steps.add(reflection(Normal.difference(first + j * size + c, first + i * size + c).vector(n)));
            }
        }
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
