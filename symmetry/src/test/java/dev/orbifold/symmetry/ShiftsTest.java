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

class ShiftsTest {
    /** What float32 may lose where numbers of the size of the weights are added and taken back, over the output's range. */
    private static final double ROUNDING = 1e-4;
    private static final Seed SEED = new Seed(17);

    /** The largest difference of an output of two Graphs on random inputs, over the output's largest magnitude. */
    static double error(Graph graph, Graph moved, Seed seed) {
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

    /** The shifts as "parameter: dimension", sorted. */
    static List<String> dimensions(Shifts shifts) {
        return shifts.shifts().stream().map(s -> s.parameter() + ": " + s.dimension()).sorted().toList();
    }

    @Test
    void everyBiasOfATransformerButThoseOfQueriesAndUnits() {
        Graph graph = Unshare.apply(SharedModels.read("gpt-char.onnx"));
        Shifts found = Shifts.of(graph);
        assertEquals(List.of(), found.findings());
        assertEquals(List.of("e.weight: 128", "p: 64", "b.0.n1.bias: 128", "b.0.a.k.bias: 128", "b.0.a.v.bias: 128",
                "b.0.a.o.bias: 1", "b.0.n2.bias: 128", "b.0.f2.bias: 1", "b.1.n1.bias: 128", "b.1.a.k.bias: 128",
                "b.1.a.v.bias: 128", "b.1.a.o.bias: 1", "b.1.n2.bias: 128", "b.1.f2.bias: 1", "n.bias: 128"),
                found.shifts().stream().map(s -> s.name() + ": " + s.dimension()).toList());
        assertTrue(error(graph, found.random(found.shifts(), SEED), SEED) <= ROUNDING);
    }

    @Test
    void dump() {
        for (String m : List.of("lenet300-mnist", "lenet5-mnist", "resnet20-cifar10", "mobilenet_v3_small",
                "squeezenet1_1")) {
            Graph graph = Unshare.apply(SharedModels.read(m + ".onnx"));
            long t = System.nanoTime();
            Shifts found = Shifts.of(graph);
            System.out.println(m + " " + (System.nanoTime() - t) * 1e-9 + " " + found.shifts() + found.findings());
            System.out.println(error(graph, found.random(found.shifts(), SEED), SEED));
        }
    }
}
