package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LossCurvatureTest {
    /** Sums in another order, float64. */
    private static final double ROUNDING = 1e-10;
    /** Differences in float64: ε^⅔ is 4e-11, times derivatives of the third order. */
    private static final double DIFFERENCES = 1e-6;

    private final Random random = new Random(5);

    private static Node node(String op, String output, String... inputs) {
        return Node.of(output, op, List.of(inputs), List.of(output), Map.of());
    }

    private static TensorData floats(double[] values, long... dims) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return TensorData.of(floats, dims);
    }

    private TensorData weights(int rows, int columns) {
        double[] values = random.vector(rows * columns);
        Vectors.scale(values, 1.5 / Math.sqrt(rows));
        return floats(values, rows, columns);
    }

    private static Shape shape(int columns) {
        return new Shape(List.of(Dim.named("n"), Dim.of(columns)));
    }

    /** Layers without biases, with an activation between them; the parameters are w0, w1, … */
    private Graph net(String activation, int... widths) {
        List<Node> nodes = new ArrayList<>();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        String value = "x";
        for (int l = 0; l + 1 < widths.length; l++) {
            boolean last = l + 2 == widths.length;
            parameters.put("w" + l, weights(widths[l], widths[l + 1]));
            nodes.add(node("MatMul", last ? "y" : "z" + l, value, "w" + l));
            if (!last) {
                nodes.add(node(activation, "a" + l, "z" + l));
            }
            value = "a" + l;
        }
        return Graph.of("net", List.of(ValueInfo.of("x", DataType.FLOAT, shape(widths[0]))),
                List.of(ValueInfo.of("y", DataType.FLOAT, shape(widths[widths.length - 1]))), nodes, parameters);
    }

    private Examples classes(int n, int inputs, int classes) {
        return new Examples(Map.of("x", floats(random.vector(n * inputs), n, inputs)), TensorData
                .of(IntStream.range(0, n).mapToLong(i -> (long) random.uniform(0, classes)).toArray(), n));
    }

    private static LossCurvature curvature(Graph graph, List<Examples> data, LossCurvature.Method method,
            DataType real) {
        return LossCurvature.of(graph, List.copyOf(new TreeSet<>(graph.parameters().keySet())), data,
                DataLoss.of("y", new Loss.CrossEntropy(0)), Mode.EVALUATION, method, Device.cpu(), real);
    }

    private static double[][] identity(int n) {
        double[][] identity = new double[n][n];
        for (int i = 0; i < n; i++) {
            identity[i][i] = 1;
        }
        return identity;
    }

    @ParameterizedTest @EnumSource(LossCurvature.Method.class)
    void theHessianIsTheDerivativeOfTheGradient(LossCurvature.Method method) {
        Graph graph = net("Tanh", 3, 4, 2);
        try (LossCurvature curvature =
                curvature(graph, List.of(classes(5, 3, 2), classes(9, 3, 2)), method, DataType.DOUBLE)) {
            int n = curvature.dimension();
            assertEquals(20, n);
            double[][] hessian = curvature.times(identity(n));
            double[] theta = curvature.weights();
            double step = 1e-5;
            for (int c = 0; c < n; c++) {
                double[] moved = theta.clone();
                moved[c] += step;
                curvature.moveTo(moved);
                double[] up = curvature.gradient();
                double lossUp = curvature.loss();
                moved[c] -= 2 * step;
                curvature.moveTo(moved);
                double[] down = curvature.gradient();
                double slope = (lossUp - curvature.loss()) / (2 * step);
                curvature.moveTo(theta);
                assertEquals(slope, curvature.gradient()[c], DIFFERENCES, "the gradient is that of the loss");
                for (int r = 0; r < n; r++) {
                    assertEquals((up[r] - down[r]) / (2 * step), hessian[c][r], DIFFERENCES);
                    assertEquals(hessian[r][c], hessian[c][r], DIFFERENCES, "symmetric");
                }
            }
            assertArrayEquals(hessian[3], curvature.times(identity(n)[3]), DIFFERENCES, "after moving back");
        }
    }

    @Test
    void batchesCountByTheirTargets() {
        Graph graph = net("Tanh", 3, 4, 2);
        List<Examples> data = List.of(classes(5, 3, 2), classes(15, 3, 2));
        try (LossCurvature curvature = curvature(graph, data, LossCurvature.Method.EXACT_KEPT, DataType.DOUBLE)) {
            double[] v = random.vector(curvature.dimension());
            double[] sum = new double[v.length];
            Vectors.add(sum, 0.25, curvature.ofBatch(0).times(v));
            Vectors.add(sum, 0.75, curvature.ofBatch(1).times(v));
            assertArrayEquals(sum, curvature.times(v), ROUNDING);
            try (LossCurvature second =
                    curvature(graph, data.subList(1, 2), LossCurvature.Method.EXACT, DataType.DOUBLE)) {
                assertArrayEquals(second.times(v), curvature.ofBatch(1).times(v), ROUNDING);
            }
            CollapseException e = assertThrows(CollapseException.class, () -> curvature.ofBatch(2));
            assertEquals("there are 2 batches, found number 2", e.getMessage());
        }
    }

    @Test
    void differencesStateTheirError() {
        Graph graph = net("Tanh", 10, 20, 15, 5);
        List<Examples> data = List.of(classes(200, 10, 5));
        for (DataType real : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            try (LossCurvature exact = curvature(graph, data, LossCurvature.Method.EXACT, DataType.DOUBLE);
                    LossCurvature curvature = curvature(graph, data, LossCurvature.Method.DIFFERENCES, real)) {
                for (int i = 0; i < 10; i++) {
                    double[] v = random.vector(exact.dimension());
                    LossCurvature.Difference found = curvature.difference(v);
                    double[] truth = exact.times(v);
                    double error = Vectors.length(Vectors.difference(found.product(), truth));
                    // An estimate from one pair of steps: rounding may be twice as large as it happened to look.
                    assertTrue(error <= 2 * found.error(), () -> real + ": " + error + " above " + found.error());
                    assertTrue(found.error() <= (real == DataType.FLOAT ? 2e-2 : 1e-6) * Vectors.length(truth),
                            () -> real + ": stated " + found.error() + " of " + Vectors.length(truth));
                    assertArrayEquals(found.product(), curvature.times(v), 0);
                }
            }
        }
    }

    /** The ten largest eigenvalues of a net of 2 300 parameters, in float32, against the dense Hessian in float64. */
    @Test
    void lanczosFindsTheEigenvaluesOfTheDenseHessian() {
        Graph graph = net("Tanh", 20, 40, 30, 10);
        List<Examples> data = List.of(classes(150, 20, 10), classes(150, 20, 10));
        double[] dense;
        try (LossCurvature curvature = curvature(graph, data, LossCurvature.Method.EXACT, DataType.DOUBLE);
                PointerScope scope = new PointerScope()) {
            int n = curvature.dimension();
            assertEquals(2300, n);
            Tensor hessian = Tensors.of(TensorData.of(
                    Arrays.stream(curvature.times(identity(n))).flatMapToDouble(Arrays::stream).toArray(), n, n),
                    Device.cpu());
            dense = Tensors.toData(torch.linalg_eigvalsh(hessian)).toDoubles();
        }
        try (LossCurvature curvature = curvature(graph, data, LossCurvature.Method.EXACT_KEPT, DataType.FLOAT)) {
            Lanczos.Result found = Lanczos.of(curvature, curvature.dimension(), Lanczos.Options.of(10, 2, new Seed(1)));
            assertTrue(found.converged());
            for (int i = 0; i < 10; i++) {
                double truth = dense[dense.length - 1 - i];
                assertEquals(truth, found.top().get(i).value(), 1e-3 * truth);
                assertTrue(found.top().get(i).residual() <= 1e-3 * truth);
            }
            assertEquals(dense[0], found.bottom().get(0).value(), 1e-3 * Math.abs(dense[0]));
            assertEquals(dense[1], found.bottom().get(1).value(), 1e-3 * Math.abs(dense[1]));
            HutchPlusPlus trace = HutchPlusPlus.of(curvature, curvature.dimension(), 150, new Seed(2));
            double truth = Arrays.stream(dense).sum();
            assertEquals(truth, trace.trace(), 4 * trace.standardError());
            assertTrue(trace.standardError() < 0.05 * truth, trace::toString);
        }
    }

    /** Theory, 1.2: P H (I − P) = 0 on a mirror, and not beside it. */
    @Test
    void onAMirrorTheHessianIsBlockDiagonal() {
        Graph graph = net("Tanh", 5, 6, 3);
        Symmetries symmetries = Symmetries.of(graph);
        List<Mirror> mirrors = Mirror.of(symmetries, symmetries.spaces().get(0)).toList();
        assertEquals(6 + 15, mirrors.size());
        try (LossCurvature curvature =
                curvature(graph, List.of(classes(30, 5, 3)), LossCurvature.Method.EXACT, DataType.DOUBLE)) {
            double[] theta = curvature.weights();
            for (Mirror mirror : mirrors) {
                Subspace subspace = Columns.of(mirror, graph, curvature.parameters());
                assertEquals(8, subspace.coordinates(), mirror::name);
                double[] across = subspace.lift(subspace.lower(theta));
                assertEquals(mirror.distance(graph), Vectors.length(across), 1e-6, mirror::name);
                assertTrue(coupling(curvature, subspace) > 1e-3, "beside the mirror");
                curvature.moveTo(Vectors.difference(theta, across));
                assertEquals(0, coupling(curvature, subspace), ROUNDING, mirror::name);
                curvature.moveTo(theta);
            }
        }
    }

    private double coupling(SymmetricOperator hessian, Subspace subspace) {
        double[] w = random.vector(subspace.ambient());
        Vectors.add(w, -1, subspace.lift(subspace.lower(w)));
        return Vectors.length(subspace.lower(hessian.times(w))) / Vectors.length(w);
    }

    /** A ReLU exactly at its kink has no curvature of its own, and nothing becomes NaN. */
    @Test
    void atAKinkTheSecondDerivativeIsZero() {
        Graph graph = net("Relu", 3, 4, 2);
        try (LossCurvature curvature =
                curvature(graph, List.of(classes(7, 3, 2)), LossCurvature.Method.EXACT, DataType.DOUBLE)) {
            double[] theta = curvature.weights();
            Arrays.fill(theta, 0, 12, 0);
            curvature.moveTo(theta);
            double[] v = random.vector(theta.length);
            assertArrayEquals(new double[theta.length], curvature.times(v), 0);
        }
    }

    @Test
    void kinksAreFound() {
        Graph graph = net("Relu", 3, 4, 4, 2);
        Finding finding = Kinks.of(graph, List.of("w0", "w1", "w2")).orElseThrow();
        assertEquals("no-second-derivative", finding.kind());
        assertTrue(finding.message().contains("Relu × 2;"), finding::message);
        assertTrue(Kinks.of(graph, List.of("w1")).orElseThrow().message().contains("Relu × 1;"),
                "the first is constant");
        assertTrue(Kinks.of(graph, List.of("w2")).isEmpty());
        assertTrue(Kinks.of(net("Tanh", 3, 4, 2), List.of("w0", "w1")).isEmpty());
    }

    @Test
    void whatNothingDependsOnHasNoCurvature() {
        Graph net = net("Tanh", 3, 4, 2);
        Map<String, TensorData> parameters = new LinkedHashMap<>(net.parameters());
        parameters.put("idle", floats(random.vector(6), 6));
        List<Node> nodes = new ArrayList<>(net.nodes());
        nodes.add(node("Add", "other", "idle", "idle"));
        Graph graph = Graph.of("net", net.inputs(), net.outputs(), nodes, parameters);
        try (LossCurvature curvature =
                curvature(graph, List.of(classes(7, 3, 2)), LossCurvature.Method.EXACT, DataType.DOUBLE)) {
            assertEquals("idle", curvature.parameters().get(0));
            double[] product = curvature.times(random.vector(26));
            assertArrayEquals(new double[6], Arrays.copyOf(product, 6), 0);
            assertTrue(Vectors.length(product) > 0);
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        Graph graph = net("Tanh", 3, 4, 2);
        List<Examples> data = List.of(classes(7, 3, 2));
        DataLoss loss = DataLoss.of("q", new Loss.CrossEntropy(0));
        assertEquals("the graph has no parameter u", assertThrows(CollapseException.class,
                () -> LossCurvature.of(graph, List.of("u"), data, loss, Mode.EVALUATION, LossCurvature.Method.EXACT,
                        Device.cpu(), DataType.FLOAT))
                .getMessage());
        assertThrows(CollapseException.class, () -> LossCurvature.of(graph, List.of("w0"), List.of(), loss,
                Mode.EVALUATION, LossCurvature.Method.EXACT, Device.cpu(), DataType.FLOAT));
        try (LossCurvature curvature = LossCurvature.of(graph, List.of("w0"), data, loss, Mode.EVALUATION,
                LossCurvature.Method.EXACT, Device.cpu(), DataType.FLOAT)) {
            assertEquals("the parameters have 12 numbers, found 5",
                    assertThrows(CollapseException.class, () -> curvature.times(new double[5])).getMessage());
            assertEquals("the Graph has no output q; it has [y]",
                    assertThrows(CollapseException.class, curvature::loss).getMessage());
        }
    }
}
