package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Layers.Form;
import dev.orbifold.symmetry.Layers.Fused;
import dev.orbifold.symmetry.Layers.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Small networks with the layers of transformers in use, each with the mixing Spaces that must be found in it. */
final class Transformers {
    /**
     * A network and its answer.
     *
     * @param graph the network
     * @param expected its mixing Spaces as "Group(dimension)xcopies", sorted
     * @param shifts its shifts as "parameter: dimension", sorted
     */
    record Planted(Graph graph, List<String> expected, List<String> shifts) {
    }

    private static final String STREAM = "OrthogonalFixingOnes";
    private static final int WORDS = 11;
    private static final int ANSWERS = 5;

    private Transformers() {
    }

    /** Every variant by name. */
    static Map<String, Function<Seed, Planted>> all() {
        Map<String, Function<Seed, Planted>> all = new LinkedHashMap<>();
        all.put("gpt", s -> gpt(s, false, false));
        all.put("gpt spelled", s -> gpt(s, true, false));
        all.put("gpt tied", s -> gpt(s, false, true));
        all.put("free length", s -> free(s, false));
        all.put("free length grouped", s -> free(s, true));
        all.put("t5", Transformers::relative);
        all.put("bert", Transformers::bert);
        for (Fused fused : List.of(Fused.SPLIT, Fused.GATHERED, Fused.INTERLEAVED)) {
            all.put("vit " + fused, s -> vit(s, fused));
        }
        for (Turn turn : Turn.values()) {
            for (boolean grouped : new boolean[] {false, true}) {
                for (boolean partial : turn == Turn.NONE ? new boolean[] {false} : new boolean[] {false, true}) {
                    String how = turn + (grouped ? " grouped" : "") + (partial ? " partial" : "");
                    for (Form form : Form.values()) {
                        if (form == Form.MERGED && turn != Turn.NONE) {
                            continue;
                        }
                        if (form != Form.NODE3 || turn == Turn.NONE || turn.isNode()) {
                            all.put("llama " + how + " " + form, s -> llama(s, turn, grouped, partial, form));
                        }
                    }
                }
            }
        }
        all.put("vit merged by the exporter", s -> unshared(vit(s, Fused.GATHERED)));
        all.put("swin", Transformers::swin);
        for (Merging.Embedding embedding : Merging.Embedding.values()) {
            for (boolean odd : new boolean[] {false, true}) {
                all.put("merging " + embedding + (odd ? " odd" : ""), s -> Merging.of(s, embedding, odd));
            }
        }
        all.put("einsum", Transformers::einsum);
        all.put("mixer", Transformers::mixer);
        all.put("dense bottleneck", Transformers::denseBottleneck);
        all.put("conv bottleneck", Transformers::convBottleneck);
        return all;
    }

    private static Planted planted(Layers on, String... outputs) {
        return new Planted(on.net.graph(outputs), on.expected(), on.shifts());
    }

    private static String embedded(Layers on) {
        String tokens = on.net.tokens("tokens", on.length);
        return on.net.node("Gather", List.of(on.net.weight("embedding", WORDS, on.width), tokens), "axis", 0);
    }

    private static Planted gpt(Seed seed, boolean spelled, boolean tied) {
        Layers on = new Layers(seed, false, false);
        String x = on.add(embedded(on), on.net.weight("positions", on.length, on.width));
        String mask = on.causal();
        on.unseen = 1;
        on.shift("positions", on.length);
        if (!tied) {
            on.expect(STREAM, on.width, 1);
            on.shift("embedding", on.width);
        }
        for (int b = 0; b <= on.net.choose(2); b++) {
            Fused fused = b == 0 ? Fused.SPLIT : Fused.APART;
            x = on.add(x, on.attention(on.norm(x, true, spelled), fused, Turn.NONE, Form.SPELLED, mask, true));
            x = on.add(x, on.units(on.norm(x, true, spelled), false, true));
        }
        String last = on.norm(x, true, spelled);
        on.shiftLast(on.width - WORDS);
        return planted(on, tied ? on.matMul(last, on.transpose("embedding", 1, 0))
                : on.linear(last, on.width, WORDS, false));
    }

    private static Planted llama(Seed seed, Turn turn, boolean grouped, boolean partial, Form form) {
        Layers on = new Layers(seed, grouped, partial);
        boolean spelled = on.net.choose(2) == 0;
        String x = embedded(on);
        String mask = on.causal();
        on.expect("Orthogonal", on.width, 1);
        for (int b = 0; b <= on.net.choose(2); b++) {
            x = on.add(x, on.attention(on.norm(x, false, spelled), Fused.APART, turn, form, mask, b == 0));
            x = on.add(x, on.units(on.norm(x, false, spelled), true, false));
        }
        return planted(on, on.linear(on.norm(x, false, spelled), on.width, WORDS, false));
    }

    /** Sequences of any length. */
    private static Planted free(Seed seed, boolean grouped) {
        Layers on = new Layers(seed, grouped, false, -1);
        String x = embedded(on);
        on.expect("Orthogonal", on.width, 1);
        for (int b = 0; b < 2; b++) {
            Fused fused = grouped ? Fused.APART : Fused.values()[on.net.choose(4)];
            x = on.add(x, on.attention(on.norm(x, false, true), fused, Turn.NONE, Form.SPELLED, "", true));
            x = on.add(x, on.units(on.norm(x, false, true), true, false));
        }
        return planted(on, on.linear(on.norm(x, false, true), on.width, WORDS, false));
    }

    private static Planted relative(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String x = embedded(on);
        String bias = on.relative();
        on.expect("Orthogonal", on.width, 1);
        for (int b = 0; b < 2; b++) {
            x = on.add(x, on.attention(on.norm(x, false, true), Fused.APART, Turn.NONE, Form.SPELLED, bias, false));
            x = on.add(x, on.units(on.norm(x, false, true), false, false));
        }
        return planted(on, on.linear(on.norm(x, false, true), on.width, WORDS, false));
    }

    /** Norms after the sums: their scales reach the next norm, so the stream is not mixed. */
    private static Planted bert(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String types = on.net.node("Gather",
                List.of(on.net.weight("types", 2, on.width), on.net.tokens("kinds", on.length)), "axis", 0);
        String x = on.add(on.add(embedded(on), types), on.net.weight("positions", 1, on.length, on.width));
        on.shift("embedding", on.width);
        on.shift("types", on.width);
        on.shift("positions", on.length);
        on.unseen = 1;
        boolean spelled = on.net.choose(2) == 0;
        x = on.norm(x, true, spelled);
        for (int b = 0; b <= on.net.choose(2); b++) {
            x = on.norm(on.add(x, on.attention(x, Fused.APART, Turn.NONE, Form.SPELLED, "", true)), true, spelled);
            x = on.norm(on.add(x, on.units(x, false, true)), true, spelled);
        }
        return planted(on, on.linear(x, on.width, ANSWERS, true));
    }

    static String patches(Layers on, int side) {
        String image = on.net.input("image", 3, 2L * side, 2L * side);
        String patches = on.net.node("Conv", List.of(image, on.net.weight("patch.weight", on.width, 3, 2, 2),
                on.net.weight("patch.bias", on.width)), "strides", new long[] {2, 2});
        return on.transpose(on.reshape(patches, 0, on.width, (long) side * side), 0, 2, 1);
    }

    private static Planted vit(Seed seed, Fused fused) {
        Layers on = new Layers(seed, false, false);
        int side = on.length == 5 ? 2 : 1;
        String image = on.net.input("image", 3, 2L * side, 2L * (on.length - 1) / side);
        String patches = on.net.node("Conv", List.of(image, on.net.weight("patch.weight", on.width, 3, 2, 2),
                on.net.weight("patch.bias", on.width)), "strides", new long[] {2, 2});
        String x = on.transpose(on.reshape(patches, 0, on.width, on.length - 1), 0, 2, 1);
        String batch = on.net.node("Slice", List.of(on.net.apply("Shape", x), on.net.ints(0), on.net.ints(1)));
        String token = on.net.node("Expand", List.of(on.net.weight("token", 1, 1, on.width),
                on.concat(0, batch, on.net.ints(1, on.width))));
        x = on.add(on.concat(1, token, x), on.net.weight("positions", 1, on.length, on.width));
        on.expect(STREAM, on.width, 1);
        on.unseen = 1;
        on.shift("patch.bias", on.width);
        on.shift("token", on.width);
        on.shift("positions", on.length);
        for (int b = 0; b <= on.net.choose(2); b++) {
            x = on.add(x, on.attention(on.norm(x, true, false), fused, Turn.NONE, Form.SPELLED, "", true));
            x = on.add(x, on.units(on.norm(x, true, false), false, true));
        }
        String first = on.pick(on.norm(x, true, false), 0, 1);
        return planted(on, on.net.dense("head", first, on.width, ANSWERS));
    }

    /** The same after its exporter found all norms' scales and shifts equal and merged them. */
    private static Planted unshared(Planted planted) {
        Map<String, TensorData> parameters = new LinkedHashMap<>(planted.graph().parameters());
        Map<String, String> first = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (String name : planted.graph().parameters().keySet()) {
            if (name.startsWith("norm")) {
                String kind = name.substring(name.indexOf('.'));
                float[] same = new float[Math.toIntExact(parameters.get(name).elements())];
                java.util.Arrays.fill(same, kind.equals(".weight") ? 1 : 0);
                if (first.putIfAbsent(kind, name) == null) {
                    parameters.put(name, TensorData.of(same, same.length));
                } else {
                    parameters.remove(name);
                    nodes.add(Node.of("merged " + name, "Identity", List.of(first.getOrDefault(kind, "")),
                            List.of(name), Map.of()));
                }
            }
        }
        nodes.addAll(planted.graph().nodes());
        Graph merged = planted.graph().withNodes(nodes).withParameters(parameters);
        return new Planted(Unshare.apply(merged), planted.expected(), planted.shifts());
    }

    /** Windows of 2 × 2 on a grid of 4 × 4, shifted by one. */
    private static Planted swin(Seed seed) {
        Layers on = new Layers(seed, false, false, 4);
        int w = on.width;
        String x = patches(on, 4);
        on.expect(STREAM, w, 1);
        on.unseen = 1;
        on.shift("patch.bias", 1);
        for (int b = 0; b < 2; b++) {
            String grid = on.reshape(on.norm(x, true, false), 0, 4, 4, w);
            String rolled = b == 0 ? grid : roll(on, roll(on, grid, 1, 1), 1, 2);
            String windows = on.reshape(on.transpose(on.reshape(rolled, 0, 2, 2, 2, 2, w), 0, 1, 3, 2, 4, 5), -1, 4, w);
            String seen = on.attention(windows, Fused.GATHERED, Turn.NONE, Form.SPELLED, on.relative(), true);
            String back = on.reshape(on.transpose(on.reshape(seen, -1, 2, 2, 2, 2, w), 0, 1, 3, 2, 4, 5), -1, 4, 4, w);
            String turned = b == 0 ? back : roll(on, roll(on, back, 3, 1), 3, 2);
            x = on.add(x, on.reshape(turned, -1, 16, w));
            x = on.add(x, on.units(on.norm(x, true, false), false, true));
        }
        String mean = on.net.node("ReduceMean", List.of(on.norm(x, true, false), on.net.ints(1)), "keepdims", 0);
        return planted(on, on.net.dense("head", mean, w, ANSWERS));
    }

    private static String roll(Layers on, String x, int by, int axis) {
        return on.concat(axis, on.slice(x, by, Integer.MAX_VALUE, axis), on.slice(x, 0, by, axis));
    }

    private static Planted einsum(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String x = embedded(on);
        on.expect("Orthogonal", on.width, 1);
        on.expectHeads(Turn.NONE, on.heads);
        String normal = on.norm(x, false, false);
        String q = einsum(on, "bqw,whd->bqhd", normal, on.net.weight("q", on.width, on.heads, on.size));
        String k = einsum(on, "bkw,whd->bkhd", normal, on.net.weight("k", on.width, on.heads, on.size));
        String v = einsum(on, "bkw,whd->bkhd", normal, on.net.weight("v", on.width, on.heads, on.size));
        String weights = on.net.node("Softmax", List.of(einsum(on, "bqhd,bkhd->bhqk", q, k)), "axis", -1);
        String mixed = einsum(on, "bhqk,bkhd->bqhd", weights, v);
        x = on.add(x, einsum(on, "bqhd,hdw->bqw", mixed, on.net.weight("o", on.heads, on.size, on.width)));
        return planted(on, on.linear(on.norm(x, false, false), on.width, WORDS, false));
    }

    private static String einsum(Layers on, String equation, String x, String y) {
        return on.net.node("Einsum", List.of(x, y), "equation", equation);
    }

    /** The nonlinearity between tokens acts on every channel by itself, so that the stream is not mixed. */
    private static Planted mixer(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String x = patches(on, 2);
        on.unseen = 1;
        on.shift("patch.bias", 1);
        for (int b = 0; b < 2; b++) {
            String across = on.transpose(on.norm(x, true, b == 0), 0, 2, 1);
            // Behind the sum over tokens the shift varies along channels, and the next bias does not.
            on.shiftLast(0);
            String mixed = on.linear(on.net.apply("Relu", on.linear(across, 4, 7, true)), 7, 4, true);
            on.shiftLast(4);
            x = on.add(x, on.transpose(mixed, 0, 2, 1));
            x = on.add(x, on.units(on.norm(x, true, false), false, true));
        }
        String mean = on.net.node("ReduceMean", List.of(on.norm(x, true, false), on.net.ints(1)), "keepdims", 0);
        return planted(on, on.net.dense("head", mean, on.width, ANSWERS));
    }

    private static Planted denseBottleneck(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String x = on.net.input("x", on.width);
        String narrow = on.net.dense("narrow", x, on.width, on.size);
        on.expect("General", on.size, 1);
        on.shift("narrow.bias", on.size);
        String wide = on.net.apply("Relu", on.net.dense("wide", narrow, on.size, 13));
        return planted(on, on.net.dense("head", wide, 13, ANSWERS));
    }

    /** Two 1 × 1 convolutions without a nonlinearity, with a pool between them, before and behind units. */
    private static Planted convBottleneck(Seed seed) {
        Layers on = new Layers(seed, false, false);
        String x = on.net.apply("Relu", on.net.conv("first", on.net.input("image", 3, 8, 8), 3, 10, 3, 1));
        String narrow = on.net.conv("narrow", x, 10, on.size, 1, 1);
        on.expect("General", on.size, 1);
        String pooled = on.net.choose(2) == 0 ? narrow
                : on.net.node("AveragePool", List.of(narrow), "kernel_shape", new long[] {2, 2});
        int kernel = 1 + 2 * on.net.choose(2);
        on.shift("narrow.bias", kernel == 1 ? on.size : 0);
        String wide = on.net.apply("Relu", on.net.conv("wide", pooled, on.size, 9, kernel, 1));
        return planted(on, on.net.dense("head",
                on.net.node("Flatten", List.of(on.net.apply("GlobalAveragePool", wide))), 9, ANSWERS));
    }
}
