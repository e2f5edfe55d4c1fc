package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs that say how large something is get values that the model runs with, or the model is refused by their name. */
class SizeInputsTest {
    private static final int SAMPLES = 5;
    private final Net net = new Net(new Seed(4));

    private static Verified verified(Graph graph) {
        return Verified.of(graph, OnnxRuntime.factory(1), SAMPLES, new Seed(2));
    }

    private static long[] drawn(Graph graph, String input) {
        return RandomInputs.of(graph, Shapes.of(graph), SAMPLES, new Seed(2)).get(input).toLongs();
    }

    private String hidden() {
        return net.apply("Relu", net.dense("a", net.input("x", 4), 4, 6));
    }

    @Test
    void aShapeIsWhatTheGraphDeclaresOfTheResult() {
        String x = net.node("Reshape", List.of(hidden(), net.sizes("shape", 3)));
        Graph graph = net.graph(net.linear("z", x, 3, 2)).withDeclared(List.of(
                ValueInfo.of(x, DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(2), Dim.of(3))))));
        assertArrayEquals(new long[] {SAMPLES, 2, 3}, drawn(graph, "shape"));
        verified(graph);
    }

    @Test
    void anInt32ShapeGoesThroughACast() {
        String shape = net.node("Cast", List.of(net.sizes32("shape", 2)), "to", 7);
        Graph graph = net.graph(net.node("Reshape", List.of(hidden(), shape)));
        assertArrayEquals(new long[] {0, -1}, drawn(graph, "shape"));
        verified(graph);
    }

    @Test
    void anUndeclaredShapeIsOneThatAnythingCanBeReshapedTo() {
        Graph graph = net.graph(net.node("Reshape", List.of(hidden(), net.sizes("shape", 4))));
        assertArrayEquals(new long[] {0, -1, 1, 1}, drawn(graph, "shape"));
        verified(graph);
    }

    @Test
    void nothingIsRepeated() {
        String x = net.node("Tile", List.of(hidden(), net.sizes("repeats", 2)));
        Graph graph = net.graph(net.dense("z", net.node("Expand", List.of(x, net.sizes("shape", 2))), 6, 2));
        assertArrayEquals(new long[] {1, 1}, drawn(graph, "repeats"));
        assertArrayEquals(new long[] {1, 1}, drawn(graph, "shape"));
        verified(graph);
    }

    @Test
    void aBoundThatDoesNotFitIsRefusedByName() {
        String end = net.node("Add", List.of(net.sizes("length", 1), net.ints(1)));
        String x = net.node("Slice", List.of(hidden(), net.ints(0), end, net.ints(1)));
        Graph graph = net.graph(net.dense("z", x, 5, 2));
        SymmetryException refused = assertThrows(SymmetryException.class, () -> verified(graph));
        assertTrue(refused.getMessage().contains("the input length, the bounds of Slice"), refused.getMessage());
        assertTrue(refused.getMessage().contains("initializer"), refused.getMessage());
    }

    /** What an Expand is told from outside stays as it is when units go; what it works out from shapes follows. */
    @ParameterizedTest @ValueSource(booleans = {true, false})
    void unitsThatAnInputCountsCannotBeTakenOut(boolean given) {
        String x = hidden();
        String shape = given ? net.node("Cast", List.of(net.sizes32("shape", 2)), "to", 7)
                : net.node("Shape", List.of(x));
        Graph graph = net.graph(net.dense("z", net.node("Expand", List.of(x, shape)), 6, 2));
        Space space = verified(graph).units().spaces().get(0);
        assertEquals(new Group.Monomial(Group.Diagonal.POSITIVE), space.group());
        assertEquals(given, space.kept().filter(why -> why.contains("the input shape")).isPresent());
        assertEquals(!given, space.shrinkable());
    }
}
