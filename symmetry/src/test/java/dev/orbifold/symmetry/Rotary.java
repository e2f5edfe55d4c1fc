package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Layers.Turn;
import java.util.ArrayList;
import java.util.List;

/** Rotary embeddings in the ways exporters write them. */
final class Rotary {
    private final Layers on;
    private final Net net;
    private final int turned;

    /** For layers, of so many coordinates of each head. */
    Rotary(Layers on, int turned) {
        this.on = on;
        this.net = on.net;
        this.turned = turned;
    }

    /** x·cos + rotate_half(x)·sin. */
    String spelled(String x, Turn turn) {
        if (turn == Turn.EVERY) {
            return every(x);
        }
        if (turn == Turn.PLANES || turn == Turn.HALVES) {
            return planes(x, turn == Turn.HALVES);
        }
        int half = turned / 2;
        String halves =
                on.concat(-1, net.apply("Neg", on.slice(x, half, Integer.MAX_VALUE, -1)), on.slice(x, 0, half, -1));
        String cos;
        String sin;
        if (turn == Turn.COMPUTED) {
            String angles = net.floats(angles(), 1, 1, on.length, half);
            String both = on.concat(-1, angles, angles);
            cos = net.apply("Cos", both);
            sin = net.apply("Sin", both);
        } else {
            cos = net.floats(waves(true), 1, 1, on.length, turned);
            sin = net.floats(waves(false), 1, 1, on.length, turned);
        }
        return on.add(net.node("Mul", List.of(x, cos)), net.node("Mul", List.of(halves, sin)));
    }

    private String every(String x) {
        String second = net.node("Slice", List.of(x, net.ints(1), net.ints(Long.MAX_VALUE), net.ints(-1), net.ints(2)));
        String first = net.node("Slice", List.of(x, net.ints(0), net.ints(Long.MAX_VALUE), net.ints(-1), net.ints(2)));
        String wave = net.node("Mul", List.of(stacked(net.apply("Neg", second), first), twice(false)));
        return net.choose(2) == 0 ? on.add(net.node("Mul", List.of(x, twice(true))), wave)
                : on.add(wave, net.node("Mul", List.of(twice(true), x)));
    }

    /** Every angle twice in a row, as a constant or repeated while running. */
    private String twice(boolean cosine) {
        int half = turned / 2;
        float[] angles = angles();
        if (net.choose(2) == 0) {
            String row = net.node("Unsqueeze", List.of(net.floats(angles, 1, 1, on.length, half), net.ints(-1)));
            String pairs =
                    on.reshape(net.node("Expand", List.of(row, net.ints(1, 1, on.length, half, 2))), 1, 1, on.length,
                            turned);
            return net.apply(cosine ? "Cos" : "Sin", pairs);
        }
        float[] waves = new float[on.length * turned];
        for (int i = 0; i < waves.length; i++) {
            waves[i] = (float) (cosine ? Math.cos(angles[i / 2]) : Math.sin(angles[i / 2]));
        }
        return net.floats(waves, 1, 1, on.length, turned);
    }

    private String stacked(String first, String second) {
        String both = on.concat(-1, net.node("Unsqueeze", List.of(first, net.ints(-1))),
                net.node("Unsqueeze", List.of(second, net.ints(-1))));
        return on.reshape(both, 0, 0, 0, turned);
    }

    private String planes(String x, boolean halves) {
        int half = turned / 2;
        String angles = net.floats(angles(), 1, 1, on.length, half);
        String cos = net.apply("Cos", angles);
        String sin = net.apply("Sin", angles);
        List<String> parts;
        if (halves) {
            parts = net.node("Split", 2, List.of(x, net.ints(half, half)), "axis", -1);
        } else {
            String pairs = on.reshape(x, 0, 0, 0, half, 2);
            parts = net.choose(2) == 0 ? List.of(on.pick(pairs, 0, -1), on.pick(pairs, 1, -1))
                    : net.node("Split", 2, List.of(pairs, net.ints(1, 1)), "axis", -1).stream()
                            .map(p -> net.node("Squeeze", List.of(p, net.ints(-1)))).toList();
        }
        String straight = net.node("Sub",
                List.of(net.node("Mul", List.of(parts.get(0), cos)), net.node("Mul", List.of(parts.get(1), sin))));
        String crossed = net.node("Add",
                List.of(net.node("Mul", List.of(sin, parts.get(0))), net.node("Mul", List.of(parts.get(1), cos))));
        return halves ? on.concat(-1, straight, crossed) : stacked(straight, crossed);
    }

    /** A node that turns. */
    String node(String x, Turn turn, int count) {
        int half = turned / 2;
        float[] cos = new float[on.length * half];
        float[] sin = new float[on.length * half];
        float[] angles = angles();
        for (int i = 0; i < angles.length; i++) {
            cos[i] = (float) Math.cos(angles[i]);
            sin[i] = (float) Math.sin(angles[i]);
        }
        long[] positions = new long[on.length];
        java.util.Arrays.setAll(positions, i -> i);
        String rows = net.node("Gather", List.of(net.floats(cos, on.length, half), net.table(positions, 1, on.length)));
        String other =
                net.node("Gather", List.of(net.floats(sin, on.length, half), net.table(positions, 1, on.length)));
        String batch = net.node("Concat", List.of(net.node("Slice", List.of(net.apply("Shape", x), net.ints(0),
                net.ints(1))), net.ints(1, 1)), "axis", 0);
        List<Object> attributes = new ArrayList<>(List.of("interleaved", turn == Turn.INTERLEAVED ? 1 : 0));
        if (turned < on.size) {
            attributes.addAll(List.of("rotary_embedding_dim", turned));
        }
        if (count > 0) {
            attributes.addAll(List.of("num_heads", count));
        }
        return net.node("RotaryEmbedding", List.of(x, net.node("Expand", List.of(rows, batch)),
                net.node("Expand", List.of(other, batch))), attributes.toArray());
    }

    private float[] angles() {
        int half = turned / 2;
        float[] angles = new float[on.length * half];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = (float) (i / half * Math.pow(10, -(i % half) / (double) half));
        }
        return angles;
    }

    private float[] waves(boolean cosine) {
        int half = turned / 2;
        float[] angles = angles();
        float[] waves = new float[on.length * turned];
        for (int i = 0; i < waves.length; i++) {
            double angle = angles[i / turned * half + i % half];
            waves[i] = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
        }
        return waves;
    }
}
