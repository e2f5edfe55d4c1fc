package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a norm over four neighbours side by side, and a norm that makes the stream, leave of a stream's maps. */
class MergingTest {
    /** A difference that float32 does not make, over the output's range. */
    private static final double SEEN = 1e-2;
    private static final double ROUNDING = 1e-4;
    private static final Seed SEED = new Seed(3);

    private final Graph graph = Merging.of(SEED, Merging.Embedding.BARE, false).graph();
    private final LinearSymmetries found = LinearSymmetries.of(graph);

    private LinearSpace stream() {
        return found.spaces().stream().filter(s -> s.slots().stream()
                .anyMatch(slot -> slot.parameter().equals("reduction.weight") && slot.axis() == 0)).findFirst()
                .orElseThrow();
    }

    /** The neighbours are the same stream at other places: one map moves all four blocks of what reads them. */
    @Test
    void allFourNeighboursAreMovedByOneMap() {
        List<LinearSlot> blocks = stream().slots().stream()
                .filter(s -> s.parameter().equals("reduction.weight")).toList();
        assertEquals(4, blocks.size());
        int[] covered = new int[blocks.get(0).coordinate().length];
        blocks.forEach(b -> IntStream.range(0, covered.length).filter(i -> b.coordinate()[i] >= 0)
                .forEach(i -> covered[i]++));
        assertTrue(Arrays.stream(covered).allMatch(c -> c == 1));
        assertTrue(blocks.stream().allMatch(b -> Arrays.stream(b.copy()).allMatch(c -> c == 0)));
    }

    /** Moved on three of the four blocks alone, the same map is seen. */
    @Test
    void noBlockMayBeLeftOut() {
        LinearSpace space = stream();
        assertTrue(LinearSymmetriesTest.error(graph, List.of(space), SEED) <= ROUNDING);
        LinearSlot last = space.slots().stream().filter(s -> s.parameter().equals("reduction.weight"))
                .reduce((a, b) -> b).orElseThrow();
        LinearSpace less = new LinearSpace(space.id(), space.name(), space.dimension(), 1, space.group(),
                space.slots().stream().filter(s -> s != last).toList(), space.folds());
        assertTrue(LinearSymmetriesTest.error(graph, List.of(less), SEED) > SEEN);
    }

    /** The norm subtracts the mean of all four, so that each must keep its vector of ones: no other isometry is left. */
    @Test
    void theVectorOfOnesIsKept() {
        LinearSpace space = stream();
        assertEquals(new Group.OrthogonalFixingOnes(), space.group());
        LinearSpace free = new LinearSpace(space.id(), space.name(), space.dimension(), 1, new Group.Orthogonal(),
                space.slots(), space.folds());
        assertTrue(LinearSymmetriesTest.error(graph, List.of(free), SEED) > SEEN);
    }

    /**
     * Where a norm's result is the stream itself, y = γ ⊙ n(x) + β, a map R of y would need R γ = γ R, because γ cannot be
     * folded into readers that are norms too. R mixes all coordinates, so γ must be one number.
     */
    @Test
    void aStreamMadeByANormIsMixedOnlyWhereItsScaleIsOneNumber() {
        Graph even = Merging.of(SEED, Merging.Embedding.EVEN, false).graph();
        assertEquals(List.of(), notFolded(even));
        Graph scaled = Merging.of(SEED, Merging.Embedding.SCALED, false).graph();
        assertTrue(notFolded(scaled).contains("embed.weight"), () -> notFolded(scaled).toString());
    }

    private static List<String> notFolded(Graph graph) {
        return LinearSymmetries.of(graph).findings().stream().filter(f -> f.kind().equals("scale-not-folded"))
                .map(Finding::place).toList();
    }
}
