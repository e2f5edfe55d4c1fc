package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights of planted rank become two, and the function stays. */
class FactoredTest {
    /** Float32 rounding of two products in the place of one, over the range of outputs. */
    private static final double ROUNDING = 1e-5;

    private static Graph network() {
        Net net = new Net(3);
        String x = net.input(3, 8, 8);
        String c = net.op("Relu", net.conv("conv", x, 3, 12, 3, 1, 1, true));
        String flat = net.op("Flatten", c);
        String a = net.op("Relu", net.dense("a", flat, 768, 20));
        String b = net.op("Relu",
                net.op("Gemm", a, net.weights("b", 0.2, 0, 20, 30), net.weights("bias", 0.2, 0, 30)));
        return net.done(net.op("MatMul", b, net.weights("d", 0.2, 0, 30, 24)), 24);
    }

    /** A matrix rows × columns of the given rank, in the shape of the parameter. */
    private static Graph planted(Graph graph, String parameter, int rank, long seed) {
        TensorData data = graph.parameters().get(parameter);
        int rows = (int) data.dim(0);
        int columns = Math.toIntExact(data.elements() / rows);
        RandomGenerator random = new Seed(seed).generator();
        double[] left = random.doubles((long) rows * rank, -1, 1).toArray();
        double[] right = random.doubles((long) rank * columns, -1, 1).toArray();
        float[] product = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                double sum = 0;
                for (int k = 0; k < rank; k++) {
                    sum += left[r * rank + k] * right[k * columns + c];
                }
                product[r * columns + c] = (float) (sum / Math.sqrt(columns));
            }
        }
        return graph.replacing(Map.of(parameter, TensorData.of(product, data.dims())));
    }

    @ParameterizedTest @CsvSource({"conv.weight,2", "a.weight,5", "b,3", "d,6"})
    void aPlantedRankIsFoundAndTheFunctionStays(String parameter, int rank) {
        for (long seed = 0; seed < 3; seed++) {
            Graph graph = planted(network(), parameter, rank, seed);
            Factored factored = Factored.of(graph, parameter, Factored.TOLERANCE);
            assertEquals(rank, factored.rank());
            assertFalse(factored.graph().parameters().containsKey(parameter));
            assertTrue(Cost.of(factored.graph()).parameters() < Cost.of(graph).parameters());
            assertTrue(Cost.of(factored.graph()).macs() < Cost.of(graph).macs());
            Equality equality = Equality.check(graph, factored.graph(), OnnxRuntime.factory(1), new Seed(seed), 16);
            assertTrue(equality.maxError() < ROUNDING, parameter + ": " + equality.maxError());
        }
    }

    @Test
    void aFullRankStaysOneMatrix() {
        Graph graph = network();
        Factored factored = Factored.of(graph, "b", Factored.TOLERANCE);
        assertSame(graph, factored.graph());
        assertEquals(20, factored.rank());
        assertTrue(factored.findings().getFirst().message().contains("larger as two"));
    }

    @Test
    void parametersThatHoldTheSameBytesBecomeOne() {
        Net net = new Net(4);
        String x = net.input(8);
        String h = net.op("Relu", net.dense("one", x, 8, 8));
        Graph graph = net.done(net.dense("two", h, 8, 8), 8);
        Map<String, TensorData> equal = new LinkedHashMap<>();
        equal.put("two.weight", graph.parameters().get("one.weight"));
        Graph tied = graph.replacing(equal);
        Graph shared = Factored.shared(tied, List.of("one.weight", "two.weight"));
        assertFalse(shared.parameters().containsKey("two.weight"));
        assertEquals(0, Equality.check(tied, shared, OnnxRuntime.factory(1), new Seed(0), 8).maxError());
        assertSame(graph, Factored.shared(graph, List.of("one.weight", "two.weight")));
    }
}
