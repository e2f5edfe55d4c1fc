package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model and its random transform are one model; two models that have nothing to do with each other stay two. */
class DistanceTest {
    /** Every scaling rounds each weight to float32 once, and norms are taken of rounded weights. */
    private static final double ROUNDING = 1e-5;
    /** The same weights in another order of summation, compared by outputs. */
    private static final double EQUAL = 1e-5;
    private static final int SEEDS = 4;
    /** Weights of an independent draw stay this far apart at least. */
    private static final double FAR = 0.1;
    /** Parameters that are no weights: variances stay positive, sizes what they are. */
    private static final Set<String> KEPT = Set.of("running_mean", "running_var", "scales");

    static Stream<Arguments> networks() {
        return Architectures.all().entrySet().stream().flatMap(family -> Stream.iterate(0L, s -> s + 1).limit(SEEDS)
                .map(seed -> Arguments.of(family.getKey(), seed, family.getValue())));
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void aTransformedModelIsMatched(String family, long seed, LongFunction<Graph> make) {
        Graph graph = make.apply(seed);
        Graph moved = Transform.random(Symmetries.of(graph), new Seed(seed).split("moved"));
        Distance distance = Distance.of(graph, moved);
        assertTrue(distance.before() > FAR, family + ", seed " + seed + ": " + distance.before());
        assertTrue(distance.after() <= ROUNDING, family + ", seed " + seed + ": " + distance.after() + " of "
                + distance.before() + ", left " + distance.left());
    }

    @ParameterizedTest(name = "{0}, seed {1}") @MethodSource("networks")
    void matchingKeepsTheFunctionAndNeverMovesAway(String family, long seed, LongFunction<Graph> make) {
        Graph graph = make.apply(seed);
        Graph other = redrawn(graph, new Seed(seed).split("other"));
        Distance distance = Distance.of(graph, other);
        assertTrue(distance.after() <= distance.before() && distance.after() > FAR,
                family + ", seed " + seed + ": " + distance.after() + " of " + distance.before());
        double error = Equality.check(other, distance.matched(), OnnxRuntime.factory(1), new Seed(seed), 32).maxError();
        assertTrue(error <= EQUAL, family + ", seed " + seed + ": outputs differ by " + error);
    }

    /** Two hidden units exchanged, one of them doubled: found by hand. */
    @Test
    void aCaseByHand() {
        Graph first = twoUnits(new float[] {1, 2, -3, 1}, new float[] {1, -1});
        Graph second = twoUnits(new float[] {-3, 1, 2, 4}, new float[] {-1, 0.5f});
        Distance distance = Distance.of(first, second);
        assertEquals(Math.sqrt((16 + 1 + 25 + 9 + 4 + 2.25) / 17), distance.before(), 1e-12);
        assertEquals(0, distance.after(), 1e-7);
        assertEquals(List.of(), distance.left());
    }

    /** What masks scores is no weight: neither −1e9, which would make every distance 0, nor −∞, which would make it NaN. */
    @ParameterizedTest @ValueSource(floats = {-1e9f, Float.NEGATIVE_INFINITY})
    void aMaskDoesNotCount(float masked) {
        Graph graph = masked(0, masked);
        Symmetries symmetries = Symmetries.of(graph);
        Distance same = Distance.of(graph, Transform.random(symmetries, symmetries.spaces(),
                EnumSet.of(Transform.Kind.PERMUTATION), new Seed(1)));
        assertTrue(same.before() > FAR && same.after() <= ROUNDING, same.before() + " before, " + same.after());
        Graph other = masked(1, masked);
        Distance apart = Distance.of(graph, other);
        assertTrue(apart.after() > FAR, "after " + apart.after());
        assertEquals(apart.before(), Matching.apart(without(graph), without(other)), 1e-12);
    }

    /** Weights that are no numbers are not taken for a mask when those of the other checkpoint are. */
    @Test
    void aDivergedCheckpointIsNotNear() {
        Graph graph = masked(0, -1e9f);
        float[] values = graph.parameter("up.weight").orElseThrow().toFloats();
        values[0] = Float.NaN;
        Graph diverged = graph.replacing(Map.of("up.weight", TensorData.of(values, 6, 7)));
        assertTrue(Double.isNaN(Matching.apart(graph, diverged)));
        assertTrue(Double.isNaN(Matching.apart(diverged, graph)));
    }

    /** Attention in which a token sees itself and those before it. */
    private static Graph masked(long seed, float masked) {
        Net net = new Net(seed);
        int tokens = 3;
        int stream = 6;
        String x = net.project("embed", net.input(tokens, 5), 5, stream);
        float[] mask = new float[tokens * tokens];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % tokens > i / tokens ? masked : 0;
        }
        String scores = net.op("MatMul", net.project("q", x, stream, 4),
                net.transpose(net.project("k", x, stream, 4), 0, 2, 1));
        scores = net.op("Softmax", List.of(net.op("Add", scores, net.param("mask", mask, tokens, tokens))),
                Map.of("axis", Net.integer(-1)));
        String seen = net.op("MatMul", scores, net.project("v", x, stream, stream));
        String y = net.op("Tanh", net.project("up", seen, stream, 7));
        return net.done(net.project("head", y, 7, 3), tokens, 3);
    }

    private static Graph without(Graph graph) {
        Map<String, TensorData> weights = new LinkedHashMap<>(graph.parameters());
        weights.remove("mask");
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), graph.outputs(), List.of(), weights, List.of(),
                Graph.Origin.NONE);
    }

    @Test
    void anotherArchitectureIsRefused() {
        Graph dense = Architectures.dense(0);
        assertThrows(StructureException.class, () -> Distance.of(dense, Architectures.residual(0)));
    }

    private static Graph twoUnits(float[] written, float[] read) {
        Net net = new Net(0);
        String x = net.op("Relu", net.op("MatMul", net.input(2), net.param("w", new float[] {written[0], written[2],
                written[1], written[3]}, 2, 2)));
        return net.done(net.op("MatMul", x, net.param("v", read, 2, 1)), 1);
    }

    /** The same network with other weights. */
    private static Graph redrawn(Graph graph, Seed seed) {
        Map<String, TensorData> drawn = new LinkedHashMap<>();
        graph.parameters().forEach((name, tensor) -> {
            if (tensor.type() == DataType.FLOAT && !KEPT.contains(name.substring(name.lastIndexOf('.') + 1))) {
                var random = seed.split(name).generator();
                float[] values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) {
                    values[i] += (float) (0.5 * random.nextGaussian());
                }
                drawn.put(name, TensorData.of(values, tensor.dims()));
            }
        });
        return graph.replacing(drawn);
    }
}
