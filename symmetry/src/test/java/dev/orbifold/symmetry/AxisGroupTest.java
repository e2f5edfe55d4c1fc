package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Group.Block;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An axis behind a concatenation has the sum of what each part allows, and transform moves it by elements of that. */
class AxisGroupTest {
    /** Parameters are rounded to float32 after they were moved. */
    private static final double ROUNDING = 1e-5;

    @ParameterizedTest @ValueSource(ints = {0, 1, 2})
    void partsOfAConcatenationAreASum(int seed) {
        Net net = new Net(new Seed(seed));
        String x = net.input("x", 3);
        String joined = net.node("Concat", List.of(net.apply("Relu", net.dense("a", x, 3, 4)),
                net.apply("Tanh", net.dense("b", x, 3, 3)), x, net.apply("Softplus", net.dense("c", x, 3, 2))), "axis",
                1);
        Graph graph = net.graph(net.dense("d", joined, 12, 2));
        Symmetries symmetries = Symmetries.of(graph);
        // Which axis of the weight is read depends on how the layer is written
        int axis = graph.parameter("d.weight").orElseThrow().dims()[0] == 12 ? 0 : 1;
        Group group = symmetries.group("d.weight", axis);
        assertEquals(Group.sum(List.of(new Block(4, new Group.Monomial(Group.Diagonal.POSITIVE)),
                new Block(3, new Group.Monomial(Group.Diagonal.SIGNS)), new Block(3, new Group.Trivial()),
                new Block(2, new Group.Permutation()))), group);
        assertEquals(new Group.Trivial(), symmetries.group("d.weight", 1 - axis));

        List<Transform.Element> elements = new ArrayList<>();
        double[][] m = new double[12][12];
        for (int i = 7; i < 10; i++) {
            m[i][i] = 1;
        }
        for (Space space : symmetries.spaces()) {
            Transform.Element element = Transform.element(symmetries, space, EnumSet.allOf(Transform.Kind.class),
                    new Seed(seed).split(space.name()));
            elements.add(element);
            int first = List.of(4, 3, 2).indexOf(space.dimension()) == 0 ? 0 : space.dimension() == 3 ? 4 : 10;
            for (int u = 0; u < space.dimension(); u++) {
                double factor = 1;
                for (double[] factors : element.factors()) {
                    factor *= factors[u];
                }
                m[first + element.permutation()[u]][first + u] = 1 / factor;
            }
        }
        assertTrue(Members.contains(group, m));
        double[] before = graph.parameter("d.weight").orElseThrow().toDoubles();
        double[] after = Transform.apply(symmetries, elements).parameter("d.weight").orElseThrow().toDoubles();
        for (int i = 0; i < 12; i++) {
            for (int k = 0; k < 2; k++) {
                double expected = 0;
                for (int j = 0; j < 12; j++) {
                    expected += m[i][j] * before[axis == 0 ? 2 * j + k : 12 * k + j];
                }
                assertEquals(expected, after[axis == 0 ? 2 * i + k : 12 * k + i], ROUNDING);
            }
        }
        assertThrows(SymmetryException.class, () -> symmetries.group("d.weight", 2));
        assertThrows(SymmetryException.class, () -> symmetries.group("nothing", 0));
    }
}
