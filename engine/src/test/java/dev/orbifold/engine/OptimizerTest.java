package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerTest {
    /** Providers differ by fused rounding only: a few units in the last place of numbers around 1. */
    private static final float ROUNDING = 1e-6f;

    private static Graph graph(SplittableRandom random) {
        return Graph.of("g", List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(1, 3))), List.of(), List.of(),
                Map.of("w", TensorData.of(floats(random, 21), 7, 3), "b", TensorData.of(floats(random, 5), 5)));
    }

    private static float[] floats(SplittableRandom random, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static MemorySegment segment(float[] values) {
        MemorySegment segment = MemorySegment.ofArray(new float[values.length]);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
        return segment;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4})
    void providersAgree(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int n = random.nextInt(1, 200);
        int from = random.nextInt(n);
        float[] w = floats(random, n);
        float[] g = floats(random, n);
        float[] m = floats(random, n);
        float[] v = floats(random, n);
        for (int i = 0; i < n; i++) {
            v[i] *= v[i];
        }
        boolean nesterov = random.nextBoolean();
        MemorySegment[][] copies = new MemorySegment[2][];
        Update[] providers = {new ScalarUpdate(), new VectorUpdate()};
        for (int p = 0; p < 2; p++) {
            copies[p] = new MemorySegment[] {segment(w), segment(m), segment(w), segment(m), segment(v)};
            providers[p].sgd(copies[p][0], segment(g), copies[p][1], from, n, 0.1f, 0.9f, nesterov, 0.01f, 0.99f, 0.5f);
            providers[p].adam(copies[p][2], segment(g), copies[p][3], copies[p][4], from, n, 0.1f, 0.9f, 0.999f, 1e-8f,
                    0.01f, 0.99f, 0.5f);
        }
        for (int s = 0; s < copies[0].length; s++) {
            assertArrayEquals(copies[0][s].toArray(ValueLayout.JAVA_FLOAT),
                    copies[1][s].toArray(ValueLayout.JAVA_FLOAT), ROUNDING * 10, "seed " + seed);
        }
    }

    @Test
    void momentumByHand() {
        Graph graph = graph(new SplittableRandom(5));
        float w0 = graph.parameters().get("w").toFloats()[0];
        float b0 = graph.parameters().get("b").toFloats()[0];
        try (FlatWeights weights = FlatWeights.of(graph, List.of("w", "b"), List.of(), Device.cpu());
                Optimizer optimizer = Optimizer.of(new Optimizer.Kind.Sgd(0.9, false, 0.1), weights);
                PointerScope scope = new PointerScope()) {
            for (int step = 0; step < 2; step++) {
                weights.zeroGradients();
                weights.views().get("w").sum().add(weights.views().get("b").sum()).backward();
                optimizer.step(0.5);
            }
            // w is decayed: g1 = 1 + 0.1 w0, m1 = g1; g2 = 1 + 0.1 w1, m2 = 0.9 m1 + g2. b is not: m1 = 1, m2 = 1.9.
            double w1 = w0 - 0.5 * (1 + 0.1 * w0);
            double w2 = w1 - 0.5 * (0.9 * (1 + 0.1 * w0) + 1 + 0.1 * w1);
            Graph after = weights.writeBack(graph);
            assertEquals(w2, after.parameters().get("w").toFloats()[0], ROUNDING);
            assertEquals(b0 - 0.5 - 0.95, after.parameters().get("b").toFloats()[0], ROUNDING);
            assertEquals(2, optimizer.steps());
        }
    }

    @Test
    void adamFirstStepHasTheSizeOfTheRate() {
        Graph graph = graph(new SplittableRandom(6));
        float w0 = graph.parameters().get("w").toFloats()[0];
        try (FlatWeights weights = FlatWeights.of(graph, List.of("w", "b"), List.of(), Device.cpu());
                Optimizer optimizer = Optimizer.of(new Optimizer.Kind.Adam(0.9, 0.999, 1e-8, 0, true), weights);
                PointerScope scope = new PointerScope()) {
            weights.views().get("w").sum().backward();
            optimizer.step(0.01);
            assertEquals(w0 - 0.01, weights.writeBack(graph).parameters().get("w").toFloats()[0], 1e-5);
        }
    }

    @Test
    void longGradientsAreScaledDown() {
        Graph graph = graph(new SplittableRandom(7));
        float w0 = graph.parameters().get("w").toFloats()[0];
        try (FlatWeights weights = FlatWeights.of(graph, List.of("w"), List.of(), Device.cpu());
                Optimizer optimizer = Optimizer.of(new Optimizer.Kind.Sgd(0, false, 0), weights);
                PointerScope scope = new PointerScope()) {
            weights.views().get("w").sum().backward();
            optimizer.step(1, 1);
            // 21 gradients of 1 have norm √21.
            assertEquals(w0 - 1 / Math.sqrt(21), weights.writeBack(graph).parameters().get("w").toFloats()[0], 1e-5);
        }
    }

    @Test
    void stateIsRestoredBitForBit() {
        Graph graph = graph(new SplittableRandom(8));
        try (FlatWeights weights = FlatWeights.of(graph, List.of("w", "b"), List.of(), Device.cpu());
                Optimizer optimizer = Optimizer.of(new Optimizer.Kind.Adam(0.9, 0.999, 1e-8, 0.1, false), weights);
                FlatWeights other = FlatWeights.of(graph, List.of("w", "b"), List.of(), Device.cpu());
                Optimizer continued = Optimizer.of(new Optimizer.Kind.Adam(0.9, 0.999, 1e-8, 0.1, false), other);
                PointerScope scope = new PointerScope()) {
            weights.views().get("w").sum().backward();
            optimizer.step(0.01);
            other.restore(weights.sections()::get);
            continued.restore(optimizer.sections()::get, optimizer.steps());
            other.views().get("w").sum().backward();
            optimizer.step(0.01);
            continued.step(0.01);
            assertEquals(weights.writeBack(graph).parameters(), other.writeBack(graph).parameters());
        }
    }

    private static double reference(Optimizer.Kind kind, double w, double[] gradients, double rate) {
        double m = 0;
        double v = 0;
        for (int t = 1; t <= gradients.length; t++) {
            double g = gradients[t - 1] + (kind.decoupled() ? 0 : kind.decay() * w);
            w *= kind.decoupled() ? 1 - rate * kind.decay() : 1;
            switch (kind) {
                case Optimizer.Kind.Sgd s -> {
                    m = s.momentum() * m + g;
                    w -= rate * (s.nesterov() ? g + s.momentum() * m : m);
                }
                case Optimizer.Kind.Adam a -> {
                    m = a.beta1() * m + (1 - a.beta1()) * g;
                    v = a.beta2() * v + (1 - a.beta2()) * g * g;
                    double mean = m / (1 - Math.pow(a.beta1(), t));
                    double square = v / (1 - Math.pow(a.beta2(), t));
                    w -= rate * mean / (Math.sqrt(square) + a.epsilon());
                }
            }
        }
        return w;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void everyKindFollowsItsFormula(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Optimizer.Kind kind : List.of(new Optimizer.Kind.Sgd(0.9, false, 0.05),
                new Optimizer.Kind.Sgd(0.8, true, 0.05), new Optimizer.Kind.Sgd(0.9, true, 0.05, true),
                new Optimizer.Kind.Adam(0.9, 0.99, 1e-3, 0.05, false),
                new Optimizer.Kind.Adam(0.9, 0.99, 1e-3, 0.05, true))) {
            Graph graph = graph(random);
            float start = graph.parameters().get("w").toFloats()[20];
            double[] gradients = new double[6];
            try (FlatWeights weights = FlatWeights.of(graph, List.of("b", "w"), List.of(), Device.cpu());
                    Optimizer optimizer = Optimizer.of(kind, weights)) {
                for (int t = 0; t < gradients.length; t++) {
                    gradients[t] = (float) random.nextGaussian();
                    try (PointerScope scope = new PointerScope()) {
                        weights.gradients().fill_(new org.bytedeco.pytorch.Scalar(gradients[t]));
                    }
                    optimizer.step(0.1);
                }
                double expected = reference(kind, start, gradients, 0.1);
                assertEquals(expected, weights.writeBack(graph).parameters().get("w").toFloats()[20], 10 * ROUNDING,
                        "seed " + seed + ", " + kind);
            }
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        SplittableRandom random = new SplittableRandom(11);
        int n = 700_001;
        float[] tiny = floats(random, n);
        for (int i = 0; i < n; i++) {
            tiny[i] *= i % 3 == 0 ? 1e-37f : 1;
        }
        Graph graph = Graph.of("g", List.of(), List.of(), List.of(), Map.of("w", TensorData.of(tiny, 1, n)));
        int before = Natives.threads();
        TensorData[] results = new TensorData[2];
        try {
            for (int threads = 1; threads <= 2; threads++) {
                Natives.threads(threads);
                try (FlatWeights weights = FlatWeights.of(graph, List.of("w"), List.of(), Device.cpu());
                        Optimizer optimizer = Optimizer.of(new Optimizer.Kind.Sgd(0.9, false, 0.1), weights)) {
                    for (int step = 0; step < 3; step++) {
                        try (PointerScope scope = new PointerScope()) {
                            weights.gradients().copy_(weights.values());
                        }
                        optimizer.step(0.01);
                    }
                    results[threads - 1] = weights.writeBack(graph).parameters().get("w");
                }
            }
        } finally {
            Natives.threads(before);
        }
        assertEquals(results[0], results[1]);
    }
}
