package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.List;

/** Random transformers: norms as nodes and spelled out, attention in the ways exporters write it, plain and gated layers. */
final class PlantedSequences {
    private static final int LENGTH = 6;
    private static final int WIDTH = 12;
    private static final int HEADS = 3;
    private static final int SIZE = WIDTH / HEADS;

    private final Net net;
    private int layers;

    private PlantedSequences(Seed seed) {
        net = new Net(seed);
    }

    static Graph of(Seed seed) {
        return new PlantedSequences(seed).build();
    }

    private String name() {
        return "l" + layers++;
    }

    private Graph build() {
        String tokens = net.tokens("tokens", LENGTH);
        String embedded = net.node("Gather", List.of(net.weight("embedding.weight", 11, WIDTH), tokens), "axis", 0);
        String x = net.node("Add", List.of(embedded, net.weight("positions", LENGTH, WIDTH)));
        int blocks = 1 + net.choose(2);
        for (int b = 0; b < blocks; b++) {
            x = net.node("Add", List.of(x, attention(norm(x))));
            x = net.node("Add", List.of(x, feedForward(norm(x))));
        }
        return net.graph(net.linear("logits", norm(x), WIDTH, 5));
    }

    private String norm(String x) {
        String scale = net.positive(name() + ".weight", WIDTH);
        String shift = net.weight(name() + ".bias", WIDTH);
        if (net.choose(3) == 0) {
            return net.node("LayerNormalization", List.of(x, scale, shift), "axis", -1);
        }
        boolean centred = net.choose(2) == 0;
        String d = centred ? net.node("Sub", List.of(x, mean(x))) : x;
        String variance = net.node("Add",
                List.of(mean(net.node("Pow", List.of(d, net.scalar(2)))), net.scalar(1e-5)));
        String normal = net.node("Mul", List.of(d, net.apply("Reciprocal", net.apply("Sqrt", variance))));
        String scaled = net.node("Mul", List.of(scale, normal));
        return centred ? net.node("Add", List.of(scaled, shift)) : scaled;
    }

    private String mean(String x) {
        return net.node("ReduceMean", List.of(x), "axes", new long[] {-1});
    }

    private String attention(String x) {
        return switch (net.choose(4)) {
            case 0 -> attend(heads(net.linear(name(), x, WIDTH, WIDTH)), heads(net.linear(name(), x, WIDTH, WIDTH)),
                    heads(net.linear(name(), x, WIDTH, WIDTH)));
            case 1 -> {
                List<String> parts = net.node("Split", 3,
                        List.of(net.linear(name(), x, WIDTH, 3 * WIDTH), net.ints(WIDTH, WIDTH, WIDTH)), "axis", 2);
                yield attend(heads(parts.get(0)), heads(parts.get(1)), heads(parts.get(2)));
            }
            case 2 -> {
                String all = net.node("Reshape",
                        List.of(net.linear(name(), x, WIDTH, 3 * WIDTH), net.ints(0, LENGTH, 3, HEADS, SIZE)));
                String turned = net.node("Transpose", List.of(all), "perm", new long[] {2, 0, 3, 1, 4});
                yield attend(pick(turned, 0), pick(turned, 1), pick(turned, 2));
            }
            default -> {
                String key = heads(net.linear(name(), x, WIDTH, SIZE), 1);
                String value = heads(net.linear(name(), x, WIDTH, SIZE), 1);
                yield attend(heads(net.linear(name(), x, WIDTH, WIDTH)), key, value);
            }
        };
    }

    private String pick(String x, int index) {
        String position = net.node("Squeeze", List.of(net.ints(index), net.ints(0)));
        return net.node("Gather", List.of(x, position), "axis", 0);
    }

    private String heads(String x) {
        return heads(x, HEADS);
    }

    private String heads(String x, int count) {
        String split = net.node("Reshape", List.of(x, net.ints(0, LENGTH, count, SIZE)));
        return net.node("Transpose", List.of(split), "perm", new long[] {0, 2, 1, 3});
    }

    private String attend(String q, String k, String v) {
        String turned = net.node("Transpose", List.of(k), "perm", new long[] {0, 1, 3, 2});
        String scores = net.node("Div", List.of(net.node("MatMul", List.of(q, turned)), net.scalar(Math.sqrt(SIZE))));
        String weights = net.node("Softmax", List.of(scores), "axis", -1);
        String mixed = net.node("Transpose", List.of(net.node("MatMul", List.of(weights, v))), "perm",
                new long[] {0, 2, 1, 3});
        String merged = net.node("Reshape", List.of(mixed, net.ints(0, LENGTH, WIDTH)));
        return net.linear(name(), merged, WIDTH, WIDTH);
    }

    private String feedForward(String x) {
        int inner = 9;
        String first = net.linear(name(), x, WIDTH, inner);
        String hidden = switch (net.choose(4)) {
            case 0 -> net.apply("Relu", first);
            case 1 -> {
                String erf = net.apply("Erf", net.node("Div", List.of(first, net.scalar(Math.sqrt(2)))));
                yield net.node("Mul", List.of(first, net.node("Add", List.of(erf, net.scalar(1)))));
            }
            case 2 -> net.node("Mul",
                    List.of(net.linear(name(), x, WIDTH, inner),
                            net.node("Mul", List.of(first, net.apply("Sigmoid", first)))));
            default -> net.node("Mul", List.of(net.linear(name(), x, WIDTH, inner), first));
        };
        return net.linear(name(), hidden, inner, WIDTH);
    }
}
