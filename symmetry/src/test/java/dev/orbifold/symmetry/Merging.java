package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two stages with patch merging between them, as in hierarchical transformers: four neighbours of a grid side by side,
 * a norm over all four, a projection without bias to a stream of another width.
 */
final class Merging {
    /** What stands between the patches and the first stream. */
    enum Embedding {
        /** Nothing. */
        BARE,
        /** A norm with the same scale for all channels, as before training. */
        EVEN,
        /** A norm as it is after training. */
        SCALED
    }

    private static final int ANSWERS = 5;

    private final Layers on;
    private final Net net;
    private final int side;

    private Merging(Layers on, int side) {
        this.on = on;
        this.net = on.net;
        this.side = side;
    }

    /**
     * The network and its answer.
     *
     * @param odd whether the grid has an odd side, so that zeros are put beside it
     */
    static Transformers.Planted of(Seed seed, Embedding embedding, boolean odd) {
        int side = odd ? 3 : 4;
        Layers on = new Layers(seed, false, false, side * side);
        return new Merging(on, side).network(embedding);
    }

    private Transformers.Planted network(Embedding embedding) {
        int narrow = on.width;
        int wide = narrow + 2;
        on.unseen = 1;
        on.shift("patch.bias", 1);
        String x = Transformers.patches(on, side);
        if (embedding != Embedding.BARE) {
            String scale = embedding == Embedding.SCALED ? net.positive("embed.weight", narrow)
                    : net.floats(same(narrow), narrow);
            x = net.node("LayerNormalization", List.of(x, scale, net.weight("embed.bias", narrow)), "axis", -1);
            on.shift("embed.bias", 1);
        }
        if (embedding != Embedding.SCALED) {
            on.expect("OrthogonalFixingOnes", narrow, 1);
        }
        x = on.add(x, kept(on.attention(padded(on.norm(x, true, true), 0), Layers.Fused.GATHERED, Layers.Turn.NONE,
                Layers.Form.SPELLED, "", true)));
        x = on.add(x, kept(on.units(on.norm(x, true, false), false, true)));
        if (side % 2 != 0) {
            on.shiftLast(0); // what is added everywhere is not added to the zeros beside the grid
        }
        x = merged(x, narrow, wide);
        on.expect("OrthogonalFixingOnes", wide, 1);
        String normal = norm(x, "second", wide);
        on.shift("second.bias", wide);
        String hidden = net.apply("Softplus", net.linear("inner", normal, wide, wide + 3));
        x = on.add(x, net.linear("outer", hidden, wide + 3, wide));
        on.shift("outer.bias", 1);
        String mean = net.node("ReduceMean", List.of(norm(x, "last", wide), net.ints(1)), "keepdims", 0);
        on.shift("last.bias", wide);
        return new Transformers.Planted(net.graph(net.dense("head", mean, wide, ANSWERS)), on.expected(), on.shifts());
    }

    private static float[] same(int n) {
        float[] values = new float[n];
        java.util.Arrays.fill(values, 0.75f);
        return values;
    }

    private String norm(String x, String name, int size) {
        return on.norm(x, net.positive(name + ".weight", size), net.weight(name + ".bias", size), false);
    }

    /** Dropout that drops nothing, left in training mode. */
    private String kept(String x) {
        String trains = net.node("Cast", List.of(net.table(new long[] {1})), "to", 9);
        return net.node("Dropout", List.of(x, net.scalar(0), trains));
    }

    /** Zeros beside a sequence, or a grid, behind its end. */
    private String padded(String x, long more) {
        return more == 0 ? net.node("Pad", List.of(x, net.ints(0, 0, 0, 0, 0, 0)))
                : net.node("Pad", List.of(x, net.ints(0, 0, 0, 0, 0, more, more, 0)));
    }

    private String merged(String x, int narrow, int wide) {
        String grid = on.reshape(x, 0, side, side, narrow);
        String even = side % 2 == 0 ? grid : padded(grid, 1);
        String four = on.concat(-1, Stream.of(0, 1, 2, 3)
                .map(i -> everyOther(everyOther(even, i % 2, 1), i / 2, 2)).toArray(String[]::new));
        String normal = norm(four, "merge", 4 * narrow);
        // Behind the projection only what is the same for all channels is not seen; the next bias takes it back.
        on.shift("merge.bias", 4 * narrow - (wide - 1));
        return on.reshape(on.matMul(normal, net.weight("reduction.weight", 4L * narrow, wide)), 0, 4, wide);
    }

    private String everyOther(String x, long first, long axis) {
        return net.node("Slice",
                List.of(x, net.ints(first), net.ints(Integer.MAX_VALUE), net.ints(axis), net.ints(2)));
    }
}
