package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsTest {
    /** Both sides add in float32 in orders of their own, through some dozens of layers. */
    private static final double OF_RANGE = 1e-5;

    @ParameterizedTest @ValueSource(
            strings = {"lenet300-mnist.onnx", "lenet5-mnist.onnx", "resnet20-cifar10.onnx", "gpt-char.onnx",
                    "mobilenet_v3_small.onnx", "squeezenet1_1.onnx"})
    void agreesWithOnnxRuntime(String name) {
        Graph graph = OnnxFile.read(SharedModels.file(name));
        Map<String, TensorData> inputs = inputs(graph, 2, new Seed(3).split(name));
        Map<String, TensorData> expected;
        try (OnnxRuntime runtime = OnnxRuntime.open(graph, 1)) {
            expected = runtime.run(inputs);
        }
        for (DataType real : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            try (PointerScope scope = new PointerScope();
                    Program program = Program.compile(graph, Device.best(), real)) {
                Map<String, Tensor> given = new LinkedHashMap<>();
                inputs.forEach((key, value) -> given.put(key, Tensors.of(value, program.device())));
                Map<String, Tensor> outputs = program.run(given, Mode.EVALUATION);
                assertEquals(expected.keySet(), outputs.keySet());
                outputs.forEach((key, value) -> {
                    TensorData found = Tensors.toData(value);
                    assertEquals(real, found.type());
                    OperatorCase.assertClose(expected.get(key), found, OF_RANGE, name + " " + key + " in " + real);
                });
            }
        }
    }

    static Map<String, TensorData> inputs(Graph graph, long batch, Seed seed) {
        Map<String, TensorData> inputs = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            RandomGenerator random = seed.split(input.name()).generator();
            long[] dims = input.shape().orElseThrow().sizes(batch);
            int n = (int) java.util.Arrays.stream(dims).reduce(1, (a, b) -> a * b);
            inputs.put(input.name(), input.type().orElseThrow() == DataType.INT64
                    ? TensorData.of(IntStream.range(0, n).mapToLong(i -> random.nextInt(65)).toArray(), dims)
                    : OperatorCase.floats(random, dims));
        }
        return inputs;
    }

    @Test
    void tellsWhatParametersAreFor() {
        Graph graph = OnnxFile.read(SharedModels.file("gpt-char.onnx"));
        try (Program program = Program.compile(graph, Device.cpu())) {
            assertEquals(List.of("b.0.a.mask"), program.constants().stream().filter(n -> n.contains("mask")).toList());
            assertTrue(program.trainable().containsAll(List.of("e.weight", "p", "b.0.a.q.weight", "b.0.a.q.bias",
                    "b.1.n2.weight")), program.trainable().toString());
            assertEquals(List.of(), program.state());
        }
        Graph convolutional = OnnxFile.read(SharedModels.file("resnet20-cifar10.onnx"));
        try (Program program = Program.compile(convolutional, Device.cpu())) {
            assertTrue(program.state().stream().allMatch(n -> n.contains("running")), program.state().toString());
            assertTrue(program.trainable().stream().noneMatch(n -> n.contains("running")),
                    program.trainable().toString());
            assertEquals(List.of(), program.constants());
        }
    }

    @Test
    void doesShapeArithmeticOnTheHost() {
        Graph graph = OnnxFile.read(SharedModels.file("gpt-char.onnx"));
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            Map<String, Tensor> given = Map.of("tokens", Tensors.of(Device.cpu(), new long[3 * 64], 3, 64));
            assertEquals(3, program.run(given, Mode.EVALUATION).get("logits").size(0));
        }
    }
}
