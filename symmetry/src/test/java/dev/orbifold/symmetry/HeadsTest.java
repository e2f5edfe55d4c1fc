package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Layers.Form;
import dev.orbifold.symmetry.Layers.Fused;
import dev.orbifold.symmetry.Layers.Turn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole heads change places, in every way attention is written; query heads that share a key head do so among themselves. */
class HeadsTest {
    /** Permuted sums are rounded in another order, in float32. */
    private static final double ROUNDING = 1e-5;

    static Stream<Arguments> spellings() {
        List<Arguments> all = new ArrayList<>();
        for (Form form : Form.values()) {
            for (boolean grouped : new boolean[] {false, true}) {
                for (Fused fused : grouped || form == Form.NODE3 ? new Fused[] {Fused.APART} : Fused.values()) {
                    for (int seed = 0; seed < 4; seed++) {
                        all.add(Arguments.of(form, grouped, fused, seed));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}, grouped {1}, {2}, seed {3}") @MethodSource("spellings")
    void headsAreFoundAndCanBePermuted(Form form, boolean grouped, Fused fused, int number) {
        Layers on = new Layers(new Seed(number), grouped, false);
        String x = on.net.node("Gather",
                List.of(on.net.weight("embedding", 11, on.width), on.net.tokens("tokens", on.length)), "axis", 0);
        String seen = on.attention(x, fused, Turn.NONE, form, "", number % 2 == 0);
        Graph graph = on.net.graph(on.net.apply("Tanh", on.add(x, seen)));
        Symmetries symmetries = Symmetries.of(graph);

        // Where there is one key head, its coordinates are units of their own, beside the heads
        List<Space> heads = symmetries.spaces().stream().filter(s -> on.groups > 1 || s.dimension() != on.size)
                .filter(s -> s.slots().stream().noneMatch(slot -> slot.parameter().equals("embedding"))).toList();
        List<Integer> expected = new ArrayList<>(on.groups > 1 ? List.of(on.groups) : List.of());
        expected.addAll(Collections.nCopies(grouped ? on.groups : 0, on.heads / on.groups));
        assertEquals(expected, heads.stream().map(Space::dimension).toList(), symmetries.findings()::toString);
        for (Space space : heads) {
            Transform.Element element = new Transform.Element(space, turned(space.dimension()),
                    symmetries.scalings(space).stream().map(s -> ones(space.dimension())).toList());
            Graph moved = Transform.apply(symmetries, List.of(element));
            for (Slot slot : space.slots()) {
                assertNotEquals(graph.parameter(slot.parameter()), moved.parameter(slot.parameter()), slot.parameter());
            }
        }
        Verification verification = Verification.check(symmetries, OnnxRuntime::open, 3, new Seed(number));
        assertEquals(List.of(), verification.findings());
        assertTrue(verification.maxError() <= ROUNDING, () -> "error " + verification.maxError());
        Graph moved = Transform.random(symmetries, heads, EnumSet.of(Transform.Kind.PERMUTATION), new Seed(number));
        assertEquals(graph.parameters().keySet(), moved.parameters().keySet());
    }

    @Test
    void whatLooksIntoTheBatchThatHeadsAreMergedWithFixesThem() {
        for (String between : List.of("Neg", "CumSum")) {
            Net net = new Net(new Seed(3), 23);
            String x = net.node("Gather", List.of(net.weight("embedding", 11, 12), net.tokens("tokens", 5)), "axis", 0);
            String heads = net.node("Reshape", List.of(net.node("Transpose",
                    List.of(net.node("Reshape", List.of(net.linear("in", x, 12, 12), net.ints(0, 5, 3, 4)))), "perm",
                    new long[] {0, 2, 1, 3}), net.ints(-1, 5, 4)));
            String seen = between.equals("Neg") ? net.apply("Neg", heads)
                    : net.node("CumSum", List.of(heads, net.table(new long[] {0})));
            String back = net.node("Transpose", List.of(net.node("Reshape", List.of(net.apply("Sigmoid", seen),
                    net.ints(-1, 3, 5, 4)))), "perm", new long[] {0, 2, 1, 3});
            Graph graph = net.graph(net.linear("out", net.node("Reshape", List.of(back, net.ints(0, 5, 12))), 12, 7));
            List<Integer> found = Symmetries.of(graph).spaces().stream()
                    .filter(s -> s.slots().stream().anyMatch(slot -> slot.parameter().equals("in.weight")
                            && slot.axis() == 1))
                    .map(Space::dimension).toList();
            assertEquals(between.equals("Neg") ? List.of(12) : List.of(), found, between);
        }
    }

    private static int[] turned(int n) {
        return java.util.stream.IntStream.range(0, n).map(i -> (i + 1) % n).toArray();
    }

    private static double[] ones(int n) {
        return java.util.stream.IntStream.range(0, n).mapToDouble(i -> 1).toArray();
    }
}
