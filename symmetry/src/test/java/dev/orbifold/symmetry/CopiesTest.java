package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Layers.Form;
import dev.orbifold.symmetry.Layers.Fused;
import dev.orbifold.symmetry.Layers.Turn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The copies of attention's LinearSpaces are one space, and what transform does to them is an element of its one Group. */
class CopiesTest {
    /** Parameters are rounded to float32 after they were moved. */
    private static final double ROUNDING = 1e-5;

    static Stream<Arguments> spellings() {
        List<Arguments> all = new ArrayList<>();
        for (Form form : Form.values()) {
            for (boolean grouped : new boolean[] {false, true}) {
                for (Turn turn : List.of(Turn.NONE, Turn.SPELLED, Turn.EVERY)) {
                    for (Fused fused : grouped || form == Form.NODE3 ? new Fused[] {Fused.APART} : Fused.values()) {
                        for (int seed = 0; seed < 2; seed++) {
                            all.add(Arguments.of(form, grouped, turn, fused, seed));
                        }
                    }
                }
            }
        }
        return all.stream();
    }

    private static Layers layers(int seed, boolean grouped) {
        return Stream.iterate(seed, s -> s + 100).map(s -> new Layers(new Seed(s), grouped, false))
                .filter(l -> l.groups > 1).findFirst().orElseThrow();
    }

    private static Graph attention(Layers on, Form form, Turn turn, Fused fused, boolean bias) {
        String x = on.net.node("Gather",
                List.of(on.net.weight("embedding", 11, on.width), on.net.tokens("tokens", on.length)), "axis", 0);
        return on.net.graph(on.net.apply("Tanh", on.add(x, on.attention(x, fused, turn, form, "", bias))));
    }

    @ParameterizedTest(name = "{0}, grouped {1}, {2}, {3}, seed {4}") @MethodSource("spellings")
    void whatTransformDoesIsAnElementOfHeadsTimesInner(Form form, boolean grouped, Turn turn, Fused fused, int number) {
        Layers on = layers(number, grouped);
        Graph graph = attention(on, form, turn, fused, number % 2 == 0);
        Symmetries symmetries = Symmetries.of(graph);
        LinearSymmetries linear = LinearSymmetries.of(graph);
        assertEquals(2, linear.spaces().size());
        for (LinearSpace space : linear.spaces()) {
            Copies copies = Copies.of(space, symmetries.spaces());
            int each = space.copies() / on.groups;
            assertEquals(Group.heads(on.groups, each * space.dimension(),
                    Group.sum(each, space.dimension(), space.group())), copies.group());
            int n = space.copies() * space.dimension();
            assertEquals(space.copies() * space.group().manifold(space.dimension()), copies.group().manifold(n));

            Space heads = copies.heads().orElseThrow();
            Transform.Element exchange = Transform.element(symmetries, heads,
                    EnumSet.of(Transform.Kind.PERMUTATION), new Seed(number));
            LinearTransform.Element mix = LinearTransform.element(space, new Seed(number));
            Motion motion = new Motion(graph);
            LinearTransform.add(motion, List.of(mix));
            Transform.add(motion, symmetries, List.of(exchange));
            Graph moved = motion.onHeap();
            double[][] element = element(copies, exchange.permutation(), mix.maps());
            double[][] dual = element(copies, exchange.permutation(),
                    mix.maps().stream().map(LinearMap::inverseTransposed).toList());
            assertTrue(Members.contains(copies.group(), element), () -> space.name() + " " + copies.group());
            assertTrue(Members.contains(copies.group(), dual), () -> space.name() + " " + copies.group());
            for (LinearSlot slot : space.slots()) {
                same(vectors(moved, copies, slot), vectors(graph, copies, slot), slot.dual() ? dual : element, slot);
            }
        }
    }

    @Test
    void copiesThatNothingExchangesAreASum() {
        Layers on = layers(3, false);
        Graph graph = attention(on, Form.SPELLED, Turn.NONE, Fused.APART, true);
        LinearSymmetries linear = LinearSymmetries.of(graph);
        LinearSpace space = linear.spaces().get(0);
        List<Space> others = Symmetries.of(graph).spaces().stream().filter(s -> s.dimension() != on.heads).toList();
        Copies copies = Copies.of(space, others);
        assertTrue(copies.heads().isEmpty());
        assertEquals(Group.sum(on.heads, space.dimension(), space.group()), copies.group());
        LinearSpace one = new LinearSpace(0, "one", space.dimension(), 1, space.group(), List.of(), List.of());
        assertEquals(space.group(), Copies.of(one, others).group());
    }

    /** An exchange that moves copies of queries but not those of the keys they meet is none of the Space's. */
    @Test
    void halfAnExchangeDoesNotCount() {
        Layers on = layers(3, false);
        Graph graph = attention(on, Form.SPELLED, Turn.NONE, Fused.APART, true);
        Symmetries symmetries = Symmetries.of(graph);
        LinearSpace space = LinearSymmetries.of(graph).spaces().get(0);
        Space heads = Copies.of(space, symmetries.spaces()).heads().orElseThrow();
        String first = space.slots().get(0).parameter();
        Space half = new Space(heads.id(), heads.name(), heads.dimension(), heads.group(),
                heads.slots().stream().filter(s -> s.parameter().equals(first)).toList(), heads.kept());
        assertEquals(Group.sum(on.heads, space.dimension(), space.group()), Copies.of(space, List.of(half)).group());
    }

    /** The map of every copy, then the exchange of heads, on the coordinates in the order of the copies. */
    private static double[][] element(Copies copies, int[] permutation, List<LinearMap> maps) {
        int dimension = copies.space().dimension();
        int n = copies.order().size() * dimension;
        int each = copies.order().size() / permutation.length;
        double[][] m = new double[n][n];
        for (int place = 0; place < copies.order().size(); place++) {
            int to = permutation[place / each] * each + place % each;
            for (int c = 0; c < dimension; c++) {
                double[] x = Normal.unit(c).vector(dimension);
                for (LinearMap.Step step : maps.get(copies.order().get(place)).steps()) {
                    double dot = IntStream.range(0, dimension).mapToDouble(i -> step.v()[i] * x[i]).sum();
                    Arrays.setAll(x, i -> x[i] + step.u()[i] * dot);
                }
                for (int i = 0; i < dimension; i++) {
                    m[to * dimension + i][place * dimension + c] = x[i];
                }
            }
        }
        return m;
    }

    /** The vectors of all copies that a parameter holds, by the other indices of its elements. */
    private static Map<String, double[]> vectors(Graph graph, Copies copies, LinearSlot slot) {
        TensorData tensor = graph.parameter(slot.parameter()).orElseThrow();
        double[] values = tensor.toDoubles();
        Map<String, double[]> vectors = new TreeMap<>();
        for (int e = 0; e < values.length; e++) {
            int[] index = new int[tensor.dims().length];
            int left = e;
            for (int a = index.length - 1; a >= 0; a--) {
                index[a] = (int) (left % tensor.dims()[a]);
                left /= (int) tensor.dims()[a];
            }
            int own = index[slot.axis()];
            int copy = slot.copy()[own];
            index[slot.axis()] = slot.row()[own];
            for (LinearSlot.Along along : slot.along()) {
                copy += along.copy()[index[along.axis()]];
                index[along.axis()] = 0;
            }
            if (slot.coordinate()[own] >= 0) {
                int dimension = copies.space().dimension();
                vectors.computeIfAbsent(Arrays.toString(index),
                        k -> new double[copies.order().size() * dimension])[copies
                                .order().indexOf(copy) * dimension + slot.coordinate()[own]] = values[e];
            }
        }
        return vectors;
    }

    private static void same(Map<String, double[]> moved, Map<String, double[]> before, double[][] m, LinearSlot slot) {
        assertEquals(before.keySet(), moved.keySet());
        before.forEach((key, x) -> {
            double[] y = moved.get(key);
            for (int i = 0; i < y.length; i++) {
                int row = i;
                assertEquals(IntStream.range(0, x.length).mapToDouble(j -> m[row][j] * x[j]).sum(), y[i], ROUNDING,
                        () -> slot.parameter() + " axis " + slot.axis() + " at " + key);
            }
        });
    }
}
