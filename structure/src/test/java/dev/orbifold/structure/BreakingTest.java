package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How far weights are from being their own mirror image. */
class BreakingTest {
    /** Sums of squares in float64, of float32 weights. */
    private static final double ROUNDING = 1e-6;

    private static Graph dense(int units) {
        Net net = new Net(4);
        return net.done(net.dense("out", net.op("Gelu", net.dense("in", net.input(5), 5, units)), units, 3), 3);
    }

    private static double only(Graph graph) {
        Map<String, Double> all = Breaking.of(Symmetries.of(graph), List.of());
        assertEquals(1, all.size());
        return all.values().iterator().next();
    }

    /** The definition, mirror by mirror. */
    @Test
    void itIsTheNearestOfAllExchanges() {
        Graph graph = dense(6);
        Symmetries symmetries = Symmetries.of(graph);
        double[] all = Mirror.of(symmetries, symmetries.spaces().getFirst()).mapToDouble(m -> 2 * m.distance(graph))
                .toArray();
        assertEquals(15, all.length);
        double least = java.util.Arrays.stream(all).min().orElseThrow();
        double mean = java.util.Arrays.stream(all).map(d -> d * d).average().orElseThrow();
        assertEquals(least / Math.sqrt(mean), only(graph), ROUNDING);
        assertEquals(only(graph), only(Transform.random(symmetries, new Seed(1))), ROUNDING);
    }

    @Test
    void unitsThatAreReadDifferentlyAreNoFixedPoint() {
        Graph graph = dense(6);
        int[] from = {0, 1, 2, 3, 4, 1};
        Graph twins = graph.replacing(Map.of("in.weight", graph.parameters().get("in.weight").select(0, from),
                "in.bias", graph.parameters().get("in.bias").select(0, from)));
        assertTrue(only(twins) > 0.01, "they repeat each other, but gradients tell them apart");
        Graph fixed =
                twins.replacing(Map.of("out.weight", graph.parameters().get("out.weight").select(1, from)));
        assertEquals(0, only(fixed));
    }

    @Test
    void aTurnedDirectionThatNothingUsesIsFixed() {
        Net net = new Net(9);
        Graph graph = net.done(net.op("MatMul", net.op("MatMul", net.input(6), net.weights("down", 1, 0, 6, 4)),
                net.weights("up", 1, 0, 4, 5)), 5);
        var mixing = LinearSymmetries.of(graph).spaces();
        String name =
                Breaking.of(Symmetries.of(graph), mixing).keySet().stream().filter(n -> n.endsWith(", directions"))
                        .findFirst().orElse(mixing.getFirst().name());
        assertTrue(Breaking.of(Symmetries.of(graph), mixing).get(name) > 0.1);
        float[] down = graph.parameters().get("down").toFloats().clone();
        float[] up = graph.parameters().get("up").toFloats().clone();
        for (int i = 0; i < 6; i++) {
            down[4 * i + 2] = 0;
        }
        for (int o = 0; o < 5; o++) {
            up[5 * 2 + o] = 0;
        }
        Graph fixed = graph.replacing(Map.of("down", TensorData.of(down, 6, 4), "up", TensorData.of(up, 4, 5)));
        assertEquals(0, Breaking.of(Symmetries.of(fixed), mixing).get(name), ROUNDING);
    }
}
