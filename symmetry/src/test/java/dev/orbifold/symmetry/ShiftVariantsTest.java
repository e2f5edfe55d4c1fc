package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In every kind of transformer exactly the expected shifts are found, and they hold. */
class ShiftVariantsTest {
    /** What float32 may lose where numbers of the size of the weights are added and taken back, over the output's range. */
    private static final double ROUNDING = 1e-4;
    private static final int SEEDS = Integer.getInteger("orbifold.seeds", 3);

    static Stream<Arguments> variants() {
        return Transformers.all().keySet().stream()
                .flatMap(name -> Stream.iterate(0, s -> s + 1).limit(SEEDS).map(s -> Arguments.of(name, s)));
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("variants")
    void exactlyTheExpectedShiftsAreFoundAndHold(String name, int number) {
        Seed seed = new Seed(number);
        Transformers.Planted planted = Transformers.all().get(name).apply(seed);
        Graph graph = planted.graph();
        Shifts found = Shifts.of(graph);
        for (Shift shift : found.shifts()) {
            Graph moved = found.random(List.of(shift), seed);
            double error = ShiftsTest.error(graph, moved, seed);
            assertTrue(error <= ROUNDING, () -> name + " " + number + ": " + shift.name() + ": " + error);
            for (Shift.Slot slot : shift.slots()) {
                assertTrue(!Arrays.equals(Tensors.real(graph).get(slot.parameter()).toDoubles(),
                        Tensors.real(moved).get(slot.parameter()).toDoubles()), () -> slot + " does not move");
            }
        }
        assertEquals(planted.shifts(), ShiftsTest.dimensions(found), name + " " + number);
        double all = ShiftsTest.error(graph, found.random(found.shifts(), seed), seed);
        assertTrue(all <= ROUNDING, () -> "all together: " + all);
    }

    @ParameterizedTest @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
    void whateverIsFoundInRandomNetworksHolds(long number) {
        Seed seed = new Seed(number);
        for (Graph graph : List.of(PlantedImages.of(seed), PlantedSequences.of(seed))) {
            Shifts found = Shifts.of(graph);
            double error = ShiftsTest.error(graph, found.random(found.shifts(), seed), seed);
            assertTrue(error <= ROUNDING, () -> number + ": " + found.shifts() + ": " + error);
        }
    }
}
