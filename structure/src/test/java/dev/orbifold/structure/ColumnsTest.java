package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks whose samples are columns, {@code y = W x + b}: the weight is the first operand, the bias a column. */
class ColumnsTest {
    /** Sums of fewer terms round differently in float32; nothing else may differ. */
    private static final double ROUNDING = 1e-6;

    private static Shrink shrink(Graph graph) {
        return Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(1));
    }

    private static float[] transposed(float[] values, int rows, int columns) {
        float[] turned = new float[values.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                turned[j * rows + i] = values[i * columns + j];
            }
        }
        return turned;
    }

    private static String gemm(Net net, String name, String x, boolean flip, int outs, int ins, float[] weight,
            float... bias) {
        String w = flip ? net.param(name, transposed(weight, outs, ins), ins, outs)
                : net.param(name, weight, outs, ins);
        List<String> read = new ArrayList<>(List.of(w, x));
        if (bias.length > 0) {
            read.add(net.param(name + ".bias", bias, bias.length, 1));
        }
        Map<String, Attribute> attributes = flip ? Map.of("transA", Net.integer(1)) : Map.of();
        return net.op("Gemm", read, attributes);
    }

    /** Unit 1 is written by zeros and carries relu(2); the reader's third row reads it with weight 5. */
    @ParameterizedTest(name = "transA {0}, bias {1}") @CsvSource({"false, true", "true, true", "false, false"})
    void constantOfAGemmOfColumnsFoldsIntoItsReadersColumn(boolean flip, boolean bias) {
        Net net = new Net(0);
        String x = net.transpose(net.input(2), 1, 0);
        x = gemm(net, "w1", x, flip, 3, 2, new float[] {1, 2, 0, 0, -1, 3}, 0.5f, 2, 1);
        x = gemm(net, "w2", net.op("Relu", x), flip, 2, 3, new float[] {1, 3, 2, 4, 5, -1},
                bias ? new float[] {1, -1} : new float[0]);
        Shrink shrink = shrink(net.done(net.transpose(x, 1, 0), 2));

        assertEquals(1, shrink.removed().size(), "findings " + shrink.findings());
        assertEquals(2, shrink.removed().getFirst().to());
        TensorData folded = shrink.after().parameter(bias ? "w2.bias" : "w2.bias_2").orElseThrow();
        assertArrayEquals(new long[] {2, 1}, folded.dims());
        assertArrayEquals(bias ? new float[] {7, 9} : new float[] {6, 10}, folded.toFloats());
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    @Test
    void constantOfAProductOfColumnsFolds() {
        Net net = new Net(0);
        String x = net.transpose(net.input(2), 1, 0);
        x = net.op("MatMul", net.param("w1", new float[] {1, 2, 0, 0, -1, 3}, 3, 2), x);
        x = net.op("MatMul", net.param("w2", new float[] {1, 2, 4, 3, 6, 5}, 2, 3), net.op("Sigmoid", x));
        Shrink shrink = shrink(net.done(net.transpose(x, 1, 0), 2));

        assertEquals(1, shrink.removed().size(), "findings " + shrink.findings());
        assertArrayEquals(new float[] {1, 3}, shrink.after().parameter("w2.bias_2").orElseThrow().toFloats(),
                "half of the reader's second column");
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    /** Zero is zero as an integer, too; one half is not what an integer makes of it, and stays. */
    @ParameterizedTest(name = "bias {0}") @CsvSource({"0, 1", "0.5, 0"})
    void zeroStaysZeroBehindACastToInteger(float bias, int removed) {
        Net net = new Net(0);
        String x = net.op("Gemm", List.of(net.input(2), net.param("w1", new float[] {4, 0, 3, 7, 0, 9}, 2, 3),
                net.param("b1", new float[] {1, bias, 1}, 3)), Map.of());
        x = net.op("Cast", List.of(x), Map.of("to", Net.integer(6)));
        x = net.op("Cast", List.of(x), Map.of("to", Net.integer(1)));
        x = net.op("MatMul", x, net.param("w2", new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
        Shrink shrink = shrink(net.done(x, 2));

        assertEquals(removed, shrink.removed().size(), "findings " + shrink.findings());
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }
}
