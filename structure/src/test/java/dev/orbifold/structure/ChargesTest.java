package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Noether charges of units, and where SGD takes them (theory, 4), with gradients by hand. */
class ChargesTest {
    private static final int SAMPLES = 64;
    private static final int BATCH = 8;
    private static final double RATE = 0.01;
    private static final double DECAY = 0.01;
    private static final int STEPS = 4000;
    private static final int MEASURED = 20;
    /**
     * How far the charge of one training may be from what the law predicts, over the charge. The law is of the mean over
     * trainings: of one training, here, it leaves about 2e-4 to chance.
     */
    private static final double FOLLOWS = 1e-3;

    private static Graph graph(int inputs, int units, int outputs, boolean rectified) {
        Net net = new Net(3);
        String h = net.op("MatMul", net.input(inputs), net.weights("w", 1, 0, inputs, units));
        h = rectified ? net.op("Relu", h) : h;
        return net.done(net.op("MatMul", h, net.weights("u", 0.2, 0, units, outputs)), outputs);
    }

    private static Factorization noisy(int inputs, int units, int outputs, boolean rectified) {
        RandomGenerator random = new Seed(11).generator();
        List<double[]> x = new ArrayList<>();
        List<double[]> targets = new ArrayList<>();
        for (int s = 0; s < SAMPLES; s++) {
            double[] own = random.doubles(inputs).map(v -> random.nextGaussian()).toArray();
            x.add(own);
            targets.add(IntStream.range(0, outputs).mapToDouble(o -> 0.32 * own[o % inputs]
                    + 0.5 * random.nextGaussian()).toArray());
        }
        return new Factorization(x, targets, units, rectified);
    }

    private static double charge(Graph graph) {
        return Arrays.stream(Charges.of(Symmetries.of(graph)).of(graph).values().iterator().next()).sum();
    }

    @Test
    void ofAUnitItIsWhatWritesItLessWhatReadsIt() {
        Graph graph = graph(2, 2, 1, true).replacing(Map.of("w", TensorData.of(new float[] {3, 1, 4, 2}, 2, 2), "u",
                TensorData.of(new float[] {2, 5}, 2, 1)));
        Charges charges = Charges.of(Symmetries.of(graph));
        assertEquals(1, charges.names().size());
        String space = charges.names().iterator().next();
        assertArrayEquals(new double[] {9 + 16 - 4, 1 + 4 - 25}, charges.of(graph).get(space));
        assertEquals(30 / 29.0, charges.balance(graph).get(space), 1e-12);
        assertEquals(List.of("w", "u"), charges.parameters(space));
    }

    /** What every single gradient owes to the symmetry: gᵀAθ = 0, so that without noise and decay nothing moves at order η. */
    @Test
    void gradientsOfSamplesAreOrthogonalToTheOrbit() {
        Graph graph = graph(4, 3, 5, true);
        Charges charges = Charges.of(Symmetries.of(graph));
        noisy(4, 3, 5, true).each(graph, gradient -> {
            Map<String, TensorData> moved = new LinkedHashMap<>();
            gradient.forEach((name, g) -> moved.put(name, sum(graph.parameters().get(name), g, 1)));
            double[] both = charges.of(graph.replacing(moved)).values().iterator().next();
            double[] weights = charges.of(graph).values().iterator().next();
            double[] gradients = charges.of(graph.replacing(gradient)).values().iterator().next();
            for (int u = 0; u < both.length; u++) {
                assertEquals(0, (both[u] - weights[u] - gradients[u]) / 2, 1e-12 * (1 + Math.abs(both[u])));
            }
        });
    }

    private static TensorData sum(TensorData a, TensorData b, double factor) {
        double[] x = a.toDoubles().clone();
        double[] y = b.toDoubles();
        Arrays.setAll(x, i -> x[i] + factor * y[i]);
        return TensorData.of(x, a.dims());
    }

    /** A product of two numbers, from 2.52 as theory, 4 has it, and a small ReLU network. */
    @ParameterizedTest @CsvSource({"1, 2, 1, false", "4, 3, 5, true"})
    void aTrainingTakesThemWhereTheLawSays(int inputs, int units, int outputs, boolean rectified) {
        Graph graph = graph(inputs, units, outputs, rectified);
        if (!rectified) {
            // The second unit is dead and stays so; an axis of one index is no Space.
            graph = graph.replacing(Map.of("w", TensorData.of(new double[] {0.2, 0}, 1, 2), "u",
                    TensorData.of(new double[] {1.6, 0}, 2, 1)));
            assertEquals(-2.52, charge(graph), 1e-9);
        }
        Factorization data = noisy(inputs, units, outputs, rectified);
        Charges charges = Charges.of(Symmetries.of(graph));
        RandomGenerator random = new Seed(5).generator();
        double predicted = charge(graph);
        double still = predicted;
        double before = noise(charges, graph, data);
        int[] order = IntStream.range(0, SAMPLES).toArray();
        for (int step = 1; step <= STEPS; step++) {
            int at = (step - 1) * BATCH % SAMPLES;
            if (at == 0) {
                shuffle(order, random);
            }
            graph = stepped(graph, data.mean(graph, Arrays.copyOfRange(order, at, at + BATCH)));
            if (step % MEASURED == 0) {
                double after = noise(charges, graph, data);
                // Decay is integrated in closed form, the rest by the trapezoid rule.
                double left = Math.exp(-2 * DECAY * RATE * MEASURED);
                predicted = predicted * left + (before + after) / 2 * RATE * MEASURED * (1 + left) / 2;
                still *= left;
                before = after;
            }
        }
        double measured = charge(graph);
        assertEquals(1, predicted / measured, FOLLOWS);
        assertTrue(Math.abs(still / measured - 1) > 3 * FOLLOWS, "noise is part of it: " + still + ", " + measured);
    }

    private static double noise(Charges charges, Graph graph, Factorization data) {
        Charges.Step step = new Charges.Step(RATE, 0, name -> true, BATCH, SAMPLES);
        return Arrays.stream(charges.rates(graph, charges.noise(graph, data), step).values().iterator().next()).sum();
    }

    private static Graph stepped(Graph graph, Map<String, TensorData> gradient) {
        Map<String, TensorData> moved = new LinkedHashMap<>();
        gradient.forEach((name, g) -> {
            TensorData own = graph.parameters().getOrDefault(name, g);
            moved.put(name, sum(sum(own, g, -RATE), own, -RATE * DECAY));
        });
        return graph.replacing(moved);
    }

    private static void shuffle(int[] order, RandomGenerator random) {
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
    }

    @Test
    void fullBatchesHaveNoNoise() {
        Graph graph = graph(4, 3, 5, true);
        Factorization data = noisy(4, 3, 5, true);
        Charges charges = Charges.of(Symmetries.of(graph));
        Charges.Noise noise = charges.noise(graph, data);
        double[] rate = charges.rates(graph, noise, new Charges.Step(RATE, 0, n -> true, SAMPLES, SAMPLES)).values()
                .iterator().next();
        double[] mean = charges.of(graph.replacing(data.mean(graph, IntStream.range(0, SAMPLES).toArray()))).values()
                .iterator().next();
        for (int u = 0; u < rate.length; u++) {
            assertEquals(RATE * mean[u], rate[u], 1e-9 * Math.abs(rate[u]));
        }
    }

    @Test
    void withoutSamplesThereIsNothingToMeasure() {
        Graph graph = graph(2, 2, 1, true);
        assertThrows(StructureException.class,
                () -> Charges.of(Symmetries.of(graph)).noise(graph, (weights, sample) -> {
                }));
    }
}
