package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Planted truths: small networks whose symmetries are known, one per way of wiring units. */
class RulesTest {
    private static final Group PERMUTATION = new Group.Permutation();
    private static final Group POSITIVE = new Group.Monomial(Group.Diagonal.POSITIVE);
    private static final Group REAL = new Group.Monomial(Group.Diagonal.REAL);

    private final Net net = new Net(new Seed(5));

    private static Symmetries holding(Graph graph) {
        Symmetries symmetries = Symmetries.of(graph);
        Verification verification = Verification.check(symmetries, g -> OnnxRuntime.open(g, 1), 3, new Seed(6));
        assertEquals(List.of(), verification.findings());
        assertEquals(List.of(),
                symmetries.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList());
        return symmetries;
    }

    private static String describe(Symmetries symmetries) {
        return String.join(" ", symmetries.spaces().stream()
                .map(s -> s.dimension() + (s.shrinkable() ? "" : "kept") + (switch (s.group()) {
                    case Group.Monomial(Group.Diagonal d) -> d.name().substring(0, 1);
                    case Group.Permutation p -> "";
                    default -> "T";
                })).toList());
    }

    @ParameterizedTest @CsvSource({"Relu, POSITIVE", "LeakyRelu, POSITIVE", "Tanh, SIGNS", "Sin, SIGNS", "Erf, SIGNS",
            "Identity, REAL",
            "Neg, REAL", "Abs, POSITIVE", "Sigmoid, SIGNS", "HardSigmoid, SIGNS", "HardSwish, none", "Softplus, none",
            "Elu, none",
            "Gelu, none"})
    void activationsLetTheirScalesPass(String activation, String diagonal) {
        String hidden = net.dense("a", net.input("x", 4), 4, 6);
        String y = activation.equals("Gelu") ? gelu(hidden) : net.apply(activation, hidden);
        Symmetries symmetries = holding(net.graph(net.dense("b", y, 6, 3)));
        assertEquals(1, symmetries.spaces().size());
        Group expected = diagonal.equals("none") ? PERMUTATION
                : new Group.Monomial(Group.Diagonal.valueOf(diagonal));
        assertEquals(expected, symmetries.spaces().get(0).group());
    }

    private String gelu(String x) {
        String erf = net.apply("Erf", net.node("Div", List.of(x, net.scalar(Math.sqrt(2)))));
        return net.node("Mul", List.of(x, net.node("Add", List.of(erf, net.scalar(1)))));
    }

    @Test
    void evenFunctionsLeaveSignsOnTheirInSide() {
        String y = net.apply("Abs", net.dense("a", net.input("x", 4), 4, 6));
        Symmetries symmetries = holding(net.graph(net.dense("b", y, 6, 3)));
        assertEquals(Set.of(Group.Diagonal.POSITIVE, Group.Diagonal.SIGNS),
                Set.copyOf(symmetries.scalings().stream().map(Scaling::diagonal).toList()));
        Scaling signs = symmetries.scalings().stream().filter(s -> s.diagonal() == Group.Diagonal.SIGNS).findFirst()
                .orElseThrow();
        List<Slot> slots = symmetries.spaces().get(0).slots();
        for (int i = 0; i < slots.size(); i++) {
            assertEquals(slots.get(i).role() == Slot.Role.READS ? 0 : 1, signs.powers().get(i)[0]);
        }
    }

    @Test
    void squaresDoubleTheExponent() {
        String y = net.node("Pow", List.of(net.dense("a", net.input("x", 4), 4, 6), net.scalar(2)));
        Symmetries symmetries = holding(net.graph(net.dense("b", y, 6, 3)));
        Space space = symmetries.spaces().get(0);
        double writer = space.slots().get(0).exponent();
        double reader = space.slots().get(2).exponent();
        assertEquals(-2 * writer, reader, 1e-12);
        assertTrue(reader < 0);
    }

    @Test
    void batchNormSeparatesWhatFeedsItFromWhatLeavesIt() {
        String normed = net.batchNorm("n", net.conv("a", net.input("x", 2, 4, 4), 2, 5, 3, 1), 5);
        Symmetries symmetries = holding(
                net.graph(net.conv("b", net.apply("Relu", normed), 5, 2, 3, 1)));
        Space space = symmetries.spaces().get(0);
        assertEquals(POSITIVE, space.group());
        assertEquals(List.of("a.weight 0.0", "a.bias 0.0", "n.weight 1.0", "n.bias 1.0", "n.mean 0.0", "n.var 0.0",
                "b.weight -1.0"), space.slots().stream().map(s -> s.parameter() + " " + s.exponent()).toList());
        Scaling before = symmetries.scalings().stream().filter(s -> s.diagonal() == Group.Diagonal.REAL).findFirst()
                .orElseThrow();
        assertEquals(List.of(1.0, 1.0, -1.0, 0.0, 1.0, 0.0, 0.0),
                before.powers().stream().map(p -> p[0]).toList());
    }

    @Test
    void gatesMultiplyScales() {
        String x = net.input("x", 4);
        String y = net.node("Mul", List.of(net.dense("a", x, 4, 6), net.dense("b", x, 4, 6)));
        Symmetries symmetries = holding(net.graph(net.dense("c", y, 6, 3)));
        assertEquals("6R", describe(symmetries));
        assertEquals(2, symmetries.scalings().size(), "both factors scale freely");
    }

    @Test
    void fusedGatesTieTheirHalves() {
        String both = net.dense("a", net.input("x", 4), 4, 12);
        List<String> halves = net.node("Split", 2, List.of(both, net.ints(6, 6)), "axis", 1);
        String y = net.node("Mul", List.of(halves.get(0), net.apply("Sigmoid", halves.get(1))));
        Symmetries symmetries = holding(net.graph(net.dense("b", y, 6, 3)));
        assertEquals("6R", describe(symmetries));
        Slot slot = symmetries.spaces().get(0).slots().get(0);
        for (int i = 0; i < 12; i++) {
            assertEquals(i % 6, slot.unit()[i]);
            assertEquals(i / 6, slot.leg()[i]);
        }
    }

    @Test
    void residualAdditionsMakeOneSpace() {
        String x = net.apply("Relu", net.conv("a", net.input("x", 3, 4, 4), 3, 8, 3, 1));
        String inner = net.apply("Relu", net.conv("b", x, 8, 5, 3, 1));
        String sum = net.node("Add", List.of(net.conv("c", inner, 5, 8, 3, 1), x));
        assertEquals("8P 5P", describe(holding(net.graph(net.conv("d", sum, 8, 2, 1, 1)))));
    }

    @Test
    void concatenationsAreDirectSums() {
        String x = net.input("x", 3, 4, 4);
        String joined = net.node("Concat",
                List.of(net.conv("a", x, 3, 4, 3, 1), net.apply("Relu", net.conv("b", x, 3, 5, 1, 1))), "axis", 1);
        Symmetries symmetries = holding(net.graph(net.conv("c", joined, 9, 2, 3, 1)));
        assertEquals("4R 5P", describe(symmetries));
        assertEquals(List.of(-1, -1, -1, -1, 0, 1, 2, 3, 4),
                Arrays.stream(symmetries.spaces().get(1).slots().get(2).unit()).boxed().toList());
    }

    @Test
    void depthwiseFiltersFollowTheirChannels() {
        String x = net.apply("Relu", net.conv("a", net.input("x", 3, 4, 4), 3, 6, 1, 1));
        String y = net.apply("Relu", net.conv("b", x, 6, 6, 3, 6));
        Symmetries symmetries = holding(net.graph(net.conv("c", y, 6, 2, 1, 1)));
        assertEquals("6P", describe(symmetries));
        assertEquals(2, symmetries.scalings().size());
    }

    @Test
    void groupedConvolutionsMoveTheirGroupsTogether() {
        String x = net.apply("Relu", net.conv("a", net.input("x", 3, 4, 4), 3, 12, 1, 1));
        String y = net.apply("Relu", net.conv("b", x, 12, 8, 3, 2));
        Symmetries symmetries = holding(net.graph(net.conv("c", y, 8, 2, 1, 1)));
        assertEquals("6P 4P", describe(symmetries));
        Slot slot = symmetries.spaces().get(0).slots().get(0);
        for (int i = 0; i < 12; i++) {
            assertEquals(i % 6, slot.unit()[i]);
            assertEquals(i / 6, slot.leg()[i]);
        }
    }

    @Test
    void squeezeAndExciteGatesMoveWithTheirChannels() {
        String x = net.apply("Relu", net.conv("a", net.input("x", 3, 4, 4), 3, 6, 1, 1));
        String small = net.apply("Relu", net.conv("b", net.apply("GlobalAveragePool", x), 6, 3, 1, 1));
        String gate = net.apply("HardSigmoid", net.conv("c", small, 3, 6, 1, 1));
        Symmetries symmetries = holding(net.graph(net.conv("d", net.node("Mul", List.of(gate, x)), 6, 2, 1, 1)));
        assertEquals("6P 3P", describe(symmetries));
        assertTrue(symmetries.spaces().get(0).shrinkable());
    }

    @Test
    void channelShuffleIsAPermutation() {
        String x = net.apply("Relu", net.conv("a", net.input("x", 3, 4, 4), 3, 6, 1, 1));
        String split = net.node("Reshape", List.of(x, net.ints(0, 2, 3, 4, 4)));
        String turned = net.node("Transpose", List.of(split), "perm", new long[] {0, 2, 1, 3, 4});
        String merged = net.node("Reshape", List.of(turned, net.ints(0, 6, 4, 4)));
        Symmetries symmetries = holding(net.graph(net.conv("b", merged, 6, 2, 3, 1)));
        assertEquals("6keptP", describe(symmetries));
        assertEquals(List.of(0, 3, 1, 4, 2, 5),
                Arrays.stream(symmetries.spaces().get(0).slots().get(2).unit()).boxed().toList());
    }

    @Test
    void halvesThatGoDifferentWaysAreDifferentSpaces() {
        String x = net.conv("a", net.input("x", 3, 4, 4), 3, 8, 1, 1);
        List<String> halves = net.node("Split", 2, List.of(x, net.ints(3, 5)), "axis", 1);
        String joined = net.node("Concat", List.of(net.apply("Relu", halves.get(0)), net.apply("Tanh", halves.get(1))),
                "axis", 1);
        assertEquals("3P 5S", describe(holding(net.graph(net.conv("b", joined, 8, 2, 1, 1)))));
    }

    @Test
    void layerNormKeepsUnitsAndRmsNormKeepsSigns() {
        String x = net.linear("a", net.input("x", 3, 4), 4, 6);
        String layer = net.node("LayerNormalization", List.of(x, net.positive("g", 6), net.weight("h", 6)), "axis", -1);
        String y = net.linear("b", layer, 6, 5);
        String mean = net.node("ReduceMean", List.of(net.node("Pow", List.of(y, net.scalar(2)))), "axes",
                new long[] {-1});
        String rms = net.apply("Sqrt", net.node("Add", List.of(mean, net.scalar(1e-5))));
        String scaled = net.node("Mul", List.of(net.node("Div", List.of(y, rms)), net.positive("k", 5)));
        Symmetries symmetries = holding(net.graph(net.linear("c", scaled, 5, 2)));
        assertEquals("6keptR 5keptR", describe(symmetries));
        assertEquals(1, symmetries.scalings(symmetries.spaces().get(0)).size());
        assertTrue(symmetries.scalings(symmetries.spaces().get(1)).stream()
                .anyMatch(s -> s.diagonal() == Group.Diagonal.SIGNS), "signs pass through the RMS");
    }

    @Test
    void constantNodesAreParametersToo() {
        String x = net.input("x", 4);
        Graph plain = net.graph(net.dense("b", net.apply("Relu", net.dense("a", x, 4, 6)), 6, 3));
        List<dev.orbifold.graph.Node> nodes = new java.util.ArrayList<>();
        plain.parameters().forEach((name, tensor) -> nodes.add(dev.orbifold.graph.Node.of("", "Constant", List.of(),
                List.of(name), java.util.Map.of("value", new dev.orbifold.graph.Attribute.Tensor(tensor)))));
        nodes.addAll(plain.nodes());
        assertEquals("6P", describe(holding(plain.withNodes(nodes).withParameters(java.util.Map.of()))));
    }

    @Test
    void anUnknownOperatorIsNamedAndNothingItReadsMoves() {
        String hidden = net.dense("a", net.input("x", 4), 4, 6);
        String known = net.apply("Relu", net.dense("b", "x", 4, 5));
        String y = net.apply("Det", net.node("Unsqueeze", List.of(hidden, net.ints(2))));
        Symmetries symmetries = Symmetries.of(net.graph(y, net.dense("c", known, 5, 2)));
        assertEquals(List.of(5), symmetries.spaces().stream().map(Space::dimension).toList());
        Finding finding = symmetries.findings().stream().filter(f -> f.kind().equals("operator-without-rule"))
                .findFirst().orElseThrow();
        assertTrue(finding.place().startsWith("Det"), finding::toString);
        assertEquals(Finding.Severity.WARNING, finding.severity());
    }

    @Test
    void outputsAndInputsAreFixed() {
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 4), 4, 6));
        assertEquals("", describe(holding(net.graph(net.dense("b", hidden, 6, 3), hidden))));
    }

    @Test
    void unitsAddedToAnInputAreFixedWithTheReason() {
        String x = net.input("x", 4);
        String sum = net.node("Add", List.of(net.dense("a", x, 4, 4), x));
        Symmetries symmetries = holding(net.graph(net.dense("b", net.apply("Relu", sum), 4, 3)));
        assertEquals(List.of(), symmetries.spaces());
        Finding finding = symmetries.findings().get(0);
        assertEquals("units-fixed a.weight", finding.kind() + " " + finding.place());
        assertTrue(finding.message().contains("Add"), finding::message);
    }

    @Test
    void aWrongSymmetryIsFoundAndDropped() {
        String first = net.apply("Relu", net.dense("a", net.input("x", 4), 4, 6));
        Symmetries right = Symmetries
                .of(net.graph(net.dense("c", net.apply("Relu", net.dense("b", first, 6, 5)), 5, 3)));
        Space space = right.spaces().get(0);
        Space wrong = new Space(0, space.name(), space.dimension(), space.group(), space.slots().subList(0, 2),
                space.kept());
        List<Scaling> scalings = right.scalings().stream().filter(s -> s.space() == 1).toList();
        Symmetries broken = new Symmetries(right.graph(), right.shapes(), List.of(wrong, right.spaces().get(1)),
                right.axes(), scalings, List.of());
        Verification verification = Verification.check(broken, OnnxRuntime.factory(1), 3, new Seed(1));
        assertEquals(List.of("symmetry-defect a"),
                verification.findings().stream().map(f -> f.kind() + " " + f.place()).toList());
        assertEquals(List.of("b"), verification.symmetries().spaces().stream().map(Space::name).toList());
        assertTrue(verification.maxError() <= Verification.TOLERANCE);
    }

    @Test
    void aTiedEmbeddingStaysSharedAndAMergedBiasDoesNot() {
        String table = net.weight("table", 7, 6);
        String x = net.node("Gather", List.of(table, net.tokens("t", 5)), "axis", 0);
        String bias = net.weight("merged", 6);
        String y = net.apply("Relu",
                net.node("Add", List.of(net.node("MatMul", List.of(x, net.weight("a", 6, 6))), bias)));
        String z = net.node("Add", List.of(net.node("MatMul", List.of(y, net.weight("b", 6, 6))), bias));
        String logits = net.node("MatMul", List.of(net.node("Add", List.of(z, x)),
                net.node("Transpose", List.of(table), "perm", new long[] {1, 0})));
        Unshare unshared = Unshare.of(net.graph(logits));
        assertEquals(List.of("merged"), unshared.findings().stream().map(Finding::place).toList());
        assertTrue(unshared.graph().parameters().containsKey("merged_2"));
        assertTrue(unshared.inferred().isEmpty(), "the symmetries that told them apart are those without the tie");
        Symmetries symmetries = holding(unshared.graph());
        assertEquals("6S 6P", describe(symmetries));
    }
}
