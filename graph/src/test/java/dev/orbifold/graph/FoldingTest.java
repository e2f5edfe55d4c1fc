package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FoldingTest {
    private static final ValueInfo X = ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(6))));

    private static ValueInfo output(String name) {
        return new ValueInfo(name, Optional.empty(), Optional.empty());
    }

    private static Node node(String op, List<String> in, String out) {
        return Node.of(out, op, in, List.of(out), Map.of());
    }

    @Test
    void whatIsConstantGoesAndWhatIsTrainedStays() {
        Graph graph = Graph.of("g", List.of(X), List.of(output("y"), output("z")),
                List.of(node("Add", List.of("two", "one"), "three"), node("Mul", List.of("minus", "one"), "any"),
                        node("Concat", List.of("any", "three"), "target").with("axis", new Attribute.Int(0)),
                        node("Identity", List.of("x"), "same"), node("Reshape", List.of("same", "target"), "rows"),
                        node("Identity", List.of("w"), "w2"), node("Relu", List.of("w2"), "trained"),
                        node("Cast", List.of("three"), "real").with("to", new Attribute.Int(1)),
                        node("Mul", List.of("rows", "real"), "scaled"), node("Add", List.of("scaled", "trained"), "y"),
                        node("Relu", List.of("x"), "unused"), node("Identity", List.of("x"), "z")),
                Map.of("one", TensorData.of(new long[] {1}, 1), "two", TensorData.of(new long[] {2}, 1), "minus",
                        TensorData.of(new long[] {-1}, 1), "w", TensorData.of(new float[3], 3)));
        Graph folded = Folding.fold(graph);
        assertEquals(List.of("Reshape", "Relu", "Constant", "Mul", "Add", "Identity"),
                folded.nodes().stream().map(Node::opType).toList());
        assertEquals(java.util.Set.of("target", "w"), folded.parameters().keySet());
        assertArrayEquals(new long[] {-1, 3}, folded.parameters().get("target").toLongs());
        assertEquals(List.of("x", "target"), folded.nodes().get(0).inputs());
        assertEquals(List.of("w"), folded.nodes().get(1).inputs());
        assertEquals(Shapes.of(graph).shape("y"), Shapes.of(folded).shape("y"));
    }

    @Test
    void dropoutGoesOnlyOutsideTraining() {
        TensorData yes = Constants.integers(DataType.BOOL, new long[] {1});
        Map<String, TensorData> parameters = Map.of("ratio", TensorData.of(new float[] {0.5f}), "train", yes);
        Graph training = Graph.of("g", List.of(X), List.of(output("y")),
                List.of(node("Dropout", List.of("x", "ratio", "train"), "d"), node("Relu", List.of("d"), "y")),
                parameters);
        assertEquals(2, Folding.fold(training).nodes().size());
        Graph evaluation = training.withNodes(
                List.of(node("Dropout", List.of("x", "ratio"), "d"), node("Relu", List.of("d"), "y")));
        assertEquals(List.of(node("Relu", List.of("x"), "y")), Folding.fold(evaluation).nodes());
    }

    @Test
    void valuesSubgraphsReadKeepTheirNames() {
        Node choice = Node.of("c", "If", List.of("flag"), List.of("y"),
                Map.of("then_branch", new Attribute.Subgraph(List.of("kept", "three"))));
        Graph graph = Graph.of("g", List.of(X, ValueInfo.of("flag", DataType.BOOL, Shape.of())), List.of(output("y")),
                List.of(node("Identity", List.of("x"), "kept"), node("Add", List.of("one", "one"), "three"), choice),
                Map.of("one", TensorData.of(new long[] {1}, 1)));
        Graph folded = Folding.fold(graph);
        assertEquals(List.of("Identity", "If"), folded.nodes().stream().map(Node::opType).toList());
        assertTrue(folded.parameters().containsKey("three"));
    }

    /**
     * Node counts without constants. ONNX Runtime 1.29's basic optimisation leaves 135, 141, 51 and 65: it also merges
     * batch norms into convolutions, folds arithmetic on weights and joins equal nodes, which training must not.
     */
    @ParameterizedTest @CsvSource({"gpt-char.onnx,146", "mobilenet_v3_small.onnx,156", "resnet20-cifar10.onnx,72",
            "squeezenet1_1.onnx,65"})
    void exampleModelsShrinkAndStayConsistent(String file, int nodes) throws IOException {
        Graph graph = OnnxFile.read(SharedModels.named(file));
        Graph folded = Folding.fold(graph);
        assertEquals(nodes, folded.nodes().stream().filter(n -> !n.opType().equals("Constant")).count());
        assertEquals(Cost.of(graph).macs(), Cost.of(folded).macs());
        assertEquals(folded.nodes(), OnnxFile.read(OnnxFile.bytes(folded)).nodes());
    }
}
