package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UnsupportedTest {
    private static Graph graph(Node node, TensorData w) {
        return Graph.of("g", List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(1, 2))), List.of(), List.of(node),
                Map.of("w", w));
    }

    @Test
    void namesWhatIsInTheWay() {
        Node plain = Node.of("a", "Add", List.of("x", "w"), List.of("y"), Map.of());
        Node quantized = Node.of("q", "DequantizeLinear", List.of("x", "w"), List.of("y"), Map.of());
        TensorData real = TensorData.of(new float[] {1, 2}, 2);
        assertEquals(Optional.empty(), Unsupported.reason(graph(plain, real)));
        assertTrue(Unsupported.reason(graph(quantized, real)).orElseThrow().contains("DequantizeLinear q"));
        TensorData half = Constants.numbers(DataType.FLOAT16, new double[] {1, 2}, 2);
        String reason = Unsupported.reason(graph(plain, half)).orElseThrow();
        assertTrue(reason.contains("FLOAT16") && reason.contains("'w'"), reason);
    }
}
