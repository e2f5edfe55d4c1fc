package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.LinearTransform;
import dev.orbifold.symmetry.Verified;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attention whose products have a planted rank below the head dimension, hidden by random elements of every head's GL. */
class HeadRankTest {
    /** Weights of full precision are rotated and rounded once to float32, twice where they were hidden. */
    private static final double ROTATED = 1e-5;
    /** A hundred times what either side alone may be off to count as lost; its square is far below that. */
    private static final double NOISE = 1e-4;
    private static final int TOKENS = 4;
    private static final int STREAM = 11;
    private static final int HEADS = 3;
    private static final int SIZE = 5;
    private static final int QUERY_RANK = 2;
    private static final int VALUE_RANK = 3;

    /** How queries, keys and values are projected, and how heads are laid out. */
    enum Family {
        SEPARATE, FUSED_SPLIT, FUSED_GATHERED, GROUPED, MERGED, NODE
    }

    private static Graph attention(Family family, long seed) {
        Net net = new Net(seed);
        int width = HEADS * SIZE;
        int each = family == Family.GROUPED ? 2 : 1;
        String x = net.op("Tanh", net.project("embed", net.input(TOKENS, 6), 6, STREAM));
        String mixed;
        if (family == Family.NODE) {
            mixed = net.op("Attention",
                    List.of(net.project("q", x, STREAM, width), net.project("k", x, STREAM, width),
                            net.project("v", x, STREAM, width)),
                    Map.of("q_num_heads", Net.integer(HEADS), "kv_num_heads", Net.integer(HEADS)));
        } else {
            List<String> parts = parts(net, family, x, each);
            String scores = net.op("Mul", net.op("MatMul", parts.get(0), family == Family.MERGED
                    ? net.transpose(parts.get(1), 0, 2, 1)
                    : net.transpose(parts.get(1), 0, 1, 3, 2)), net.param("scale", new float[] {0.447f}, 1));
            String seen = net.op("MatMul", net.op("Softmax", List.of(scores), Map.of("axis", Net.integer(-1))),
                    parts.get(2));
            String apart = family == Family.MERGED ? net.reshape(seen, -1, HEADS, TOKENS, SIZE) : seen;
            mixed = net.reshape(net.transpose(apart, 0, 2, 1, 3), 0, TOKENS, (long) each * width);
        }
        String y = net.op("Tanh", net.op("Add", x, net.project("o", mixed, each * width, STREAM)));
        Graph graph = net.done(net.project("head", y, STREAM, 3), TOKENS, 3);
        return new Graph(graph.name(), Map.of("", family == Family.NODE ? 23 : 17), graph.inputs(), graph.outputs(),
                graph.nodes(), graph.parameters(), List.of(), Graph.Origin.NONE);
    }

    private static List<String> parts(Net net, Family family, String x, int each) {
        int width = HEADS * SIZE;
        if (family == Family.FUSED_SPLIT) {
            return net.split(net.project("qkv", x, STREAM, 3 * width), 2, width, width, width).stream()
                    .map(p -> heads(net, p, HEADS)).toList();
        }
        if (family == Family.FUSED_GATHERED) {
            String all = net.transpose(net.reshape(net.project("qkv", x, STREAM, 3 * width), 0, TOKENS, 3, HEADS, SIZE),
                    2, 0, 3, 1, 4);
            return net.split(all, 0, 1, 1, 1).stream().map(p -> net.op("Squeeze", p, net.longs(0))).toList();
        }
        String q = heads(net, net.project("q", x, STREAM, each * width), each * HEADS);
        String k = heads(net, net.project("k", x, STREAM, width), HEADS);
        String v = heads(net, net.project("v", x, STREAM, width), HEADS);
        return switch (family) {
            case GROUPED -> List.of(q, repeated(net, k), repeated(net, v));
            case MERGED -> List.of(q, k, v).stream().map(p -> net.reshape(p, -1, TOKENS, SIZE)).toList();
            default -> List.of(q, k, v);
        };
    }

    private static String heads(Net net, String x, int heads) {
        return net.transpose(net.reshape(x, 0, TOKENS, heads, SIZE), 0, 2, 1, 3);
    }

    private static String repeated(Net net, String x) {
        String wide = net.op("Expand", net.op("Unsqueeze", x, net.longs(2)), net.longs(1, 1, 2, 1, 1));
        return net.reshape(wide, 0, 2 * HEADS, TOKENS, SIZE);
    }

    /** Lets every coordinate of one side repeat one of the first, in every head. */
    private static Graph lower(Graph graph, LinearSpace space, int rank, boolean dual) {
        Graph lowered = graph;
        for (LinearSlot slot : space.slots()) {
            if (slot.dual() == dual) {
                int[] from = new int[slot.coordinate().length];
                for (int i = 0; i < from.length; i++) {
                    from[i] = i;
                    for (int j = 0; j < from.length && slot.coordinate()[i] >= 0; j++) {
                        if (slot.copy()[j] == slot.copy()[i] && slot.row()[j] == slot.row()[i]
                                && slot.coordinate()[j] == slot.coordinate()[i] % rank) {
                            from[i] = j;
                        }
                    }
                }
                TensorData tensor = lowered.parameter(slot.parameter()).orElseThrow();
                lowered = lowered.replacing(Map.of(slot.parameter(), tensor.select(slot.axis(), from)));
            }
        }
        return lowered;
    }

    private static int[] sizes(LinearSymmetries symmetries) {
        return symmetries.spaces().stream().mapToInt(LinearSpace::dimension).toArray();
    }

    @ParameterizedTest @EnumSource
    void headDimensionsComeDownToTheRank(Family family) {
        for (long seed = 0; seed < 4; seed++) {
            Graph whole = attention(family, seed);
            List<LinearSpace> spaces = LinearSymmetries.of(whole).spaces();
            assertEquals(List.of(SIZE, SIZE), spaces.stream().map(LinearSpace::dimension).toList());
            boolean firstIsQuery = spaces.get(0).slots().stream().noneMatch(s -> s.parameter().startsWith("o"));
            Graph planted = whole;
            for (int s = 0; s < 2; s++) {
                planted = lower(planted, spaces.get(s), s == 0 == firstIsQuery ? QUERY_RANK : VALUE_RANK,
                        seed % 2 == 0);
            }
            Graph hidden = LinearTransform.random(planted, LinearSymmetries.of(planted).spaces(), new Seed(seed));

            Shrink shrink = Shrink.lossless(hidden, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(seed));

            String where = family + ", seed " + seed + ": " + shrink.removed() + shrink.findings();
            // Where queries, keys and values share the axis of a reshape, they can only become equally narrow
            int query = family == Family.FUSED_GATHERED ? VALUE_RANK : QUERY_RANK;
            int[] expected = {firstIsQuery ? query : VALUE_RANK, firstIsQuery ? VALUE_RANK : query};
            assertEquals(Arrays.toString(expected), Arrays.toString(sizes(LinearSymmetries.of(shrink.after()))), where);
            assertEquals(HEADS * VALUE_RANK * (family == Family.GROUPED ? 2 : 1),
                    shrink.after().parameter("o.weight").orElseThrow().dim(0), where);
            assertTrue(shrink.equality().maxError() <= ROTATED, where + shrink.equality());
        }
    }

    /** Both sides have lost a rank up to noise that is far above rounding: the product has lost it up to the noise's square. */
    @ParameterizedTest @EnumSource
    void aRankThatOnlyTheProductShowsIsTakenOut(Family family) {
        Graph whole = attention(family, 3);
        List<LinearSpace> spaces = LinearSymmetries.of(whole).spaces();
        Graph planted = whole;
        for (LinearSpace space : spaces) {
            planted = lower(lower(planted, space, VALUE_RANK, false), space, VALUE_RANK, true);
        }
        planted = noisy(LinearTransform.random(planted, LinearSymmetries.of(planted).spaces(), new Seed(3)), spaces);

        Shrink shrink = Shrink.lossless(planted, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0));

        String where = family + ": " + shrink.removed() + shrink.findings();
        assertEquals(List.of(VALUE_RANK, VALUE_RANK), LinearSymmetries.of(shrink.after()).spaces().stream()
                .map(LinearSpace::dimension).toList(), where);
        assertTrue(shrink.equality().maxError() <= ROTATED, where + shrink.equality());
    }

    /** Every weight of the Spaces off by a share of itself that no rounding reaches. */
    private static Graph noisy(Graph graph, List<LinearSpace> spaces) {
        var random = new Seed(5).generator();
        Graph noisy = graph;
        for (LinearSpace space : spaces) {
            for (LinearSlot slot : space.slots()) {
                TensorData tensor = noisy.parameter(slot.parameter()).orElseThrow();
                float[] values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) {
                    values[i] *= (float) (1 + NOISE * random.nextGaussian());
                }
                noisy = noisy.replacing(Map.of(slot.parameter(), TensorData.of(values, tensor.dims())));
            }
        }
        return noisy;
    }

    /** Where values need all coordinates of an axis that queries and keys share with them, these stay, and that is said. */
    @ParameterizedTest @EnumSource
    void aRankThatStaysIsExplained(Family family) {
        Graph whole = attention(family, 1);
        LinearSpace query = LinearSymmetries.of(whole).spaces().stream()
                .filter(s -> s.slots().stream().noneMatch(slot -> slot.parameter().equals("o.weight"))).findFirst()
                .orElseThrow();
        Graph planted = lower(whole, query, QUERY_RANK, false);

        Shrink shrink = Shrink.lossless(planted, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0));
        Graph same = planted;
        Collapse scanned = Collapse.of(same, Verified.of(same, OnnxRuntime.factory(1), 2, new Seed(0)));

        boolean stays = family == Family.FUSED_GATHERED;
        for (List<Finding> findings : List.of(shrink.findings(), scanned.findings())) {
            assertEquals(stays ? List.of(query.name()) : List.of(), findings.stream()
                    .filter(f -> f.kind().equals("rank-stays")).map(Finding::place).toList(), findings.toString());
        }
        assertEquals(stays, shrink.removed().isEmpty(), shrink.removed().toString());
    }

    /** A head, or a group, whose values are written by zeros adds nothing. */
    @ParameterizedTest @EnumSource
    void wholeHeadsThatAreDeadGo(Family family) {
        for (long seed = 0; seed < 3; seed++) {
            Graph whole = attention(family, seed);
            LinearSpace values = LinearSymmetries.of(whole).spaces().stream()
                    .filter(s -> s.slots().stream().anyMatch(slot -> slot.parameter().equals("o.weight"))).findFirst()
                    .orElseThrow();
            Graph planted = whole;
            for (LinearSlot slot : values.slots()) {
                TensorData tensor = planted.parameter(slot.parameter()).orElseThrow();
                int[] from = new int[slot.coordinate().length];
                Arrays.setAll(from, i -> slot.coordinate()[i] >= 0 && slot.copy()[i] == 1 ? i + from.length : i);
                if (!slot.parameter().startsWith("o")) {
                    TensorData zeros = TensorData.of(new float[(int) tensor.elements()], tensor.dims());
                    planted = planted
                            .replacing(Map.of(slot.parameter(), both(tensor, zeros, slot.axis(), from)));
                }
            }

            Shrink shrink = Shrink.lossless(planted, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(seed));

            String where = family + ", seed " + seed + ": " + shrink.removed() + shrink.findings();
            assertEquals((HEADS - 1) * SIZE * (family == Family.GROUPED ? 2 : 1),
                    shrink.after().parameter("o.weight").orElseThrow().dim(0), where);
            assertTrue(shrink.equality().maxError() <= ROTATED, where + shrink.equality());
        }
    }

    @ParameterizedTest @EnumSource
    void nothingIsInventedWhereOneHeadNeedsAllCoordinates(Family family) {
        Graph whole = attention(family, 7);
        assertSame(whole, Shrink.lossless(whole, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0)).after());
        LinearSpace space = LinearSymmetries.of(whole).spaces().get(0);
        Graph lowered = lower(whole, space, QUERY_RANK, false);
        LinearSlot slot = space.slots().stream().filter(s -> !s.dual()).findFirst().orElseThrow();
        int[] mixed = new int[slot.coordinate().length];
        TensorData before = whole.parameter(slot.parameter()).orElseThrow();
        TensorData after = lowered.parameter(slot.parameter()).orElseThrow();
        // The first head keeps its full rank
        Arrays.setAll(mixed, i -> slot.copy()[i] == 0 ? i : i + mixed.length);
        Graph uneven = lowered.replacing(Map.of(slot.parameter(), both(before, after, slot.axis(), mixed)));
        Graph result = Shrink.lossless(uneven, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0)).after();
        assertSame(uneven, result);
    }

    /** Along an axis the entries of the first tensor, or those of the second where the index is beyond the first's length. */
    private static TensorData both(TensorData first, TensorData second, int axis, int[] from) {
        double[] a = first.toDoubles();
        double[] b = second.toDoubles();
        int stride = Gauge.inner(first, axis);
        float[] values = new float[a.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (from[i / stride % from.length] < from.length ? a[i] : b[i]);
        }
        return TensorData.of(values, first.dims());
    }
}
