package dev.orbifold.structure;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.RandomInputs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far two Graphs with the same inputs and outputs are apart, as an independent runtime sees it.
 *
 * @param maxError largest difference of two outputs, divided by the range of that output of the first Graph over all
 *            samples (by its magnitude where it is constant); the largest over the outputs. Infinite where one is finite and the
 *            other is not; else NaN where an output is not a number in both, or is nowhere finite, because that shows nothing
 * @param samples how many samples were compared
 */
public record Equality(double maxError, int samples) {
    private static final int BATCH = 32;

    /** Whether nothing is shown: no outputs differ, but some are not numbers in either Graph. */
    public boolean isVoid() {
        return Double.isNaN(maxError);
    }

    /**
     * Compares two Graphs on given data.
     *
     * @param inputs batches, each with one tensor per graph input; samples are counted along their first axis
     * @throws StructureException if the outputs differ in number or shape
     */
    public static Equality check(Graph before, Graph after, Evaluator.Factory factory,
            List<Map<String, TensorData>> inputs) {
        Map<String, Range> ranges = new LinkedHashMap<>();
        int samples = 0;
        try (Evaluator first = factory.open(before); Evaluator second = factory.open(after)) {
            for (Map<String, TensorData> batch : inputs) {
                Map<String, TensorData> expected = first.run(batch);
                Map<String, TensorData> found = second.run(batch);
                if (!expected.keySet().equals(found.keySet())) {
                    throw new StructureException("the Graphs' outputs differ: " + expected.keySet() + " before, "
                            + found.keySet() + " after");
                }
                expected.forEach((name, tensor) -> ranges.computeIfAbsent(name, n -> new Range()).add(name, tensor,
                        found.getOrDefault(name, tensor)));
                samples += batch.values().stream().filter(t -> t.rank() > 0).mapToInt(t -> (int) t.dim(0)).findFirst()
                        .orElse(1);
            }
        }
        double known = ranges.values().stream().mapToDouble(Range::error).filter(e -> !Double.isNaN(e)).max().orElse(0);
        boolean shown =
                Double.isInfinite(known) || ranges.values().stream().noneMatch(range -> Double.isNaN(range.error()));
        return new Equality(shown ? known : Double.NaN, samples);
    }

    /**
     * Compares two Graphs on random inputs.
     *
     * @param seed where the inputs are drawn from
     * @param samples at least how many
     */
    public static Equality check(Graph before, Graph after, Evaluator.Factory factory, Seed seed, int samples) {
        Shapes shapes = Shapes.of(before);
        int batch = batch(before, Math.min(BATCH, samples));
        List<Map<String, TensorData>> inputs = new ArrayList<>();
        for (int drawn = 0; drawn < samples; drawn += batch) {
            inputs.add(RandomInputs.of(before, shapes, batch, seed.split(drawn)));
        }
        return check(before, after, factory, inputs);
    }

    /** The batch size the Graph insists on, or the one wanted where it takes any. */
    private static int batch(Graph graph, int wanted) {
        return graph.inputs().stream().flatMap(i -> i.shape().stream()).filter(s -> s.rank() > 0).map(s -> s.dim(0))
                .findFirst().filter(d -> d.isFixed() && d.size() > 0).map(d -> (int) d.size()).orElse(wanted);
    }

    private static final class Range {
        private double low = Double.POSITIVE_INFINITY;
        private double high = Double.NEGATIVE_INFINITY;
        private double difference;
        private boolean nan;
        private boolean some;

        void add(String name, TensorData expected, TensorData found) {
            if (!expected.shape().equals(found.shape())) {
                throw new StructureException("output " + name + " has shape " + expected.shape() + " before and "
                        + found.shape() + " after");
            }
            double[] a = expected.toDoubles();
            double[] b = found.toDoubles();
            for (int i = 0; i < a.length; i++) {
                if (Double.isFinite(a[i])) {
                    low = Math.min(low, a[i]);
                    high = Math.max(high, a[i]);
                }
                if (Double.compare(a[i], b[i]) != 0) {
                    double d = Math.abs(a[i] - b[i]);
                    difference = Math.max(difference, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
                }
                nan |= Double.isNaN(a[i]) && Double.isNaN(b[i]);
                some = true;
            }
        }

        double error() {
            if (Double.isInfinite(difference)) {
                return difference;
            }
            if (nan || some && high < low) {
                return Double.NaN;
            }
            double range = high > low ? high - low : Math.max(Math.abs(high), Double.MIN_NORMAL);
            return difference == 0 ? 0 : difference / range;
        }
    }
}
