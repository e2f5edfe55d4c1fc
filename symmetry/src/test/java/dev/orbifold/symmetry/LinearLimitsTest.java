package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Layers.Form;
import dev.orbifold.symmetry.Layers.Fused;
import dev.orbifold.symmetry.Layers.Turn;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What looks like a mixing Space but is none: each case would be one without the line that spoils it. */
class LinearLimitsTest {
    private static final Seed SEED = new Seed(5);

    private final Layers on = new Layers(SEED, false, false);
    private final Net net = on.net;

    private void found(Graph graph, String... expected) {
        assertEquals(List.of(expected), LinearVariantsTest.spaces(LinearSymmetries.of(graph)));
    }

    private String bottleneck(String between) {
        String narrow = net.dense("narrow", net.input("x", 9), 9, 4);
        return net.apply("Relu", net.dense("wide", between.isEmpty() ? narrow : net.apply(between, narrow), 4, 11));
    }

    @Test
    void onlyALinearBottleneckIsMixed() {
        found(net.graph(net.dense("head", bottleneck("Neg"), 11, 3)), "General(4)x1");
    }

    /** The units of the stream lie beside the bottleneck in both convolutions, but are summed over. */
    @Test
    void aBottleneckHasOneMapForAllThatItReads() {
        String x = net.apply("Relu", net.conv("first", net.input("image", 3, 4, 4), 3, 6, 3, 1));
        String narrow = net.node("Conv", List.of(x, net.weight("narrow", 4, 6, 1, 1)));
        String wide = net.node("Conv", List.of(narrow, net.weight("wide", 6, 4, 1, 1)));
        Graph graph = net.graph(net.apply("Relu", on.add(x, wide)));
        found(graph, "General(4)x1");
    }

    @Test
    void aFusedBottleneckHasOneMapForAllThatItReads() {
        String x = net.input("x", 9);
        List<String> parts = net.node("Split", 2, List.of(on.matMul(x, net.weight("both", 9, 8)), net.ints(4, 4)),
                "axis", 1);
        found(net.graph(on.matMul(parts.get(0), on.transpose(parts.get(1), 1, 0))), "General(4)x1");
    }

    @Test
    void aNonlinearityKeepsCoordinatesApart() {
        found(net.graph(net.dense("head", bottleneck("Tanh"), 11, 3)));
    }

    @Test
    void anUnknownOperatorKeepsCoordinatesApart() {
        found(net.graph(net.dense("head", bottleneck("CumulativeWhatever"), 11, 3)));
    }

    @Test
    void aShownBottleneckIsFixed() {
        String narrow = net.dense("narrow", net.input("x", 9), 9, 4);
        found(net.graph(net.dense("head", narrow, 4, 3), narrow));
    }

    @Test
    void aVectorOfDataAlongTheBottleneckFixesIt() {
        String narrow = net.dense("narrow", net.input("x", 9), 9, 4);
        found(net.graph(net.dense("head", on.add(narrow, net.input("y", 4)), 4, 3)));
    }

    /** A decoder whose norms may share a scale. */
    private String stream(String firstScale, String secondScale) {
        String embedded = net.node("Gather",
                List.of(net.weight("embedding", 7, on.width), net.tokens("tokens", on.length)), "axis", 0);
        String x = on.add(embedded, on.units(on.norm(embedded, firstScale, "", false), true, false));
        return on.norm(x, secondScale, "", true);
    }

    private String head(String x) {
        return on.linear(x, on.width, 6, false);
    }

    @Test
    void aStreamOfRmsNormsIsRotated() {
        String x = stream(net.positive("a", on.width), net.positive("b", on.width));
        found(net.graph(head(x)), "Orthogonal(" + on.width + ")x1");
    }

    @Test
    void aScaleOfZeroCannotBeFolded() {
        String scale = net.positive("a", on.width);
        net.zero(scale, on.width - 1);
        found(net.graph(head(stream(scale, net.positive("b", on.width)))));
    }

    @Test
    void aScaleOfTwoNormsCannotBeFolded() {
        String scale = net.positive("a", on.width);
        found(net.graph(head(stream(scale, scale))));
    }

    @Test
    void aScaleReadElsewhereCannotBeFolded() {
        String scale = net.positive("a", on.width);
        String x = head(stream(scale, net.positive("b", on.width)));
        found(net.graph(on.add(x, net.node("ReduceSum", List.of(scale, net.ints(0)), "keepdims", 0))));
    }

    @Test
    void aShownNormFixesTheStream() {
        String x = stream(net.positive("a", on.width), net.positive("b", on.width));
        found(net.graph(head(x), x));
    }

    @Test
    void aNormReadThroughANonlinearityFixesTheStream() {
        String x = stream(net.positive("a", on.width), net.positive("b", on.width));
        found(net.graph(head(net.apply("Sigmoid", x))));
    }

    @Test
    void anUnnormalisedNonlinearReaderFixesTheStream() {
        String embedded = net.node("Gather",
                List.of(net.weight("embedding", 7, on.width), net.tokens("tokens", on.length)), "axis", 0);
        String normal = on.norm(embedded, net.positive("a", on.width), "", false);
        found(net.graph(head(on.add(normal, net.apply("Relu", embedded)))));
    }

    /** √(mean square + a vector) is not a norm. */
    @Test
    void anEpsilonPerCoordinateIsNoNorm() {
        String embedded = net.node("Gather",
                List.of(net.weight("embedding", 7, on.width), net.tokens("tokens", on.length)), "axis", 0);
        String square = net.node("ReduceMean", List.of(net.node("Mul", List.of(embedded, embedded)), net.ints(-1)));
        String root = net.apply("Sqrt", on.add(square, net.positive("epsilon", on.width)));
        found(net.graph(head(net.node("Div", List.of(embedded, root)))));
    }

    /** Tokens mixed linearly, normalised one by one, mixed back. */
    @Test
    void aNormIsNotLinearAlongTheOtherAxes() {
        for (boolean spelled : new boolean[] {false, true}) {
            Layers layers = new Layers(SEED, false, false, 5);
            Net plain = layers.net;
            String across = layers.transpose(plain.input("x", 5, layers.width), 0, 2, 1);
            String latent = layers.transpose(layers.linear(across, 5, 4, true), 0, 2, 1);
            String normal = layers.transpose(layers.norm(latent, false, spelled), 0, 2, 1);
            found(plain.graph(layers.linear(normal, 4, 3, true)));
        }
    }

    @Test
    void unequalAnglesOfAPlaneAreNoRotation() {
        String x = net.input("x", 9);
        String q = on.matMul(x, net.weight("q", 9, 4));
        String k = on.matMul(x, net.weight("k", 9, 4));
        String scores = on.matMul(uneven(q), on.transpose(uneven(k), 1, 0));
        found(net.graph(scores));
    }

    private String uneven(String x) {
        String halves = on.concat(-1, net.apply("Neg", on.slice(x, 2, 4, -1)), on.slice(x, 0, 2, -1));
        return on.add(net.node("Mul", List.of(x, net.floats(new float[] {1, 0.5f, 0.25f, 0.5f}, 1, 4))),
                net.node("Mul", List.of(halves, net.floats(new float[] {0, 1, 0, 1}, 1, 4))));
    }

    /** Neighbouring coordinates are a plane only where they are turned by the same angle. */
    @Test
    void unequalAnglesOfNeighboursAreNoRotation() {
        for (boolean equal : new boolean[] {true, false}) {
            Net here = new Net(SEED, 23);
            String x = here.input("x", 9);
            String q = neighbours(here, here.node("MatMul", List.of(x, here.weight("q", 9, 4))), equal);
            String k = neighbours(here, here.node("MatMul", List.of(x, here.weight("k", 9, 4))), equal);
            String scores =
                    here.node("MatMul", List.of(q, here.node("Transpose", List.of(k), "perm", new long[] {1, 0})));
            found(here.graph(scores), equal ? new String[] {"RotationScaling(2)x2"} : new String[0]);
        }
    }

    private static String neighbours(Net net, String x, boolean equal) {
        String even = every(net, x, 0);
        String odd = net.node("Unsqueeze", List.of(net.apply("Neg", every(net, x, 1)), net.ints(2)));
        String turned = net.node("Reshape", List.of(net.node("Concat",
                List.of(odd, net.node("Unsqueeze", List.of(even, net.ints(2)))), "axis", 2), net.ints(0, 4)));
        float[] cos = equal ? new float[] {0.8f, 0.8f, 0.6f, 0.6f} : new float[] {0.8f, 0.6f, 0.8f, 0.6f};
        float[] sin = equal ? new float[] {0.6f, 0.6f, 0.8f, 0.8f} : new float[] {0.6f, 0.8f, 0.6f, 0.8f};
        return net.node("Add", List.of(net.node("Mul", List.of(x, net.floats(cos, 1, 4))),
                net.node("Mul", List.of(turned, net.floats(sin, 1, 4)))));
    }

    private static String every(Net net, String x, int from) {
        return net.node("Slice", List.of(x, net.ints(from), net.ints(4), net.ints(-1), net.ints(2)));
    }

    /** The keys and values a decoder hands to its next step are outputs. */
    @Test
    void aCacheFixesKeysAndValues() {
        String x = net.input("x", on.length, on.width);
        List<String> out = net.node("Attention", 3,
                List.of(on.linear(x, on.width, 8, false), on.linear(x, on.width, 8, false),
                        on.linear(x, on.width, 8, false)),
                "q_num_heads", 2, "kv_num_heads", 2);
        found(net.graph(on.linear(out.get(0), 8, 3, false), out.get(1), out.get(2)));
    }

    @Test
    void headsBehindPostNormsStay() {
        String x = on.norm(net.input("x", on.length, on.width), true, true);
        String y = on.norm(on.add(x, on.attention(x, Fused.SPLIT, Turn.NONE, Form.SPELLED, "", true)), true, false);
        found(net.graph(head(y)), on.expected().toArray(String[]::new));
    }
}
