package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

class JacobianTest {
    /** Products and matrix differ in the order of sums alone. */
    private static final double ROUNDING = 1e-12;
    /** Central differences of step 1e-5: the third derivative times 1e-10, and rounding over the step. */
    private static final double DIFFERENCES = 1e-8;

    private final RandomGenerator random = new Seed(7).generator();

    private double[] normal(int n) {
        return random.doubles(n).map(x -> random.nextGaussian()).toArray();
    }

    private static Node node(String op, String output, String... inputs) {
        return Node.of(output, op, List.of(inputs), List.of(output), Map.of());
    }

    private Graph net() {
        return Graph.of("net",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(3))))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(2))))),
                List.of(node("Gemm", "h", "x", "w", "b"),
                        node("Tanh", "t", "h"),
                        node("MatMul", "y", "t", "v")),
                Map.of("w", TensorData.of(normal(12), 3, 4), "b", TensorData.of(normal(4), 4), "v",
                        TensorData.of(normal(8), 4, 2)));
    }

    private Map<String, TensorData> batch(int n) {
        return Map.of("x", TensorData.of(normal(3 * n), n, 3));
    }

    @Test
    void productsAreThoseOfTheMatrix() {
        List<Map<String, TensorData>> batches = List.of(batch(1), batch(4));
        try (Jacobian jacobian = Jacobian.of(net(), List.of("w", "b", "v"), batches);
                PointerScope scope = new PointerScope()) {
            assertEquals(10, jacobian.rows());
            assertEquals(24, jacobian.columns());
            double[] matrix = Tensors.toData(jacobian.matrix()).toDoubles();
            double[] v = normal(24);
            double[] u = normal(10);
            double[] forward = new double[10];
            double[] backward = new double[24];
            for (int r = 0; r < 10; r++) {
                for (int c = 0; c < 24; c++) {
                    forward[r] += matrix[24 * r + c] * v[c];
                    backward[c] += matrix[24 * r + c] * u[r];
                }
            }
            assertArrayEquals(forward, jacobian.times(v), ROUNDING);
            assertArrayEquals(backward, jacobian.transposedTimes(u), ROUNDING);
            assertArrayEquals(forward, jacobian.times(v), ROUNDING, "a second time");
        }
    }

    @Test
    void theMatrixIsTheDerivative() {
        Graph net = net();
        Map<String, TensorData> batch = batch(2);
        try (Jacobian jacobian = Jacobian.of(net, List.of("b"), List.of(batch));
                PointerScope scope = new PointerScope()) {
            double[] matrix = Tensors.toData(jacobian.matrix()).toDoubles();
            for (int c = 0; c < 4; c++) {
                double[] up = run(net, c, 1e-5, batch);
                double[] down = run(net, c, -1e-5, batch);
                for (int r = 0; r < 4; r++) {
                    assertEquals((up[r] - down[r]) / 2e-5, matrix[4 * r + c], DIFFERENCES);
                }
            }
        }
    }

    private static double[] run(Graph net, int entry, double by, Map<String, TensorData> batch) {
        double[] b = net.parameters().get("b").toDoubles();
        b[entry] += by;
        Graph moved = net.replacing(Map.of("b", TensorData.of(b, 4)));
        return Inside.of(moved, List.of("y"), List.of(batch), 0, new Seed(0)).get(0).values().get("y")
                .toDoubles();
    }

    @Test
    void insideGivesValuesAndGradientsWithRespectToThem() {
        Graph net = net();
        Inside inside = Inside.of(net, List.of("x", "h", "t"), List.of(batch(3)), 2, new Seed(1)).get(0);
        double[] h = inside.values().get("h").toDoubles();
        double[] t = inside.values().get("t").toDoubles();
        assertEquals(2, inside.cotangents().size());
        for (Map<String, TensorData> draw : inside.cotangents()) {
            assertEquals(java.util.Set.of("h", "t"), draw.keySet());
            double[] gh = draw.get("h").toDoubles();
            double[] gt = draw.get("t").toDoubles();
            for (int i = 0; i < h.length; i++) {
                assertEquals(Math.tanh(h[i]), t[i], ROUNDING);
                assertEquals(gt[i] * (1 - t[i] * t[i]), gh[i], ROUNDING);
            }
        }
    }

    @Test
    void unknownParametersAreNamed() {
        EngineException e =
                assertThrows(EngineException.class, () -> Jacobian.of(net(), List.of("u"), List.of(batch(1))));
        assertEquals("the graph has no parameter u", e.getMessage());
    }
}
