package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.LinearTransform;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The smallest point of an orbit: the same function, balanced, and found from wherever one starts. */
class BalanceTest {
    /** Outputs of float32 models whose weights were moved by factors around 1. */
    private static final double SAME = 1e-5;
    /** float32 weights that should be equal, as a share of the largest. */
    private static final double ROUNDING = 1e-5;

    private static Balance balanced(Graph graph) {
        return Balance.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces());
    }

    private static void assertSameFunction(Graph before, Graph after) {
        double error = Equality.check(before, after, OnnxRuntime.factory(1), new Seed(1), 8).maxError();
        assertTrue(error < SAME, "outputs moved by " + error);
    }

    private static double[] values(Graph graph, String name) {
        return graph.parameters().get(name).toDoubles();
    }

    private static Graph dense(long seed) {
        Net net = new Net(seed);
        String x = net.input(5);
        x = net.op("Relu", net.dense("a", x, 5, 12));
        x = net.op("LeakyRelu", net.dense("b", x, 12, 9));
        return net.done(net.dense("c", x, 9, 4), 4);
    }

    private static double squares(double[] values, int from, int step, int count) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
            sum += values[from + k * step] * values[from + k * step];
        }
        return sum;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void everyUnitEndsAsLongInsideAsOutside(long seed) {
        Graph graph = dense(seed);
        Balance balance = balanced(graph);
        assertSameFunction(graph, balance.graph());
        double[] a = values(balance.graph(), "a.weight");
        double[] bias = values(balance.graph(), "a.bias");
        double[] b = values(balance.graph(), "b.weight");
        for (int u = 0; u < 12; u++) {
            double in = squares(a, 5 * u, 1, 5) + bias[u] * bias[u];
            assertEquals(in, squares(b, u, 12, 9), ROUNDING * in, "unit " + u);
        }
        assertTrue(balance.after() < balance.before(), balance.toString());
        balance.spaces().forEach(s -> assertEquals(s.after().in(), s.after().out(), 1e-6 * s.after().in()));
        assertEquals(List.of(12, 9), balance.spaces().stream().map(Balance.Moved::dimension).toList());
    }

    /** Two random rescalings of one network end at the same weights. */
    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void theEndDoesNotDependOnTheStart(long seed) {
        Graph graph = dense(seed);
        Symmetries symmetries = Symmetries.of(graph);
        Graph one = Transform.random(symmetries, symmetries.spaces(), EnumSet.of(Transform.Kind.SCALING), new Seed(1));
        Graph other = Transform.random(symmetries, symmetries.spaces(), EnumSet.of(Transform.Kind.SCALING),
                new Seed(2));
        Graph first = balanced(one).graph();
        Graph second = balanced(other).graph();
        for (String name : graph.parameters().keySet()) {
            double[] a = values(first, name);
            double largest = java.util.Arrays.stream(a).map(Math::abs).max().orElseThrow();
            assertArrayEquals(a, values(second, name), ROUNDING * largest, name);
        }
    }

    /** A unit that only writes the stream and reads it again through one square weight: its own entry does not count. */
    @Test
    void aStreamThatOneWeightWritesAndReadsIsBalanced() {
        Net net = new Net(4);
        String x = net.op("Relu", net.dense("in", net.input(5), 5, 6));
        String y = net.op("Relu", net.op("Add", x, net.dense("block", x, 6, 6)));
        Graph graph = net.done(net.dense("out", y, 6, 3), 3);
        Balance balance = balanced(graph);
        assertSameFunction(graph, balance.graph());
        double[] in = values(balance.graph(), "in.weight");
        double[] bias = values(balance.graph(), "in.bias");
        double[] own = values(balance.graph(), "block.bias");
        double[] block = values(balance.graph(), "block.weight");
        double[] out = values(balance.graph(), "out.weight");
        for (int u = 0; u < 6; u++) {
            double written = squares(in, 5 * u, 1, 5) + bias[u] * bias[u] + own[u] * own[u]
                    + squares(block, 6 * u, 1, 6);
            double read = squares(out, u, 6, 3) + squares(block, u, 6, 6);
            assertEquals(written, read, ROUNDING * written, "unit " + u);
        }
    }

    /** ‖W₁‖² + ‖W₂‖² of a linear bottleneck is at least 2‖W₂W₁‖_*, and that is reached (theory, 2). */
    @Test
    void aBottleneckReachesTheNuclearNormOfItsProduct() {
        Net net = new Net(5);
        String x = net.op("MatMul", net.input(7), net.weights("down", 0.7, 0, 7, 4));
        Graph plain = net.done(net.op("MatMul", x, net.weights("up", 0.2, 0, 4, 6)), 6);
        List<dev.orbifold.symmetry.LinearSpace> spaces = LinearSymmetries.of(plain).spaces();
        Graph graph = LinearTransform.random(plain, spaces, new Seed(3));
        Balance balance = balanced(graph);
        assertSameFunction(graph, balance.graph());
        double[] down = values(balance.graph(), "down");
        double[] up = values(balance.graph(), "up");
        DMatrixRMaj product = CommonOps_DDRM.mult(new DMatrixRMaj(7, 4, true, values(plain, "down")),
                new DMatrixRMaj(4, 6, true, values(plain, "up")), null);
        var svd = DecompositionFactory_DDRM.svd(7, 6, false, false, true);
        assertTrue(svd.decompose(product));
        double nuclear = java.util.Arrays.stream(svd.getSingularValues()).sum();
        assertEquals(2 * nuclear, squares(down, 0, 1, 28) + squares(up, 0, 1, 24), ROUNDING * nuclear);
        assertEquals(Math.sqrt(2 * nuclear), balance.after(), ROUNDING * nuclear);
        balance.spaces().forEach(s -> assertEquals(s.after().in(), s.after().out(), ROUNDING * s.after().in()));
    }

    @Test
    void queryAndKeyAreBalancedHeadByHead() {
        Net net = new Net(6);
        String x = net.input(3, 8);
        String q = net.transpose(net.reshape(net.project("q", x, 8, 8), 0, 3, 2, 4), 0, 2, 1, 3);
        String k = net.transpose(net.reshape(net.project("k", x, 8, 8), 0, 3, 2, 4), 0, 2, 3, 1);
        String v = net.transpose(net.reshape(net.project("v", x, 8, 8), 0, 3, 2, 4), 0, 2, 1, 3);
        String p = net.op("Softmax", List.of(net.op("MatMul", q, k)), Map.of("axis", Net.integer(3)));
        String o = net.reshape(net.transpose(net.op("MatMul", p, v), 0, 2, 1, 3), 0, 3, 8);
        Graph graph = net.done(net.project("o", o, 8, 5), 3, 5);
        Balance balance = balanced(graph);
        assertSameFunction(graph, balance.graph());
        assertTrue(balance.after() < balance.before(), balance.toString());
        assertTrue(balance.spaces().size() >= 2, balance.spaces().toString());
        balance.spaces()
                .forEach(s -> assertEquals(s.after().in(), s.after().out(), ROUNDING * s.after().in(), s.name()));
    }

    @Test
    void runningStatisticsStayAndReadersOfTheNormAreBalanced() {
        Net net = new Net(7);
        String x = net.conv("a", net.input(3, 6, 6), 3, 8, 3, 1, 1, true);
        x = net.op("Relu", net.norm("n", x, 8));
        x = net.op("Flatten", net.conv("b", x, 8, 4, 3, 0, 1, true));
        Graph graph = net.done(x, 64);
        Balance balance = balanced(graph);
        assertSameFunction(graph, balance.graph());
        for (String same : List.of("n.running_mean", "n.running_var", "a.weight", "a.bias")) {
            assertArrayEquals(values(graph, same), values(balance.graph(), same), 0, same);
        }
        assertTrue(balance.findings().stream().anyMatch(f -> f.kind().equals("balance-statistics")));
        double[] scale = values(balance.graph(), "n.weight");
        double[] shift = values(balance.graph(), "n.bias");
        double[] read = values(balance.graph(), "b.weight");
        for (int c = 0; c < 8; c++) {
            double out = 0;
            for (int y = 0; y < 4; y++) {
                out += squares(read, (y * 8 + c) * 9, 1, 9);
            }
            assertEquals(out, scale[c] * scale[c] + shift[c] * shift[c], ROUNDING * out, "channel " + c);
        }
    }

    @Test
    void deadUnitsAreLeftAndSaid() {
        Graph graph = dense(8);
        float[] out = graph.parameters().get("b.weight").toFloats();
        for (int r = 0; r < 9; r++) {
            out[12 * r + 4] = 0;
        }
        Graph dead = graph.replacing(Map.of("b.weight", TensorData.of(out, 9, 12)));
        Balance balance = balanced(dead);
        assertSameFunction(dead, balance.graph());
        assertTrue(balance.findings().stream().anyMatch(
                f -> f.kind().equals("balance-open") && f.message().startsWith("1 units are zero on one side")),
                balance.findings().toString());
        double[] before = values(dead, "a.weight");
        double[] after = values(balance.graph(), "a.weight");
        for (int i = 0; i < 5; i++) {
            assertEquals(before[20 + i], after[20 + i]);
        }
    }

    @Test
    void whatAConstantNodeReadsIsLeft() {
        Net net = new Net(11);
        Graph plain = net.done(net.dense("c", net.op("MatMul", net.op("Relu", net.dense("a", net.input(5), 5, 6)),
                net.weights("fixed", 1, 0, 6, 6)), 6, 2), 2);
        List<Node> nodes = new ArrayList<>(plain.nodes());
        nodes.addFirst(Node.of("constant", "Constant", List.of(), List.of("fixed"),
                Map.of("value", new Attribute.Tensor(plain.parameters().get("fixed")))));
        Map<String, TensorData> parameters = new LinkedHashMap<>(plain.parameters());
        parameters.remove("fixed");
        Graph graph = plain.withNodes(nodes).withParameters(parameters);
        assertTrue(balanced(plain).spaces().stream().anyMatch(s -> s.name().startsWith("a")), "as a weight it counts");
        Balance balance = balanced(graph);
        assertEquals(graph.nodes(), balance.graph().nodes());
        assertArrayEquals(values(graph, "a.weight"), values(balance.graph(), "a.weight"), 0);
        assertTrue(balance.findings().stream().anyMatch(f -> f.kind().equals("balance-statistics")));
    }

    @Test
    void oddUnitsHaveNothingToBalance() {
        Net net = new Net(9);
        Graph graph = net.done(net.dense("b", net.op("Tanh", net.dense("a", net.input(5), 5, 6)), 6, 2), 2);
        Balance balance = balanced(graph);
        assertEquals(List.of(), balance.spaces());
        assertEquals(graph.parameters(), balance.graph().parameters());
    }

    @Test
    void halfPrecisionIsRefused() {
        Graph graph = dense(10);
        TensorData half = new TensorData(DataType.FLOAT16, new long[] {12}, MemorySegment.ofArray(new byte[24]));
        String text = assertThrows(StructureException.class,
                () -> balanced(graph.replacing(Map.of("a.bias", half)))).getMessage();
        assertTrue(text.contains("a.bias is FLOAT16"), text);
    }
}
