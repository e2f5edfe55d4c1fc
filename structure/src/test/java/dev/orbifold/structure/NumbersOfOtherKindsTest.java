package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in float64, and weights that are not finite. */
class NumbersOfOtherKindsTest {
    /** Sums of fewer terms round differently in float64; float32 would be off by 1e-8. */
    private static final double ROUNDING = 1e-14;
    /** Seen by float64 alone. */
    private static final double SMALL = 1e-11;

    private static Shrink shrink(Graph graph) {
        return Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(1));
    }

    /** {@code y = relu(x W₁ + b₁) W₂} in float64, 2 inputs, 3 hidden units, 2 outputs. */
    private static Graph dense(double[] first, double[] bias, double[] second) {
        Shape shape = new Shape(List.of(Dim.named("batch"), Dim.of(2)));
        return Graph.of("dense", List.of(ValueInfo.of("x", DataType.DOUBLE, shape)),
                List.of(ValueInfo.of("y", DataType.DOUBLE, shape)),
                List.of(Node.of("a", "Gemm", List.of("x", "w1", "b1"), List.of("a"), Map.of()),
                        Node.of("r", "Relu", List.of("a"), List.of("r"), Map.of()),
                        Node.of("z", "Gemm", List.of("r", "w2"), List.of("y"), Map.of())),
                Map.of("w1", TensorData.of(first, 2, 3), "b1", TensorData.of(bias, 3), "w2",
                        TensorData.of(second, 3, 2)));
    }

    @Test
    void twinsInFloat64AreMergedInFloat64() {
        Shrink shrink = shrink(dense(new double[] {1, 2, -1, -3, -6, 0.5}, new double[] {0.25, 0.5, 1},
                new double[] {1 + SMALL, 1, 2, 3 - SMALL, 5, 7}));
        assertEquals(1, shrink.removed().size(), "findings " + shrink.findings());
        TensorData merged = shrink.after().parameter("w2").orElseThrow();
        assertEquals(DataType.DOUBLE, merged.type());
        double[] values = merged.toDoubles();
        assertEquals(1 + 2 * 2 + SMALL, values[0], ROUNDING);
        assertEquals(1 + 2 * 3 - 2 * SMALL, values[1], ROUNDING);
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    /** Two units of which the second is written by (1 + difference) times what writes the first. */
    private static Graph near(double difference, double[] second) {
        return dense(new double[] {1, 1 + difference, -1, -3, -3, 0.5}, new double[] {0.25, 0.25, 1}, second);
    }

    @ParameterizedTest @CsvSource({"0, 1", "1e-7, 0", "1e-12, 0"})
    void unitsThatFloat64TellsApartAreNoTwins(double difference, int removed) {
        Shrink shrink = shrink(near(difference, new double[] {1, 1, 2, 3, 5, 7}));
        assertEquals(removed, shrink.removed().size());
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    /** Rounding tells the two apart by 2e-7; a reader that takes a million times their difference shows it. */
    @ParameterizedTest @CsvSource({"1, 1", "30, 1", "1e6, 0"})
    void nearTwinsWhoseReadersCancelStay(float size, int removed) {
        Graph fine = near(4e-7, new double[] {size, 1, -size, 3, 5, 7});
        Graph graph = Graph.of("dense", List.of(ValueInfo.of("x", DataType.FLOAT, fine.inputs().get(0).shape()
                .orElseThrow())),
                List.of(ValueInfo.of("y", DataType.FLOAT, fine.outputs().get(0).shape().orElseThrow())),
                fine.nodes(), fine.parameters().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                        p -> TensorData.of(p.getValue().toFloats(), p.getValue().dims()))));
        Shrink shrink = shrink(graph);
        assertEquals(removed, shrink.removed().size());
        assertEquals(removed == 1 ? List.of() : List.of("twins-told-apart w1"),
                shrink.findings().stream().map(f -> f.kind() + " " + f.place()).toList());
    }

    @Test
    void weightsBesideAConstantThatFoldsKeepFloat64() {
        Shrink shrink = shrink(dense(new double[] {1, 0, -1, -3, 0, 0.5}, new double[] {0.25, 0.5, 1},
                new double[] {1 + SMALL, 1, 2, 3, 5, 7 - SMALL}));
        assertEquals(1, shrink.removed().size(), "findings " + shrink.findings());
        assertArrayEquals(new double[] {1 + SMALL, 1, 5, 7 - SMALL},
                shrink.after().parameter("w2").orElseThrow().toDoubles());
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    /** {@code y = f(x W₁ + b₁) W₂ + b₂} in float64, whose second hidden unit is the constant f(b₁), in no digits of float32. */
    @ParameterizedTest @ValueSource(strings = {"Sigmoid", "Abs", "Tanh"})
    void constantsFoldInFloat64(String activation) {
        Graph dense = dense(new double[] {1, 0, -1, -3, 0, 0.5}, new double[] {0.25, Math.PI / 10, 1},
                new double[] {1, 1 / 3.0, 2, Math.E, 5, 7});
        Graph graph = dense.withNodes(dense.nodes().stream()
                .map(n -> n.opType().equals("Relu")
                        ? Node.of("r", activation, n.inputs(), n.outputs(), Map.of())
                        : n)
                .toList());
        Shrink shrink = shrink(graph);
        assertEquals(1, shrink.removed().size(), "findings " + shrink.findings());
        assertTrue(shrink.equality().maxError() <= ROUNDING, "outputs differ by " + shrink.equality().maxError());
    }

    /** What a Cast makes of a constant is what its type can hold: 1/3 in float64 is another number in float32. */
    @Test
    void aConstantBehindACastIsRounded() {
        Shape shape = new Shape(List.of(Dim.named("batch"), Dim.of(2)));
        Graph graph = Graph.of("mixed", List.of(ValueInfo.of("x", DataType.DOUBLE, shape)),
                List.of(ValueInfo.of("y", DataType.DOUBLE, shape)),
                List.of(Node.of("a", "Gemm", List.of("x", "w1", "b1"), List.of("a"), Map.of()),
                        Node.of("f", "Cast", List.of("a"), List.of("f"), Map.of("to", Net.integer(1))),
                        Node.of("d", "Cast", List.of("f"), List.of("d"), Map.of("to", Net.integer(11))),
                        Node.of("z", "Gemm", List.of("d", "w2"), List.of("y"), Map.of())),
                Map.of("w1", TensorData.of(new double[] {1, 0, -1, -3, 0, 0.5}, 2, 3), "b1",
                        TensorData.of(new double[] {0.25, 1 / 3.0, 1}, 3), "w2",
                        TensorData.of(new double[] {1, 1, 1, 1, 5, 7}, 3, 2)));
        Shrink shrink = shrink(graph);
        double[] bias = shrink.after().parameters().entrySet().stream()
                .filter(p -> p.getValue().rank() == 1 && !p.getKey().equals("b1"))
                .map(p -> p.getValue().toDoubles()).findFirst().orElseThrow();
        assertArrayEquals(new double[] {(float) (1 / 3.0), (float) (1 / 3.0)}, bias);
    }

    /** The second unit is dead, but what is no number makes none of its zero. */
    @ParameterizedTest @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void deadUnitsStayBesideWeightsThatAreNotFinite(double value) {
        Graph graph = dense(new double[] {1, 0, -1, -3, 0, 0.5}, new double[] {0.25, 0, 1},
                new double[] {1, 1, value, 3, 5, 7});
        Shrink shrink = shrink(graph);
        assertSame(graph, shrink.after());
        assertEquals(List.of("weights-not-finite w2"),
                shrink.findings().stream().map(f -> f.kind() + " " + f.place()).toList());
        assertEquals(1, shrink(graph.replacing(Map.of("w2", TensorData.of(new double[] {1, 1, 2, 3, 5, 7}, 3, 2))))
                .removed().size(), "with a number in its place the unit goes");
    }
}
