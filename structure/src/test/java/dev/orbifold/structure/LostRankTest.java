package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.LinearTransform;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Linear bottlenecks of planted rank, hidden by a random element of GL. */
class LostRankTest {
    /** Weights of full precision are rotated and rounded once to float32. */
    private static final double ROTATED = 1e-5;
    private static final int WIDE = 12;
    private static final int WIDTH = 9;
    private static final int RANK = 4;

    private static Graph bottleneck(long seed, boolean convolutional) {
        Net net = new Net(seed);
        String x;
        if (convolutional) {
            x = net.op("Relu", net.conv("in", net.input(2, 5, 5), 2, WIDE, 3, 1, 1, true));
            x = net.conv("up", net.conv("down", x, WIDE, WIDTH, 1, 0, 1, true), WIDTH, WIDE, 1, 0, 1, true);
            x = net.op("GlobalAveragePool", net.op("Relu", x));
            x = net.op("Flatten", x);
        } else {
            x = net.op("Relu", net.dense("in", net.input(6), 6, WIDE));
            x = net.op("Relu", net.dense("up", net.dense("down", x, WIDE, WIDTH), WIDTH, WIDE));
        }
        return net.done(net.dense("out", x, WIDE, 3), 3);
    }

    private static Graph lower(Graph graph, String parameter, int axis) {
        TensorData tensor = graph.parameter(parameter).orElseThrow();
        int[] from = new int[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            from[i] = i % RANK;
        }
        return graph.replacing(Map.of(parameter, tensor.select(axis, from)));
    }

    private static int writing(Graph graph, String parameter) {
        LinearSpace space = space(graph);
        return space.slots().stream().filter(s -> s.parameter().equals(parameter)).findFirst().orElseThrow().axis();
    }

    private static LinearSpace space(Graph graph) {
        LinearSymmetries symmetries = LinearSymmetries.of(graph);
        assertEquals(1, symmetries.spaces().size(), symmetries.toString());
        return symmetries.spaces().getFirst();
    }

    @ParameterizedTest @ValueSource(longs = {0, 1, 2, 3, 4, 5})
    void theWidthComesDownToTheRank(long seed) {
        for (boolean convolutional : new boolean[] {false, true}) {
            for (String lost : new String[] {"down.weight", "up.weight"}) {
                Graph whole = bottleneck(seed, convolutional);
                Graph planted = lower(whole, lost, writing(whole, lost));
                Graph hidden = LinearTransform.random(planted, LinearSymmetries.of(planted).spaces(), new Seed(seed));
                assertEquals(RANK, Spectrum.of(hidden, space(hidden)).orElseThrow().rank());

                Shrink shrink = Shrink.lossless(hidden, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1),
                        new Seed(seed));

                String where = lost + (convolutional ? ", convolutional" : ", dense") + ", seed " + seed + ": "
                        + shrink.findings();
                assertEquals(RANK, shrink.after().parameter("down.weight").orElseThrow()
                        .dim(writing(whole, "down.weight")), where);
                assertTrue(shrink.equality().maxError() <= ROTATED, where + shrink.equality());
            }
        }
    }

    @ParameterizedTest @ValueSource(longs = {0, 1})
    void nothingChangesWhereNoRankIsLost(long seed) {
        Graph graph = bottleneck(seed, seed == 0);
        assertSame(graph, Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0)).after());
    }

    /** A bias that beta = 0 makes unread carries no units; it must not hold the Gemm at its old width. */
    @ParameterizedTest @ValueSource(ints = {17, 10})
    void aBiasThatIsNotReadFollows(int opset) {
        Graph whole = bottleneck(3, false);
        Graph planted = lower(whole, "up.weight", writing(whole, "up.weight"));
        Graph unread = planted.mapNodes(
                n -> n.inputs().contains("down.bias") ? n.with("beta", new Attribute.Real(0)) : n);
        Graph graph = new Graph(unread.name(), Map.of("", opset), unread.inputs(), unread.outputs(), unread.nodes(),
                unread.parameters(), unread.declared(), unread.origin());
        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(1));
        assertEquals(RANK, shrink.after().parameter("down.weight").orElseThrow().dim(0), () -> "" + shrink.findings());
        assertTrue(shrink.equality().maxError() <= ROTATED, () -> "outputs differ by " + shrink.equality().maxError());
        assertTrue(shrink.after().parameter("down.bias").isEmpty());
    }
}
