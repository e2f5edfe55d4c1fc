package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decay to a point other than 0. */
class DecayCentreTest {
    /** Rounding of float32 over tens of steps on numbers of size 1. */
    private static final float ROUNDING = 2e-5f;
    private static final int INPUTS = 5;
    private static final int UNITS = 7;

    static List<Optimizer.Kind> kinds() {
        return List.of(new Optimizer.Kind.Sgd(0, false, 0.1), new Optimizer.Kind.Sgd(0.9, true, 0.1),
                new Optimizer.Kind.Sgd(0.5, false, 0.1, true), new Optimizer.Kind.Adam(0.9, 0.99, 1e-8, 0.1, false),
                new Optimizer.Kind.Adam(0.9, 0.99, 1e-8, 0.1, true));
    }

    private static float[] drawn(String name, int count, double low, double high) {
        RandomGenerator random = new Seed(5).split(name).generator();
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(low, high);
        }
        return values;
    }

    private static Graph graph(float[] weight, float[] bias) {
        return Graph.of("layer",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(INPUTS))))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(UNITS))))),
                List.of(Node.of("fc", "Gemm", List.of("x", "w", "b"), List.of("y"), Map.of())),
                Map.of("w", TensorData.of(weight, INPUTS, UNITS), "b", TensorData.of(bias, UNITS)));
    }

    private static FlatWeights weights(float[] weight, float[] bias) {
        return FlatWeights.of(graph(weight, bias), List.of("w", "b"), List.of(), Device.cpu());
    }

    private static float[] of(FlatWeights weights, String name) {
        return Tensors.toData(weights.views().get(name)).toFloats();
    }

    private static DecayCentre centre(FlatWeights weights, float[] point, Optional<float[]> strength) {
        Tensor where = Tensors.of(weights.device(), new float[(int) weights.values().numel()],
                weights.values().numel());
        weights.join(Map.of("w", TensorData.of(point, INPUTS, UNITS)), where);
        return new DecayCentre(where, strength.map(d -> {
            Tensor how = Tensors.of(weights.device(), new float[(int) weights.values().numel()],
                    weights.values().numel());
            weights.join(Map.of("w", TensorData.of(d, INPUTS, UNITS)), how);
            return how;
        }));
    }

    /** Training w towards θ₀ is training θ = w − θ₀ towards 0, whatever the gradients are and however they are clipped. */
    @ParameterizedTest @MethodSource("kinds")
    void itIsTheShiftedProblem(Optimizer.Kind kind) {
        float[] start = drawn("start", INPUTS * UNITS, -1, 1);
        float[] bias = drawn("bias", UNITS, -1, 1);
        float[] point = drawn("point", INPUTS * UNITS, -1, 1);
        float[] shifted = new float[start.length];
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] = start[i] - point[i];
        }
        try (PointerScope scope = new PointerScope();
                FlatWeights moved = weights(start, bias);
                FlatWeights plain = weights(shifted, bias);
                Optimizer first = Optimizer.leaving(kind, moved, Set.of(),
                        Optional.of(centre(moved, point, Optional.empty())));
                Optimizer second = Optimizer.of(kind, plain)) {
            for (int step = 0; step < 30; step++) {
                Map<String, TensorData> gradients = Map.of(
                        "w", TensorData.of(drawn("w" + step, INPUTS * UNITS, -1, 1), INPUTS, UNITS),
                        "b", TensorData.of(drawn("b" + step, UNITS, -1, 1), UNITS));
                moved.join(gradients, moved.gradients());
                plain.join(gradients, plain.gradients());
                first.step(0.05, 2);
                second.step(0.05, 2);
            }
            float[] w = of(moved, "w");
            for (int i = 0; i < w.length; i++) {
                w[i] -= point[i];
            }
            assertArrayEquals(of(plain, "w"), w, ROUNDING);
            assertArrayEquals(of(plain, "b"), of(moved, "b"), 0, "what does not decay has no centre");
        }
    }

    /** With no gradient, w − θ₀ shrinks by 1 − η·wd·Dᵢ per step, entry by entry. */
    @Test
    void withoutAGradientWeightsGoToTheCentre() {
        float[] start = drawn("start", INPUTS * UNITS, -1, 1);
        float[] point = drawn("point", INPUTS * UNITS, -1, 1);
        float[] strength = drawn("strength", INPUTS * UNITS, 0.5, 1.5);
        double rate = 0.1;
        double decay = 0.5;
        try (PointerScope scope = new PointerScope();
                FlatWeights weights = weights(start, new float[UNITS]);
                Optimizer optimizer = Optimizer.leaving(new Optimizer.Kind.Sgd(0, false, decay), weights, Set.of(),
                        Optional.of(centre(weights, point, Optional.of(strength))))) {
            for (int step = 1; step <= 1000; step++) {
                optimizer.step(rate);
                if (step == 20) {
                    float[] w = of(weights, "w");
                    for (int i = 0; i < w.length; i++) {
                        double left = Math.pow(1 - rate * decay * strength[i], step);
                        assertEquals(point[i] + left * (start[i] - point[i]), w[i], ROUNDING);
                    }
                }
            }
            assertArrayEquals(point, of(weights, "w"), ROUNDING);
        }
    }
}
