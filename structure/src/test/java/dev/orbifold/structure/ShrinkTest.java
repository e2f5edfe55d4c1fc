package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What happens to single units, by hand. */
class ShrinkTest {
    /** Sums of fewer terms round differently in float32; nothing else may differ. */
    private static final double ROUNDING = 1e-6;

    private static Shrink shrink(Graph graph, ShrinkOptions options) {
        return Shrink.lossless(graph, options, OnnxRuntime.factory(1), new Seed(1));
    }

    private static Graph zeroed(Graph graph, String parameter, int axis, int... indices) {
        TensorData tensor = graph.parameter(parameter).orElseThrow();
        float[] values = tensor.toFloats();
        int inner = 1;
        for (int a = axis + 1; a < tensor.rank(); a++) {
            inner *= (int) tensor.dim(a);
        }
        for (int i = 0; i < values.length; i++) {
            int at = i / inner % (int) tensor.dim(axis);
            if (java.util.Arrays.stream(indices).anyMatch(u -> u == at)) {
                values[i] = 0;
            }
        }
        return graph.replacing(Map.of(parameter, TensorData.of(values, tensor.dims())));
    }

    private static float[] values(Graph graph, String parameter) {
        return graph.parameter(parameter).orElseThrow().toFloats();
    }

    private static void assertEqual(Shrink shrink) {
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    @Test
    void constantFoldsIntoADenseBiasByHand() {
        Net net = new Net(0);
        String x = net.op("Gemm", List.of(net.input(2), net.param("w1", new float[] {1, 0, 3, 0}, 2, 2),
                net.param("b1", new float[] {0.5f, 2}, 2)), Map.of());
        x = net.op("Gemm", List.of(net.op("Relu", x), net.param("w2", new float[] {1, 3}, 2, 1),
                net.param("b2", new float[] {1}, 1)), Map.of());
        Shrink shrink = shrink(net.done(x, 1), ShrinkOptions.DEFAULT);

        assertEquals(List.of(2, 1),
                shrink.removed().stream().flatMap(r -> List.of(r.from(), r.to()).stream()).toList());
        assertArrayEquals(new float[] {1, 3}, values(shrink.after(), "w1"));
        assertArrayEquals(new float[] {1}, values(shrink.after(), "w2"));
        assertArrayEquals(new float[] {1 + 3 * 2}, values(shrink.after(), "b2"));
        assertEqual(shrink);
    }

    @Test
    void sigmoidOfADeadUnitIsOneHalf() {
        Net net = new Net(0);
        String x = net.op("MatMul", net.input(2), net.param("w1", new float[] {1, 0, 3, 0}, 2, 2));
        x = net.op("MatMul", net.op("Sigmoid", x), net.param("w2", new float[] {1, 2, 4, 8}, 2, 2));
        Shrink shrink = shrink(net.done(x, 2), ShrinkOptions.DEFAULT);

        assertEquals(1, shrink.removed().size());
        assertArrayEquals(new float[] {2, 4}, values(shrink.after(), "w2.bias_2"), "half of the reader's second row");
        assertEqual(shrink);
    }

    @Test
    void constantFoldsThroughFlattenAndIntoAConvolutionWithoutPadding() {
        Net net = new Net(3);
        String x = net.op("Relu", net.conv("a", net.input(2, 6, 6), 2, 5, 3, 1, 1, true));
        x = net.op("HardSwish", net.conv("b", x, 5, 4, 3, 0, 1, false));
        x = net.op("Flatten", net.op("Sigmoid", x));
        Graph graph = net.done(net.dense("c", x, 4 * 16, 3), 3);
        graph = zeroed(zeroed(graph, "a.weight", 0, 1, 4), "b.weight", 0, 0);
        graph = graph.replacing(Map.of("a.bias", TensorData.of(new float[] {.1f, .7f, .2f, -.4f, 2}, 5)));
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);

        assertEquals(5 - 2, shrink.after().parameter("a.weight").orElseThrow().dim(0));
        assertArrayEquals(new long[] {4 - 1, 3, 3, 3}, shrink.after().parameter("b.weight").orElseThrow().dims());
        assertArrayEquals(new long[] {3, 3 * 16}, shrink.after().parameter("c.weight").orElseThrow().dims());
        assertTrue(shrink.after().parameter("b.weight.bias_2").isPresent(), "the convolution gets a bias");
        assertEqual(shrink);
    }

    @Test
    void constantBehindZeroPaddingStaysWithAFinding() {
        Net net = new Net(4);
        String x = net.op("Relu", net.conv("a", net.input(2, 6, 6), 2, 5, 3, 1, 1, true));
        x = net.op("Relu", net.conv("b", x, 5, 4, 3, 1, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        Graph graph = zeroed(net.done(net.dense("c", x, 4, 3), 3), "a.weight", 0, 2);
        graph = graph.replacing(Map.of("a.bias", TensorData.of(new float[] {1, 1, 1, 1, 1}, 5)));
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);

        assertTrue(shrink.removed().isEmpty(), "removed " + shrink.removed());
        assertSame(graph, shrink.after());
        assertTrue(shrink.findings().stream().anyMatch(f -> f.kind().equals("constant-behind-padding")),
                "findings " + shrink.findings());
    }

    @Test
    void convolutionBeforeADeadNormNeedNotBeZero() {
        Net net = new Net(5);
        String x = net.op("Relu", net.norm("n", net.conv("a", net.input(2, 6, 6), 2, 5, 3, 1, 1, false), 5));
        x = net.op("Relu", net.conv("b", x, 5, 4, 3, 1, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        Graph graph = net.done(net.dense("c", x, 4, 3), 3);
        graph = zeroed(zeroed(graph, "n.weight", 0, 0, 3), "n.bias", 0, 0, 3);
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);

        assertEquals(3, shrink.after().parameter("a.weight").orElseThrow().dim(0));
        assertEquals(3, shrink.after().parameter("n.running_var").orElseThrow().dim(0));
        assertEquals(3, shrink.after().parameter("b.weight").orElseThrow().dim(1));
        assertEqual(shrink);
    }

    @Test
    void removedReadersMakeTheirSourcesUnread() {
        Net net = new Net(6);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 6));
        x = net.op("Relu", net.dense("b", x, 6, 5));
        Graph graph = net.done(net.dense("c", x, 5, 3), 3);
        graph = zeroed(graph, "c.weight", 1, 0, 1, 2);
        TensorData b = graph.parameter("b.weight").orElseThrow();
        float[] only = b.toFloats();
        for (int o = 3; o < 5; o++) {
            only[o * 6 + 2] = 0;
            only[o * 6 + 5] = 0;
        }
        graph = graph.replacing(Map.of("b.weight", TensorData.of(only, b.dims())));
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);

        assertArrayEquals(new long[] {3, 2}, shrink.after().parameter("c.weight").orElseThrow().dims());
        assertArrayEquals(new long[] {2, 4}, shrink.after().parameter("b.weight").orElseThrow().dims());
        assertEqual(shrink);
    }

    @Test
    void nearlyDeadUnitsGoWithinTheToleranceAndTheErrorIsMeasured() {
        Net net = new Net(7);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 6));
        Graph graph = net.done(net.dense("b", x, 6, 3), 3);
        float[] weights = values(graph, "a.weight");
        float[] bias = values(graph, "a.bias");
        for (int i = 0; i < 4; i++) {
            weights[2 * 4 + i] *= 1e-4f;
        }
        bias[2] *= 1e-4f;
        graph = graph.replacing(Map.of("a.weight", TensorData.of(weights, 6, 4), "a.bias", TensorData.of(bias, 6)));

        assertTrue(shrink(graph, ShrinkOptions.DEFAULT).removed().isEmpty(), "nothing is exactly zero");
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT.withTolerance(1e-3));
        assertEquals(5, shrink.after().parameter("a.weight").orElseThrow().dim(0));
        assertTrue(shrink.equality().maxError() > 0 && shrink.equality().maxError() < 1e-3,
                "error " + shrink.equality().maxError());
        assertArrayEquals(java.util.Arrays.copyOf(weights, 8),
                java.util.Arrays.copyOf(values(shrink.after(), "a.weight"), 8), "survivors keep their weights");
    }

    @Test
    void optionsHoldUnitsBack() {
        Net net = new Net(8);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 10));
        Graph graph = net.done(net.dense("b", x, 10, 3), 3);
        graph = zeroed(zeroed(graph, "a.weight", 0, 1, 2, 5, 6, 7), "a.bias", 0, 1, 2, 5, 6, 7);
        assertEquals(5, width(shrink(graph, ShrinkOptions.DEFAULT)));
        assertEquals(8, width(shrink(graph, ShrinkOptions.DEFAULT.withRoundTo(4))));
        assertEquals(7, width(shrink(graph, ShrinkOptions.DEFAULT.withMinWidth(7))));
        assertEquals(10, width(shrink(graph, ShrinkOptions.DEFAULT.withExclude(List.of("a.*")))));
    }

    private static long width(Shrink shrink) {
        assertEqual(shrink);
        return shrink.after().parameter("a.weight").orElseThrow().dim(0);
    }

    @Test
    void aLayerWithNothingLeftKeepsOneUnit() {
        Net net = new Net(9);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 10));
        Graph graph = net.done(net.dense("b", x, 10, 3), 3);
        int[] all = java.util.stream.IntStream.range(0, 10).toArray();
        Shrink shrink = shrink(zeroed(zeroed(graph, "a.weight", 0, all), "a.bias", 0, all), ShrinkOptions.DEFAULT);
        assertEquals(1, width(shrink));
    }

    @Test
    void oneTargetShapeForTwoWidthsIsDuplicated() {
        Net net = new Net(10);
        String x = net.input(8);
        String target = net.longs(-1, 4);
        String left = net.op("Reshape", net.op("Relu", net.dense("a", x, 8, 4)), target);
        String right = net.op("Reshape", net.op("Relu", net.dense("b", x, 8, 4)), target);
        String y = net.op("Add", net.dense("c", left, 4, 3), net.dense("d", right, 4, 3));
        Graph graph = net.done(y, 3);
        graph = zeroed(zeroed(graph, "a.weight", 0, 1), "a.bias", 0, 1);
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);
        assertEquals(3, width(shrink));
        assertArrayEquals(new long[] {-1, 4}, shrink.after().parameter(target).orElseThrow().toLongs());
        assertArrayEquals(new long[] {-1, 3}, shrink.after().parameter(target + "_2").orElseThrow().toLongs());
    }

    @Test
    void aNodeThatCannotFollowKeepsItsSpaceWithAFinding() {
        Net net = new Net(11);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 8));
        String even = net.op("Slice", x, net.longs(0), net.longs(8), net.longs(1), net.longs(2));
        String odd = net.op("Slice", x, net.longs(1), net.longs(8), net.longs(1), net.longs(2));
        x = net.op("Concat", List.of(even, odd), Map.of("axis", Net.integer(1)));
        x = net.op("Relu", net.dense("b", x, 8, 5));
        Graph graph = net.done(net.dense("c", x, 5, 3), 3);
        graph = zeroed(zeroed(graph, "b.weight", 0, 4), "b.bias", 0, 4);
        Graph followed = zeroed(zeroed(graph, "a.weight", 0, 0), "a.bias", 0, 0);
        assertEquals(7, width(shrink(followed, ShrinkOptions.DEFAULT)), "what stays is evenly spaced");

        Shrink shrink = shrink(zeroed(zeroed(graph, "a.weight", 0, 2), "a.bias", 0, 2), ShrinkOptions.DEFAULT);
        assertEquals(8, width(shrink));
        assertEquals(4, shrink.after().parameter("b.weight").orElseThrow().dim(0), "other Spaces shrink all the same");
        assertTrue(shrink.findings().stream().anyMatch(f -> f.kind().equals("node-does-not-follow")),
                "findings " + shrink.findings());
    }

    @Test
    void aWidthThatIsMultipliedWithKeepsItsValue() {
        Net net = new Net(12);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 8));
        String width = net.op("Gather", net.op("Shape", x), net.longs(1));
        String root = net.op("Sqrt", net.op("Cast", List.of(width), Map.of("to", Net.integer(1))));
        Graph graph = net.done(net.dense("b", net.op("Div", x, root), 8, 3), 3);
        assertEquals(7, width(shrink(zeroed(zeroed(graph, "a.weight", 0, 3), "a.bias", 0, 3), ShrinkOptions.DEFAULT)));
    }

    @Test
    void mergedTensorsComeApartOnlyWhereTheirWidthsDo() {
        Net net = new Net(13);
        String x = net.input(4);
        String bias = net.param("merged", new float[] {0, 0, 0, 0, 0}, 5);
        for (int layer = 0; layer < 3; layer++) {
            x = net.op("Relu", net.op("Gemm", x, net.weights("w" + layer, 0.5, 0, layer == 0 ? 4 : 5, 5), bias));
        }
        Graph graph = net.done(net.dense("out", x, 5, 3), 3);
        Shrink shrink = shrink(zeroed(graph, "w1", 1, 2), ShrinkOptions.DEFAULT);

        assertArrayEquals(new long[] {5, 4}, shrink.after().parameter("w1").orElseThrow().dims());
        assertEquals(List.of(5L, 4L), shrink.after().parameters().entrySet().stream()
                .filter(p -> p.getKey().startsWith("merged")).map(p -> p.getValue().dim(0)).toList());
        assertEqual(shrink);
    }

    @Test
    void declaredShapesFollow() {
        Net net = new Net(14);
        String x = net.op("Relu", net.dense("a", net.input(4), 4, 6));
        Graph graph = net.done(net.dense("b", x, 6, 3), 3);
        ValueInfo declared = ValueInfo.of(x, DataType.FLOAT, new Shape(List.of(Dim.named("batch"), Dim.of(6))));
        graph = zeroed(zeroed(graph, "a.weight", 0, 1), "a.bias", 0, 1).withDeclared(List.of(declared));
        Shrink shrink = shrink(graph, ShrinkOptions.DEFAULT);
        assertEquals(List.of(ValueInfo.of(x, DataType.FLOAT, new Shape(List.of(Dim.named("batch"), Dim.of(5))))),
                shrink.after().declared());
        assertEquals(graph.outputs(), shrink.after().outputs());
    }

    @Test
    void nothingDeadLeavesTheGraphItself() {
        Graph graph = Architectures.residual(1);
        assertSame(graph, shrink(graph, ShrinkOptions.DEFAULT).after());
    }

    @Test
    void unreadableWidthsAreRefused() {
        Symmetries symmetries = Symmetries.of(Architectures.dense(1));
        List<java.util.BitSet> none = symmetries.spaces().stream().map(s -> new java.util.BitSet()).toList();
        StructureException refused = org.junit.jupiter.api.Assertions.assertThrows(StructureException.class,
                () -> Quotient.of(symmetries, none));
        assertTrue(refused.getMessage().contains("would lose all"), refused.getMessage());
    }
}
