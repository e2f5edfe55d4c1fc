package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LinearSymmetriesTest {
    /** What float32 may lose on the way through a network whose weights were mixed, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;
    private static final Seed SEED = new Seed(31);

    private static List<String> spaces(LinearSymmetries symmetries) {
        return symmetries.spaces().stream()
                .map(s -> s.name() + " " + s.copies() + "x" + s.dimension() + " " + s.group() + " " + s.slots().size()
                        + " slots " + s.folds().size() + " folds")
                .toList();
    }

    /** The largest output difference after a random element of every Space, over the output's range. */
    static double error(Graph graph, List<LinearSpace> spaces, Seed seed) {
        Graph moved = LinearTransform.random(graph, spaces, seed);
        Map<String, TensorData> inputs = RandomInputs.of(graph, Shapes.of(graph), 2, seed);
        double worst = 0;
        try (Evaluator before = OnnxRuntime.open(graph); Evaluator after = OnnxRuntime.open(moved)) {
            Map<String, TensorData> expected = before.run(inputs);
            Map<String, TensorData> found = after.run(inputs);
            for (String output : expected.keySet()) {
                double[] e = expected.get(output).toDoubles();
                double[] f = found.get(output).toDoubles();
                double range = 0;
                double difference = 0;
                for (int i = 0; i < e.length; i++) {
                    range = Math.max(range, Math.abs(e[i]));
                    difference = Math.max(difference, Math.abs(e[i] - f[i]));
                }
                worst = Math.max(worst, difference / range);
            }
        }
        return worst;
    }

    @Test
    void headsAndTheStreamOfATransformer() {
        Graph graph = Unshare.apply(SharedModels.read("gpt-char.onnx"));
        LinearSymmetries symmetries = LinearSymmetries.of(graph);
        assertTrue(error(graph, symmetries.spaces(), SEED) <= ROUNDING);
        assertEquals(5, symmetries.spaces().size());
    }

    @Test
    void networksOfUnitsHaveNone() {
        for (String model : List.of("lenet5-mnist.onnx", "resnet20-cifar10.onnx", "mobilenet_v3_small.onnx")) {
            assertEquals(List.of(), spaces(LinearSymmetries.of(Unshare.apply(SharedModels.read(model)))), model);
        }
    }
}
