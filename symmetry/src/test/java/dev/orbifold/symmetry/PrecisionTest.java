package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters stored more coarsely than the Graph computes: exchanges and signs are exact there, nothing else is. */
class PrecisionTest {
    /** float32 through three layers; float16 would be off by 1e-3. */
    private static final double ROUNDING = 2e-6;
    private static final Seed SEED = new Seed(23);

    private final Net net = new Net(SEED);

    /** A weight as float32, that a Cast may make of another type ({@link #stored}). */
    private String cast(String name, long... dims) {
        return net.node("Cast", List.of(net.weight(name, dims)), "to", DataType.FLOAT.code());
    }

    private String layer(String name, String x, int in, int out) {
        return net.node("Gemm", List.of(x, cast(name + ".weight", in, out), cast(name + ".bias", out)));
    }

    private static Graph stored(Graph graph, DataType type, String... names) {
        Map<String, TensorData> stored = new LinkedHashMap<>();
        for (String name : names) {
            TensorData tensor = graph.parameter(name).orElseThrow();
            stored.put(name, Tensors.encode(type, tensor.toDoubles(), tensor.dims()));
        }
        return graph.replacing(stored);
    }

    private static Verified verified(Graph graph) {
        Verified verified = Verified.of(graph, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of(), verified.findings());
        double error = ShiftsTest.error(graph, verified.moved(EnumSet.allOf(Transform.Kind.class), SEED), SEED);
        assertTrue(error <= ROUNDING, () -> "error " + error);
        return verified;
    }

    @ParameterizedTest @CsvSource({"Relu, a.bias", "Relu, a.weight", "Relu, b.weight", "Sigmoid, b.bias"})
    void unitsOfACoarseParameterAreExchangedAlone(String activation, String coarse) {
        Graph graph = net.graph(layer("b", net.apply(activation, layer("a", net.input("x", 4), 4, 6)), 6, 3));
        Verified fine = verified(graph);
        assertTrue(fine.units().spaces().get(0).group() instanceof Group.Monomial);
        Verified verified = verified(stored(graph, DataType.FLOAT16, coarse));
        assertEquals(List.of(new Group.Permutation()),
                verified.units().spaces().stream().map(Space::group).toList());
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void signsOfACoarseWeightAreExact(boolean transposed) {
        String weight = net.weight("b", transposed ? 3 : 6, transposed ? 6 : 3);
        String turned = transposed ? net.node("Transpose", List.of(weight)) : weight;
        String cast = net.node("Cast", List.of(turned), "to", DataType.FLOAT.code());
        Graph graph = net.graph(net.node("MatMul", List.of(net.dense("a", net.input("x", 4), 4, 6), cast)));
        Verified verified = verified(stored(graph, DataType.FLOAT16, "b"));
        assertEquals(List.of(new Group.Monomial(Group.Diagonal.SIGNS)),
                verified.units().spaces().stream().map(Space::group).toList());
        assertTrue(verified.mixing().spaces().isEmpty());
        assertEquals(1, verified(graph).mixing().spaces().size());
    }

    @Test
    void aCoarseBiasNeitherShiftsNorTakesShiftsBack() {
        Graph graph = net.graph(layer("c", layer("b", layer("a", net.input("x", 4), 4, 6), 6, 5), 5, 3));
        assertEquals(List.of("a.bias", "b.bias"),
                verified(graph).shifts().stream().map(Shift::parameter).toList());
        List<Shift> past = verified(stored(graph, DataType.FLOAT16, "b.bias")).shifts();
        assertEquals(List.of(List.of("a.bias", "c.bias")),
                past.stream().map(s -> s.slots().stream().map(Shift.Slot::parameter).toList()).toList());
    }

    @ParameterizedTest @EnumSource(value = DataType.class, names = {"FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"})
    void spacingIsTheDistanceToTheNextNumber(DataType type) {
        for (double value : new double[] {1, 1.5, 96, -0.375}) {
            double next = value + Math.copySign(Precision.spacing(type, value), value);
            double between = value + Math.copySign(0.4 * Precision.spacing(type, value), value);
            double[] stored = Tensors.encode(type, new double[] {next, between}, new long[] {2}).toDoubles();
            assertEquals(next, stored[0]);
            assertEquals(value, stored[1]);
        }
    }
}
