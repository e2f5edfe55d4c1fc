package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ProgramTest {
    /** Float32 arithmetic on a handful of numbers of order one. */
    private static final float FEW_TERMS = 1e-6f;
    /** Central differences in float64 along one direction, relative to the derivative: rounding over the step. */
    private static final double DIRECTIONAL = 5e-5;

    private static Node node(String op, List<String> inputs, String output, Map<String, Attribute> attributes) {
        return Node.of(op.toLowerCase(java.util.Locale.ROOT) + "-" + output, op, inputs, List.of(output), attributes);
    }

    private static Node node(String op, List<String> inputs, String output) {
        return node(op, inputs, output, Map.of());
    }

    private static Graph graph(List<Node> nodes, Map<String, TensorData> parameters, List<String> outputs,
            long... dims) {
        return Graph.of("test", List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(dims))),
                outputs.stream().map(o -> new ValueInfo(o, Optional.of(DataType.FLOAT), Optional.empty())).toList(),
                nodes,
                parameters);
    }

    private static Tensor tensor(float[] values, long... dims) {
        return Tensors.of(Device.cpu(), values, dims);
    }

    private static float[] floats(Tensor tensor) {
        return Tensors.toData(tensor).toFloats();
    }

    private static Graph batchNorm() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("scale", TensorData.of(new float[] {2}, 1));
        parameters.put("shift", TensorData.of(new float[] {1}, 1));
        parameters.put("mean", TensorData.of(new float[] {10}, 1));
        parameters.put("var", TensorData.of(new float[] {4}, 1));
        return graph(List.of(node("BatchNormalization", List.of("x", "scale", "shift", "mean", "var"), "y",
                Map.of("epsilon", new Attribute.Real(0), "momentum", new Attribute.Real(0.75f)))), parameters,
                List.of("y"), -1, 1);
    }

    @Test
    void trainingUpdatesThePassedRunningStatistics() {
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(batchNorm(), Device.cpu())) {
            assertEquals(List.of("mean", "var"), program.state());
            assertEquals(List.of("scale", "shift"), program.trainable());
            Tensor x = tensor(new float[] {1, 3, 5, 7}, 4, 1);
            Tensor mean = tensor(new float[] {10}, 1);
            Tensor variance = tensor(new float[] {4}, 1);
            Map<String, Tensor> values = Map.of("x", x, "mean", mean, "var", variance);
            // Batch: mean 4, biased variance 5, unbiased 20/3. y = 2·(x − 4)/√5 + 1.
            float[] trained = floats(program.run(values, Mode.TRAINING).get("y"));
            float unit = (float) (2 / Math.sqrt(5));
            assertArrayEquals(new float[] {1 - 3 * unit, 1 - unit, 1 + unit, 1 + 3 * unit}, trained, FEW_TERMS);
            assertEquals(0.75f * 10 + 0.25f * 4, mean.item_float(), FEW_TERMS);
            assertEquals(0.75f * 4 + 0.25f * 20 / 3, variance.item_float(), FEW_TERMS);
            // Statistics that are not passed stay as they are.
            program.run(Map.of("x", x), Mode.TRAINING);
            assertArrayEquals(new float[] {-8, -6, -4, -2},
                    floats(program.run(Map.of("x", x), Mode.EVALUATION).get("y")),
                    FEW_TERMS);
            assertEquals(8.5f, mean.item_float(), FEW_TERMS);
        }
    }

    @Test
    void dropsInTrainingOnly() {
        Graph graph = graph(List.of(node("Dropout", List.of("x", "ratio"), "y")),
                Map.of("ratio", TensorData.of(new float[] {0.25f})), List.of("y"), -1);
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            float[] ones = new float[4000];
            Arrays.fill(ones, 1);
            Tensor x = tensor(ones, ones.length);
            Natives.seed(5);
            float[] dropped = floats(program.run(Map.of("x", x), Mode.TRAINING).get("y"));
            int zeros = 0;
            for (float value : dropped) {
                assertTrue(value == 0 || Math.abs(value - 4f / 3) < FEW_TERMS, "found " + value);
                zeros += value == 0 ? 1 : 0;
            }
            // 4000 draws at 1/4: 1000 ± 27; seven standard deviations.
            assertTrue(Math.abs(zeros - 1000) < 190, "dropped " + zeros);
            assertArrayEquals(ones, floats(program.run(Map.of("x", x), Mode.EVALUATION).get("y")));
        }
    }

    @Test
    void namesAllUnsupportedNodesAtOnce() {
        Graph graph = graph(List.of(node("Frobnicate", List.of("x"), "a"),
                node("Pad", List.of("a"), "b", Map.of("mode", new Attribute.Text("mirror"))),
                new Node("far", "Fused", "com.example", List.of("b"), List.of("c"), Map.of()),
                node("Relu", List.of("c"), "y")),
                Map.of(), List.of("y"), -1, 3);
        UnsupportedOperatorsException e = assertThrows(UnsupportedOperatorsException.class,
                () -> Program.compile(graph, Device.cpu()));
        assertEquals(3, e.operators().size(), e.getMessage());
        assertTrue(e.operators().get(0).contains("Frobnicate frobnicate-a"), e.getMessage());
        assertTrue(e.operators().get(1).contains("mode = mirror"), e.getMessage());
        assertTrue(e.operators().get(2).contains("com.example.Fused far"), e.getMessage());
    }

    @Test
    void saysWhatIsMissingUnknownOrFailing() {
        Graph graph = graph(List.of(node("MatMul", List.of("x", "w"), "y")),
                Map.of("w", TensorData.of(new float[] {1, 2, 3}, 3, 1), "spare", TensorData.of(new float[] {1})),
                List.of("y"), -1, 3);
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            assertEquals(List.of("w"), program.parameterNames());
            Tensor x = tensor(new float[3], 1, 3);
            assertTrue(assertThrows(EngineException.class, () -> program.run(Map.of(), Mode.EVALUATION)).getMessage()
                    .contains("[x]"));
            assertTrue(assertThrows(EngineException.class, () -> program.run(Map.of("x", x, "u", x), Mode.EVALUATION))
                    .getMessage().contains("named u"));
            String failure = assertThrows(EngineException.class,
                    () -> program.run(Map.of("x", tensor(new float[4], 2, 2)), Mode.EVALUATION)).getMessage();
            assertTrue(failure.contains("MatMul matmul-y") && failure.contains("[2, 2], [3, 1]"), failure);
        }
    }

    @Test
    void overwritesOnlyWhatNobodyElseReads() {
        Graph graph = graph(
                List.of(node("Add", List.of("x", "b"), "a"), node("Relu", List.of("a"), "r"),
                        node("Add", List.of("x", "b"), "c"),
                        node("Relu", List.of("c"), "s"), node("Identity", List.of("a"), "kept"),
                        node("Relu", List.of("x"), "t")),
                Map.of("b", TensorData.of(new float[] {-1, 0.5f}, 2)), List.of("kept", "r", "s", "t"), -1, 2);
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            Tensor x = tensor(new float[] {-2, 3}, 1, 2);
            Map<String, Tensor> y = program.run(Map.of("x", x), Mode.TRAINING);
            assertArrayEquals(new float[] {-3, 3.5f}, floats(y.get("kept")));
            assertArrayEquals(new float[] {0, 3.5f}, floats(y.get("r")));
            assertArrayEquals(new float[] {0, 3.5f}, floats(y.get("s")));
            assertArrayEquals(new float[] {0, 3}, floats(y.get("t")));
            assertArrayEquals(new float[] {-2, 3}, floats(x));
        }
    }

    @Test
    void differentiatesThroughRenamedParametersAndManyReaders() {
        Graph graph = graph(List.of(node("Identity", List.of("w"), "v"), node("Mul", List.of("x", "v"), "a"),
                node("Mul", List.of("a", "w"), "y")), Map.of("w", TensorData.of(new float[] {3, 4}, 2)),
                List.of("y", "v"), -1);
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            Tensor w = tensor(new float[] {5, -1}, 2).set_requires_grad(true);
            Map<String, Tensor> y = program.run(Map.of("x", tensor(new float[] {2, 7}, 2), "w", w), Mode.TRAINING);
            y.get("y").sum().backward();
            // d(x·w²)/dw = 2·x·w
            assertArrayEquals(new float[] {20, -14}, floats(w.grad()), FEW_TERMS);
            assertArrayEquals(new float[] {5, -1}, floats(y.get("v")));
            assertArrayEquals(new float[] {18, 112},
                    floats(program.run(Map.of("x", tensor(new float[] {2, 7}, 2)), Mode.EVALUATION).get("y")),
                    FEW_TERMS);
        }
    }

    @Test
    void tablesOfCosinesAndSinesAreNotWeights() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("cosines", TensorData.of(new float[] {1, 0.6f}, 1, 2));
        parameters.put("sines", TensorData.of(new float[] {0, -0.8f}, 1, 2));
        parameters.put("gains", TensorData.of(new float[] {0.5f, 0.6f}, 1, 2));
        List<Node> nodes = List.of(node("Mul", List.of("x", "cosines"), "a"), node("Mul", List.of("x", "sines"), "b"),
                node("Mul", List.of("a", "gains"), "c"), node("Add", List.of("b", "c"), "y"));
        try (Program program = Program.compile(graph(nodes, parameters, List.of("y"), -1, 2), Device.cpu())) {
            assertEquals(List.of("gains"), program.trainable());
            assertEquals(List.of("cosines", "sines"), program.constants());
        }
    }

    @Test
    void sortsParametersByWhatTheyAreFor() {
        float infinity = Float.NEGATIVE_INFINITY;
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("w", TensorData.of(new float[] {1, 2, 3, 4}, 2, 2));
        parameters.put("mask", TensorData.of(new float[] {0, infinity}, 2));
        parameters.put("finiteMask", TensorData.of(new float[] {0, -1e9f}, 2));
        parameters.put("positions", TensorData.of(new float[] {0.1f, 0.2f}, 2));
        parameters.put("gain", TensorData.of(new float[] {1, 1}, 2));
        parameters.put("root", TensorData.of(new float[] {1.4142f}));
        parameters.put("epsilon", TensorData.of(new float[] {1e-5f}, 1));
        parameters.put("frequencies", TensorData.of(new float[] {1, 0.01f}, 2));
        List<Node> nodes = List.of(node("Transpose", List.of("w"), "wt"), node("MatMul", List.of("x", "wt"), "a"),
                node("Add", List.of("a", "mask"), "b"), node("Add", List.of("b", "finiteMask"), "c"),
                node("Add", List.of("c", "positions"), "d"), node("Mul", List.of("d", "gain"), "e"),
                node("Div", List.of("e", "root"), "g"), node("Add", List.of("g", "epsilon"), "h"),
                node("Mul", List.of("x", "frequencies"), "i"), node("Sin", List.of("i"), "j"),
                node("Add", List.of("h", "j"), "y"));
        try (Program program = Program.compile(graph(nodes, parameters, List.of("y"), -1, 2), Device.cpu())) {
            assertEquals(List.of("w", "positions", "gain"), program.trainable());
            assertEquals(List.of("mask", "finiteMask", "root", "epsilon", "frequencies"), program.constants());
            assertEquals(new ArrayList<>(parameters.keySet()), program.parameterNames());
        }
    }

    @Test
    void foldsWhatIsConstantAndLeavesOutWhatIsNotRead() {
        Map<String, TensorData> parameters =
                Map.of("one", TensorData.of(new long[] {1}, 1), "w", TensorData.of(new float[] {2, 3}, 2));
        List<Node> nodes = List.of(
                node("Constant", List.of(), "two",
                        Map.of("value", new Attribute.Tensor(TensorData.of(new long[] {2}, 1)))),
                node("Add", List.of("one", "two"), "three"), node("Concat", List.of("three", "two"), "shape",
                        Map.of("axis", new Attribute.Int(0))),
                node("Reshape", List.of("x", "shape"), "r"), node("Mul", List.of("r", "w"), "y"),
                node("Exp", List.of("x"), "unread"));
        try (PointerScope scope = new PointerScope();
                Program program = Program.compile(graph(nodes, parameters, List.of("y"), 6), Device.cpu())) {
            assertEquals(2, program.steps());
            Tensor y = program.run(Map.of("x", tensor(new float[] {1, 1, 1, 1, 1, 1}, 6)), Mode.EVALUATION).get("y");
            assertArrayEquals(new float[] {2, 3, 2, 3, 2, 3}, floats(y));
            assertArrayEquals(new long[] {3, 2}, Tensors.dims(y));
        }
    }

    @Test
    void runsOnSeveralThreadsAtOnce() throws Exception {
        Graph graph = batchNorm();
        try (Program program = Program.compile(graph, Device.cpu());
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                float value = t;
                all.add(pool.submit(() -> {
                    try (PointerScope scope = new PointerScope()) {
                        Tensor y =
                                program.run(Map.of("x", tensor(new float[] {value}, 1, 1)), Mode.EVALUATION).get("y");
                        return Math.abs(y.item_float() - (value - 9)) <= FEW_TERMS * 10;
                    }
                }));
            }
            for (Future<Boolean> one : all) {
                assertTrue(one.get());
            }
        }
    }

    @Test
    void contractsInReducedPrecisionUnderAutocast() {
        TensorData kernel = TensorData.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
        TensorData matrix = TensorData.of(new float[] {1, 2, 3, 4}, 2, 2);
        Graph graph = graph(
                List.of(node("Conv", List.of("x", "k"), "c"), node("ConvTranspose", List.of("x", "k"), "t"),
                        node("MatMul", List.of("x", "m"), "p"), node("Flatten", List.of("x"), "f",
                                Map.of("axis", new Attribute.Int(3))),
                        node("Gemm", List.of("f", "m", "b"), "g")),
                Map.of("k", kernel, "m", matrix, "b", TensorData.of(new float[] {1, 1}, 2)),
                List.of("c", "t", "p", "g"), -1, 1, 2, 2);
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            Tensor x = tensor(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
            torch.set_autocast_dtype(torch.DeviceType.CPU, torch.ScalarType.BFloat16);
            torch.set_autocast_enabled(torch.DeviceType.CPU, true);
            try {
                program.run(Map.of("x", x), Mode.TRAINING).forEach((name, y) -> assertEquals(DataType.BFLOAT16,
                        Tensors.dataType(y.scalar_type()), name));
            } finally {
                torch.set_autocast_enabled(torch.DeviceType.CPU, false);
                torch.clear_cache();
            }
        }
    }

    @Test
    void gradientsOfATrainingStepMatchFiniteDifferences() {
        for (String name : List.of("resnet20-cifar10.onnx", "gpt-char.onnx")) {
            Graph graph = OnnxFile.read(SharedModels.file(name));
            Seed seed = new Seed(21).split(name);
            try (PointerScope scope = new PointerScope();
                    Program program = Program.compile(graph, Device.cpu()).inFloat64()) {
                Map<String, Tensor> values = new HashMap<>();
                ModelsTest.inputs(graph, 2, seed)
                        .forEach((key, value) -> values.put(key, Tensors.of(value, Device.cpu())));
                RandomGenerator random = seed.split("direction").generator();
                Map<String, double[]> directions = new LinkedHashMap<>();
                for (String parameter : program.trainable()) {
                    TensorData data = graph.parameters().get(parameter);
                    values.put(parameter, Tensors.of(TensorData.of(data.toDoubles(), data.dims()), Device.cpu())
                            .set_requires_grad(true));
                    double[] direction = new double[(int) data.elements()];
                    Arrays.setAll(direction, i -> random.nextGaussian());
                    directions.put(parameter, direction);
                }
                Tensor loss = loss(program, values);
                TensorVector gradients = torch.grad(new TensorVector(loss),
                        new TensorVector(directions.keySet().stream().map(values::get).toArray(Tensor[]::new)));
                double expected = 0;
                int at = 0;
                for (double[] direction : directions.values()) {
                    double[] gradient = Tensors.toData(gradients.get(at++)).toDoubles();
                    for (int i = 0; i < gradient.length; i++) {
                        expected += gradient[i] * direction[i];
                    }
                }
                // Short: along the way hundreds of thousands of ReLUs may cross their kink.
                double step = 2e-9;
                double found = (loss(program, moved(graph, values, directions, step)).item_double()
                        - loss(program, moved(graph, values, directions, -step)).item_double()) / (2 * step);
                assertEquals(expected, found, DIRECTIONAL * Math.max(1, Math.abs(expected)), name + ", seed " + seed);
            }
        }
    }

    private static Tensor loss(Program program, Map<String, Tensor> values) {
        Tensor logits = program.run(values, Mode.TRAINING).get("logits");
        return logits.mul(logits).mean();
    }

    private static Map<String, Tensor> moved(Graph graph, Map<String, Tensor> values, Map<String, double[]> directions,
            double step) {
        Map<String, Tensor> moved = new HashMap<>(values);
        directions.forEach((name, direction) -> {
            TensorData data = graph.parameters().get(name);
            double[] there = data.toDoubles();
            Arrays.setAll(there, i -> there[i] + step * direction[i]);
            moved.put(name, Tensors.of(TensorData.of(there, data.dims()), Device.cpu()));
        });
        return moved;
    }
}
