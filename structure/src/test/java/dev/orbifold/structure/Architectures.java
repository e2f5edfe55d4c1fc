package dev.orbifold.structure;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/** Random networks of every family of architecture, drawn from a seed. */
final class Architectures {
    private Architectures() {
    }

    /** The families by name. */
    static Map<String, LongFunction<Graph>> all() {
        Map<String, LongFunction<Graph>> all = new LinkedHashMap<>();
        all.put("dense", Architectures::dense);
        all.put("convolution-flatten", Architectures::flatten);
        all.put("residual", Architectures::residual);
        all.put("concatenation", Architectures::concatenation);
        all.put("depthwise-gate", Architectures::depthwiseGate);
        all.put("grouped", Architectures::grouped);
        all.put("shuffle", Architectures::shuffle);
        all.put("gated-split", Architectures::gatedSplit);
        all.put("attention", Architectures::attention);
        all.put("reordered", Architectures::reordered);
        all.put("padded", Architectures::padded);
        all.put("expanded", Architectures::expanded);
        all.put("einsum", Architectures::einsum);
        all.put("branches", Architectures::branches);
        all.put("computed-shapes", Architectures::computedShapes);
        all.put("attention-operator", Architectures::attentionOperator);
        all.put("upsampled", Architectures::upsampled);
        all.put("sigmoids", Architectures::sigmoids);
        return all;
    }

    static Graph dense(long seed) {
        Net net = new Net(seed);
        int a = net.pick(5, 12);
        int b = net.pick(4, 9);
        String x = net.op("Relu", net.dense("fc1", net.input(6), 6, a));
        x = net.op("Tanh", net.project("fc2", x, a, b));
        return net.done(net.dense("fc3", x, b, 3), 3);
    }

    static Graph flatten(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 8);
        int b = net.pick(4, 8);
        int c = net.pick(5, 9);
        String x = net.op("Relu", net.conv("conv1", net.input(2, 8, 8), 2, a, 3, 1, 1, true));
        x = net.op("MaxPool", List.of(x), Map.of("kernel_shape", Net.ints(2, 2), "strides", Net.ints(2, 2)));
        x = net.op("Relu", net.conv("conv2", x, a, b, 3, 0, 1, true));
        x = seed % 2 == 0 ? net.op("Flatten", x) : net.reshape(x, 0, b * 4L);
        x = net.op("Relu", net.dense("fc1", x, b * 4, c));
        return net.done(net.dense("fc2", x, c, 3), 3);
    }

    /** Every reader has a bias and none pads, so that signs can be corrected. */
    static Graph sigmoids(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 8);
        int b = net.pick(4, 8);
        int c = net.pick(5, 9);
        String x = net.op("Sigmoid", net.conv("conv1", net.input(2, 8, 8), 2, a, 3, 1, 1, true));
        x = net.op("AveragePool", List.of(x), Map.of("kernel_shape", Net.ints(2, 2), "strides", Net.ints(2, 2)));
        x = net.op("HardSigmoid", net.norm("bn2", net.conv("conv2", x, a, b, 3, 0, 1, false), b));
        x = net.op("Sigmoid", net.dense("fc1", net.op("Flatten", x), b * 4, c));
        return net.done(net.dense("fc2", x, c, 3), 3);
    }

    static Graph residual(long seed) {
        Net net = new Net(seed);
        int stream = net.pick(4, 8);
        int inner = net.pick(4, 8);
        String x = net.op("Relu",
                net.norm("bn0", net.conv("conv0", net.input(3, 6, 6), 3, stream, 3, 1, 1, false), stream));
        for (int block = 1; block <= 2; block++) {
            String name = "block" + block;
            String y = net.norm(name + ".bn1", net.conv(name + ".conv1", x, stream, inner, 3, 1, 1, false), inner);
            y = net.conv(name + ".conv2", net.op("Relu", y), inner, stream, 3, 1, 1, false);
            x = net.op("Relu", net.op("Add", x, net.norm(name + ".bn2", y, stream)));
        }
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, stream, 3), 3);
    }

    static Graph concatenation(long seed) {
        Net net = new Net(seed);
        int a = net.pick(3, 7);
        int b = net.pick(3, 7);
        int c = net.pick(3, 7);
        String x = net.op("Relu", net.conv("squeeze", net.input(3, 6, 6), 3, a, 1, 0, 1, true));
        String left = net.op("Relu", net.conv("left", x, a, b, 1, 0, 1, true));
        String right = net.op("Relu", net.conv("right", x, a, c, 3, 1, 1, true));
        String both = net.op("Concat", List.of(left, right, x), Map.of("axis", Net.integer(1)));
        String y = net.op("Relu", net.conv("after", both, a + b + c, 4, 3, 1, 1, true));
        y = net.op("Flatten", net.op("GlobalAveragePool", y));
        return net.done(net.dense("fc", y, 4, 3), 3);
    }

    static Graph depthwiseGate(long seed) {
        Net net = new Net(seed);
        int stem = net.pick(4, 7);
        int wide = net.pick(6, 10);
        int squeezed = net.pick(3, 5);
        String x = net.op("HardSwish",
                net.norm("bn0", net.conv("stem", net.input(3, 6, 6), 3, stem, 3, 1, 1, false), stem));
        String y = net.op("HardSwish", net.norm("bn1", net.conv("expand", x, stem, wide, 1, 0, 1, false), wide));
        y = net.norm("bn2", net.conv("depthwise", y, wide, wide, 3, 1, wide, false), wide);
        String gate = net.op("GlobalAveragePool", net.op("Relu", y));
        gate = net.op("Relu", net.conv("gate1", gate, wide, squeezed, 1, 0, 1, true));
        gate = net.op("HardSigmoid", net.conv("gate2", gate, squeezed, wide, 1, 0, 1, true));
        y = net.op("Mul", net.op("Relu", y), gate);
        y = net.norm("bn3", net.conv("shrink", y, wide, stem, 1, 0, 1, false), stem);
        x = net.op("Flatten", net.op("GlobalAveragePool", net.op("Add", x, y)));
        return net.done(net.dense("fc", x, stem, 3), 3);
    }

    static Graph grouped(long seed) {
        Net net = new Net(seed);
        int perGroup = net.pick(3, 5);
        int wide = 2 * perGroup;
        int out = 2 * net.pick(2, 4);
        String x = net.op("Relu", net.conv("conv1", net.input(3, 6, 6), 3, wide, 3, 1, 1, true));
        x = net.op("Relu", net.conv("conv2", x, wide, out, 3, 1, 2, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, out, 3), 3);
    }

    static Graph shuffle(long seed) {
        Net net = new Net(seed);
        int perGroup = net.pick(3, 5);
        int wide = 2 * perGroup;
        String x = net.op("Relu", net.conv("conv1", net.input(3, 6, 6), 3, wide, 1, 0, 1, true));
        x = net.reshape(x, -1, 2, perGroup, 6, 6);
        x = net.transpose(x, 0, 2, 1, 3, 4);
        x = net.reshape(x, -1, wide, 6, 6);
        x = net.op("Relu", net.conv("depthwise", x, wide, wide, 3, 1, wide, true));
        x = net.op("Relu", net.conv("conv2", x, wide, 5, 1, 0, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, 5, 3), 3);
    }

    static Graph gatedSplit(long seed) {
        Net net = new Net(seed);
        int wide = net.pick(4, 8);
        String x = net.project("up", net.input(6), 6, 2 * wide);
        List<String> halves = net.split(x, 1, 2);
        x = net.op("Mul", net.op("Sigmoid", halves.get(0)), halves.get(1));
        return net.done(net.dense("down", x, wide, 3), 3);
    }

    static Graph attention(long seed) {
        Net net = new Net(seed);
        int heads = net.pick(3, 5);
        int each = net.pick(2, 4);
        int width = heads * each;
        int tokens = 4;
        int stream = 6;
        String x = net.project("embed", net.input(tokens, 5), 5, stream);
        String[] parts = new String[3];
        for (int p = 0; p < 3; p++) {
            String projected = net.project("qkv".substring(p, p + 1), x, stream, width);
            projected = net.reshape(projected, 0, tokens, heads, each);
            parts[p] = p == 1 ? net.transpose(projected, 0, 2, 3, 1) : net.transpose(projected, 0, 2, 1, 3);
        }
        String scores =
                net.op("Softmax", List.of(net.op("MatMul", parts[0], parts[1])), Map.of("axis", Net.integer(-1)));
        String mixed = net.transpose(net.op("MatMul", scores, parts[2]), 0, 2, 1, 3);
        mixed = net.project("out", net.reshape(mixed, 0, tokens, width), width, stream);
        String y = net.op("Add", x, mixed);
        String hidden = net.op("Erf", net.project("up", y, stream, 7));
        y = net.op("Add", y, net.project("down", hidden, 7, stream));
        return net.done(net.project("head", y, stream, 3), tokens, 3);
    }

    /** Channels reordered by Gather, and halves swapped by Slice and Concat. */
    static Graph reordered(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 7);
        int b = 2 * net.pick(3, 5);
        String x = net.op("Relu", net.conv("conv1", net.input(3, 6, 6), 3, a, 1, 0, 1, true));
        long[] order = new long[a];
        Arrays.setAll(order, i -> (i + 2L) % a - (i % 2 == 0 ? 0 : a));
        x = net.op("Gather", List.of(x, net.longs(order)), Map.of("axis", Net.integer(1)));
        x = net.op("Relu", net.conv("conv2", x, a, b, 3, 1, 1, true));
        String low = net.op("Slice", x, net.longs(0), net.longs(b / 2), net.longs(1));
        String high = net.op("Slice", x, net.longs(b / 2), net.longs(Long.MAX_VALUE), net.longs(1), net.longs(1));
        x = net.op("Concat", List.of(high, low), Map.of("axis", Net.integer(1)));
        x = net.op("Relu", net.conv("conv3", x, b, 5, 1, 0, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, 5, 3), 3);
    }

    /** A shortcut that pads its channels with zeros to meet a wider branch. */
    static Graph padded(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 7);
        int b = a + 3;
        String x = net.op("Relu", net.conv("conv1", net.input(3, 6, 6), 3, a, 3, 1, 1, true));
        String shortcut = net.op("Pad", x, net.longs(0, 1, 0, 0, 0, 2, 0, 0));
        x = net.op("Relu", net.op("Add", shortcut, net.conv("conv2", x, a, b, 3, 1, 1, true)));
        x = net.op("Relu", net.conv("conv3", x, b, 5, 3, 1, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, 5, 3), 3);
    }

    /** A gate expanded to the image's size by a constant shape, and a mean computed by reshaping. */
    static Graph expanded(long seed) {
        Net net = new Net(seed);
        int a = net.pick(5, 9);
        String x = net.op("Relu", net.conv("conv1", net.input(3, 4, 4), 3, a, 3, 1, 1, true));
        String gate = net.op("Sigmoid", net.conv("gate", net.op("GlobalAveragePool", x), a, a, 1, 0, 1, true));
        x = net.op("Mul", x, net.op("Expand", gate, net.longs(1, a, 4, 4)));
        x = net.op("ReduceMean", List.of(net.reshape(x, 0, a, 16)),
                Map.of("axes", Net.ints(2), "keepdims", Net.integer(0)));
        return net.done(net.dense("fc", x, a, 3), 3);
    }

    static Graph einsum(long seed) {
        Net net = new Net(seed);
        int a = net.pick(5, 9);
        String up = net.weights("up", 0.5, 0, 6, a);
        String down = net.weights("down", 0.5, 0, 3, a);
        Attribute first = new Attribute.Text("bti,io->bto");
        Attribute second = new Attribute.Text("bti,oi->bto");
        String x = net.op("Einsum", List.of(net.input(4, 6), up), Map.of("equation", first));
        return net.done(net.op("Einsum", List.of(net.op("Relu", x), down), Map.of("equation", second)), 4, 3);
    }

    /** One projection split into two layers' units, by no sizes, an input or an attribute. */
    static Graph branches(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 8);
        int b = seed % 2 == 0 ? a : net.pick(4, 8);
        String x = net.project("both", net.input(6), 6, a + b);
        List<String> parts = seed % 2 == 0 ? net.split(x, 1, 2) : net.split(x, 1, a, b);
        String left = net.dense("left", net.op("Relu", parts.get(0)), a, 3);
        String right = net.dense("right", net.op("Tanh", parts.get(1)), b, 3);
        return net.done(net.op("Add", left, right), 3);
    }

    /** Reshapes whose targets are put together from the sizes of other values while the network runs. */
    static Graph computedShapes(long seed) {
        Net net = new Net(seed);
        int wide = 2 * net.pick(3, 5);
        String x = net.op("Relu", net.conv("conv1", net.input(3, 6, 6), 3, wide, 1, 0, 1, true));
        String sizes = net.op("Shape", x);
        String batch = net.op("Gather", sizes, net.longs(0));
        String channels = net.op("Gather", sizes, net.longs(1));
        String half = net.op("Div", channels, net.longs(2));
        Map<String, Attribute> along = Map.of("axis", Net.integer(0));
        x = net.op("Reshape", x, net.op("Concat", List.of(batch, net.longs(2), half, net.longs(6, 6)), along));
        x = net.transpose(x, 0, 2, 1, 3, 4);
        x = net.op("Reshape", x, net.op("Concat", List.of(batch, net.longs(wide, 6, 6)), along));
        x = net.op("Relu", net.conv("conv2", x, wide, 5, 3, 1, 1, true));
        x = net.op("Reshape", x, net.op("Concat", List.of(batch, net.longs(-1)), along));
        return net.done(net.dense("fc", x, 5 * 36, 3), 3);
    }

    /** ONNX's own Attention, with grouped queries for odd seeds. */
    static Graph attentionOperator(long seed) {
        Net net = new Net(seed);
        int keyHeads = net.pick(3, 5);
        int heads = seed % 2 == 0 ? keyHeads : 2 * keyHeads;
        int each = net.pick(2, 4);
        String x = net.input(4, 5);
        String query = net.project("q", x, 5, heads * each);
        String key = net.project("k", x, 5, keyHeads * each);
        String value = net.project("v", x, 5, keyHeads * each);
        x = net.op("Attention", List.of(query, key, value),
                Map.of("q_num_heads", Net.integer(heads), "kv_num_heads", Net.integer(keyHeads)));
        Graph graph = net.done(net.project("out", x, heads * each, 3), 4, 3);
        return new Graph(graph.name(), Map.of("", 23), graph.inputs(), graph.outputs(), graph.nodes(),
                graph.parameters(),
                List.of(), Graph.Origin.NONE);
    }

    /** Nearest and subpixel upsampling. */
    static Graph upsampled(long seed) {
        Net net = new Net(seed);
        int a = net.pick(4, 6);
        int b = net.pick(3, 5);
        String x = net.op("Relu", net.conv("conv1", net.input(3, 4, 4), 3, a, 3, 1, 1, true));
        String scales = net.param("scales", new float[] {1, 1, 2, 2}, 4);
        x = net.op("Resize", List.of(x, "", scales), Map.of("mode", new Attribute.Text("nearest")));
        x = net.op("Relu", net.conv("conv2", x, a, 4 * b, 3, 1, 1, true));
        x = net.op("DepthToSpace", List.of(x), Map.of("blocksize", Net.integer(2)));
        x = net.op("Relu", net.conv("conv3", x, b, 4, 3, 1, 1, true));
        x = net.op("Flatten", net.op("GlobalAveragePool", x));
        return net.done(net.dense("fc", x, 4, 3), 3);
    }
}
