package dev.orbifold.structure;

import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** The first two moments of every entry of gradients, over samples. */
final class GradientMoments {
    private final Map<String, double[]> first = new LinkedHashMap<>();
    private final Map<String, double[]> second = new LinkedHashMap<>();
    private final Map<String, long[]> dims = new LinkedHashMap<>();
    private int samples;

    /**
     * Adds one sample.
     *
     * @throws StructureException if a gradient is not finite
     */
    void add(Map<String, TensorData> sample) {
        samples++;
        sample.forEach((name, gradient) -> add(name, gradient.toDoubles(), gradient.dims()));
    }

    private void add(String name, double[] gradient, long[] shape) {
        dims.putIfAbsent(name, shape);
        double[] sum = first.computeIfAbsent(name, n -> new double[gradient.length]);
        double[] squares = second.computeIfAbsent(name, n -> new double[gradient.length]);
        for (int i = 0; i < gradient.length; i++) {
            if (!Double.isFinite(gradient[i])) {
                throw new StructureException("a gradient of parameter " + name
                        + " is not finite, so that there is no noise to balance");
            }
            sum[i] += gradient[i];
            squares[i] += gradient[i] * gradient[i];
        }
    }

    /** How many samples there are. */
    int samples() {
        return samples;
    }

    /**
     * E[g] of every entry, shaped like its parameter.
     *
     * @throws StructureException if there are no samples
     */
    Map<String, TensorData> means() {
        return each((mean, square) -> mean);
    }

    /** √E[g²]. */
    Map<String, TensorData> roots() {
        return each((mean, square) -> Math.sqrt(square));
    }

    /** √(E[g²] − E[g]²), the standard deviations. */
    Map<String, TensorData> deviations() {
        return each((mean, square) -> Math.sqrt(Math.max(0, square - mean * mean)));
    }

    private Map<String, TensorData> each(DoubleBinaryOperator of) {
        if (samples == 0) {
            throw new StructureException("there are no samples to measure gradients on");
        }
        Map<String, TensorData> made = new LinkedHashMap<>();
        dims.forEach((name, shape) -> {
            double[] sum = first.getOrDefault(name, new double[0]);
            double[] squares = second.getOrDefault(name, new double[0]);
            double[] numbers = new double[sum.length];
            Arrays.setAll(numbers, i -> of.applyAsDouble(sum[i] / samples, squares[i] / samples));
            made.put(name, TensorData.of(numbers, shape));
        });
        return made;
    }
}
