package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CostTest {
    private static Node node(String op, String a, String b, String out, Map<String, Attribute> attributes) {
        return Node.of("", op, List.of(a, b), List.of(out), attributes);
    }

    @Test
    void countsByHand() {
        Graph graph = Graph.of("g",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(4), Dim.of(6)))),
                        ValueInfo.of("image", DataType.FLOAT, Shape.of(-1, 2, 5, 5))),
                List.of(),
                List.of(Node.of("", "Constant", List.of(), List.of("m"),
                        Map.of("value", new Attribute.Tensor(TensorData.of(new float[18], 6, 3)))),
                        node("MatMul", "x", "m", "a", Map.of()),
                        node("Einsum", "x", "x", "b", Map.of("equation", new Attribute.Text("bij,bkj->bik"))),
                        node("Conv", "image", "k", "c", Map.of("group", new Attribute.Int(2))),
                        node("ConvTranspose", "image", "t", "d", Map.of())),
                Map.of("k", TensorData.of(new float[36], 4, 1, 3, 3), "t", TensorData.of(new float[24], 2, 3, 2, 2)));
        Cost cost = Cost.of(graph);
        // 4·6·3; 4·4·6; 4 channels · 3·3 places · 1·3·3; 2·5·5 places · 3·2·2.
        assertEquals(Map.of("a", 72L, "b", 96L, "c", 324L, "d", 600L), cost.macsByNode());
        assertEquals(72 + 96 + 324 + 600, cost.macs());
        assertEquals(18 + 36 + 24, cost.parameters());
    }
}
