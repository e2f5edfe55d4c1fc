package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Distances to mirrors do not change along a Space's orbits, and are zero where units or ranks are planted on a mirror. */
class DistancesTest {
    /** Weights are scaled and rounded to float32. */
    private static final double ROUNDING = 1e-5;

    private static Graph dense(String activation, long seed) {
        Net net = new Net(seed);
        return net.done(net.dense("out", net.op(activation, net.dense("in", net.input(5), 5, 9)), 9, 3), 3);
    }

    private static Distances only(Graph graph) {
        List<Distances> all = Distances.of(Symmetries.of(graph), List.of());
        assertEquals(1, all.size());
        return all.getFirst();
    }

    @Test
    void theyAreTheSameAlongTheOrbit() {
        for (String activation : List.of("Relu", "Tanh")) {
            Graph graph = dense(activation, 1);
            Distances before = only(graph);
            Distances after = only(Transform.random(Symmetries.of(graph), new Seed(2)));
            assertNear(before.dead(), after.dead());
            assertNear(before.twins(), after.twins());
            assertTrue(before.twins().orElseThrow().minimum() > 0.1, before::toString);
        }
    }

    /** Every group of a grouped convolution has a scale of its own; a unit weighs what all of them do. */
    @Test
    void groupsWithScalesOfTheirOwnAreOneUnit() {
        Net net = new Net(5);
        String first = net.op("Relu", net.conv("c", net.input(2, 6, 6), 2, 4, 3, 1, 1, true));
        String second = net.op("Relu", net.conv("g", first, 4, 6, 3, 1, 2, true));
        String flat = net.reshape(net.op("GlobalAveragePool", second), -1, 6);
        Graph graph = net.done(net.dense("out", flat, 6, 3), 3);
        Symmetries symmetries = Symmetries.of(graph);
        int several = (int) symmetries.spaces().stream().filter(s -> symmetries.scalings(s).size() > 1).count();
        assertTrue(several > 0, "a Space with several scalings");
        for (Distances distances : Distances.of(symmetries, List.of())) {
            assertTrue(distances.dead().orElseThrow().minimum() > 0.2, "random weights are alive: " + distances);
        }
    }

    private static void assertNear(Optional<Distances.Quantiles> a, Optional<Distances.Quantiles> b) {
        assertEquals(a.orElseThrow().minimum(), b.orElseThrow().minimum(), ROUNDING);
        assertEquals(a.orElseThrow().tenth(), b.orElseThrow().tenth(), ROUNDING);
        assertEquals(a.orElseThrow().median(), b.orElseThrow().median(), ROUNDING);
    }

    @Test
    void whatHasCollapsedIsOnItsMirror() {
        Graph graph = dense("Tanh", 3);
        int[] twins = {0, 1, 2, 3, 4, 5, 6, 7, 0};
        TensorData weight = graph.parameter("in.weight").orElseThrow();
        TensorData bias = graph.parameter("in.bias").orElseThrow();
        int units = weight.dim(0) == 9 ? 0 : 1;
        Graph twin = graph
                .replacing(Map.of("in.weight", weight.select(units, twins), "in.bias", bias.select(0, twins)));
        Distances.Quantiles near = only(twin).twins().orElseThrow();
        assertEquals(0, near.minimum(), ROUNDING);
        assertEquals(0, near.tenth(), ROUNDING);
        assertTrue(near.median() > 0.1, near::toString);
        Graph dead = graph.replacing(Map.of("in.weight", zero(weight), "in.bias", zero(bias), "out.weight",
                zero(graph.parameter("out.weight").orElseThrow())));
        assertEquals(0, only(dead).dead().orElseThrow().median());
        assertTrue(only(graph).dead().orElseThrow().minimum() > 0.1);
    }

    private static TensorData zero(TensorData tensor) {
        return TensorData.of(new float[(int) tensor.elements()], tensor.dims());
    }

    @Test
    void aGroupOfPermutationsHasNoMirrorOfSigns() {
        assertEquals(Optional.empty(), only(dense("Softplus", 4)).dead());
    }

    @Test
    void signsWithABiasCorrectionHaveNoMirrorAtZero() {
        assertEquals(Optional.empty(), only(dense("Sigmoid", 4)).dead());
    }

    @Test
    void aLostRankIsOnItsMirror() {
        Net net = new Net(5);
        String x = net.op("Relu", net.dense("up", net.dense("down", net.input(6), 6, 4), 4, 8));
        Graph graph = net.done(net.dense("out", x, 8, 3), 3);
        assertTrue(rank(graph) > 1e-3);
        TensorData down = graph.parameter("down.weight").orElseThrow();
        TensorData bias = graph.parameter("down.bias").orElseThrow();
        int[] from = {0, 1, 2, 0};
        assertEquals(0, rank(graph.replacing(Map.of("down.weight", down.select(down.dim(0) == 4 ? 0 : 1, from),
                "down.bias", bias.select(0, from)))), ROUNDING);
    }

    private static double rank(Graph graph) {
        Optional<Spectrum> spectrum = Spectrum.of(graph, LinearSymmetries.of(graph).spaces().getFirst());
        return Distances.Each.of(spectrum).quantiles().rank().orElseThrow().minimum();
    }
}
