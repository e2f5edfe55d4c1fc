package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Signs of units before a sigmoid: σ(−x) = 1 − σ(x), and later biases take the 1 back, or there are no signs (theory, 7). */
class SigmoidSignsTest {
    /** float32 through some ten layers, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;
    /** float32 keeps seven digits of a sum of a few numbers. */
    private static final double EPSILON = 1e-6;
    private static final Seed SEED = new Seed(41);
    private static final Group SIGNS = new Group.Monomial(Group.Diagonal.SIGNS);
    private static final Group PERMUTATION = new Group.Permutation();

    private final Net net = new Net(SEED);

    /** Signs alone, of all Spaces at once; at least one unit of each Space with signs flips. */
    private static Graph flipped(Symmetries symmetries) {
        return Transform.apply(symmetries, symmetries.spaces().stream().map(s -> flip(symmetries, s)).toList());
    }

    /** Flips every other unit. */
    private static Transform.Element flip(Symmetries symmetries, Space space) {
        int n = space.dimension();
        List<double[]> factors = symmetries.scalings(space).stream()
                .map(s -> IntStream.range(0, n).mapToDouble(
                        u -> u % 2 == 0 && s.diagonal() != Group.Diagonal.POSITIVE ? -1 : 1).toArray())
                .toList();
        return new Transform.Element(space, IntStream.range(0, n).toArray(), factors);
    }

    /** The Groups of the Spaces, each of which holds. */
    private static List<Group> groups(Graph graph) {
        Symmetries symmetries = Symmetries.of(graph);
        Verification verification = Verification.check(symmetries, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of(), verification.findings());
        assertTrue(verification.maxError() <= ROUNDING, () -> "error " + verification.maxError());
        double error = ShiftsTest.error(graph, flipped(symmetries), SEED);
        assertTrue(error <= ROUNDING, () -> "signs alone: error " + error);
        return symmetries.spaces().stream().map(Space::group).toList();
    }

    private String conv(String name, String x, int in, int out, int kernel) {
        return net.node("Conv", List.of(x, net.weight(name + ".weight", out, in, kernel, kernel),
                net.weight(name + ".bias", out)), "kernel_shape", new long[] {kernel, kernel});
    }

    private String sigmoids(int units) {
        return net.apply("Sigmoid", net.dense("a", net.input("x", 4), 4, units));
    }

    @Test
    void aFlippedUnitAddsItsReaderWeightsToTheBias() {
        Graph graph = net.graph(net.dense("b", sigmoids(3), 3, 2));
        Symmetries symmetries = Symmetries.of(graph);
        Space space = symmetries.spaces().get(0);
        Graph moved = Transform.apply(symmetries, List.of(
                new Transform.Element(space, new int[] {0, 1, 2}, List.of(new double[] {1, -1, 1}))));
        Map<String, double[]> before = values(graph);
        Map<String, double[]> after = values(moved);
        double[] weight = value(before, "b.weight");
        double[] bias = value(before, "b.bias").clone();
        bias[0] += weight[1];
        bias[1] += weight[4];
        assertArrayEquals(bias, value(after, "b.bias"), EPSILON);
        assertEquals(-weight[1], value(after, "b.weight")[1]);
        assertEquals(weight[0], value(after, "b.weight")[0]);
        assertEquals(-value(before, "a.bias")[1], value(after, "a.bias")[1]);
        assertTrue(ShiftsTest.error(graph, moved, SEED) <= ROUNDING);
    }

    @Test
    void aBiasOfOneNumberTakesItBack() {
        assertEquals(List.of(SIGNS), groups(net.graph(net.dense("b", sigmoids(5), 5, 1))));
    }

    private static Map<String, double[]> values(Graph graph) {
        return graph.parameters().entrySet().stream()
                .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toDoubles()));
    }

    private static double[] value(Map<String, double[]> values, String name) {
        return values.getOrDefault(name, new double[0]);
    }

    @Test
    void onlySignsMoveWhereOnlySignsAreAskedFor() {
        Graph graph = net.graph(net.dense("b", sigmoids(8), 8, 2));
        Verified verified = Verified.of(graph, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(SIGNS, verified.units().spaces().get(0).group());
        assertTrue(verified.units().scalings().get(0).affine());
        Graph moved = verified.moved(EnumSet.of(Transform.Kind.SIGN), SEED);
        double[] before = value(values(graph), "a.weight");
        double[] after = value(values(moved), "a.weight");
        assertArrayEquals(Arrays.stream(before).map(Math::abs).toArray(),
                Arrays.stream(after).map(Math::abs).toArray());
        assertTrue(IntStream.range(0, before.length).anyMatch(i -> before[i] != after[i]), "nothing moved");
        assertTrue(ShiftsTest.error(graph, moved, SEED) <= ROUNDING);
    }

    @Test
    void shiftsRotationsAndSignsMoveTogether() {
        String hidden = net.apply("Sigmoid", net.dense("b", sigmoids(5), 5, 6));
        String narrow = net.dense("d", net.dense("c", hidden, 6, 3), 3, 4);
        Graph graph = net.graph(net.dense("f", net.apply("Relu", net.dense("e", narrow, 4, 7)), 7, 2));
        Verified verified = Verified.of(graph, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of(), verified.findings());
        assertTrue(!verified.shifts().isEmpty() && !verified.mixing().spaces().isEmpty());
        assertEquals(2, verified.units().spaces().stream().filter(s -> s.group().equals(SIGNS)).count());
        assertTrue(ShiftsTest.error(graph, verified.moved(EnumSet.allOf(Transform.Kind.class), SEED),
                SEED) <= ROUNDING);
    }

    @Test
    void aReaderWithoutABiasLeavesPermutations() {
        String y = net.node("MatMul", List.of(sigmoids(5), net.weight("b", 5, 3)));
        assertEquals(List.of(PERMUTATION), groups(net.graph(y)));
    }

    @Test
    void aBiasFurtherOnTakesItBack() {
        String y = net.node("MatMul", List.of(sigmoids(5), net.weight("b", 5, 3)));
        String doubled = net.node("Mul", List.of(net.node("MatMul", List.of(y, net.weight("c", 3, 3))), net.scalar(2)));
        assertEquals(SIGNS, groups(net.graph(net.node("Add", List.of(doubled, net.weight("d", 3))))).get(0));
    }

    @ParameterizedTest @CsvSource({"true, true", "true, false", "false, true"})
    void everyReaderMustTakeItBack(boolean first, boolean second) {
        String y = sigmoids(5);
        List<String> outputs = IntStream.range(0, 2).mapToObj(i -> {
            String sum = net.node("MatMul", List.of(y, net.weight("b" + i, 5, 3)));
            return (i == 0 ? first : second) ? net.node("Add", List.of(sum, net.weight("c" + i, 3))) : sum;
        }).toList();
        assertEquals(List.of(first && second ? SIGNS : PERMUTATION),
                groups(net.graph(outputs.get(0), outputs.get(1))));
    }

    @Test
    void aBiasThatIsReadTwiceTakesNothingBack() {
        net.weight("c", 3);
        String y = net.node("Add", List.of(net.node("MatMul", List.of(sigmoids(5), net.weight("b", 5, 3))), "c"));
        String other = net.node("Add", List.of(net.node("MatMul", List.of("x", net.weight("d", 4, 3))), "c"));
        assertEquals(List.of(PERMUTATION), groups(net.graph(y, other)));
    }

    @Test
    void aGateLeavesPermutations() {
        String x = net.input("x", 4);
        String wide = net.dense("a", x, 4, 6);
        String swish = net.dense("b", net.node("Mul", List.of(wide, net.apply("Sigmoid", wide))), 6, 5);
        String gate = net.apply("Sigmoid", net.dense("c", x, 4, 5));
        String gated = net.node("Mul", List.of(gate, net.apply("Relu", swish)));
        assertEquals(List.of(PERMUTATION, new Group.Monomial(Group.Diagonal.POSITIVE)),
                groups(net.graph(net.dense("d", gated, 5, 2))));
    }

    @ParameterizedTest @CsvSource({"false, AveragePool, true", "true, AveragePool, false", "false, MaxPool, false"})
    void convolutionsTakeItBackWhereTheyDoNotPad(boolean padded, String pool, boolean signs) {
        String x = net.apply("Sigmoid", net.conv("a", net.input("x", 2, 8, 8), 2, 5, 3, 1));
        String pooled = net.node(pool, List.of(x), "kernel_shape", new long[] {2, 2});
        String y = padded ? net.conv("b", pooled, 5, 3, 3, 1) : conv("b", pooled, 5, 3, 3);
        assertEquals(signs ? SIGNS : PERMUTATION, groups(net.graph(y)).get(0));
    }

    @Test
    void channelsFlipThroughFlatten() {
        String x = net.apply("Sigmoid", conv("a", net.input("x", 2, 5, 5), 2, 4, 3));
        assertEquals(List.of(SIGNS), groups(net.graph(net.dense("b", net.node("Flatten", List.of(x)), 36, 3))));
    }

    @Test
    void unitsWithOtherReadersAreOtherSpaces() {
        List<String> halves = net.node("Split", 2, List.of(sigmoids(8), net.ints(4, 4)), "axis", 1);
        String plain = net.node("MatMul", List.of(halves.get(0), net.weight("b", 4, 3)));
        String biased = net.dense("c", halves.get(1), 4, 3);
        assertEquals(List.of(PERMUTATION, SIGNS), groups(net.graph(plain, biased)));
    }

    @ParameterizedTest @CsvSource({"0.2, 0.5, true", "0.1666667, 0.5, true", "0.2, 0.4, false"})
    void hardSigmoidsTurnAboutOneHalf(float alpha, float beta, boolean signs) {
        String x = net.node("HardSigmoid", List.of(net.dense("a", net.input("x", 4), 4, 6)), "alpha", alpha, "beta",
                beta);
        assertEquals(List.of(signs ? SIGNS : PERMUTATION), groups(net.graph(net.dense("b", x, 6, 3))));
    }

    @ParameterizedTest @CsvSource({"-1, 1, true", "-1, 2, false"})
    void clipsBetweenOppositeBoundsAreOdd(double low, double high, boolean signs) {
        String x =
                net.node("Clip", List.of(net.dense("a", net.input("x", 4), 4, 6), net.scalar(low), net.scalar(high)));
        Graph graph = net.graph(net.node("MatMul", List.of(x, net.weight("b", 6, 3))));
        assertEquals(List.of(signs ? SIGNS : PERMUTATION), groups(graph));
        assertTrue(Symmetries.of(graph).scalings().stream().noneMatch(Scaling::affine));
    }

    @Test
    void signsThatNoBiasTakesBackAtOtherWeightsAreRefused() {
        String y = net.node("MatMul", List.of(sigmoids(5), net.weight("b", 5, 3)));
        net.zero("b", 0);
        Graph unread = net.graph(net.dense("c", net.apply("Tanh", y), 3, 2));
        Symmetries symmetries = Symmetries.of(unread);
        assertEquals(SIGNS, symmetries.spaces().get(0).group(), "what is multiplied by 0 needs no correction");
        float[] ones = new float[15];
        Arrays.fill(ones, 1);
        Graph graph = unread.replacing(Map.of("b", TensorData.of(ones, 5, 3)));
        Symmetries other = new Symmetries(graph, symmetries.shapes(), symmetries.spaces(), symmetries.axes(),
                symmetries.scalings(), List.of());
        List<Transform.Element> flips = List.of(flip(other, symmetries.spaces().get(0)));
        assertThrows(SymmetryException.class, () -> Transform.apply(other, flips));
    }

    /** A layer of zeros is tried with other weights, and moved with its own. */
    @Test
    void correctionsAndShiftsBehindALayerOfZerosAreThoseOfItsOwnWeights() {
        String inner = net.dense("c", net.dense("b", sigmoids(5), 5, 4), 4, 3);
        Graph graph = net.graph(net.dense("d", net.apply("Tanh", inner), 3, 2));
        Graph zeros = graph.replacing(Map.of("c.weight", TensorData.of(new float[12], 3, 4)));
        Verified verified = Verified.of(zeros, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of("b.bias"), verified.shifts().stream().map(Shift::name).toList());
        assertTrue(ShiftsTest.error(zeros, verified.moved(EnumSet.of(Transform.Kind.SHIFT), SEED), SEED) <= ROUNDING);
        assertTrue(ShiftsTest.error(zeros, verified.moved(EnumSet.of(Transform.Kind.SIGN), SEED), SEED) <= ROUNDING);
    }

    /** Half the distance between numbers next to a bias is what it may lose of the correction: 4e-6 next to 100, 0.5 next to 1e7. */
    @ParameterizedTest @CsvSource({"0, true", "100, true", "1e4, false", "3e4, false", "1e5, false", "1e7, false"})
    void aBiasThatRoundsTheCorrectionAwayLeavesPermutations(float bias, boolean signs) {
        Graph graph = net.graph(net.dense("b", sigmoids(6), 6, 3));
        graph = graph.replacing(Map.of("b.bias", TensorData.of(new float[] {0, bias, 0}, 3)));
        Verified verified = Verified.of(graph, g -> OnnxRuntime.open(g, 1), 3, SEED);
        assertEquals(List.of(signs ? SIGNS : PERMUTATION),
                verified.units().spaces().stream().map(Space::group).toList());
        assertEquals(signs ? List.of() : List.of("signs-lost-in-rounding b.bias"),
                verified.findings().stream().map(f -> f.kind() + " " + f.place()).toList());
    }

    /** One reader's weights are near 0: what it takes back is as near, and rounding it away is seen by nobody. */
    @Test
    void aSmallCorrectionBesideLargeOnesMayBeRoundedAway() {
        Graph graph = net.graph(net.dense("b", sigmoids(6), 6, 3));
        double[] weight = value(values(graph), "b.weight").clone();
        Arrays.setAll(weight, i -> i < 6 ? 1e-9 * weight[i] : weight[i]);
        Graph faint = graph.replacing(Map.of("b.weight",
                Tensors.encode(graph.parameter("b.weight").orElseThrow().type(), weight, new long[] {3, 6})));
        assertEquals(List.of(SIGNS), groups(faint));
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    /** Random networks of sigmoid layers: the signs of each layer, and of all at once, are there exactly where they must be. */
    @ParameterizedTest @MethodSource("seeds")
    void randomNetworks(long seed) {
        PlantedSigmoids planted = PlantedSigmoids.of(new Seed(seed));
        assertEquals(planted.groups(), groups(planted.graph()), () -> "seed " + seed);
    }
}
