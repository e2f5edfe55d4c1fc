package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Units planted as dead in random networks of every family are found and taken out, and nothing changes. */
class PlantedTest {
    /** Sums of fewer terms round differently in float32; nothing else may differ. */
    private static final double ROUNDING = 1e-6;
    /** Twins that differ by a scale are equal to seven digits, and outgoing weights are rounded once when they add. */
    private static final double MERGED = 1e-5;
    private static final int SEEDS = 4;
    /** Families whose constant units always fit into a bias. */
    private static final Set<String> NOTHING_PADS = Set.of("dense", "branches", "gated-split");

    static Stream<Arguments> networks() {
        return Architectures.all().entrySet().stream().flatMap(family -> Stream.iterate(0L, s -> s + 1).limit(SEEDS)
                .map(seed -> Arguments.of(family.getKey(), seed, family.getValue())));
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void plantedUnitsAreTakenOut(String family, long seed, LongFunction<Graph> make) {
        Symmetries symmetries = Symmetries.of(make.apply(seed));
        assertTrue(symmetries.spaces().stream().anyMatch(Space::shrinkable), family + ": nothing can shrink");
        List<BitSet> planted = Planting.choose(symmetries, new Seed(seed).split("planted").generator());
        Graph graph = Planting.zeroed(symmetries, planted);

        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(seed));

        assertEquals(expected(symmetries, planted), lengths(symmetries, shrink.after()),
                "lengths of " + family + ", seed " + seed + "; findings " + shrink.findings());
        assertTrue(shrink.equality().samples() >= Shrink.SAMPLES);
        assertTrue(shrink.equality().maxError() <= ROUNDING,
                family + ", seed " + seed + ": outputs differ by " + shrink.equality().maxError());
        assertEquals(graph.inputs(), shrink.after().inputs());
        assertEquals(graph.outputs(), shrink.after().outputs());
    }

    /** Units that repeat another one up to the Group are found, none is invented, and merging them changes nothing. */
    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void plantedTwinsAreMerged(String family, long seed, LongFunction<Graph> make) {
        Symmetries symmetries = Symmetries.of(make.apply(seed));
        assertEquals(0, Twins.of(symmetries).count(), family + ", seed " + seed + ": twins before any were planted");
        List<BitSet> planted = Planting.choose(symmetries, new Seed(seed).split("twins").generator());
        Graph graph = Planting.repeated(symmetries, planted, new Seed(seed).split("hidden"));

        assertEquals(planted.stream().mapToInt(BitSet::cardinality).sum(), Twins.of(Symmetries.of(graph)).count(),
                family + ", seed " + seed);
        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(seed));

        assertEquals(expected(symmetries, planted), lengths(symmetries, shrink.after()),
                "lengths of " + family + ", seed " + seed + "; findings " + shrink.findings());
        assertTrue(shrink.equality().maxError() <= MERGED,
                family + ", seed " + seed + ": outputs differ by " + shrink.equality().maxError());
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void constantUnitsChangeNothingWhetherTheyGoOrStay(String family, long seed, LongFunction<Graph> make) {
        Symmetries symmetries = Symmetries.of(make.apply(seed));
        List<BitSet> planted = Planting.choose(symmetries, new Seed(seed).split("constant").generator());
        Graph graph = Planting.constant(symmetries, planted);

        Shrink shrink = Shrink.lossless(graph, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(seed));

        assertTrue(shrink.equality().maxError() <= ROUNDING,
                family + ", seed " + seed + ": outputs differ by " + shrink.equality().maxError());
        if (NOTHING_PADS.contains(family)) {
            assertEquals(expected(symmetries, planted), lengths(symmetries, shrink.after()),
                    "lengths of " + family + ", seed " + seed + "; findings " + shrink.findings());
        }
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void macModelIsTheCostOfTheQuotient(String family, long seed, LongFunction<Graph> make) {
        Symmetries symmetries = Symmetries.of(make.apply(seed));
        MacModel model = MacModel.of(symmetries);
        List<BitSet> keep = Planting.others(symmetries,
                Planting.choose(symmetries, new Seed(seed).split("widths").generator()));
        int[] widths = keep.stream().mapToInt(BitSet::cardinality).toArray();

        Graph smaller = Quotient.of(symmetries, keep).graph();
        Cost cost = Cost.of(smaller);
        assertEquals(1, Equality.check(smaller, smaller, OnnxRuntime.factory(1), new Seed(seed), 1).samples(),
                "ONNX Runtime runs what plain removal leaves");

        assertEquals(cost.macs(), model.macs(widths), family + ", seed " + seed + ": multiply-adds");
        assertEquals(cost.parameters(), model.parameters(widths), family + ", seed " + seed + ": parameters");
        assertEquals(Cost.of(symmetries.graph()).macs(), model.macs(model.dimensions()));
        for (Space space : symmetries.spaces()) {
            int[] less = widths.clone();
            less[space.id()]--;
            assertEquals(model.macs(widths) - model.macs(less), model.marginalMacs(space.id(), widths), space.name());
            assertEquals(model.parameters(widths) - model.parameters(less),
                    model.marginalParameters(space.id(), widths));
        }
    }

    /** The length every slot's axis has once the planted units are gone, by parameter and axis. */
    private static Map<String, Long> expected(Symmetries symmetries, List<BitSet> planted) {
        Map<String, Long> lengths = new TreeMap<>();
        for (Space space : symmetries.spaces()) {
            for (Slot slot : space.slots()) {
                long gone = Arrays.stream(slot.unit()).filter(u -> u >= 0 && planted.get(space.id()).get(u)).count();
                lengths.merge(slot.parameter() + " " + slot.axis(), -gone, Long::sum);
            }
        }
        lengths.replaceAll((place, gone) -> length(symmetries.graph(), place) + gone);
        return lengths;
    }

    private static Map<String, Long> lengths(Symmetries symmetries, Graph after) {
        Map<String, Long> lengths = new TreeMap<>();
        symmetries.spaces().forEach(space -> space.slots().forEach(slot -> {
            String place = slot.parameter() + " " + slot.axis();
            lengths.put(place, length(after, place));
        }));
        return lengths;
    }

    private static long length(Graph graph, String place) {
        int at = place.lastIndexOf(' ');
        return graph.parameter(place.substring(0, at)).orElseThrow().dim(Integer.parseInt(place.substring(at + 1)));
    }
}
