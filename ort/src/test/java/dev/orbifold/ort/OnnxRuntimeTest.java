package dev.orbifold.ort;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {
    private static Graph graph(String op) {
        return Graph.of("g", List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(2, 2))),
                List.of(ValueInfo.of("y", DataType.FLOAT, Shape.of(2, 2))),
                List.of(Node.of("n", op, List.of("x", "w"), List.of("y"), Map.of())),
                Map.of("w", TensorData.of(new float[] {1, 2, 3, 4}, 2, 2)));
    }

    @Test
    void multipliesByHand() {
        try (Evaluator evaluator = OnnxRuntime.open(graph("MatMul"), 1)) {
            TensorData y = evaluator.run(Map.of("x", TensorData.of(new float[] {1, 1, 0, 2}, 2, 2))).get("y");
            assertArrayEquals(new float[] {4, 6, 6, 8}, y.toFloats());
            assertArrayEquals(new long[] {2, 2}, y.dims());
        }
    }

    @Test
    void unknownOperatorsAreReported() {
        GraphException thrown = assertThrows(GraphException.class, () -> OnnxRuntime.open(graph("NoSuchOperator"), 1));
        assertTrue(thrown.getMessage().contains("NoSuchOperator"), thrown.getMessage());
    }

    @Test
    void filesThatAreNoModelsAreReported(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.onnx"), "not a model");
        assertThrows(GraphException.class, () -> OnnxRuntime.open(file, 1));
    }

    @Test
    void missingAndMisshapenInputsAreReported() {
        try (Evaluator evaluator = OnnxRuntime.open(graph("MatMul"), 1)) {
            String missing = assertThrows(GraphException.class, () -> evaluator.run(Map.of())).getMessage();
            assertTrue(missing.contains("x"), missing);
            assertThrows(GraphException.class,
                    () -> evaluator.run(Map.of("x", TensorData.of(new float[] {1, 2, 3}, 1, 3))));
        }
    }

    @Test
    void latencyIsPositiveForEveryGraph() {
        double[] millis = Latency.measure(List.of(graph("MatMul"), graph("Add")),
                Map.of("x", TensorData.of(new float[4], 2, 2)));
        assertEquals(2, millis.length);
        assertTrue(millis[0] > 0 && millis[1] > 0, millis[0] + " and " + millis[1]);
    }
}
