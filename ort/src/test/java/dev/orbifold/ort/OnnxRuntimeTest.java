package dev.orbifold.ort;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {
    private static final Node CONSTANT = Node.of("k", "Constant", List.of(), List.of("c"), Map.of());

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

    /** Both hidden layers' weights vary, one as a parameter, the other as the value of a Constant node. */
    private static Graph layers(TensorData first, TensorData second) {
        return Graph.of("g", List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(2, 2))),
                List.of(ValueInfo.of("y", DataType.FLOAT, Shape.of(2, 2))), List.of(CONSTANT.with("value",
                        new Attribute.Tensor(second)),
                        Node.of("a", "MatMul", List.of("x", "w"), List.of("h"), Map.of()),
                        Node.of("r", "Reshape", List.of("h", "shape"), List.of("s"), Map.of()),
                        Node.of("b", "MatMul", List.of("s", "c"), List.of("y"), Map.of())),
                Map.of("w", first, "shape", TensorData.of(new long[] {2, 2}, 2)));
    }

    @Test
    void variantsSayWhatTheirOwnSessionsSay() {
        TensorData w = TensorData.of(new float[] {1, 2, 3, 4}, 2, 2);
        TensorData c = TensorData.of(new float[] {1, 0, 2, 1}, 2, 2);
        Map<String, TensorData> x = Map.of("x", TensorData.of(new float[] {1, 1, 0, 2}, 2, 2));
        Graph graph = layers(w, c);
        try (Evaluator.Variants variants = OnnxRuntime.factory(1).variants(graph); Arena arena = Arena.ofConfined()) {
            MemorySegment outside = arena.allocate(16);
            outside.copyFrom(TensorData.of(new float[] {5, 6, 7, 8}, 2, 2).bytes());
            TensorData other = new TensorData(DataType.FLOAT, new long[] {2, 2}, outside);
            for (Graph variant : List.of(graph, graph.replacing(Map.of("w", other)), layers(w, w), graph)) {
                try (Evaluator own = OnnxRuntime.open(variant, 1)) {
                    assertEquals(own.run(x), variants.run(variant, x));
                }
            }
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
