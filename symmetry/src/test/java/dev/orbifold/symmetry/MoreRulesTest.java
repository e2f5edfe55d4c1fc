package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Planted truths for layout, indexing, normalization and attention nodes: which Spaces, and that they hold. */
class MoreRulesTest {
    private final Net net = new Net(new Seed(9));

    private static List<Integer> holding(Graph graph) {
        Symmetries symmetries = Symmetries.of(graph);
        assertEquals(List.of(),
                symmetries.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList());
        Verification verification = Verification.check(symmetries, g -> OnnxRuntime.open(g, 1), 3, new Seed(6));
        assertEquals(List.of(), verification.findings());
        return symmetries.spaces().stream().map(Space::dimension).toList();
    }

    private String image() {
        return net.input("x", 3, 4, 4);
    }

    private String channels(int width) {
        return net.apply("Relu", net.conv("a", image(), 3, width, 1, 1));
    }

    private Graph read(String x, int width) {
        return net.graph(net.conv("z", x, width, 2, 3, 1));
    }

    @Test
    void channelsPaddedWithZerosJoinAStream() {
        String x = channels(4);
        String padded = net.node("Pad", List.of(x, net.ints(0, 2, 0, 0, 0, 2, 0, 0)));
        String sum = net.node("Add", List.of(net.conv("b", x, 4, 8, 3, 1), padded));
        assertEquals(List.of(4, 2, 2), holding(read(sum, 8)));
    }

    @Test
    void selectedAndRepeatedChannels() {
        String x = channels(6);
        String chosen = net.node("Gather", List.of(x, net.ints(4, 0, 4)), "axis", 1);
        String tiled = net.node("Tile", List.of(x, net.ints(1, 2, 1, 1)));
        String all = net.node("Concat", List.of(chosen, tiled), "axis", 1);
        assertEquals(List.of(4), holding(read(all, 15)));
    }

    @ParameterizedTest @ValueSource(strings = {"DCR", "CRD"})
    void pixelsBecomeChannelsAndBack(String mode) {
        String x = channels(12);
        String large = net.apply("Relu", net.node("DepthToSpace", List.of(x), "blocksize", 2, "mode", mode));
        String small = net.node("SpaceToDepth", List.of(large), "blocksize", 2);
        assertEquals(List.of(3), holding(read(small, 12)));
    }

    @Test
    void transposedConvolutions() {
        String x = channels(6);
        String y = net.apply("Relu",
                net.node("ConvTranspose", List.of(x, net.weight("b", 6, 4, 1, 1), net.weight("c", 8)), "group", 2));
        String w = net.apply("Tanh", net.node("ConvTranspose", List.of(y, net.weight("d", 8, 1, 1, 1)), "group", 8));
        assertEquals(List.of(3, 4), holding(read(w, 8)));
    }

    @Test
    void groupNormKeepsGroupsApart() {
        Net own = net;
        String x = own.conv("a", image(), 3, 8, 1, 1);
        String y =
                own.node("GroupNormalization", List.of(x, own.positive("g", 8), own.weight("h", 8)), "num_groups", 2);
        Graph graph = read(y, 8);
        Graph newer = new Graph(graph.name(), Map.of("", 21), graph.inputs(), graph.outputs(), graph.nodes(),
                graph.parameters(), graph.declared(), graph.origin());
        assertEquals(List.of(4, 4), holding(newer));
    }

    @Test
    void sumsOverUnitsAreSymmetricInThem() {
        String x = net.apply("Relu", net.linear("a", net.input("x", 3, 4), 4, 6));
        String sum = net.node("ReduceSum", List.of(x, net.ints(-1)), "keepdims", 1);
        Symmetries symmetries = Symmetries.of(net.graph(net.linear("b", net.node("Mul", List.of(x, sum)), 6, 2)));
        assertEquals(List.of(6), symmetries.spaces().stream().map(Space::dimension).toList());
        assertTrue(symmetries.spaces().get(0).shrinkable());
        assertEquals(List.of(6), holding(symmetries.graph()));
    }

    @Test
    void einsumContractsAndKeeps() {
        String x = net.apply("Relu", net.linear("a", net.input("x", 3, 4), 4, 6));
        String y = net.node("Einsum", List.of(x, net.weight("b", 6, 5)), "equation", "ntc,cd->ntd");
        assertEquals(List.of(6, 5), holding(net.graph(net.linear("c", net.apply("Tanh", y), 5, 2))));
    }

    @Test
    void scatteredRowsCarryTheirUnits() {
        String x = net.apply("Relu", net.linear("a", net.input("x", 3, 4), 4, 6));
        String rows =
                net.node("Squeeze", List.of(net.node("ReduceMean", List.of(x), "axes", new long[] {0}), net.ints(0)));
        String one = net.node("Slice", List.of(rows, net.ints(0), net.ints(1), net.ints(0)));
        String put = net.node("ScatterND",
                List.of(rows, net.node("Unsqueeze", List.of(net.ints(2), net.ints(0))), one));
        assertEquals(List.of(6), holding(net.graph(net.linear("b", put, 6, 2))));
    }

    @ParameterizedTest @ValueSource(ints = {1, 2, 4})
    void attentionNodesMoveWholeHeads(int keyHeads) {
        String x = net.input("x", 5, 8);
        String q = net.linear("q", x, 8, 12);
        String k = net.linear("k", x, 8, 3 * keyHeads);
        String v = net.linear("v", x, 8, 3 * keyHeads);
        String y = net.node("Attention", List.of(q, k, v), "q_num_heads", 4, "kv_num_heads", keyHeads);
        Graph graph = net.graph(net.linear("o", y, 12, 2));
        Graph newer = new Graph(graph.name(), Map.of("", 23), graph.inputs(), graph.outputs(), graph.nodes(),
                graph.parameters(), graph.declared(), graph.origin());
        assertEquals(keyHeads == 2 ? List.of(2, 2, 2) : List.of(4), holding(newer),
                "the groups, and the heads within each");
    }

    @Test
    void groupedQueriesSpelledOutRepeatTheirKeys() {
        String x = net.input("x", 5, 8);
        String q = split(net.linear("q", x, 8, 12), 4);
        String k = repeated(split(net.linear("k", x, 8, 6), 2));
        String v = repeated(split(net.linear("v", x, 8, 6), 2));
        String scores =
                net.node("MatMul", List.of(q, net.node("Transpose", List.of(k), "perm", new long[] {0, 1, 3, 2})));
        String y = net.node("MatMul", List.of(net.node("Softmax", List.of(scores), "axis", -1), v));
        String merged = net.node("Reshape",
                List.of(net.node("Transpose", List.of(y), "perm", new long[] {0, 2, 1, 3}), net.ints(0, 5, 12)));
        Symmetries symmetries = Symmetries.of(net.graph(net.linear("o", merged, 12, 2)));
        Slot query = symmetries.spaces().get(0).slots().stream().filter(s -> s.parameter().equals("q.weight"))
                .findFirst().orElseThrow();
        assertEquals(List.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1), Arrays.stream(query.unit()).boxed().toList());
        assertEquals(List.of(2, 2, 2), holding(symmetries.graph()), "the groups, and the heads within each");
    }

    private String split(String x, int heads) {
        return net.node("Transpose", List.of(net.node("Reshape", List.of(x, net.ints(0, 5, heads, 3)))), "perm",
                new long[] {0, 2, 1, 3});
    }

    private String repeated(String x) {
        String spread =
                net.node("Expand", List.of(net.node("Unsqueeze", List.of(x, net.ints(2))), net.ints(1, 2, 2, 5, 3)));
        return net.node("Reshape", List.of(spread, net.ints(0, 4, 5, 3)));
    }
}
