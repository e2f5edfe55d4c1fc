package dev.orbifold.engine;

import static dev.orbifold.engine.OperatorCase.floats;

import dev.orbifold.engine.OperatorsTest.Cases;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Random cases for contractions, convolutions, pooling and normalizations. */
final class LayerCases {
    private LayerCases() {
    }

    static void register(Map<String, Cases> cases) {
        cases.put("Gemm", new Cases(14, LayerCases::gemm));
        cases.put("MatMul", new Cases(8, (r, i) -> switch (i) {
            case 0 -> new OperatorCase("MatMul", 13).in(floats(r, 3, 4)).stored(floats(r, 4, 5));
            case 1 -> new OperatorCase("MatMul", 13).in(floats(r, 2, 3, 4)).stored(floats(r, 4, 5));
            case 2 -> new OperatorCase("MatMul", 13).in(floats(r, 2, 3, 4)).in(floats(r, 2, 4, 5));
            case 3 -> new OperatorCase("MatMul", 13).in(floats(r, 2, 1, 3, 4)).in(floats(r, 3, 4, 2));
            case 4 -> new OperatorCase("MatMul", 13).in(floats(r, 4)).in(floats(r, 4, 2));
            case 5 -> new OperatorCase("MatMul", 13).in(floats(r, 3, 4)).in(floats(r, 4));
            case 6 -> new OperatorCase("MatMul", 13).in(floats(r, 4)).in(floats(r, 4));
            default -> new OperatorCase("MatMul", 13).in(floats(r, 2, 3, 4)).in(floats(r, 4));
        }));
        cases.put("Einsum", new Cases(7, LayerCases::einsum));
        cases.put("Conv", new Cases(40, LayerCases::conv));
        cases.put("ConvTranspose", new Cases(40, LayerCases::convTranspose));
        cases.put("MaxPool", new Cases(40, (r, i) -> pool("MaxPool", r, i)));
        cases.put("AveragePool", new Cases(40, (r, i) -> pool("AveragePool", r, i)));
        cases.put("LpPool", new Cases(12, (r, i) -> pool("LpPool", r, i)));
        for (String op : new String[] {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}) {
            cases.put(op, new Cases(3, (r, i) -> new OperatorCase(op, 13).in(floats(r, dims(2, 3, r, i + 1)))));
        }
        cases.put("BatchNormalization",
                new Cases(5, (r, i) -> new OperatorCase("BatchNormalization", i % 2 == 0 ? 15 : 13)
                        .with("epsilon", 1e-3).with("momentum", 0.8).in(floats(r, dims(4, 3, r, i % 4)))
                        .stored(floats(r, 3))
                        .stored(floats(r, 3)).stored(floats(r, 3)).stored(positive(r, 3))));
        cases.put("LayerNormalization", new Cases(8, LayerCases::layerNorm));
        cases.put("RMSNormalization",
                new Cases(4, (r, i) -> new OperatorCase("RMSNormalization", 23).with("axis", i < 2 ? -1 : 1)
                        .with("epsilon", 1e-4).in(floats(r, 2, 3, 4)).stored(i < 2 ? floats(r, 4) : floats(r, 3, 4))));
        cases.put("GroupNormalization",
                new Cases(6, (r, i) -> new OperatorCase("GroupNormalization", i % 2 == 0 ? 18 : 21)
                        .with("num_groups", 2).with("epsilon", 1e-3).in(floats(r, dims(2, 4, r, 1 + i / 2)))
                        .stored(floats(r, i % 2 == 0 ? 2 : 4)).stored(floats(r, i % 2 == 0 ? 2 : 4))));
        cases.put("InstanceNormalization", new Cases(3, (r, i) -> new OperatorCase("InstanceNormalization", 13)
                .with("epsilon", 1e-3).in(floats(r, dims(2, 3, r, 1 + i))).stored(floats(r, 3)).stored(floats(r, 3))));
        cases.put("LpNormalization", new Cases(4, (r, i) -> new OperatorCase("LpNormalization", 13).with("p", 1 + i % 2)
                .with("axis", i < 2 ? -1 : 1).in(floats(r, 3, 4, 2))));
        cases.put("Attention", new Cases(6, LayerCases::attention));
        cases.put("RotaryEmbedding", new Cases(6, LayerCases::rotary));
        cases.put("LRN", new Cases(3, (r, i) -> new OperatorCase("LRN", 13).with("size", 1 + 2 * i).with("alpha", 0.3)
                .with("beta", 0.6).with("bias", 1.5).in(floats(r, 2, 6, 3, 2))));
    }

    private static OperatorCase attention(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("Attention", 23);
        if (i == 1 || i == 2) {
            c.with("q_num_heads", 4).with("kv_num_heads", i == 1 ? 4 : 2).in(floats(r, 2, 3, 16))
                    .in(floats(r, 2, 5, i == 1 ? 16 : 8))
                    .in(floats(r, 2, 5, i == 1 ? 16 : 8));
        } else {
            c.in(floats(r, 2, 2, 5, 4)).in(floats(r, 2, 2, 5, 4)).in(floats(r, 2, 2, 5, 4));
        }
        return switch (i) {
            case 3 -> c.with("is_causal", 1).with("scale", 0.3);
            case 4 -> c.with("softcap", 2.0);
            case 5 -> c.in(floats(r, 5, 5));
            default -> c;
        };
    }

    private static OperatorCase rotary(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("RotaryEmbedding", 23).with("interleaved", i % 2);
        boolean flat = i >= 4;
        boolean partial = i == 2 || i == 3;
        if (flat) {
            c.with("num_heads", 2).in(floats(r, 2, 3, 16));
        } else {
            c.in(floats(r, 2, 2, 3, 8));
        }
        if (partial) {
            c.with("rotary_embedding_dim", 4);
        }
        long pairs = partial ? 2 : 4;
        return i == 1 || i == 4
                ? c.in(floats(r, 2, 3, pairs)).in(floats(r, 2, 3, pairs))
                : c.in(floats(r, 6, pairs)).in(floats(r, 6, pairs))
                        .in(TensorData.of(new long[] {0, 1, 2, 3, 4, 5}, 2, 3));
    }

    private static TensorData positive(RandomGenerator r, long... dims) {
        return ElementwiseCases.mapped(floats(r, dims), v -> Math.abs(v) + 0.1);
    }

    private static long[] dims(long batch, long channels, RandomGenerator r, int spatial) {
        long[] dims = new long[2 + spatial];
        dims[0] = batch;
        dims[1] = channels;
        for (int i = 0; i < spatial; i++) {
            dims[2 + i] = r.nextInt(3, 7);
        }
        return dims;
    }

    private static OperatorCase gemm(RandomGenerator r, int i) {
        long m = r.nextInt(1, 6);
        long n = r.nextInt(1, 6);
        long k = r.nextInt(1, 6);
        boolean a = r.nextBoolean();
        boolean b = r.nextBoolean();
        OperatorCase c = new OperatorCase("Gemm", 13).with("transA", a ? 1 : 0).with("transB", b ? 1 : 0)
                .in(a ? floats(r, k, m) : floats(r, m, k)).stored(b ? floats(r, n, k) : floats(r, k, n));
        if (i % 2 == 0) {
            c.with("alpha", 0.7).with("beta", 1.3);
        }
        long[][] shapes = {{n}, {1, n}, {m, n}, {m, 1}, {1}, {}};
        int which = r.nextInt(7);
        return which < 6 ? c.stored(floats(r, shapes[which])) : c;
    }

    private static OperatorCase einsum(RandomGenerator r, int i) {
        return switch (i) {
            case 0 -> new OperatorCase("Einsum", 13).with("equation", "ij,jk->ik").in(floats(r, 2, 3))
                    .in(floats(r, 3, 4));
            case 1 -> new OperatorCase("Einsum", 13).with("equation", "bhqd, bhkd -> bhqk").in(floats(r, 2, 2, 3, 4))
                    .in(floats(r, 2, 2, 5, 4));
            case 2 -> new OperatorCase("Einsum", 13).with("equation", "...ij,...jk->...ik").in(floats(r, 2, 2, 3))
                    .in(floats(r, 2, 3, 4));
            case 3 -> new OperatorCase("Einsum", 13).with("equation", "ij->ji").in(floats(r, 2, 3));
            case 4 -> new OperatorCase("Einsum", 13).with("equation", "ij->i").in(floats(r, 2, 3));
            case 5 -> new OperatorCase("Einsum", 13).with("equation", "i,j->ij").in(floats(r, 2)).in(floats(r, 3));
            default -> new OperatorCase("Einsum", 13).with("equation", "ij,jk").in(floats(r, 2, 3)).in(floats(r, 3, 4));
        };
    }

    private static long[] drawn(RandomGenerator r, int n, int least, int most) {
        long[] values = new long[n];
        Arrays.setAll(values, i -> r.nextInt(least, most + 1));
        return values;
    }

    private static OperatorCase conv(RandomGenerator r, int i) {
        int spatial = 1 + i % 3;
        int group = r.nextInt(3) == 0 ? 2 : 1;
        boolean depthwise = r.nextInt(4) == 0;
        long in = depthwise ? 4 : 2L * group;
        long groups = depthwise ? 4 : group;
        long out = groups * r.nextInt(1, 4);
        OperatorCase c = new OperatorCase("Conv", 11).with("group", groups);
        long[] kernel = drawn(r, spatial, 1, 3);
        if (r.nextBoolean()) {
            c.with("kernel_shape", kernel);
        }
        windows(c, r, i, spatial, 2);
        long[] x = dims(2, in, r, spatial);
        for (int d = 2; d < x.length; d++) {
            x[d] += 3;
        }
        long[] w = new long[2 + spatial];
        w[0] = out;
        w[1] = in / groups;
        System.arraycopy(kernel, 0, w, 2, spatial);
        c.in(floats(r, x)).stored(floats(r, w));
        return r.nextBoolean() ? c.stored(floats(r, out)) : c;
    }

    private static void windows(OperatorCase c, RandomGenerator r, int i, int spatial, int mostPad) {
        boolean dilated = r.nextInt(3) == 0;
        switch (r.nextInt(5)) {
            case 0 -> {
            }
            case 1 -> c.with("pads", drawn(r, 2 * spatial, 0, mostPad));
            case 2 -> {
                long[] half = drawn(r, spatial, 0, 1);
                long[] pads = Arrays.copyOf(half, 2 * spatial);
                System.arraycopy(half, 0, pads, spatial, spatial);
                c.with("pads", pads);
            }
            case 3 -> {
                c.with("auto_pad", i % 2 == 0 ? "SAME_UPPER" : "SAME_LOWER");
                dilated = false;
            }
            default -> c.with("auto_pad", "VALID");
        }
        if (r.nextBoolean()) {
            c.with("strides", drawn(r, spatial, 1, 3));
        }
        if (dilated) {
            c.with("dilations", drawn(r, spatial, 1, 2));
        }
    }

    private static OperatorCase convTranspose(RandomGenerator r, int i) {
        int spatial = 1 + i % 3;
        long groups = r.nextInt(3) == 0 ? 2 : 1;
        long in = 2 * groups;
        long each = r.nextInt(1, 3);
        OperatorCase c = new OperatorCase("ConvTranspose", 11).with("group", groups);
        long[] kernel = drawn(r, spatial, 2, 3);
        long[] strides = drawn(r, spatial, 1, 3);
        c.with("strides", strides).with("kernel_shape", kernel);
        switch (r.nextInt(5)) {
            case 0 -> c.with("pads", drawn(r, 2 * spatial, 0, 1));
            case 1 -> c.with("output_padding", Arrays.stream(strides).map(s -> s - 1).toArray());
            case 2 -> c.with("auto_pad", i % 2 == 0 ? "SAME_UPPER" : "SAME_LOWER");
            case 3 -> c.with("dilations", drawn(r, spatial, 1, 2));
            default -> {
            }
        }
        long[] x = dims(2, in, r, spatial);
        if (r.nextInt(5) == 0 && !c.toString().contains("pad") && !c.toString().contains("dilations")) {
            long[] shape = new long[spatial];
            for (int d = 0; d < spatial; d++) {
                shape[d] = (x[2 + d] - 1) * strides[d] + kernel[d] - r.nextInt(2);
            }
            c.with("output_shape", shape);
        }
        long[] w = new long[2 + spatial];
        w[0] = in;
        w[1] = each;
        System.arraycopy(kernel, 0, w, 2, spatial);
        c.in(floats(r, x)).stored(floats(r, w));
        return r.nextBoolean() ? c.stored(floats(r, each * groups)) : c;
    }

    private static OperatorCase pool(String op, RandomGenerator r, int i) {
        int spatial = 1 + i % 3;
        OperatorCase c = new OperatorCase(op, op.equals("LpPool") ? 18 : op.equals("MaxPool") ? 12 : 19);
        c.with("kernel_shape", drawn(r, spatial, 2, 3));
        windows(c, r, i, spatial, 1);
        if (r.nextInt(3) == 0 && !c.toString().contains("auto_pad")) {
            c.with("ceil_mode", 1);
        }
        if (op.equals("AveragePool")) {
            c.with("count_include_pad", r.nextInt(2));
        }
        if (op.equals("LpPool")) {
            c.with("p", 1 + r.nextInt(3));
        }
        long[] x = dims(2, 3, r, spatial);
        for (int d = 2; d < x.length; d++) {
            x[d] += 3;
        }
        c.in(floats(r, x));
        boolean indices = op.equals("MaxPool") && spatial == 2 && !c.toString().contains("pad") && i % 2 == 0;
        return indices ? c.out(DataType.FLOAT).out(DataType.INT64) : c;
    }

    private static OperatorCase layerNorm(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("LayerNormalization", 17).with("epsilon", 1e-3);
        switch (i % 4) {
            case 0 -> c.in(floats(r, 2, 3, 4)).stored(floats(r, 4)).stored(floats(r, 4));
            case 1 -> c.with("axis", -2).in(floats(r, 2, 3, 4)).stored(floats(r, 3, 4)).stored(floats(r, 3, 4));
            case 2 -> c.with("axis", 1).in(floats(r, 2, 3, 4)).stored(floats(r, 3, 4));
            default -> c.in(floats(r, 2, 3, 4)).stored(floats(r, 4)).stored(floats(r, 4)).out(DataType.FLOAT)
                    .out(DataType.FLOAT).out(DataType.FLOAT);
        }
        return c;
    }
}
