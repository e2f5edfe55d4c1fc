package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Planes under a rotary embedding go only where one side of them vanishes in all heads, and their angles go with them. */
class RotaryPlanesTest {
    /** Nothing is rotated: products of zeros are left out of sums. */
    private static final double ROUNDING = 1e-6;
    private static final int TOKENS = 4;
    private static final int STREAM = 7;
    private static final int HEADS = 2;
    private static final int SIZE = 6;

    private static Graph attention(boolean neighbours, long seed) {
        Net net = new Net(seed);
        int width = HEADS * SIZE;
        String x = net.op("Tanh", net.project("embed", net.input(TOKENS, 5), 5, STREAM));
        float[] cos = new float[TOKENS * SIZE];
        float[] sin = new float[TOKENS * SIZE];
        for (int i = 0; i < cos.length; i++) {
            int plane = neighbours ? i % SIZE / 2 : i % (SIZE / 2);
            cos[i] = (float) Math.cos(i / SIZE / (1.0 + plane));
            sin[i] = (float) Math.sin(i / SIZE / (1.0 + plane));
        }
        String c = net.param("cos", cos, 1, 1, TOKENS, SIZE);
        String s = net.param("sin", sin, 1, 1, TOKENS, SIZE);
        String q = turned(net, heads(net, net.project("q", x, STREAM, width)), c, s, neighbours);
        String k = turned(net, heads(net, net.project("k", x, STREAM, width)), c, s, neighbours);
        String v = heads(net, net.project("v", x, STREAM, width));
        String weights = net.op("Softmax", List.of(net.op("MatMul", q, net.transpose(k, 0, 1, 3, 2))),
                Map.of("axis", Net.integer(-1)));
        String mixed = net.reshape(net.transpose(net.op("MatMul", weights, v), 0, 2, 1, 3), 0, TOKENS, width);
        String y = net.op("Tanh", net.op("Add", x, net.project("o", mixed, width, STREAM)));
        return net.done(net.project("head", y, STREAM, 3), TOKENS, 3);
    }

    private static String heads(Net net, String x) {
        return net.transpose(net.reshape(x, 0, TOKENS, HEADS, SIZE), 0, 2, 1, 3);
    }

    private static String turned(Net net, String x, String cos, String sin, boolean neighbours) {
        String first;
        String second;
        String beside;
        if (neighbours) {
            first = net.op("Slice", x, net.longs(0), net.longs(Long.MAX_VALUE), net.longs(3), net.longs(2));
            second = net.op("Slice", x, net.longs(1), net.longs(Long.MAX_VALUE), net.longs(3), net.longs(2));
            String both = net.op("Concat", List.of(net.op("Unsqueeze", net.op("Neg", second), net.longs(-1)),
                    net.op("Unsqueeze", first, net.longs(-1))), Map.of("axis", Net.integer(-1)));
            beside = net.reshape(both, 0, HEADS, TOKENS, SIZE);
        } else {
            first = net.op("Slice", x, net.longs(0), net.longs(SIZE / 2), net.longs(3));
            second = net.op("Slice", x, net.longs(SIZE / 2), net.longs(Long.MAX_VALUE), net.longs(3));
            beside = net.op("Concat", List.of(net.op("Neg", second), first), Map.of("axis", Net.integer(-1)));
        }
        return net.op("Add", net.op("Mul", x, cos), net.op("Mul", beside, sin));
    }

    /** Zeros in the second plane of some heads of a projection; all of the plane, or its first coordinate alone. */
    private static Graph zeros(Graph graph, String layer, boolean neighbours, int heads, boolean whole) {
        Graph planted = graph;
        for (String name : List.of(layer + ".weight", layer + ".bias")) {
            TensorData tensor = planted.parameter(name).orElse(null);
            if (tensor != null) {
                float[] values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) {
                    int column = i % (HEADS * SIZE);
                    int c = column % SIZE;
                    boolean plane = (neighbours ? c / 2 : c % (SIZE / 2)) == 1;
                    boolean coordinate = whole || (neighbours ? c % 2 : c / (SIZE / 2)) == 0;
                    values[i] = plane && coordinate && column / SIZE < heads ? 0 : values[i];
                }
                planted = planted.replacing(Map.of(name, TensorData.of(values, tensor.dims())));
            }
        }
        return planted;
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void aPlaneThatOneSideLeavesEmptyGoes(boolean neighbours) {
        for (String layer : List.of("q", "k")) {
            Graph planted = zeros(attention(neighbours, 3), layer, neighbours, HEADS, true);
            Shrink shrink = Shrink.lossless(planted, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(1));
            String where = layer + ": " + shrink.removed() + shrink.findings();
            for (String other : List.of("q.weight", "k.weight")) {
                assertEquals(HEADS * (SIZE - 2), shrink.after().parameter(other).orElseThrow().dim(1), where);
            }
            assertEquals(SIZE - 2, shrink.after().parameter("cos").orElseThrow().dim(3), where);
            assertEquals(HEADS * SIZE, shrink.after().parameter("v.weight").orElseThrow().dim(1), where);
            assertTrue(shrink.equality().maxError() <= ROUNDING, where + shrink.equality());
        }
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void aPlaneThatIsUsedStays(boolean neighbours) {
        Graph graph = attention(neighbours, 4);
        for (Graph planted : List.of(graph, zeros(graph, "q", neighbours, HEADS, false),
                zeros(graph, "q", neighbours, 1, true))) {
            assertSame(planted, Shrink
                    .lossless(planted, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(1)).after());
        }
    }
}
