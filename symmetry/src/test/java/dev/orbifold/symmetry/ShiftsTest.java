package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShiftsTest {
    /** What float32 may lose where numbers of the size of the weights are added and taken back, over the output's range. */
    private static final double ROUNDING = 1e-4;
    private static final Seed SEED = new Seed(17);

    /** The largest difference of an output of two Graphs on random inputs, over the output's largest magnitude. */
    static double error(Graph graph, Graph moved, Seed seed) {
        Map<String, TensorData> inputs = RandomInputs.of(graph, Shapes.of(graph), 2, seed);
        double worst = 0;
        try (Evaluator before = OnnxRuntime.open(graph); Evaluator after = OnnxRuntime.open(moved)) {
            Map<String, TensorData> expected = before.run(inputs);
            Map<String, TensorData> found = after.run(inputs);
            for (String output : expected.keySet()) {
                double[] e = expected.get(output).toDoubles();
                double[] f = found.get(output).toDoubles();
                double range = 0;
                double difference = 0;
                for (int i = 0; i < e.length; i++) {
                    range = Math.max(range, Math.abs(e[i]));
                    difference = Math.max(difference, Math.abs(e[i] - f[i]));
                }
                worst = Math.max(worst, difference / range);
            }
        }
        return worst;
    }

    /** The shifts as "parameter: dimension", sorted. */
    static List<String> dimensions(Shifts shifts) {
        return shifts.shifts().stream().map(s -> s.parameter() + ": " + s.dimension()).sorted().toList();
    }

    @Test
    void everyBiasOfATransformerButThoseOfQueriesAndUnits() {
        Graph graph = Unshare.apply(SharedModels.read("gpt-char.onnx"));
        Shifts found = Shifts.of(graph);
        assertEquals(List.of(), found.findings());
        assertEquals(List.of("e.weight: 128", "p: 64", "b.0.n1.bias: 128", "b.0.a.k.bias: 128", "b.0.a.v.bias: 128",
                "b.0.a.o.bias: 1", "b.0.n2.bias: 128", "b.0.f2.bias: 1", "b.1.n1.bias: 128", "b.1.a.k.bias: 128",
                "b.1.a.v.bias: 128", "b.1.a.o.bias: 1", "b.1.n2.bias: 128", "b.1.f2.bias: 1", "n.bias: 128"),
                found.shifts().stream().map(s -> s.name() + ": " + s.dimension()).toList());
        assertTrue(error(graph, found.random(found.shifts(), SEED), SEED) <= ROUNDING);
    }

    private final Net net = new Net(SEED);

    /** What is found, after each of it was shown to hold: "parameter: dimension → those that take it back". */
    private static List<String> holding(Shifts found) {
        for (Shift shift : found.shifts()) {
            double error = error(found.graph(), found.random(List.of(shift), SEED), SEED);
            assertTrue(error <= ROUNDING, () -> shift + ": " + error);
        }
        double all = error(found.graph(), found.random(found.shifts(), SEED), SEED);
        assertTrue(all <= ROUNDING, () -> "all together: " + all);
        assertEquals(List.of(), found.findings());
        return found.shifts().stream()
                .map(s -> s.name() + ": " + s.dimension() + " → " + String.join(", ", s.absorbed())).toList();
    }

    private List<String> found(String... outputs) {
        return holding(Shifts.of(net.graph(outputs)));
    }

    @Test
    void aBiasIsTakenBackByTheNextWhereNoActivationStandsBetween() {
        String b = net.dense("b", net.dense("a", net.input("x", 5), 5, 7), 7, 6);
        assertEquals(List.of("a.bias: 7 → b.bias", "b.bias: 6 → c.bias"), found(net.dense("c", b, 6, 4)));
    }

    @Test
    void whatIsTakenBackIsTheWeightTimesTheShift() {
        String x = net.input("x", 2);
        String first = net.node("Add", List.of(x, net.floats(new float[] {5, 6}, 2)));
        String weight = net.floats(new float[] {1, 2, 3, 4}, 2, 2);
        String out = net.node("Gemm", List.of(first, weight, net.floats(new float[] {0, 0}, 2)), "transB", 1, "alpha",
                0.5f, "beta", 2f);
        Shifts shifts = Shifts.of(net.graph(out));
        Shift shift = shifts.shifts().get(0);
        Map<String, double[]> moved = shifts.displacement(shift, new double[] {1, 10});
        assertArrayEquals(new double[] {1, 10}, moved.get(shift.parameter()));
        // y = ½·W·(x + c) + 2·b, W·c = (21, 43)
        assertArrayEquals(new double[] {-5.25, -10.75}, moved.get(shift.absorbed().get(0)));
    }

    @ParameterizedTest @ValueSource(strings = {"Relu", "Tanh", "Sigmoid", "Exp", "Abs", "Erf"})
    void activationsShowEveryShift(String activation) {
        String hidden = net.apply(activation, net.dense("a", net.input("x", 5), 5, 7));
        assertEquals(List.of(), found(net.dense("b", hidden, 7, 3)));
    }

    @Test
    void directionsThatNoReaderSeesAreFree() {
        String hidden = net.dense("a", net.input("x", 5), 5, 8);
        assertEquals(List.of("a.bias: 3 → "), found(net.node("MatMul", List.of(hidden, net.weight("w", 8, 5)))));
    }

    @ParameterizedTest @ValueSource(strings = {"Softmax", "LogSoftmax"})
    void anAnswerBehindASoftmaxMayShift(String last) {
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 5), 5, 7));
        assertEquals(List.of("b.bias: 1 → "), found(net.node(last, List.of(net.dense("b", hidden, 7, 4)), "axis", -1)));
    }

    @Test
    void batchNormTakesBackWhatFeedsIt() {
        String x = net.conv("a", net.input("x", 3, 8, 8), 3, 6, 3, 1);
        String y = net.apply("Relu", net.batchNorm("n", x, 6));
        Graph graph = net.graph(net.conv("b", y, 6, 4, 3, 1));
        assertEquals(List.of("a.bias: 6 → n.mean"), holding(Shifts.of(graph)));
        assertEquals(List.of("a.bias: 6 → n.bias"), holding(Shifts.trainable(graph)));
    }

    @ParameterizedTest @CsvSource({"1, 1, true", "1, 2, true", "3, 1, false"})
    void aPaddedConvolutionShowsAShift(int kernel, int groups, boolean free) {
        String x = net.conv("a", net.input("x", 3, 8, 8), 3, 6, 3, 1);
        String pooled = net.node("MaxPool", List.of(x), "kernel_shape", new long[] {2, 2}, "strides",
                new long[] {2, 2});
        String y = net.conv("b", pooled, 6, 4, kernel, groups);
        assertEquals(free ? List.of("a.bias: 6 → b.bias") : List.of(), found(y));
    }

    @Test
    void instanceNormDoesNotSeeTheMeanOfAChannel() {
        String x = net.conv("a", net.input("x", 3, 8, 8), 3, 6, 3, 1);
        String y = net.node("InstanceNormalization",
                List.of(x, net.positive("n.weight", 6), net.weight("n.bias", 6)));
        assertEquals(List.of("a.bias: 6 → "), found(net.apply("Relu", y)));
    }

    @Test
    void branchesThatAreSummedExchangeTheirBiases() {
        String x = net.input("x", 3, 8, 8);
        String sum = net.node("Add", List.of(net.conv("a", x, 3, 6, 3, 1),
                net.batchNorm("n", net.conv("b", x, 3, 6, 1, 1), 6)));
        assertEquals(List.of("a.bias: 6 → n.bias", "b.bias: 6 → n.mean"), found(net.apply("Relu", sum)));
    }

    @Test
    void aBiasOfTwoLayersIsFollowedToBoth() {
        String x = net.input("x", 5);
        String bias = net.weight("bias", 6);
        String first = net.node("Gemm", List.of(x, net.weight("a", 5, 6), bias));
        String second = net.node("Gemm", List.of(x, net.weight("b", 5, 6), bias));
        assertEquals(List.of("bias: 6 → c.bias, d.bias"),
                found(net.dense("c", first, 6, 4), net.dense("d", second, 6, 3)));
    }

    @Test
    void aBiasReadElsewhereTakesNothingBack() {
        String x = net.input("x", 5);
        String hidden = net.dense("a", x, 5, 6);
        String out = net.dense("b", hidden, 6, 6);
        assertEquals(List.of(), found(out, net.node("Mul", List.of(out, "b.bias"))));
    }

    @Test
    void whatIsShownOrCapturedMayNotMove() {
        String hidden = net.dense("a", net.input("x", 5), 5, 6);
        String out = net.dense("b", hidden, 6, 6);
        assertEquals(List.of("a.bias: 6 → b.bias"), found(out));
        assertEquals(List.of(), dimensions(Shifts.of(net.graph(out, hidden))));
        assertEquals(List.of(), dimensions(Shifts.of(net.graph(out, "a.bias"))));
        Graph graph = net.graph(out);
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.add(Node.of("branch", "If", List.of("x"), List.of("y"),
                Map.of("then_branch", new Attribute.Subgraph(List.of("a.bias")))));
        assertEquals(List.of(), dimensions(Shifts.of(graph.withNodes(nodes))));
        nodes.set(nodes.size() - 1, Node.of("branch", "If", List.of("x"), List.of("y"),
                Map.of("then_branch", new Attribute.Subgraph(List.of("b.bias")))));
        assertEquals(List.of(), dimensions(Shifts.of(graph.withNodes(nodes))));
    }

    @ParameterizedTest @CsvSource({"-1e9, true", "-1, false"})
    void aKeyBiasIsHiddenWhereTheMaskLeavesNoWeight(double filler, boolean free) {
        assertEquals(free ? List.of("k.bias: 6 → ", "v.bias: 6 → o.bias") : List.of("v.bias: 6 → o.bias"),
                found(ShiftTheoryTest.masked(net, filler)));
    }

    @ParameterizedTest @CsvSource({"Softmax, -1, true", "Softmax, 1, false", "Relu, 0, false"})
    void aValueBiasPassesOnlyWeightsThatAddUpToOne(String operator, int axis, boolean free) {
        String x = net.input("x", 4, 6);
        String scores = net.linear("s", x, 6, 4);
        String weights = operator.equals("Relu") ? net.apply(operator, scores)
                : net.node(operator, List.of(scores), "axis", axis);
        String mixed = net.node("MatMul", List.of(weights, net.linear("v", x, 6, 6)));
        List<String> found = found(net.linear("o", mixed, 6, 5));
        assertEquals(free, found.contains("v.bias: 6 → o.bias"), found::toString);
        assertEquals(free, found.stream().anyMatch(s -> s.startsWith("v.bias")), found::toString);
    }

    /** A table that is also the last layer moves the weights that the last norm's shift passes. */
    @Test
    void aTableThatIsAlsoTheLastLayerMovesWithItsReaders() {
        String x = net.node("Gather", List.of(net.weight("table", 11, 6), net.tokens("tokens", 4)), "axis", 0);
        String normal =
                net.node("LayerNormalization", List.of(net.node("Add", List.of(x, net.weight("positions", 4, 6))),
                        net.positive("n.weight", 6), net.weight("n.bias", 6)), "axis", -1);
        String logits = net.node("Add", List.of(net.node("MatMul",
                List.of(normal, net.node("Transpose", List.of("table"), "perm", new long[] {1, 0}))),
                net.weight("bias", 11)));
        assertEquals(List.of("table: 6 → positions", "positions: 4 → ", "n.bias: 6 → bias", "bias: 1 → "),
                found(net.node("Softmax", List.of(logits), "axis", -1)));
    }

    /** Three million rows, which a table of rows chosen by constants may all have to themselves. */
    @Test
    void whatIsTooLargeToWorkOutIsAFinding() {
        String rows = net.node("Gather", List.of(net.weight("table", 3_000_000), net.ints(0, 1, 2)), "axis", 0);
        Shifts shifts = Shifts.of(net.graph(net.node("Add", List.of(net.input("x", 3), rows))));
        assertEquals(List.of(), shifts.shifts());
        assertEquals(List.of("shift-not-sought table"),
                shifts.findings().stream().map(f -> f.kind() + " " + f.place()).toList());
    }

    @Test
    void biasesOfZeroAreMovedByTheSizeOfTheWeights() {
        String b = net.dense("b", net.dense("a", net.input("x", 5), 5, 7), 7, 6);
        net.zero("a.bias", 0);
        Shifts shifts = Shifts.of(net.graph(b));
        double[] moved = shifts.random(shifts.shifts(), SEED).parameters().get("a.bias").toDoubles();
        assertTrue(Arrays.stream(moved).allMatch(x -> x != 0 && Math.abs(x) < 5), () -> Arrays.toString(moved));
    }

    @Test
    void aShiftThatDoesNotHoldIsDroppedWithAFinding() {
        Graph graph = net.graph(ShiftTheoryTest.masked(net, -1e9));
        double[] before = graph.parameters().get("k.bias").toDoubles();
        Verified verified = Verified.of(graph, moved -> showing(OnnxRuntime.open(moved),
                Arrays.equals(before, moved.parameters().get("k.bias").toDoubles())), 2, SEED);
        assertEquals(List.of("v.bias"), verified.shifts().stream().map(Shift::name).toList());
        assertTrue(verified.findings().stream()
                .anyMatch(f -> f.kind().equals("symmetry-defect") && f.place().equals("k.bias")));
        assertTrue(verified.maxError() <= ROUNDING);
        Graph moved = verified.moved(EnumSet.of(Transform.Kind.SHIFT), SEED);
        assertArrayEquals(before, moved.parameters().get("k.bias").toDoubles());
        assertTrue(error(graph, moved, SEED) <= ROUNDING);
        assertFalse(Arrays.equals(graph.parameters().get("v.bias").toDoubles(),
                moved.parameters().get("v.bias").toDoubles()));
    }

    /** An Evaluator that shows whether something has moved. */
    private static Evaluator showing(Evaluator real, boolean still) {
        return new Evaluator() {
            @Override
            public Map<String, TensorData> run(Map<String, TensorData> inputs) {
                Map<String, TensorData> outputs = new LinkedHashMap<>(real.run(inputs));
                outputs.replaceAll((name, t) -> still ? t
                        : Tensors.encode(t.type(), Arrays.stream(t.toDoubles()).map(x -> -x).toArray(), t.dims()));
                return outputs;
            }

            @Override
            public void close() {
                real.close();
            }
        };
    }

    @Test
    void allKindsTogetherKeepTheFunction() {
        for (String model : List.of("gpt-char.onnx", "mobilenet_v3_small.onnx")) {
            Graph graph = Unshare.apply(SharedModels.read(model));
            Verified verified = Verified.of(graph, OnnxRuntime::open, 2, SEED);
            assertFalse(verified.shifts().isEmpty(), model);
            assertEquals(List.of(),
                    verified.findings().stream().filter(f -> f.kind().equals("symmetry-defect")).toList());
            double error = error(graph, verified.moved(EnumSet.allOf(Transform.Kind.class), SEED), SEED);
            assertTrue(error <= ROUNDING, () -> model + ": " + error);
        }
    }

    @Test
    void networksOfUnitsHaveNone() {
        for (String model : List.of("lenet300-mnist", "lenet5-mnist", "resnet20-cifar10", "squeezenet1_1")) {
            assertEquals(List.of(), dimensions(Shifts.of(Unshare.apply(SharedModels.read(model + ".onnx")))), model);
        }
    }

    /** A bias of one number for all units: at 0 it lets their scales pass, which it would not do anywhere else. */
    @ParameterizedTest @CsvSource({"0, 6, false", "0.3, 6, true", "0, 1, true"})
    void aSingleZeroForSeveralUnitsIsNoWeight(float value, int units, boolean shifts) {
        String bias = net.floats(new float[] {value}, 1);
        String sum = net.node("Gemm", List.of(net.input("x", 4), net.weight("a", 4, units), bias));
        String y = net.dense("b", net.node("Sub", List.of(sum, net.weight("c", units))), units, 3);
        Verified verified = Verified.of(net.graph(y), g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of(), verified.findings());
        assertEquals(shifts, verified.shifts().stream().anyMatch(s -> s.parameter().equals(bias)));
    }
}
