package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sigmoid units that say the opposite of another, σ(−x) = 1 − σ(x), are twins up to the Group. */
class OppositeUnitsTest {
    /** Outgoing weights and biases are rounded once when they add. */
    private static final double MERGED = 1e-5;

    private static Shrink shrink(Graph graph) {
        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(7));
        assertTrue(shrink.equality().maxError() <= MERGED, "outputs differ by " + shrink.equality().maxError());
        return shrink;
    }

    /** Unit b of what is written becomes the opposite of unit a. */
    private static Graph opposite(Graph graph, String layer, int a, int b) {
        TensorData weight = graph.parameter(layer + ".weight").orElseThrow();
        TensorData bias = graph.parameter(layer + ".bias").orElseThrow();
        float[] weights = weight.toFloats();
        float[] biases = bias.toFloats();
        int row = weights.length / biases.length;
        for (int i = 0; i < row; i++) {
            weights[b * row + i] = -weights[a * row + i];
        }
        biases[b] = -biases[a];
        return graph.replacing(Map.of(layer + ".weight", TensorData.of(weights, weight.dims()), layer + ".bias",
                TensorData.of(biases, bias.dims())));
    }

    private static long length(Graph graph, String parameter) {
        return graph.parameter(parameter).orElseThrow().dim(0);
    }

    @Test
    void aPairByHand() {
        Net net = new Net(0);
        String x = net.op("Gemm", List.of(net.input(2), net.param("w1", new float[] {1, -1, 0, 3, -3, 1}, 2, 3),
                net.param("b1", new float[] {0.5f, -0.5f, 2}, 3)), Map.of());
        x = net.op("Gemm", List.of(net.op("Sigmoid", x), net.param("w2", new float[] {2, 0.75f, 8}, 3, 1),
                net.param("b2", new float[] {1}, 1)), Map.of());
        Shrink shrink = shrink(net.done(x, 1));
        assertArrayEquals(new float[] {1, 0, 3, 1}, shrink.after().parameter("w1").orElseThrow().toFloats());
        assertArrayEquals(new float[] {2 - 0.75f, 8}, shrink.after().parameter("w2").orElseThrow().toFloats());
        assertArrayEquals(new float[] {1 + 0.75f}, shrink.after().parameter("b2").orElseThrow().toFloats());
    }

    @ParameterizedTest @CsvSource({"Sigmoid, 0", "Sigmoid, 1", "HardSigmoid, 2"})
    void theyAreMergedInEveryLayerAtOnce(String activation, long seed) {
        Net net = new Net(seed);
        String x = net.op(activation, net.conv("a", net.input(2, 7, 7), 2, 6, 3, 1, 1, true));
        x = net.op(activation, net.conv("b", x, 6, 5, 3, 0, 1, true));
        x = net.op(activation, net.dense("c", net.op("Flatten", x), 125, 7));
        Graph graph = net.done(net.dense("d", x, 7, 3), 3);
        assertEquals(0, Twins.of(Symmetries.of(graph)).count());
        graph = opposite(opposite(opposite(graph, "a", 1, 4), "a", 1, 0), "b", 3, 2);
        graph = opposite(opposite(graph, "c", 0, 6), "c", 6, 5);
        assertEquals(5, Twins.of(Symmetries.of(graph)).count());
        Shrink shrink = shrink(graph);
        assertEquals(List.of(4L, 4L, 5L),
                List.of(length(shrink.after(), "a.weight"), length(shrink.after(), "b.weight"),
                        length(shrink.after(), "c.weight")));
    }

    @Test
    void whatNoBiasTakesBackStays() {
        Net net = new Net(3);
        String padded = net.op("Sigmoid", net.conv("a", net.input(2, 6, 6), 2, 5, 3, 1, 1, true));
        String flat = net.op("Flatten", net.op("Sigmoid", net.conv("b", padded, 5, 4, 3, 1, 1, true)));
        Graph graph = net.done(net.op("MatMul", flat, net.weights("c.weight", 0.2, 0, 144, 3)), 3);
        graph = opposite(opposite(graph, "a", 1, 3), "b", 0, 2);
        assertEquals(0, Twins.of(Symmetries.of(graph)).count());
        assertTrue(shrink(graph).removed().isEmpty());
    }

    @Test
    void thoseThatMustStayStay() {
        Net net = new Net(4);
        String x = net.op("Sigmoid", net.dense("a", net.input(5), 5, 6));
        Graph graph = opposite(net.done(net.dense("b", x, 6, 3), 3), "a", 1, 3);
        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT.withExclude(List.of("a*")), OnnxRuntime.factory(1),
                new Seed(7));
        assertEquals(0, shrink.equality().maxError());
        assertTrue(shrink.removed().isEmpty());
    }
}
