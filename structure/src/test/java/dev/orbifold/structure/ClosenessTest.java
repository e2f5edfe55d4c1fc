package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** How Spaces stand to their mirrors, with units planted on and near them. */
class ClosenessTest {
    private static final int INPUTS = 5;
    private static final int UNITS = 20;

    private static Graph dense() {
        Net net = new Net(4);
        return net.done(net.dense("out", net.op("Relu", net.dense("in", net.input(INPUTS), INPUTS, UNITS)), UNITS, 3),
                3);
    }

    private static Closeness only(Graph graph) {
        List<Closeness> all = Closeness.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces());
        assertEquals(1, all.size());
        return all.getFirst();
    }

    /** Multiplies everything that writes a unit. */
    private static Graph scaled(Graph graph, int unit, float factor) {
        float[] weight = graph.parameters().get("in.weight").toFloats().clone();
        float[] bias = graph.parameters().get("in.bias").toFloats().clone();
        for (int i = 0; i < INPUTS; i++) {
            weight[unit * INPUTS + i] *= factor;
        }
        bias[unit] *= factor;
        return graph.replacing(Map.of("in.weight", TensorData.of(weight, UNITS, INPUTS), "in.bias",
                TensorData.of(bias, UNITS)));
    }

    @Test
    void aRandomNetworkIsNearNoMirror() {
        Closeness one = only(dense());
        assertEquals(OptionalInt.of(0), one.dead());
        assertEquals(OptionalInt.of(0), one.twins());
        assertEquals(OptionalInt.empty(), one.rank());
        assertEquals(0, one.nearlyDead());
        assertEquals(0, one.nearlyTwins());
        assertEquals(UNITS, one.size());
        assertTrue(one.length() > 0, "units weigh something");
    }

    @Test
    void whatIsOnAMirrorIsCountedAndWhatIsNearOneIsNear() {
        Closeness dead = only(scaled(dense(), 3, 0));
        assertEquals(OptionalInt.of(1), dead.dead());
        assertEquals(0, dead.distances().dead().orElseThrow().minimum());
        assertEquals(1.0 / UNITS, dead.nearlyDead());
        Closeness dying = only(scaled(dense(), 3, 1e-6f));
        assertEquals(OptionalInt.of(0), dying.dead());
        assertEquals(1.0 / UNITS, dying.nearlyDead());
        // The unit that is repeated up to a scale, and the one that repeats it, are near each other.
        int[] twins = java.util.stream.IntStream.range(0, UNITS).map(u -> u == 7 ? 2 : u).toArray();
        Graph graph = dense();
        Graph repeated = graph.replacing(Map.of("in.weight", graph.parameters().get("in.weight").select(0, twins),
                "in.bias", graph.parameters().get("in.bias").select(0, twins)));
        Closeness same = only(scaled(repeated, 7, 3));
        assertEquals(OptionalInt.of(1), same.twins());
        assertEquals(2.0 / UNITS, same.nearlyTwins());
    }

    @Test
    void aScaleOfAllUnitsShowsInTheirLengthAlone() {
        Graph graph = dense();
        Closeness before = only(graph);
        Graph half = graph;
        for (int u = 0; u < UNITS; u++) {
            half = scaled(half, u, 0.25f);
        }
        Closeness after = only(half);
        assertEquals(before.length() / 2, after.length(), 1e-6 * before.length());
        assertEquals(before.distances().dead().orElseThrow().minimum(),
                after.distances().dead().orElseThrow().minimum(), 1e-6);
    }

    @Test
    void aLostRankIsCounted() {
        Net net = new Net(9);
        Graph graph = net.done(net.dense("up", net.dense("down", net.input(6), 6, 4), 4, 5), 5);
        assertEquals(4, rank(graph).rank().orElseThrow());
        int[] from = {0, 1, 2, 0};
        Graph lost = graph.replacing(Map.of("down.weight", graph.parameters().get("down.weight").select(0, from),
                "down.bias", graph.parameters().get("down.bias").select(0, from)));
        assertEquals(3, rank(lost).rank().orElseThrow());
        assertEquals(0.25, rank(lost).nearlyLost());
    }

    private static Closeness rank(Graph graph) {
        return Closeness.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces()).stream()
                .filter(one -> one.rank().isPresent()).findFirst().orElseThrow();
    }
}
