package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The layers of small transformers, written in the ways exporters write them. Every layer notes which mixing Spaces it
 * brings (theory, 7), so that a network knows its own answer.
 */
final class Layers {
    /** How queries and keys are turned by position. */
    enum Turn {
        /** Not at all. */
        NONE,
        /** x·cos + (−x₂, x₁)·sin with halves. */
        SPELLED,
        /** The same, angles computed while running. */
        COMPUTED,
        /** x·cos + (−x₂, x₁)·sin with every other coordinate, put together by stacking and flattening. */
        EVERY,
        /** x₁·cos − x₂·sin beside x₂·cos + x₁·sin, neighbours taken apart by a reshape. */
        PLANES,
        /** The same with halves. */
        HALVES,
        /** A node, with halves. */
        NODE,
        /** A node, with neighbours. */
        INTERLEAVED;

        boolean isNode() {
            return this == NODE || this == INTERLEAVED;
        }
    }

    /** How queries, keys and values come out of one projection. */
    enum Fused {
        APART, SPLIT, GATHERED, INTERLEAVED
    }

    /** How attention is written. */
    enum Form {
        SPELLED, NODE3, NODE4, MERGED
    }

    final Net net;
    final int length;
    final int heads;
    final int groups;
    final int size;
    final int width;
    private final int turned;
    private final List<String> expected = new ArrayList<>();
    private final Map<String, Integer> shifts = new TreeMap<>();
    private String last = "";
    /** The directions that no norm of the stream sees: 1 where all of them subtract the mean. */
    int unseen;
    private final Rotary rotary;
    private int layers;
    private UnaryOperator<String> queryNorm = x -> x;
    private UnaryOperator<String> keyNorm = x -> x;

    /**
     * Layers of random sizes.
     *
     * @param grouped whether several query heads share one key and value head
     * @param partial whether rotary embeddings leave a part of each head alone
     */
    Layers(Seed seed, boolean grouped, boolean partial) {
        this(seed, grouped, partial, 0);
    }

    /** Layers of random sizes, for sequences of the given length; 0 draws that too, -1 leaves it free. */
    Layers(Seed seed, boolean grouped, boolean partial, int tokens) {
        net = new Net(seed, 23);
        length = tokens != 0 ? tokens : 3 + net.choose(4);
        groups = 1 + net.choose(3);
        heads = grouped ? 2 * groups : groups;
        size = 2 * (2 + net.choose(2));
        turned = partial ? size - 2 : size;
        width = heads * size;
        rotary = new Rotary(this, turned);
    }

    /** Queries and keys, split into heads, go through these before they are turned. */
    void normalizing(UnaryOperator<String> queries, UnaryOperator<String> keys) {
        queryNorm = queries;
        keyNorm = keys;
    }

    String name(String kind) {
        return kind + layers++;
    }

    /** Notes Spaces that must be found. */
    void expect(String group, int dimension, int copies) {
        expected.add(group + "(" + dimension + ")x" + copies);
    }

    /** The Spaces that must be found, sorted. */
    List<String> expected() {
        return expected.stream().sorted().toList();
    }

    /** Notes in how many dimensions a parameter can be shifted. */
    void shift(String parameter, int dimension) {
        shifts.put(parameter, dimension);
    }

    /** Notes the same for the bias of the layer or norm made last. */
    void shiftLast(int dimension) {
        shift(last + ".bias", dimension);
    }

    /** The shifts that must be found, as "parameter: dimension". */
    List<String> shifts() {
        return shifts.entrySet().stream().filter(s -> s.getValue() > 0).map(s -> s.getKey() + ": " + s.getValue())
                .toList();
    }

    String add(String x, String y) {
        return net.node("Add", List.of(x, y));
    }

    String matMul(String x, String y) {
        return net.node("MatMul", List.of(x, y));
    }

    String linear(String x, int in, int out, boolean bias) {
        String name = name("linear");
        last = name;
        return bias ? net.linear(name, x, in, out) : matMul(x, net.weight(name + ".weight", in, out));
    }

    String reshape(String x, long... dims) {
        return net.node("Reshape", List.of(x, net.ints(dims)));
    }

    String transpose(String x, long... perm) {
        return net.node("Transpose", List.of(x), "perm", perm);
    }

    String slice(String x, long from, long to, long axis) {
        return net.node("Slice", List.of(x, net.ints(from), net.ints(to), net.ints(axis)));
    }

    String concat(int axis, String... parts) {
        return net.node("Concat", List.of(parts), "axis", axis);
    }

    private String mean(String x) {
        return net.node("ReduceMean", List.of(x, net.ints(-1)));
    }

    /** A norm over the last axis, as a node or spelled out. */
    String norm(String x, boolean centred, boolean spelled) {
        String name = name("norm");
        last = name;
        if (centred) {
            shiftLast(width);
        }
        String scale = net.positive(name + ".weight", width);
        return norm(x, scale, centred ? net.weight(name + ".bias", width) : "", spelled);
    }

    /** Layer norm where there is a shift, RMS norm where there is none. */
    String norm(String x, String scale, String shift, boolean spelled) {
        boolean centred = !shift.isEmpty();
        if (!spelled) {
            return centred ? net.node("LayerNormalization", List.of(x, scale, shift), "axis", -1, "epsilon", 1e-5f)
                    : net.node("RMSNormalization", List.of(x, scale), "axis", -1, "epsilon", 1e-5f);
        }
        String d = centred ? net.node("Sub", List.of(x, mean(x))) : x;
        String root = net.apply("Sqrt", add(mean(net.node("Pow", List.of(d, net.scalar(2)))), net.scalar(1e-5)));
        String normal = switch (net.choose(3)) {
            case 0 -> net.node("Div", List.of(d, root));
            case 1 -> net.node("Mul", List.of(d, net.apply("Reciprocal", root)));
            default -> net.node("Mul", List.of(d, net.node("Div", List.of(net.scalar(1), root))));
        };
        String scaled = net.node("Mul", List.of(scale, normal));
        return centred ? add(scaled, shift) : scaled;
    }

    /** A layer between units: nothing mixes inside. */
    String units(String x, boolean gated, boolean bias) {
        int inner = width + 3;
        String first = linear(x, width, inner, bias);
        String hidden;
        if (gated) {
            hidden = net.node("Mul", List.of(net.node("Mul", List.of(first, net.apply("Sigmoid", first))),
                    linear(x, width, inner, bias)));
        } else {
            String erf = net.apply("Erf", net.node("Div", List.of(first, net.scalar(Math.sqrt(2)))));
            hidden = net.node("Mul", List.of(first, add(erf, net.scalar(1))));
        }
        String out = linear(hidden, inner, width, bias);
        shiftLast(bias ? unseen : 0);
        return out;
    }

    /** Attention over (batch, length, width) data. */
    String attention(String x, Fused fused, Turn turn, Form form, String mask, boolean bias) {
        int count = fused == Fused.APART ? groups : heads;
        expectHeads(turn, count);
        if (form == Form.NODE3) {
            return attentionNode(x, turn, mask, bias);
        }
        boolean seen = !bias || form != Form.SPELLED && form != Form.MERGED;
        List<String> parts = projected(x, fused, bias, seen ? 0 : count * unturned(turn), seen ? 0 : count * size);
        String q = turn(queryNorm.apply(parts.get(0)), turn);
        String k = turn(keyNorm.apply(parts.get(1)), turn);
        String v = parts.get(2);
        if (form == Form.NODE4) {
            List<String> in = mask.isEmpty() ? List.of(q, k, v) : List.of(q, k, v, mask);
            return output(net.node("Attention", in), bias);
        }
        if (form == Form.MERGED) {
            return merged(q, shared(k, count), shared(v, count), bias);
        }
        String keys = shared(k, count);
        String values = shared(v, count);
        String scores = net.node("Mul", List.of(matMul(q, transpose(keys, 0, 1, 3, 2)), net.scalar(0.5)));
        String masked = mask.isEmpty() ? scores : add(scores, mask);
        return output(matMul(net.node("Softmax", List.of(masked), "axis", -1), values), bias);
    }

    /** How many coordinates of a head no position turns; a node that turns some is not looked into. */
    private int unturned(Turn turn) {
        return switch (turn) {
            case NONE -> size;
            case SPELLED, COMPUTED, EVERY, PLANES, HALVES -> size - turned;
            case NODE, INTERLEAVED -> 0;
        };
    }

    /** Attention with the heads merged into the batch, (batch · heads, length, size), by one of two ways there and back. */
    private String merged(String q, String k, String v, boolean bias) {
        String scores = net.node("Mul",
                List.of(matMul(joined(q), transpose(joined(k), 0, 2, 1)), net.scalar(0.5)));
        String mixed = matMul(net.node("Softmax", List.of(scores), "axis", -1), joined(v));
        if (net.choose(2) == 0) {
            return output(reshape(mixed, -1, heads, length, size), bias);
        }
        String first = reshape(transpose(mixed, 1, 0, 2), length, -1, width);
        return linear(transpose(first, 1, 0, 2), width, width, bias);
    }

    private String joined(String x) {
        if (net.choose(2) == 0) {
            return reshape(x, -1, length, size);
        }
        return transpose(reshape(transpose(x, 2, 0, 1, 3), length, -1, size), 1, 0, 2);
    }

    void expectHeads(Turn turn, int count) {
        if (turn == Turn.NONE) {
            expect("General", size, count);
        } else {
            expect("RotationScaling", 2, count * turned / 2);
            if (turned < size) {
                expect("General", size - turned, count);
            }
        }
        expect("General", size, count);
    }

    private String output(String heads4, boolean bias) {
        String out = linear(reshape(transpose(heads4, 0, 2, 1, 3), 0, length, width), width, width, bias);
        shiftLast(bias ? unseen : 0);
        return out;
    }

    /** Attention on unsplit heads. */
    private String attentionNode(String x, Turn turn, String mask, boolean bias) {
        String q = linear(x, width, width, bias);
        String k = linear(x, width, groups * size, bias);
        String v = linear(x, width, groups * size, bias);
        if (turn != Turn.NONE) {
            q = rotary.node(q, turn, heads);
            k = rotary.node(k, turn, groups);
        }
        List<String> in = mask.isEmpty() ? List.of(q, k, v) : List.of(q, k, v, mask);
        return linear(net.node("Attention", in, "q_num_heads", heads, "kv_num_heads", groups), width, width, bias);
    }

    /** Queries, keys and values as (batch, heads, length, size). */
    private List<String> projected(String x, Fused fused, boolean bias, int keys, int values) {
        if (fused == Fused.APART) {
            String q = split(linear(x, width, width, bias), heads);
            String k = split(linear(x, width, groups * size, bias), groups);
            shiftLast(keys);
            String v = split(linear(x, width, groups * size, bias), groups);
            shiftLast(values);
            return List.of(q, k, v);
        }
        String all = linear(x, width, 3 * width, bias);
        shiftLast(keys + values);
        return switch (fused) {
            case SPLIT -> net.node("Split", 3, List.of(all, net.ints(width, width, width)), "axis", 2).stream()
                    .map(p -> split(p, heads)).toList();
            case GATHERED -> {
                String parts = transpose(reshape(all, 0, length, 3, heads, size), 2, 0, 3, 1, 4);
                yield List.of(pick(parts, 0, 0), pick(parts, 1, 0), pick(parts, 2, 0));
            }
            default -> {
                String parts = reshape(all, 0, length, heads, 3 * size);
                yield List.of(0, 1, 2).stream()
                        .map(i -> transpose(slice(parts, i * size, (i + 1L) * size, -1), 0, 2, 1, 3)).toList();
            }
        };
    }

    /** One index of an axis, which goes. */
    String pick(String x, int index, int axis) {
        return net.node("Gather", List.of(x, net.table(new long[] {index})), "axis", axis);
    }

    private String split(String x, int count) {
        return transpose(reshape(x, 0, length, count, size), 0, 2, 1, 3);
    }

    /** Key or value heads repeated for the queries that share them. */
    private String shared(String x, int count) {
        if (count == heads) {
            return x;
        }
        int each = heads / count;
        String wide = net.node("Expand", List.of(net.node("Unsqueeze", List.of(x, net.ints(2))),
                net.ints(1, 1, each, 1, 1)));
        return reshape(wide, 0, heads, length, size);
    }

    private String turn(String x, Turn turn) {
        if (turn == Turn.NONE) {
            return x;
        }
        if (turn.isNode()) {
            return rotary.node(x, turn, 0);
        }
        if (turned == size) {
            return rotary.spelled(x, turn);
        }
        return concat(-1, rotary.spelled(slice(x, 0, turned, -1), turn), slice(x, turned, Integer.MAX_VALUE, -1));
    }

    /** A lower triangle of zeros under a very negative number. */
    String causal() {
        float[] mask = new float[length * length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % length > i / length ? -1e4f : 0;
        }
        return net.floats(mask, 1, 1, length, length);
    }

    /** A learned number per head and distance, as (1, heads, length, length). */
    String relative() {
        long[] distance = new long[length * length];
        java.util.Arrays.setAll(distance, i -> i % length - i / length + length - 1);
        String weight = net.weight(name("bias"), 2L * length - 1, heads);
        shift(weight, heads);
        String rows = net.node("Gather", List.of(weight,
                net.table(distance, length, length)), "axis", 0);
        return net.node("Unsqueeze", List.of(transpose(rows, 2, 0, 1), net.ints(0)));
    }
}
