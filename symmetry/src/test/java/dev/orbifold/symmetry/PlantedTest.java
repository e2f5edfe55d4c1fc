package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random architectures: whatever is found must hold. */
class PlantedTest {
    /** float32 through some ten layers, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    @ParameterizedTest @MethodSource("seeds")
    void randomConvolutionalNetworksKeepTheirOutputs(long seed) {
        check(PlantedImages.of(new Seed(seed)), seed);
    }

    @ParameterizedTest @MethodSource("seeds")
    void randomTransformersKeepTheirOutputs(long seed) {
        check(PlantedSequences.of(new Seed(seed)), seed);
    }

    private static void check(Graph graph, long seed) {
        Symmetries symmetries = Symmetries.of(graph);
        assertEquals(List.of(), symmetries.findings().stream()
                .filter(f -> f.severity() != Finding.Severity.INFO).toList(), () -> "seed " + seed);
        assertTrue(!symmetries.spaces().isEmpty(), () -> "no Space found, seed " + seed);
        Verification verification = Verification.check(symmetries, g -> OnnxRuntime.open(g, 1), 3, new Seed(seed));
        assertEquals(List.of(), verification.findings(), () -> "seed " + seed);
        assertTrue(verification.maxError() <= ROUNDING, () -> "seed " + seed + ": " + verification.maxError());
    }
}
