package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In every kind of transformer exactly the expected Spaces are found, and they hold. */
class LinearVariantsTest {
    /** What float32 may lose on the way through a network whose weights were mixed, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;
    private static final int SEEDS = Integer.getInteger("orbifold.seeds", 3);

    static Stream<Arguments> variants() {
        return Transformers.all().keySet().stream()
                .flatMap(name -> Stream.iterate(0, s -> s + 1).limit(SEEDS).map(s -> Arguments.of(name, s)));
    }

    static List<String> spaces(LinearSymmetries symmetries) {
        return symmetries.spaces().stream().map(s -> s.group().getClass().getSimpleName() + "(" + s.dimension() + ")x"
                + s.copies()).sorted().toList();
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("variants")
    void exactlyTheExpectedSpacesAreFoundAndHold(String name, int number) {
        Seed seed = new Seed(number);
        Transformers.Planted planted = Transformers.all().get(name).apply(seed);
        Graph graph = planted.graph();
        LinearSymmetries found = LinearSymmetries.of(graph);
        for (LinearSpace space : found.spaces()) {
            double error = LinearSymmetriesTest.error(graph, List.of(space), seed);
            assertTrue(error <= ROUNDING,
                    () -> name + " " + number + ": " + space.name() + " " + space.group() + ": " + error);
            Graph moved = LinearTransform.random(graph, List.of(space), seed);
            for (LinearSlot slot : space.slots()) {
                if (uniform(graph, slot)) {
                    continue; // the vector of ones is what may be fixed
                }
                assertNotEquals(text(graph, slot), text(moved, slot), () -> space.name() + " moves nothing");
            }
        }
        assertEquals(planted.expected(), spaces(found), name + " " + number);
        double all = LinearSymmetriesTest.error(graph, found.spaces(), seed);
        assertTrue(all <= ROUNDING, () -> "all together: " + all);
        Verified verified = Verified.of(graph, OnnxRuntime::open, 2, seed);
        assertEquals(List.of(),
                verified.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList(),
                name + " " + number);
    }

    /** Random transformers that mix the ways of writing: whatever is found must hold. */
    @ParameterizedTest(name = "seed {0}") @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
    void randomTransformersKeepTheirOutputs(long number) {
        Verified verified = Verified.of(PlantedSequences.of(new Seed(number)), OnnxRuntime::open, 2, new Seed(number));
        assertEquals(List.of(),
                verified.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList(),
                () -> "seed " + number);
        assertTrue(!verified.mixing().spaces().isEmpty(), () -> "no Space found, seed " + number);
    }

    private static boolean uniform(Graph graph, LinearSlot slot) {
        return Arrays.stream(Tensors.real(graph).get(slot.parameter()).toDoubles()).distinct().count() == 1;
    }

    private static String text(Graph graph, LinearSlot slot) {
        return Arrays.toString(Tensors.real(graph).get(slot.parameter()).toDoubles());
    }
}
