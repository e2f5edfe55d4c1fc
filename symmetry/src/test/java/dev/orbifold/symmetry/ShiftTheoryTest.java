package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the theory says of shifts, in numbers. */
class ShiftTheoryTest {
    private static final Seed SEED = new Seed(17);

    private final Net net = new Net(SEED);

    /** One head over 4 tokens of width 6, with a mask set by Where. */
    static String masked(Net net, double filler) {
        String x = net.input("x", 4, 6);
        String q = net.linear("q", x, 6, 6);
        String k = net.linear("k", x, 6, 6);
        String scores = net.node("MatMul", List.of(q, net.node("Transpose", List.of(k), "perm", new long[] {0, 2, 1})));
        String mask = net.node("Cast", List.of(net.table(new long[] {1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1}, 4,
                4)), "to", 9);
        String weights = net.node("Softmax", List.of(net.node("Where", List.of(mask, scores, net.scalar(filler)))),
                "axis", -1);
        return net.linear("o", net.node("MatMul", List.of(weights, net.linear("v", x, 6, 6))), 6, 5);
    }

    @Test
    void displacementsAreExactInFloat64AndLinear() {
        Graph graph = doubled(net.graph(masked(net, -1e9)));
        Shifts shifts = Shifts.of(graph);
        assertEquals(2, shifts.shifts().size());
        assertTrue(ShiftsTest.error(graph, shifts.random(shifts.shifts(), SEED), SEED) <= 1e-13);
        Shift shift = shifts.shifts().get(1);
        double[] z = shifts.random(shift, SEED);
        Map<String, double[]> once = shifts.displacement(shift, z);
        Map<String, double[]> thrice = shifts.displacement(shift, Arrays.stream(z).map(x -> 3 * x).toArray());
        once.forEach((name, d) -> assertArrayEquals(Arrays.stream(d).map(x -> 3 * x).toArray(), thrice.get(name), 1e-12,
                name));
        assertThrows(SymmetryException.class, () -> shifts.displacement(shift, new double[5]));
    }

    private static Graph doubled(Graph graph) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        graph.parameters().forEach((name, t) -> tensors.put(name, t.type().isReal()
                ? Tensors.encode(DataType.DOUBLE, t.toDoubles(), t.dims())
                : t));
        List<ValueInfo> inputs = graph.inputs().stream()
                .map(i -> ValueInfo.of(i.name(), DataType.DOUBLE, i.shape().orElseThrow())).toList();
        List<ValueInfo> outputs = graph.outputs().stream()
                .map(o -> new ValueInfo(o.name(), Optional.of(DataType.DOUBLE), Optional.empty())).toList();
        return new Graph(graph.name(), graph.opsets(), inputs, outputs, graph.nodes(), tensors, List.of(),
                Graph.Origin.NONE);
    }

    private String norm(String name, String x) {
        return net.node("LayerNormalization",
                List.of(x, net.positive(name + ".weight", 16), net.weight(name + ".bias", 16)), "axis", -1);
    }

    private String heads(String x, long... perm) {
        return net.node("Transpose", List.of(net.node("Reshape", List.of(x, net.ints(0, 4, 2, 8)))), "perm", perm);
    }

    /**
     * The worked example of theory, 7: of its 2 454 parameters, 16 key biases are free, 16 value biases go into the output bias,
     * 48 shifts of norms into the biases of their readers, and the mean of three biases of the stream is never read.
     */
    @Test
    void theWorkedExample() {
        String x = net.linear("in", net.input("x", 4, 5), 5, 16);
        String n = norm("n1", x);
        String q = heads(net.linear("q", n, 16, 16), 0, 2, 1, 3);
        String k = heads(net.linear("k", n, 16, 16), 0, 2, 3, 1);
        String v = heads(net.linear("v", n, 16, 16), 0, 2, 1, 3);
        String weights = net.node("Softmax",
                List.of(net.node("Mul", List.of(net.node("MatMul", List.of(q, k)), net.scalar(Math.sqrt(0.125))))),
                "axis", -1);
        String mixed = net.node("Transpose", List.of(net.node("MatMul", List.of(weights, v))), "perm",
                new long[] {0, 2, 1, 3});
        String o = net.linear("o", net.node("Reshape", List.of(mixed, net.ints(0, 4, 16))), 16, 16);
        x = net.node("Add", List.of(x, o));
        String first = net.linear("f1", norm("n2", x), 16, 32);
        String erf = net.apply("Erf", net.node("Div", List.of(first, net.scalar(Math.sqrt(2)))));
        String gelu = net.node("Mul", List.of(first, net.node("Add", List.of(erf, net.scalar(1)))));
        x = net.node("Add", List.of(x, net.linear("f2", gelu, 32, 16)));
        Graph graph = net.graph(net.linear("out", norm("n3", x), 16, 6));
        assertEquals(2454,
                graph.parameters().values().stream().filter(t -> t.type().isReal() && t.rank() > 0)
                        .mapToLong(TensorData::elements).sum());
        assertEquals(List.of("f2.bias: 1", "in.bias: 1", "k.bias: 16", "n1.bias: 16", "n2.bias: 16", "n3.bias: 16",
                "o.bias: 1", "v.bias: 16"), ShiftsTest.dimensions(Shifts.trainable(graph)));
    }
}
