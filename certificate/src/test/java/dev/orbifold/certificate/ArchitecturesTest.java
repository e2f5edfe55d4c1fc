package dev.orbifold.certificate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Certificates of small networks of the kinds in use, on random inputs. */
class ArchitecturesTest {
    private static final int WIDTH = 16;
    private static final int HEADS = 2;
    private static final int LENGTH = 5;
    private static final int WORDS = 9;

    private final Net net = new Net(new Seed(4));

    private String add(String x, String y) {
        return net.node("Add", List.of(x, y));
    }

    private String mul(String x, String y) {
        return net.node("Mul", List.of(x, y));
    }

    private String embedded() {
        return net.node("Gather", List.of(net.put(0, 1, WORDS, WIDTH), net.tokens(LENGTH)), "axis", 0);
    }

    private String norm(String x, boolean layer) {
        return norm(x, layer, WIDTH);
    }

    private String norm(String x, boolean layer, int width) {
        return layer
                ? net.node("LayerNormalization",
                        List.of(x, net.put(1, 0.2, width), net.put(0, 0.2, width)), "axis", -1)
                : net.node("RMSNormalization", List.of(x, net.put(1, 0.2, width)), "axis", -1);
    }

    private String heads(String x, int heads) {
        String apart = net.node("Reshape", List.of(x, net.constant(0, 0, heads, WIDTH / HEADS)));
        return net.node("Transpose", List.of(apart), "perm", new long[] {0, 2, 1, 3});
    }

    /** Half of the coordinates of a head and the other half, turned by an angle for each position. */
    private String turned(String x) {
        int size = WIDTH / HEADS;
        float[] cosines = new float[LENGTH * size];
        float[] sines = new float[LENGTH * size];
        for (int t = 0; t < LENGTH; t++) {
            for (int d = 0; d < size; d++) {
                double angle = t * Math.pow(10, -2.0 * (d % (size / 2)) / size);
                cosines[t * size + d] = (float) Math.cos(angle);
                sines[t * size + d] = (float) Math.sin(angle);
            }
        }
        List<String> halves = net.nodes("Split", 2, List.of(x), "axis", -1, "num_outputs", 2);
        String other = net.node("Concat", List.of(net.node("Neg", List.of(halves.get(1))), halves.get(0)), "axis", -1);
        return add(mul(x, net.constant(cosines, LENGTH, size)), mul(other, net.constant(sines, LENGTH, size)));
    }

    private String attention(String x, boolean rotary, boolean bias) {
        int size = WIDTH / HEADS;
        int keys = rotary ? 1 : HEADS;
        String q = heads(net.dense(x, WIDTH, WIDTH, bias), HEADS);
        String k = heads(net.dense(x, WIDTH, keys * size, bias), keys);
        String v = heads(net.dense(x, WIDTH, keys * size, bias), keys);
        if (rotary) {
            q = turned(q);
            k = turned(k);
        }
        String scores = mul(
                net.node("MatMul", List.of(q, net.node("Transpose", List.of(k), "perm", new long[] {0, 1, 3, 2}))),
                net.constant(new float[] {(float) (1 / Math.sqrt(size))}));
        float[] mask = new float[LENGTH * LENGTH];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % LENGTH > i / LENGTH ? -1e9f : 0;
        }
        String weights =
                net.node("Softmax", List.of(add(scores, net.constant(mask, LENGTH, LENGTH))), "axis", -1);
        String back = net.node("Transpose", List.of(net.node("MatMul", List.of(weights, v))), "perm",
                new long[] {0, 2, 1, 3});
        return net.dense(net.node("Reshape", List.of(back, net.constant(0, 0, WIDTH))), WIDTH, WIDTH, bias);
    }

    private static void mostlyExplained(Certificate c) {
        assertEquals(List.of(), c.findings());
        assertTrue(c.explainedTotal() >= 0.98 * c.nullity(), c.explained() + " and " + c.unexplained());
    }

    @Test
    void aLayerNormTransformer() {
        String x = add(embedded(), net.put(0, 0.5, LENGTH, WIDTH));
        for (int block = 0; block < 2; block++) {
            x = add(x, attention(norm(x, true), false, true));
            String inner = net.node("Gelu", List.of(net.dense(norm(x, true), WIDTH, 24, true)));
            x = add(x, net.dense(inner, 24, WIDTH, true));
        }
        Certificate c = CertificateTest.certify(net.graph(net.dense(norm(x, true), WIDTH, WORDS, false)));
        mostlyExplained(c);
        assertEquals(2 * 2 * 2 * 64 + 5 * 16 + 105, c.explained().get(Cause.GROUP), "heads, norms, the stream");
    }

    private String everyOther(String x, long first) {
        return net.node("Slice", List.of(x, net.constant(first), net.constant(4), net.constant(1), net.constant(2)));
    }

    /** A norm over two neighbours side by side: the generators of their stream act behind it once for each. */
    @Test
    void aTransformerThatMergesNeighbours() {
        int width = 6;
        String x = net.node("Gather", List.of(net.put(0, 1, WORDS, width), net.tokens(LENGTH)), "axis", 0);
        x = add(x, net.put(0, 0.5, LENGTH, width));
        String both = net.node("Concat", List.of(everyOther(x, 0), everyOther(x, 1)), "axis", -1);
        Certificate c = CertificateTest
                .certify(net.graph(net.dense(norm(both, true, 2 * width), 2 * width, 3, true)));
        assertEquals(0, c.unexplained(), c.explained().toString());
    }

    @Test
    void aRotaryTransformerWithGroupedQueriesAndGates() {
        String x = embedded();
        for (int block = 0; block < 2; block++) {
            x = add(x, attention(norm(x, false), true, false));
            String read = norm(x, false);
            String gate = net.dense(read, WIDTH, 20, false);
            String silu = mul(gate, net.node("Sigmoid", List.of(gate)));
            x = add(x, net.dense(mul(silu, net.dense(read, WIDTH, 20, false)), 20, WIDTH, false));
        }
        Certificate c = CertificateTest.certify(net.graph(net.dense(norm(x, false), WIDTH, WORDS, false)));
        mostlyExplained(c);
        assertEquals(2 * (4 * 2 + 64 + 20) + 5 * 16 + 120, c.explained().get(Cause.GROUP),
                "rotary planes, values, gates, norms, the stream");
    }

    private String batchNorm(String x, int width) {
        return net.node("BatchNormalization", List.of(x, net.put(1, 0.1, width), net.put(0.5, 0.2, width),
                net.put(0, 0.2, width), net.put(1, 0.05, width)));
    }

    private String convolution(String x, int ins, int outs, int stride) {
        String w = net.put(0, 1 / Math.sqrt(9 * ins), outs, ins, 3, 3);
        return batchNorm(net.node("Conv", List.of(x, w), "pads", new long[] {1, 1, 1, 1}, "strides",
                new long[] {stride, stride}, "kernel_shape", new long[] {3, 3}), outs);
    }

    @Test
    void aResidualNetworkWithBatchNormIsExplainedWhole() {
        String x = net.node("Relu", List.of(convolution(net.input(3, 6, 6), 3, 6, 1)));
        String inner = net.node("Relu", List.of(convolution(x, 6, 5, 1)));
        x = net.node("Relu", List.of(add(x, convolution(inner, 5, 6, 1))));
        x = net.node("Relu", List.of(convolution(x, 6, 8, 2)));
        String pooled = net.node("Flatten", List.of(net.node("GlobalAveragePool", List.of(x))));
        Certificate c = CertificateTest.certify(net.graph(net.dense(pooled, 8, 4, true)));
        assertEquals(0, c.unexplained());
        // What feeds each norm, and what leaves it towards a ReLU and the next weights: the stream of six has one scale.
        assertEquals(6 + 5 + 6 + 8 + 6 + 5 + 8, c.explained().get(Cause.GROUP));
    }
}
