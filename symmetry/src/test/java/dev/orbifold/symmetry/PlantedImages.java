package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.List;

/** Random convolutional networks: every block a way real networks wire channels. */
final class PlantedImages {
    private static final List<String> ACTIVATIONS = List.of("Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSwish", "Abs",
            "Softplus", "Erf", "Elu", "Neg", "Softsign", "Sin", "Cos");

    private final Net net;
    private int layers;
    private String x;
    private int channels = 3;

    private PlantedImages(Seed seed) {
        net = new Net(seed);
        x = net.input("image", 3, 8, 8);
    }

    static Graph of(Seed seed) {
        PlantedImages images = new PlantedImages(seed);
        images.convolve();
        int blocks = 2 + images.net.choose(4);
        for (int b = 0; b < blocks; b++) {
            images.block();
        }
        return images.head();
    }

    private String name() {
        return "l" + layers++;
    }

    private String activate(String value, int width) {
        int choice = net.choose(ACTIVATIONS.size() + 5);
        return switch (choice - ACTIVATIONS.size()) {
            case 0 -> net.node("Mul", List.of(value, net.apply("Sigmoid", value)));
            case 1 -> net.node("Clip", List.of(value, net.scalar(0), net.scalar(6)));
            case 2 -> net.node("PRelu", List.of(value, net.positive(name() + ".slope", width, 1, 1)));
            case 3 -> net.node("Pow", List.of(value, net.scalar(2)));
            case 4 -> net.batchNorm(name(), net.apply("Relu", net.batchNorm(name(), value, width)), width);
            default -> net.apply(ACTIVATIONS.get(choice), value);
        };
    }

    private String convolution(String value, int in, int out, int kernel, int groups) {
        String made = net.conv(name(), value, in, out, kernel, groups);
        return net.choose(2) == 0 ? made : net.batchNorm(name(), made, out);
    }

    private void convolve() {
        int out = 4 * (1 + net.choose(3));
        x = activate(convolution(x, channels, out, net.choose(2) == 0 ? 1 : 3, 1), out);
        channels = out;
    }

    private void block() {
        switch (net.choose(13)) {
            case 0 -> residual();
            case 1 -> branches();
            case 2 -> grouped();
            case 3 -> depthwise();
            case 4 -> squeezeAndExcite();
            case 5 -> shuffle();
            case 6 -> gated();
            case 7 -> x = net.node(net.choose(2) == 0 ? "MaxPool" : "AveragePool", List.of(x), "kernel_shape",
                    new long[] {3, 3}, "pads", new long[] {1, 1, 1, 1});
            case 8 -> normalized();
            case 9 -> pixelShuffle();
            case 10 -> sliced();
            case 11 -> transposed();
            default -> convolve();
        }
    }

    private void residual() {
        int inner = 2 + net.choose(6);
        String body = activate(convolution(x, channels, inner, 3, 1), inner);
        x = net.node("Add", List.of(convolution(body, inner, channels, 1, 1), x));
    }

    private void branches() {
        String a = activate(convolution(x, channels, 3, 1, 1), 3);
        String b = activate(convolution(x, channels, 5, 3, 1), 5);
        x = net.node("Concat", List.of(a, x, b), "axis", 1);
        channels += 8;
    }

    private void grouped() {
        int out = 8;
        if (channels % 2 == 0) {
            x = activate(convolution(x, channels, out, 3, 2), out);
            channels = out;
        }
    }

    private void depthwise() {
        int multiplier = 1 + net.choose(2);
        int out = channels * multiplier;
        x = activate(convolution(x, channels, out, 3, channels), out);
        channels = out;
    }

    private void squeezeAndExcite() {
        String mean = net.choose(2) == 0 ? net.apply("GlobalAveragePool", x)
                : net.node("ReduceMean", List.of(x), "axes", new long[] {2, 3});
        String small = net.apply("Relu", net.conv(name(), mean, channels, 3, 1, 1));
        String gate = net.apply("HardSigmoid", net.conv(name(), small, 3, channels, 1, 1));
        x = net.node("Mul", List.of(gate, x));
    }

    private void shuffle() {
        if (channels % 2 == 0) {
            String split = net.node("Reshape", List.of(x, net.ints(0, 2, channels / 2, 8, 8)));
            String turned = net.node("Transpose", List.of(split), "perm", new long[] {0, 2, 1, 3, 4});
            x = net.node("Reshape", List.of(turned, net.ints(0, channels, 8, 8)));
        }
    }

    private void gated() {
        int half = 4;
        String both = convolution(x, channels, 2 * half, 1, 1);
        List<String> parts = net.node("Split", 2, List.of(both, net.ints(half, half)), "axis", 1);
        x = net.node("Mul", List.of(parts.get(0), activate(parts.get(1), half)));
        channels = half;
    }

    private void normalized() {
        x = convolution(x, channels, 8, 1, 1);
        channels = 8;
        if (net.choose(2) == 0) {
            x = net.node("InstanceNormalization",
                    List.of(x, net.positive(name() + ".scale", 8), net.weight(name() + ".shift", 8)));
        } else {
            String flat = net.node("Reshape", List.of(x, net.ints(0, 2, -1)));
            String ones = net.positive(name() + ".scale", 2);
            String normed = net.node("InstanceNormalization", List.of(flat, ones, net.weight(name() + ".shift", 2)));
            x = net.node("Mul",
                    List.of(net.node("Reshape", List.of(normed, net.ints(0, 8, 8, 8))), net.positive(name(), 8, 1, 1)));
        }
        x = activate(x, channels);
    }

    private void pixelShuffle() {
        String wide = convolution(x, channels, 12, 1, 1);
        String large = net.node("DepthToSpace", List.of(wide), "blocksize", 2, "mode",
                net.choose(2) == 0 ? "DCR" : "CRD");
        x = activate(net.node("AveragePool", List.of(large), "kernel_shape", new long[] {2, 2}, "strides",
                new long[] {2, 2}), 3);
        channels = 3;
    }

    private void sliced() {
        int cut = channels / 2;
        String a = net.node("Slice", List.of(x, net.ints(0), net.ints(cut), net.ints(1)));
        String b = net.node("Slice", List.of(x, net.ints(cut), net.ints(channels), net.ints(1)));
        x = net.node("Concat", List.of(activate(b, channels - cut), a), "axis", 1);
    }

    private void transposed() {
        int out = 5;
        x = activate(net.node("ConvTranspose", List.of(x, net.weight(name() + ".weight", channels, out, 1, 1))), out);
        channels = out;
    }

    private Graph head() {
        int features = channels * 64;
        String flat;
        if (net.choose(2) == 0) {
            flat = net.node("Flatten", List.of(x));
        } else {
            flat = net.node("Flatten", List.of(net.apply("GlobalAveragePool", x)));
            features = channels;
        }
        String hidden = net.apply("Relu", net.dense(name(), flat, features, 10));
        return net.graph(net.dense(name(), hidden, 10, 4));
    }
}
