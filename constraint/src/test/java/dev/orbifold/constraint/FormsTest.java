package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What conditions do to the weights of a network: training pulls every cell to zero with nothing to hold it, and the
 * weights that come back have what was asked, to the last bit where that is promised.
 */
class FormsTest {
    private static final int STEPS = 400;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    /** A convolution, a dense layer stored units first, one stored inputs first, two square ones. */
    private static Graph network() {
        Net net = new Net(new Seed(5));
        String x = net.input("x", 2, 4, 4);
        String c = net.apply("Relu", net.conv("conv", x, 2, 6, 3, 1));
        String flat = net.node("Flatten", List.of(c), "axis", 1);
        String a = net.apply("Relu", net.dense("a", flat, 96, 8));
        String b =
                net.apply("Relu", net.node("Gemm", List.of(a, net.weight("b.weight", 8, 8), net.weight("b.bias", 8))));
        String d = net.node("MatMul", List.of(b, net.weight("d.weight", 8, 6)));
        return net.graph(net.apply("Tanh", d));
    }

    /** Trains with no loss at all under a strong pull, and gives the weights. */
    private static Map<String, TensorData> pulled(Constraint... constraints) {
        Graph graph = network();
        Device cpu = Device.cpu();
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, cpu);
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), cpu)) {
            Forms forms = new Forms(Symmetries.of(graph), program.trainable(), ScalarType.Float, cpu);
            Kind kind = new Kind.Sgd(0.9, false, 0);
            List<Constrained.Term> terms = new java.util.ArrayList<>();
            for (Constraint constraint : constraints) {
                for (Forms.Form form : forms.of(constraint)) {
                    Region region = Region.of(weights, form.parameters());
                    terms.add(new Constrained.Term(form.name(), form.parameters(),
                            new Reparametrization(form.chart(), form.scheme(), region.of(weights.values()), kind, true,
                                    constraint.lambda(), constraint.start(), new Seed(0), cpu)));
                }
            }
            try (Constrained constrained = new Constrained(weights, kind, terms)) {
                for (int step = 0; step < STEPS; step++) {
                    weights.zeroGradients();
                    constrained.step(0.05, Double.POSITIVE_INFINITY);
                }
                constrained.snap();
                return weights.writeBack(graph).parameters();
            }
        }
    }

    private static Constraint on(Condition condition, String... parameters) {
        return new Constraint("c", List.of(parameters), condition, 2, 1, Optional.empty(),
                new Start.Balanced());
    }

    private static float[] floats(Map<String, TensorData> weights, String name) {
        return weights.get(name).toFloats();
    }

    private static double largest(float[] values) {
        double most = 0;
        for (float v : values) {
            most = Math.max(most, Math.abs(v));
        }
        return most;
    }

    @Test
    void sparsityOfEveryShapeEndsAtExactZeros() {
        for (Condition condition : List.of(new Condition.Elements(), new Condition.Slices(Condition.Slice.UNITS),
                new Condition.Slices(Condition.Slice.INPUTS), new Condition.Slices(Condition.Slice.KERNELS),
                new Condition.Blocks(2, 2), new Condition.Rank(1), new Condition.TuckerRank(1, 1))) {
            Map<String, TensorData> weights = pulled(on(condition, "conv.weight", "a.weight", "d.weight"));
            assertEquals(0, largest(floats(weights, "conv.weight")), condition.toString());
            assertEquals(0, largest(floats(weights, "a.weight")), condition.toString());
            assertEquals(0, largest(floats(weights, "d.weight")), condition.toString());
            assertTrue(largest(floats(weights, "b.weight")) > 0.1, "what is not named stays");
        }
    }

    @Test
    void unitsOfASpaceGoWithTheirBiases() {
        Map<String, TensorData> weights = pulled(on(new Condition.Units(List.of("conv*"))));
        assertEquals(0, largest(floats(weights, "conv.weight")));
        assertEquals(0, largest(floats(weights, "conv.bias")));
        assertTrue(largest(floats(weights, "a.weight")) > 0.1);
    }

    @Test
    void clonesOfASpaceAgreeInEverythingThatWritesThem() {
        Map<String, TensorData> weights = pulled(on(new Condition.Clones(List.of("a"), 0.5)));
        float[] w = floats(weights, "a.weight");
        float[] b = floats(weights, "a.bias");
        for (int pair = 0; pair < 2; pair++) {
            assertEquals(b[2 * pair], b[2 * pair + 1]);
            for (int i = 0; i < 96; i++) {
                assertEquals(w[2 * pair * 96 + i], w[(2 * pair + 1) * 96 + i]);
            }
        }
        assertTrue(w[4 * 96] != w[5 * 96], "the other half is free");
    }

    @Test
    void tiesHoldToTheLastBit() {
        float[] mirrored = floats(pulled(on(new Condition.Ties.Mirrored(4, 4), "a.weight")), "a.weight");
        for (int row = 0; row < mirrored.length / 4; row++) {
            assertEquals(mirrored[4 * row], mirrored[4 * row + 3]);
            assertEquals(mirrored[4 * row + 1], mirrored[4 * row + 2]);
        }
        // b.weight is stored inputs first: entry (i, u) is read at i·8 + u.
        float[] circulant = floats(pulled(on(new Condition.Ties.Circulant(), "b.weight")), "b.weight");
        float[] symmetric = floats(pulled(on(new Condition.Ties.Symmetric(), "b.weight")), "b.weight");
        float[] toeplitz = floats(pulled(on(new Condition.Ties.Toeplitz(), "b.weight")), "b.weight");
        for (int i = 0; i < 8; i++) {
            for (int u = 0; u < 8; u++) {
                assertEquals(circulant[i * 8 + u], circulant[(i + 1) % 8 * 8 + (u + 1) % 8]);
                assertEquals(symmetric[i * 8 + u], symmetric[u * 8 + i]);
                if (i < 7 && u < 7) {
                    assertEquals(toeplitz[i * 8 + u], toeplitz[(i + 1) * 8 + u + 1]);
                }
            }
        }
        float[] paired = floats(pulled(on(new Condition.Ties.Pairs(1), "d.weight")), "d.weight");
        for (int i = 0; i < 8; i++) {
            assertEquals(paired[i * 6], paired[i * 6 + 1]);
            assertEquals(paired[i * 6 + 4], paired[i * 6 + 5]);
        }
    }

    @Test
    void sumsVanishToRoundingAndPiecesAreEqual() {
        float[] sums = floats(pulled(on(new Condition.ZeroSums(), "d.weight")), "d.weight");
        for (int u = 0; u < 6; u++) {
            double sum = 0;
            for (int i = 0; i < 8; i++) {
                sum += sums[i * 6 + u];
            }
            assertEquals(0, sum, 1e-6);
        }
        float[] pieces = floats(pulled(on(new Condition.Pieces(16), "a.weight")), "a.weight");
        for (int i = 0; i < pieces.length; i++) {
            assertEquals(pieces[i / 16 * 16], pieces[i]);
        }
        assertTrue(pieces[0] != pieces[16]);
    }

    @Test
    void anyMatrixHolds() {
        Columns columns = Columns.of(64, List.of(new Columns.Column(new int[] {0, 1, 2}, new double[] {1, 2, -3}),
                new Columns.Column(new int[] {2, 9}, new double[] {1, 1})));
        for (boolean together : List.of(true, false)) {
            float[] w = floats(pulled(on(new Condition.Matrix(columns, together), "b.weight")), "b.weight");
            assertEquals(0, w[0] + 2 * w[1] - 3 * w[2], 1e-5);
            assertEquals(0, w[2] + w[9], 1e-5);
            assertTrue(Math.abs(w[2]) > 1e-3 || Math.abs(w[0]) > 1e-3, "only two directions go");
        }
    }

    @Test
    void severalConstraintsOnOneParameterAddUp() {
        Constraint weak = new Constraint("weak", List.of("b.weight"), new Condition.Elements(), 2, 0, Optional.empty(),
                new Start.Balanced());
        float[] alone = floats(pulled(weak), "b.weight");
        float[] both = floats(pulled(weak, on(new Condition.Rank(0.5), "b.weight")), "b.weight");
        // Both terms start at the weights here; the one without a pull keeps them, the other goes.
        for (int i = 0; i < alone.length; i++) {
            assertEquals(alone[i], both[i], 1e-5);
        }
    }

    @Test
    void whatDoesNotFitIsSaid() {
        assertMessage("fits no Parameter", on(new Condition.Elements(), "nothing*"));
        assertMessage("fits only biases", on(new Condition.Elements(), "*.bias"));
        assertMessage("does not divide", on(new Condition.Blocks(5, 2), "a.weight"));
        assertMessage("only a square matrix", on(new Condition.Ties.Circulant(), "a.weight"));
        assertMessage("does not fit a unit with", on(new Condition.Ties.Mirrored(5, 5), "a.weight"));
        assertMessage("fits no Space", on(new Condition.Units(List.of("nothing"))));
        assertMessage("two or more Parameters of one shape", on(new Condition.Ties.Shared(), "a.weight", "b.weight"));
        assertMessage("O has 4 rows", on(new Condition.Matrix(
                Columns.of(4, List.of(new Columns.Column(new int[] {0}, new double[] {1}))), false), "a.weight"));
        assertMessage("spans other parameters", on(new Condition.Elements(), "conv.weight"),
                on(new Condition.Units(List.of("conv*"))));
        assertThrows(ConstraintException.class, () -> new Constraint("c", List.of("a"), new Condition.Elements(), 2,
                Double.NaN, Optional.empty(), new Start.Balanced()));
        assertThrows(ConstraintException.class, () -> new Constraint("c", List.of("a"), new Condition.Elements(), 2, -1,
                Optional.empty(), new Start.Balanced()));
    }

    private static void assertMessage(String part, Constraint... constraints) {
        String message = assertThrows(ConstraintException.class, () -> pulled(constraints)).getMessage();
        assertTrue(message.contains(part), message);
    }
}
