package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What numbers or rounding hide is not shown, and called no defect; a defect stays one. */
class DoubtsTest {
    private static final int PAIRS = 8;
    private static final float LARGE = 1e5f;
    /** What is left of two outgoing weights of 1e5: eight times the distance of floats there. */
    private static final float LEFT = 0.0625f;
    private final Net net = new Net(new Seed(3));

    private static Verified verified(Graph graph) {
        return Verified.of(graph, OnnxRuntime.factory(1), 3, new Seed(1));
    }

    private static List<String> said(List<Finding> findings) {
        return findings.stream().filter(f -> f.severity() != Finding.Severity.INFO)
                .map(f -> f.kind() + " " + f.place()).sorted().toList();
    }

    /** Hidden units come in pairs that are equal; what they write is ±1e5 each, of which next to nothing is left. */
    private Graph cancelling() {
        RandomGenerator random = new Seed(5).generator();
        float[] in = new float[2 * PAIRS * 4];
        float[] out = new float[2 * PAIRS * 2];
        for (int pair = 0; pair < PAIRS; pair++) {
            for (int i = 0; i < 4; i++) {
                in[8 * pair + i] = in[8 * pair + 4 + i] = (float) random.nextGaussian();
            }
            for (int o = 0; o < 2; o++) {
                out[o * 2 * PAIRS + 2 * pair] = LARGE * (1 + pair);
                out[o * 2 * PAIRS + 2 * pair + 1] = -LARGE * (1 + pair) + LEFT * (1 + pair) * (o == 0 ? 1 : -1);
            }
        }
        String x = net.node("Gemm", List.of(net.input("x", 4), net.floats(in, 2 * PAIRS, 4)), "transB", 1);
        return net.graph(
                net.node("Gemm", List.of(net.apply("Relu", x), net.floats(out, 2, 2 * PAIRS)), "transB", 1));
    }

    @Test
    void roundingThatTermsWhichCancelMakeLargeIsNoDefect() {
        Verified verified = verified(cancelling());
        assertEquals(List.of("ill-conditioned planted", "symmetry-not-shown floats0"), said(verified.findings()));
        assertEquals(List.of(), verified.units().spaces());
    }

    @Test
    void aDefectIsToldFromRounding() {
        Symmetries right = Symmetries.of(cancelling());
        Space space = right.spaces().get(0);
        Space wrong = new Space(0, space.name(), space.dimension(), space.group(), space.slots().subList(0, 1),
                space.kept());
        Symmetries broken = new Symmetries(right.graph(), right.shapes(), List.of(wrong), right.axes(), List.of(),
                List.of());
        assertEquals(List.of("symmetry-defect floats0"),
                said(Verification.check(broken, OnnxRuntime.factory(1), 3, new Seed(1)).findings()));
    }

    @Test
    void anInfiniteWeightIsNamedAndNoDefect() {
        float[] in = new float[4 * 3];
        for (int i = 0; i < in.length; i++) {
            in[i] = i % 5 - 1.5f;
        }
        in[7] = Float.POSITIVE_INFINITY;
        String x = net.node("MatMul", List.of(net.input("x", 4), net.floats(in, 4, 3)));
        Verified verified = verified(net.graph(net.linear("z", x, 3, 5)));
        assertEquals(List.of("symmetry-not-shown floats0", "weights-not-finite floats0"), said(verified.findings()));
        assertTrue(verified.findings().stream().anyMatch(f -> f.message().startsWith("1 of 12 numbers")),
                () -> verified.findings().toString());
    }

    @Test
    void outputsThatOverflowAreSaidToShowNothing() {
        String x = net.apply("Relu", net.dense("a", net.input("x", 4), 4, 6));
        String y = net.node("Mul", List.of(net.dense("z", x, 6, 2), net.floats(new float[] {3e38f, 3e38f}, 2)));
        Verified verified = verified(net.graph(net.node("Mul", List.of(y, net.scalar(1e30)))));
        assertTrue(said(verified.findings()).contains("outputs-not-finite planted"),
                () -> verified.findings().toString());
        assertTrue(verified.findings().stream().noneMatch(f -> f.kind().equals("symmetry-defect")),
                () -> verified.findings().toString());
    }

    @Test
    void infiniteMasksThatDoNotReachTheOutputsAreMeant() {
        float[] mask = new float[6];
        mask[2] = Float.NEGATIVE_INFINITY;
        String x = net.node("Add", List.of(net.dense("a", net.input("x", 4), 4, 6), net.floats(mask, 6)));
        Verified verified = verified(net.graph(net.dense("z", net.node("Softmax", List.of(x), "axis", -1), 6, 2)));
        assertTrue(said(verified.findings()).stream().noneMatch(f -> f.contains("finite")),
                () -> verified.findings().toString());
    }
}
