package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every elementwise function agrees with ONNX Runtime's. */
class ActivationsTest {
    /** ONNX Runtime approximates some functions by polynomials in float32. */
    private static final double APPROXIMATION = 2e-6;
    private static final float[] POINTS = {-7, -3.5f, -2, -1, -0.25f, 0, 0.125f, 0.5f, 1, 1.5f, 3, 6.5f};

    static Stream<Arguments> operators() {
        Attribute alpha = new Attribute.Real(0.3f);
        Stream<Arguments> plain = Stream.of("Relu", "LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "Sigmoid",
                "HardSigmoid", "HardSwish", "Mish", "Softplus", "Softsign", "Gelu", "Erf", "Tanh", "Sin", "Cos", "Atan",
                "Exp", "Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Identity")
                .map(op -> Arguments.of(op, Map.of()));
        Stream<Arguments> tuned = Stream.of("LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "HardSigmoid")
                .map(op -> Arguments.of(op, Map.of("alpha", alpha)));
        return Stream.concat(plain,
                Stream.concat(tuned,
                        Stream.of(Arguments.of("Gelu", Map.of("approximate", new Attribute.Text("tanh"))))));
    }

    @ParameterizedTest(name = "{0} {1}") @MethodSource("operators")
    void agreesWithOnnxRuntime(String op, Map<String, Attribute> attributes) {
        Node node = Node.of("node", op, List.of("x"), List.of("y"), attributes);
        Shape shape = new Shape(List.of(Dim.of(POINTS.length)));
        Graph graph = new Graph("one", Map.of("", 20), List.of(ValueInfo.of("x", DataType.FLOAT, shape)),
                List.of(ValueInfo.of("y", DataType.FLOAT, shape)), List.of(node), Map.of(), List.of(),
                Graph.Origin.NONE);
        DoubleUnaryOperator function = Activations.of(node).orElseThrow();
        try (Evaluator evaluator = OnnxRuntime.open(graph, 1)) {
            float[] expected = evaluator.run(Map.of("x", TensorData.of(POINTS, POINTS.length))).get("y").toFloats();
            for (int i = 0; i < POINTS.length; i++) {
                double found = function.applyAsDouble(POINTS[i]);
                assertEquals(expected[i], found, APPROXIMATION * Math.max(1, Math.abs(expected[i])),
                        op + " of " + POINTS[i]);
            }
        }
    }

    @Test
    void errorFunctionByTable() {
        assertEquals(0.8427007929497149, Activations.erf(1), 1e-15);
        assertEquals(-0.9953222650189527, Activations.erf(-2), 1e-15);
        assertEquals(0.9999992569016276, Activations.erf(3.5), 1e-15);
    }
}
