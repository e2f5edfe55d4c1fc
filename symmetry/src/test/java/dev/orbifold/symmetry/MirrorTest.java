package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MirrorTest {
    /** What float32 may lose in a reflection, as a share of the output's range or of the parameters' length. */
    private static final double ROUNDING = 1e-5;
    private static final Seed SEED = new Seed(23);

    private final Net net = new Net(SEED);

    private static double length(Graph graph) {
        return Math.sqrt(Tensors.real(graph).values().stream().flatMapToDouble(t -> Arrays.stream(t.toDoubles()))
                .map(x -> x * x).sum());
    }

    private static double apart(Graph a, Graph b) {
        Map<String, TensorData> other = Tensors.real(b);
        double sum = 0;
        for (Map.Entry<String, TensorData> entry : Tensors.real(a).entrySet()) {
            double[] x = entry.getValue().toDoubles();
            double[] y = other.get(entry.getKey()).toDoubles();
            sum += IntStream.range(0, x.length).mapToDouble(i -> (x[i] - y[i]) * (x[i] - y[i])).sum();
        }
        return Math.sqrt(sum);
    }

    /** The laws of one mirror. */
    private static void check(Mirror mirror, Graph graph) {
        Graph reflected = mirror.reflect(graph);
        assertTrue(ShiftsTest.error(graph, reflected, SEED) <= ROUNDING, () -> mirror + " changes the outputs");
        Graph back = mirror.reflect(reflected);
        Graph start = mirror.reflect(mirror.reflect(back));
        double size = length(start);
        assertTrue(apart(back, start) <= ROUNDING * size, () -> mirror + ": twice is not nothing");
        double distance = mirror.distance(back);
        assertEquals(distance, apart(back, mirror.reflect(back)) / 2, ROUNDING * size, mirror::name);
        Graph on = mirror.project(back);
        assertEquals(0, mirror.distance(on), ROUNDING * size, mirror::name);
        // The nearest point: what is taken away is as long as the distance, and at a right angle.
        assertEquals(distance, apart(back, on), ROUNDING * size, mirror::name);
        assertEquals(size * size, length(on) * length(on) + distance * distance, ROUNDING * size * size, mirror::name);
    }

    @ParameterizedTest @CsvSource({"Tanh, 21", "Relu, 15", "Softplus, 15", "Sigmoid, 15", "Identity, 21", "Abs, 21"})
    void everyMirrorOfUnits(String activation, int count) {
        String hidden = net.apply(activation, net.dense("a", net.input("x", 4), 4, 6));
        Graph graph = net.graph(net.dense("b", hidden, 6, 3));
        Symmetries symmetries = Symmetries.of(graph);
        List<Mirror> mirrors = Mirror.of(symmetries, symmetries.spaces().get(0)).toList();
        assertEquals(count, mirrors.size());
        mirrors.forEach(mirror -> check(mirror, graph));
    }

    @Test
    void everyMirrorOfChannelsBeforeBatchNorm() {
        String x = net.apply("Relu", net.batchNorm("n", net.conv("a", net.input("x", 3, 6, 6), 3, 4, 3, 1), 4));
        Graph graph = net.graph(net.node("Flatten", List.of(net.conv("b", x, 4, 2, 3, 1))));
        Symmetries symmetries = Symmetries.of(graph);
        List<Mirror> mirrors = symmetries.spaces().stream().flatMap(s -> Mirror.of(symmetries, s)).toList();
        assertTrue(mirrors.size() >= 6, mirrors::toString);
        mirrors.forEach(mirror -> check(mirror, graph));
    }

    @ParameterizedTest @ValueSource(
            strings = {"gpt", "free length", "llama NONE grouped SPELLED", "llama SPELLED SPELLED",
                    "dense bottleneck", "conv bottleneck"})
    void randomMirrorsOfSpacesThatMix(String variant) {
        Graph graph = Transformers.all().get(variant).apply(SEED).graph();
        for (LinearSpace space : LinearSymmetries.of(graph).spaces()) {
            for (int copy = 0; copy < Math.min(2, space.copies()); copy++) {
                List<Normal> normals = space.group().mirror(space.dimension(), SEED.split(copy)).orElseThrow();
                check(Mirror.of(space, copy, normals), graph);
            }
            assertThrows(SymmetryException.class, () -> Mirror.of(space, space.copies(), List.of(Normal.unit(0))));
        }
    }

    @Test
    void theMirrorOfASignIsADeadUnitAndThatOfAPairAreTwins() {
        String hidden = net.apply("Tanh", net.dense("a", net.input("x", 4), 4, 3));
        Graph graph = net.graph(net.dense("b", hidden, 3, 2));
        Symmetries symmetries = Symmetries.of(graph);
        List<Mirror> mirrors = Mirror.of(symmetries, symmetries.spaces().get(0)).toList();
        double[] in = graph.parameters().get("a.weight").toDoubles();
        double[] bias = graph.parameters().get("a.bias").toDoubles();
        double[] out = graph.parameters().get("b.weight").toDoubles();
        double sum = bias[1] * bias[1] + out[1] * out[1] + out[4] * out[4];
        for (int i = 4; i < 8; i++) {
            sum += in[i] * in[i];
        }
        assertEquals(Math.sqrt(sum), mirrors.get(1).distance(graph), 1e-12);
        Graph dead = mirrors.get(1).project(graph);
        assertArrayEquals(new double[] {0, 0, 0, 0},
                Arrays.copyOfRange(dead.parameters().get("a.weight").toDoubles(), 4, 8));
        assertEquals(0, mirrors.get(1).distance(dead));
        assertTrue(mirrors.get(0).distance(dead) > 0.1);
        Graph twins = mirrors.get(3).project(graph);
        assertEquals("units 0 and 1 of a", mirrors.get(3).name().replaceAll("\\..*", ""));
        double[] rows = twins.parameters().get("a.weight").toDoubles();
        assertArrayEquals(Arrays.copyOfRange(rows, 0, 4), Arrays.copyOfRange(rows, 4, 8));
        assertEquals((in[0] + in[4]) / 2, rows[0], 1e-7);
    }
}
