package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Symmetries;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatingTest {
    private static final int SIZE = 6;
    private static final int BATCH = 3;
    /** Central differences with a step of 1e-2 on sums of a few hundred float32 terms of order one. */
    private static final double FINITE_DIFFERENCE = 5e-3;
    /** What reordered sums of float32 may differ by. */
    private static final float REORDERED = 1e-4f;

    @BeforeAll
    static void natives() {
        Natives.load();
    }

    /** Convolution behind batch norm, a plain convolution, a dense layer: gates of both kinds. */
    private static Graph network(long seed) {
        Net net = new Net(new Seed(seed));
        String x = net.batchNorm("n", net.conv("a", net.input("x", 1, SIZE, SIZE), 1, 4, 3, 1), 4);
        x = net.apply("Relu", net.conv("b", net.apply("Relu", x), 4, 5, 3, 1));
        x = net.node("Flatten", List.of(net.apply("GlobalAveragePool", x)));
        x = net.apply("Tanh", net.dense("c", x, 5, 6));
        return net.graph(net.dense("d", x, 6, 3));
    }

    private static float[] products(GateLayout layout, RandomGenerator random) {
        float[] p = new float[layout.size() + 1];
        for (int i = 0; i < layout.size(); i++) {
            p[i] = random.nextInt(4) == 0 ? 0 : 0.5f + random.nextFloat();
        }
        p[layout.size()] = 1;
        return p;
    }

    private static float[] input(RandomGenerator random) {
        float[] x = new float[BATCH * SIZE * SIZE];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private static Tensor output(Program program, Map<String, Tensor> values, float[] x, Mode mode) {
        Map<String, Tensor> all = new HashMap<>(values);
        all.put("x", Tensors.of(Device.cpu(), x, BATCH, 1, SIZE, SIZE));
        return program.run(all, mode).values().iterator().next();
    }

    @Test
    void productsOnDenseAndConvolutionByHand() {
        Map<String, TensorData> weights = Map.of("w", TensorData.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3), "k",
                TensorData.of(new float[] {1, 2, 3, 4}, 2, 1, 1, 2));
        // Rows of w are units 0 and 1; its columns are of no gated Space but the last, which is unit 1 again.
        GateLayout layout = new GateLayout(List.of(), new int[] {0},
                List.of(new GateLayout.GatedAxis("w", 0, new int[] {0, 1}),
                        new GateLayout.GatedAxis("w", 1, new int[] {2, 2, 1}),
                        new GateLayout.GatedAxis("k", 0, new int[] {1, 0})));
        Map<String, TensorData> folded = Gating.fold(layout, weights, new float[] {2, 0.5f, 1});
        assertArrayEquals(new float[] {2, 4, 3, 2, 2.5f, 1.5f}, folded.get("w").toFloats());
        assertArrayEquals(new float[] {0.5f, 1, 6, 8}, folded.get("k").toFloats());
    }

    /** Folding makes every closed entry +0, multiplying keeps the sign of ω. */
    private static float[] unsigned(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
        return values;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void foldingIsWhatTheEngineMultipliesBitForBit(long seed) {
        Graph graph = network(seed);
        GateLayout layout = GateLayout.of(Symmetries.of(graph), space -> true);
        float[] p = products(layout, new Seed(seed).split("p").generator());
        Map<String, TensorData> folded = Gating.fold(layout, graph.parameters(), p);
        try (Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu());
                Gating gating = new Gating(layout, weights.views()); PointerScope scope = new PointerScope()) {
            gating.effective(weights.views(), p).forEach((name, w) -> assertArrayEquals(folded.get(name).toFloats(),
                    unsigned(Tensors.toData(w.detach()).toFloats()), name + ", seed " + seed));
            float[] x = input(new Seed(seed).split("x").generator());
            Map<String, Tensor> values = new HashMap<>(weights.views());
            values.putAll(gating.effective(weights.views(), p));
            float[] gated = Tensors.toData(output(program, values, x, Mode.EVALUATION).detach()).toFloats();
            Graph plain = graph.withParameters(folded);
            try (Program small = Program.compile(plain, Device.cpu()); Evaluator witness = OnnxRuntime.open(plain, 1)) {
                assertArrayEquals(Tensors.toData(output(small, Map.of(), x, Mode.EVALUATION)).toFloats(), gated,
                        "seed " + seed);
                float[] witnessed = witness.run(Map.of("x", TensorData.of(x, BATCH, 1, SIZE, SIZE))).values().iterator()
                        .next().toFloats();
                assertArrayEquals(witnessed, gated, REORDERED, "seed " + seed);
            }
        }
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void gradientOfTheGates(long seed) {
        Graph graph = network(seed);
        GateLayout layout = GateLayout.of(Symmetries.of(graph), space -> true);
        RandomGenerator random = new Seed(seed).generator();
        float[] p = products(layout, random);
        for (int i = 0; i < p.length; i++) {
            p[i] = p[i] == 0 ? 0.3f : p[i];
        }
        float[] x = input(random);
        try (Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu());
                Gating gating = new Gating(layout, weights.views())) {
            float[] gradient;
            try (PointerScope scope = new PointerScope()) {
                loss(program, weights, gating, p, x).backward();
                gradient = gating.gradient();
            }
            for (int u = 0; u < layout.size(); u++) {
                float step = 1e-2f;
                double slope = (lossAt(program, weights, gating, p, x, u, step)
                        - lossAt(program, weights, gating, p, x, u, -step)) / (2 * step);
                assertEquals(slope, gradient[u], FINITE_DIFFERENCE, "gate " + u + ", seed " + seed);
            }
        }
    }

    private static double lossAt(Program program, FlatWeights weights, Gating gating, float[] p, float[] x, int unit,
            float by) {
        float[] moved = p.clone();
        moved[unit] += by;
        try (PointerScope scope = new PointerScope()) {
            return loss(program, weights, gating, moved, x).item_double();
        }
    }

    private static Tensor loss(Program program, FlatWeights weights, Gating gating, float[] p, float[] x) {
        Map<String, Tensor> values = new HashMap<>(weights.views());
        values.putAll(gating.effective(weights.views(), p));
        Tensor y = output(program, values, x, Mode.EVALUATION);
        return y.mul(y).mean();
    }

    @Test
    void aClosedGateMakesItsUnitExactlyZero() {
        String hidden = "relu2.0";
        Graph shrinkable = twoConvolutions("conv3.0");
        Graph graph = twoConvolutions("conv3.0", hidden);
        GateLayout layout = GateLayout.of(Symmetries.of(shrinkable), space -> true);
        float[] p = {1, 0, 1, 0, 1};
        Graph folded = graph.withParameters(Gating.fold(layout, graph.parameters(), p));
        float[] in = input(new Seed(9).generator());
        try (Program program = Program.compile(folded, Device.cpu()); Evaluator witness = OnnxRuntime.open(folded, 1);
                PointerScope scope = new PointerScope()) {
            Map<String, Tensor> ran = program
                    .run(Map.of("x", Tensors.of(Device.cpu(), in, BATCH, 1, SIZE, SIZE)), Mode.EVALUATION);
            dead(Tensors.toData(ran.get(hidden)).toFloats());
            dead(witness.run(Map.of("x", TensorData.of(in, BATCH, 1, SIZE, SIZE))).get(hidden).toFloats());
        }
    }

    private static Graph twoConvolutions(String... outputs) {
        Net net = new Net(new Seed(9));
        String x = net.batchNorm("n", net.conv("a", net.input("x", 1, SIZE, SIZE), 1, 4, 3, 1), 4);
        net.conv("b", net.apply("Relu", x), 4, 2, 3, 1);
        return net.graph(outputs);
    }

    private static void dead(float[] hidden) {
        int image = SIZE * SIZE;
        double alive = 0;
        for (int i = 0; i < hidden.length; i++) {
            int channel = i / image % 4;
            if (channel % 2 == 1) {
                assertEquals(0f, hidden[i], "position " + i);
            } else {
                alive += hidden[i];
            }
        }
        assertEquals(true, alive > 0, "the open channels");
    }

    @Test
    void decayAndScaleReachTheWrittenEntriesAlone() {
        Net net = new Net(new Seed(11));
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 2), 2, 3));
        Graph graph = net.graph(net.dense("b", hidden, 3, 2));
        GateLayout layout = GateLayout.of(Symmetries.of(graph), space -> true);
        try (Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu());
                Gating gating = new Gating(layout, weights.views()); PointerScope scope = new PointerScope()) {
            weights.zeroGradients();
            gating.addDecay(weights.views(), new double[] {0, 2, 0.5});
            float[] w = graph.parameters().get("a.weight").toFloats();
            assertArrayEquals(new float[] {0, 0, 2 * w[2], 2 * w[3], 0.5f * w[4], 0.5f * w[5]},
                    Tensors.toData(weights.views().get("a.weight").grad()).toFloats());
            assertArrayEquals(new float[6], Tensors.toData(weights.views().get("b.weight").grad()).toFloats());
            gating.scale(weights.views(), new double[] {1, 0.5, 1});
            assertArrayEquals(new float[] {w[0], w[1], 0.5f * w[2], 0.5f * w[3], w[4], w[5]},
                    Tensors.toData(weights.views().get("a.weight").detach()).toFloats());
            assertArrayEquals(graph.parameters().get("b.weight").toFloats(),
                    Tensors.toData(weights.views().get("b.weight").detach()).toFloats());
        }
    }

    @Test
    void aGatedParameterThatIsNotTrainedIsNamed() {
        GateLayout layout = new GateLayout(List.of(), new int[] {0},
                List.of(new GateLayout.GatedAxis("missing", 0, new int[] {0})));
        ConstraintException thrown = assertThrows(ConstraintException.class, () -> new Gating(layout, Map.of()));
        assertEquals(true, thrown.getMessage().contains("missing"), thrown.getMessage());
    }
}
