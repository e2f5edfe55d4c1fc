package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Normal;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnsTest {
    /** A few sums in float64. */
    private static final double ROUNDING = 1e-12;

    private final Random random = new Random(12);

    private TwoLayer net(String activation, int hidden) {
        return new TwoLayer(activation, random.matrix(4, 5, 1), random.matrix(4, 3, 1), 1, random.matrix(5, hidden, 1),
                random.matrix(hidden, 3, 1));
    }

    /** ½(θ − Rθ), from the mirror's own reflection. */
    private static double[] across(Mirror mirror, Graph graph) {
        double[] theta = LossCurvature.flat(graph, TwoLayer.PARAMETERS);
        double[] across = Vectors.difference(theta, LossCurvature.flat(mirror.reflect(graph), TwoLayer.PARAMETERS));
        Vectors.scale(across, 0.5);
        return across;
    }

    private void check(Subspace subspace, Mirror mirror, Graph graph) {
        double[] theta = LossCurvature.flat(graph, TwoLayer.PARAMETERS);
        double[] lowered = subspace.lower(theta);
        assertArrayEquals(across(mirror, graph), subspace.lift(lowered), ROUNDING, mirror::name);
        assertEquals(mirror.distance(graph), Vectors.length(lowered), ROUNDING, mirror::name);
        double[] drawn = subspace.lower(random.vector(subspace.ambient()));
        assertArrayEquals(drawn, subspace.lower(subspace.lift(drawn)), ROUNDING, "OᵀO = I where it is used");
    }

    /** With 900 units, more entries per parameter than one digit counts. */
    @ParameterizedTest @CsvSource({"Tanh, 4", "Tanh, 900", "Relu, 4"})
    void mirrorsOfUnitsAreReadOffTheirReflection(String activation, int hidden) {
        Graph graph = net(activation, hidden).graph();
        Symmetries symmetries = Symmetries.of(graph);
        Stream<Mirror> mirrors = Mirror.of(symmetries, symmetries.spaces().get(0));
        mirrors.skip(hidden < 10 ? 0 : hidden - 2).limit(6).forEach(mirror -> {
            Subspace subspace = Columns.of(mirror, graph, TwoLayer.PARAMETERS);
            assertEquals(8, subspace.coordinates());
            check(subspace, mirror, graph);
        });
    }

    @Test
    void mirrorsOfSpacesThatMixHaveTheirNormalsInEverySlot() {
        Graph graph = net("Identity", 4).graph();
        LinearSpace space = LinearSymmetries.of(graph).spaces().get(0);
        List<Normal> normals = space.group().mirror(4, new Seed(2)).orElseThrow();
        Mirror mirror = Mirror.of(space, 0, normals);
        check(Columns.of(space, 0, normals, graph, TwoLayer.PARAMETERS), mirror, graph);
        assertThrows(CollapseException.class, () -> Columns.of(mirror, graph, TwoLayer.PARAMETERS));
    }

    /** A parameter that reads and writes a Space: what its reflection on both axes takes to its negative. */
    @Test
    void twoAxesOfOneParameterReflectTogether() {
        int n = 4;
        int[] coordinate = {0, 1, 2, 3};
        Graph graph = net("Identity", 4).graph().replacing(Map.of("u", TensorData.of(random.vector(16), 4, 4)));
        LinearSpace found = LinearSymmetries.of(net("Identity", 4).graph()).spaces().get(0);
        List<LinearSlot> slots = List.of(new LinearSlot("u", 0, true, coordinate, new int[n], List.of(), new int[n]),
                new LinearSlot("u", 1, false, coordinate, new int[n], List.of(), new int[n]));
        LinearSpace both = new LinearSpace(0, "both", n, 1, found.group(), slots, List.of());
        List<Normal> normals = both.group().mirror(n, new Seed(3)).orElseThrow();
        check(Columns.of(both, 0, normals, graph, TwoLayer.PARAMETERS), Mirror.of(both, 0, normals), graph);
    }
}
