package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GraphEditTest {
    private static final TensorData OLD = TensorData.of(new long[] {0, 8}, 2);
    private static final TensorData NEW = TensorData.of(new long[] {0, 5}, 2);

    /** Two reshapes by one initializer, one by a Constant node, an unused node and an unused initializer. */
    private static Graph graph() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("target", OLD);
        parameters.put("unused", OLD);
        ValueInfo x = ValueInfo.of("x", DataType.FLOAT, Shape.of(-1, 8));
        ValueInfo y = ValueInfo.of("y", DataType.FLOAT, Shape.of(-1, 8));
        return Graph.of("g", List.of(x), List.of(y), List.of(
                Node.of("", "Constant", List.of(), List.of("made"), Map.of("value", new Attribute.Tensor(OLD))),
                Node.of("", "Reshape", List.of("x", "target"), List.of("a"), Map.of()),
                Node.of("", "Reshape", List.of("a", "target"), List.of("b"), Map.of()),
                Node.of("", "Reshape", List.of("b", "made"), List.of("y"), Map.of()),
                Node.of("", "Relu", List.of("x"), List.of("nobody"), Map.of())), parameters);
    }

    @Test
    void anEditOfNothingChangesNothing() {
        Graph graph = graph();
        Graph done = new GraphEdit(graph).done();
        assertEquals(graph.nodes(), done.nodes());
        assertSame(graph.parameters().get("target"), done.parameters().get("target"));
        assertTrue(done.parameters().containsKey("unused"), "what was unused before is none of the edit's business");
    }

    @Test
    void readersThatAgreeShareTheParameterInPlace() {
        GraphEdit edit = new GraphEdit(graph());
        edit.constant(1, 1, NEW);
        edit.constant(2, 1, NEW);
        Graph done = edit.done();
        assertEquals(NEW, done.parameters().get("target"));
        assertEquals("target", done.nodes().get(1).input(1));
    }

    @Test
    void readersThatDisagreeGetAFreshName() {
        GraphEdit edit = new GraphEdit(graph());
        edit.constant(2, 1, NEW);
        Graph done = edit.done();
        assertEquals(OLD, done.parameters().get("target"));
        assertEquals(NEW, done.parameters().get("target_2"));
        assertEquals(List.of("target", "target_2"),
                IntStream.of(1, 2).mapToObj(n -> done.nodes().get(n).input(1)).toList());
    }

    @Test
    void constantNodesNobodyReadsAnyMoreGo() {
        GraphEdit edit = new GraphEdit(graph());
        edit.constant(3, 1, NEW);
        Graph done = edit.done();
        assertTrue(done.nodes().stream().noneMatch(n -> n.opType().equals("Constant")));
        assertEquals("made_2", done.nodes().get(2).input(1));
        assertEquals(4, done.nodes().size(), "the Relu nobody ever read stays");
    }

    @Test
    void aParameterOfAConstantNodeIsReplacedThere() {
        GraphEdit edit = new GraphEdit(graph());
        edit.parameter("made", NEW);
        assertEquals(new Attribute.Tensor(NEW), edit.done().nodes().getFirst().attributes().get("value"));
    }
}
