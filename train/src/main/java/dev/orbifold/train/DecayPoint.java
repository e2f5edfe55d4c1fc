package dev.orbifold.train;

import dev.orbifold.constraint.WeightAxes;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Where the weights of a network decay to under syre (arXiv 2408.15495; theory, 5), drawn by the seed.
 *
 * @param points θ₀ ~ N(0, σ₀²) by Parameter, σ₀ = 0.01/√(fan-in) where none is asked for
 * @param strengths D by Parameter: every entry a number of its own, evenly spaced from ½ to 1½ in random order; empty where all
 *        are 1
 */
record DecayPoint(Map<String, TensorData> points, Map<String, TensorData> strengths) {
    private static final double SIGMA = 0.01;

    static DecayPoint drawn(Graph graph, List<String> names, Prevention.Syre asked, Seed seed) {
        Map<String, TensorData> points = new LinkedHashMap<>();
        Map<String, TensorData> strengths = new LinkedHashMap<>();
        for (String name : names) {
            TensorData data = graph.parameter(name).orElseThrow();
            double sigma = asked.sigma().orElseGet(() -> SIGMA / Math.sqrt(fan(graph, name, data)));
            float[] point = new float[Math.toIntExact(data.elements())];
            RandomGenerator random = seed.split("point").split(name).generator();
            for (int i = 0; i < point.length; i++) {
                point[i] = (float) (sigma * random.nextGaussian());
            }
            points.put(name, TensorData.of(point, data.dims()));
            if (asked.anisotropic()) {
                strengths.put(name, TensorData.of(spaced(point.length, seed.split("strength").split(name)),
                        data.dims()));
            }
        }
        return new DecayPoint(points, strengths);
    }

    private static double fan(Graph graph, String name, TensorData data) {
        return WeightAxes.of(graph, name).map(a -> data.elements() / (double) data.dim(a.units()))
                .orElse((double) data.dim(data.rank() - 1));
    }

    private static float[] spaced(int n, Seed seed) {
        RandomGenerator random = seed.generator();
        float[] spaced = new float[n];
        for (int i = 0; i < n; i++) {
            int other = random.nextInt(i + 1);
            spaced[i] = spaced[other];
            spaced[other] = (float) (0.5 + (i + 0.5) / n);
        }
        return spaced;
    }

    /** D as it is for all weights: 1 where none was drawn. */
    Map<String, TensorData> strengths(Map<String, long[]> shapes) {
        Map<String, TensorData> all = new LinkedHashMap<>();
        shapes.forEach((name, dims) -> {
            float[] ones = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact))];
            Arrays.fill(ones, 1);
            all.put(name, strengths.getOrDefault(name, TensorData.of(ones, dims)));
        });
        return all;
    }
}
