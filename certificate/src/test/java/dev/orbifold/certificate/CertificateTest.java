package dev.orbifold.certificate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Jacobian;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Verified;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers of theory, 7: exact, because ranks are. */
class CertificateTest {
    /** Unit directions of float64, with images of sums of hundreds of terms. */
    private static final double ROUNDING = 1e-9;

    static Certificate certify(Graph graph) {
        Verified verified = Verified.of(graph, OnnxRuntime.factory(1), 2, new Seed(3));
        assertTrue(verified.findings().stream().noneMatch(f -> f.severity() == Finding.Severity.ERROR));
        return Certificate.of(verified, new Seed(5));
    }

    private static Graph chain(Seed seed, String activation, boolean bias, int... widths) {
        Net net = new Net(seed);
        String x = net.input(widths[0]);
        for (int l = 1; l < widths.length; l++) {
            x = net.dense(x, widths[l - 1], widths[l], bias);
            x = l + 1 < widths.length && !activation.isEmpty() ? net.node(activation, List.of(x)) : x;
        }
        return net.graph(x);
    }

    @Test
    void reluHasOneScalingPerUnit() {
        Certificate c = certify(chain(new Seed(1), "Relu", true, 8, 24, 4));
        assertEquals(316, c.parameters());
        assertEquals(24, c.nullity());
        assertEquals(24, c.explained().get(Cause.GROUP));
        assertEquals(24, c.conserved());
        assertEquals(0, c.unexplained());
    }

    @Test
    void tanhHasNone() {
        Certificate c = certify(chain(new Seed(1), "Tanh", true, 8, 16, 12, 4));
        assertEquals(0, c.nullity());
        assertEquals(0, c.conserved());
    }

    @Test
    void aLinearBottleneckHasItsGroupAndItsBias() {
        Certificate c = certify(chain(new Seed(1), "", true, 8, 5, 8));
        assertEquals(30, c.nullity());
        assertEquals(25, c.explained().get(Cause.GROUP));
        assertEquals(5, c.explained().get(Cause.SHIFT));
        assertEquals(0, c.unexplained());
    }

    @Test
    void ofLinearChainsTheRankOfTheGeneratorsCounts() {
        Certificate c = certify(chain(new Seed(1), "", false, 8, 6, 12, 4));
        assertEquals(136, c.nullity());
        assertEquals(132, c.explained().get(Cause.GROUP));
        assertEquals(4, c.explained().get(Cause.NEVER_READ), "the last layer sees 4 of 6 directions of the first");
        assertEquals(0, c.unexplained());
        assertEquals(0, c.unexplained());
    }

    @ParameterizedTest @CsvSource({"2, 2, 2, 3", "3, 2, 3, 6", "2, 2, 4, 10", "2, 2, 5, 14", "1, 1, 4, 7"})
    void linearLayersConserveTheirBalance(int ins, int outs, int hidden, int laws) {
        Certificate c = certify(chain(new Seed(1), "", false, ins, hidden, outs));
        assertEquals(laws, c.conserved());
        assertEquals(0, c.unexplained());
    }

    @ParameterizedTest @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void deepReluNetsHaveScalingsAndWhatIsDeadOrLinear(int seed) {
        Certificate c = certify(chain(new Seed(seed), "Relu", true, 8, 16, 12, 4));
        assertEquals(28, c.explained().get(Cause.GROUP));
        assertEquals(0, c.unexplained());
    }

    @ParameterizedTest @ValueSource(ints = {0, 1, 2})
    void productsAloneGiveTheSameNumbers(int seed) {
        Graph graph = chain(new Seed(seed), "Relu", true, 40, 12, 8, 5);
        Verified verified = Verified.of(graph, OnnxRuntime.factory(1), 2, new Seed(3));
        Theta theta = Certifier.theta(verified);
        List<Map<String, TensorData>> inputs = Certifier.batches(graph, theta,
                new Inputs.Random(graph, verified.units().shapes(), new Seed(5)), 0);
        Certificate formed = new Certifier(verified, theta, inputs, new Seed(6), Certifier.FORMED, said -> {
        }).run();
        Certificate unformed = new Certifier(verified, theta, inputs, new Seed(6), 0, said -> {
        }).run();
        assertEquals(formed.explained(), unformed.explained());
        assertEquals(formed.functionalDimension(), unformed.functionalDimension());
    }

    @Test
    void aWideNetIsCertifiedThroughProductsAlone() {
        Certificate c = certify(chain(new Seed(1), "Relu", true, 784, 30, 20, 10));
        assertEquals(24_380, c.parameters());
        assertEquals(50, c.explained().get(Cause.GROUP));
        assertEquals(0, c.unexplained(), c.explained() + " " + c.remainder().stream().map(d -> d.largest()).toList());
        assertEquals(50, c.nullity(), c.explained().toString());
    }

    @Test
    void aLayerNormBlockIsExplainedCauseByCause() {
        Net net = new Net(new Seed(2));
        String x = net.dense(net.input(4, 5), 5, 16, true);
        x = net.node("Add", List.of(x, attention(net, norm(net, x))));
        String inner = net.node("Gelu", List.of(net.dense(norm(net, x), 16, 32, true)));
        x = net.node("Add", List.of(x, net.dense(inner, 32, 16, true)));
        Certificate c = certify(net.graph(net.dense(norm(net, x), 16, 6, true)));
        assertEquals(2454, c.parameters());
        assertEquals(1358, c.functionalDimension());
        assertEquals(256 + 48 + 105, c.explained().get(Cause.GROUP), "heads, scales of norms, rotations of the stream");
        // Key biases, value biases, shifts of norms: 16 + 16 + 48. The mean of the stream is never read: 56, of which the
        // biases are counted here.
        assertEquals(80 + 56, c.explained().get(Cause.SHIFT) + c.explained().get(Cause.NEVER_READ));
        assertEquals(542, c.explained().get(Cause.NEVER_EXCITED));
        assertEquals(9, c.explained().get(Cause.HANDED_ON));
        assertEquals(0, c.unexplained());
    }

    private static String norm(Net net, String x) {
        return net.node("LayerNormalization", List.of(x, net.put(1, 0.2, 16), net.put(0, 0.2, 16)), "axis", -1);
    }

    private static String attention(Net net, String x) {
        String shape = net.constant(0, 0, 2, 8);
        List<String> heads = new java.util.ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String y = net.node("Reshape", List.of(net.dense(x, 16, 16, true), shape));
            heads.add(net.node("Transpose", List.of(y), "perm",
                    i == 1 ? new long[] {0, 2, 3, 1} : new long[] {0, 2, 1, 3}));
        }
        String scores = net.node("Mul", List.of(net.node("MatMul", List.of(heads.get(0), heads.get(1))),
                net.constant(new float[] {(float) (1 / Math.sqrt(8))})));
        String mixed = net.node("MatMul", List.of(net.node("Softmax", List.of(scores), "axis", -1), heads.get(2)));
        String back = net.node("Reshape", List.of(net.node("Transpose", List.of(mixed), "perm",
                new long[] {0, 2, 1, 3}), net.constant(0, 0, 16)));
        return net.dense(back, 16, 16, true);
    }

    /** One unit far below zero, two far above. */
    @Test
    void deadAndLinearUnitsAreToldApart() {
        Graph graph = chain(new Seed(1), "Relu", true, 8, 24, 4);
        String bias = graph.nodes().get(1).input(1);
        float[] moved = graph.parameters().get(bias).toFloats();
        moved[3] = -100;
        moved[5] = 100;
        moved[9] = 100;
        Certificate c = certify(graph.replacing(Map.of(bias, TensorData.of(moved, moved.length))));
        assertEquals(24, c.explained().get(Cause.GROUP));
        assertEquals(2, c.explained().get(Cause.SHIFT), "what a linear unit adds, the next bias takes back");
        assertEquals(8 + 1 + 4 - 1, c.explained().get(Cause.DEAD), "all weights of the unit but its scaling");
        assertEquals(2, c.explained().get(Cause.LINEAR_PIECE), "either linear unit into the other");
        assertEquals(0, c.unexplained());
    }

    @Test
    void aGatedLayerSaturates() {
        Net net = new Net(new Seed(1));
        String x = net.input(7);
        String gated = net.node("Mul", List.of(net.dense(x, 7, 11, true), net.dense(x, 7, 11, true)));
        Graph graph = net.graph(net.dense(gated, 11, 4, true));
        Certificate c = certify(graph);
        assertEquals(80, c.nullity());
        assertEquals(22, c.explained().get(Cause.GROUP));
        assertEquals(58, c.unexplained(), "the quadratic forms it can express are used up: 144 = 4 · 36");
        Verified verified = Verified.of(graph, OnnxRuntime.factory(1), 1, new Seed(3));
        Inputs inputs = new Inputs.Random(graph, verified.units().shapes(), new Seed(9));
        Certificate.Direction direction = c.remainder().get(7);
        List<String> names = List.copyOf(direction.parts().keySet());
        try (Jacobian jacobian = Jacobian.of(graph, names, List.of(inputs.batch(0, 50)))) {
            double[] v =
                    names.stream().flatMapToDouble(n -> Arrays.stream(direction.parts().get(n).toDoubles())).toArray();
            assertEquals(1, Vectors.length(v), ROUNDING);
            assertEquals(0, Vectors.length(jacobian.times(v)), ROUNDING,
                    "on other inputs than those of the certificate");
        }
    }
}
