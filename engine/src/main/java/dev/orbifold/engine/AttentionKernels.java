package dev.orbifold.engine;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Attention and rotary embedding as single operators (operator set 23). */
final class AttentionKernels {
    private AttentionKernels() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Attention", AttentionKernels::attention);
        table.put("RotaryEmbedding", AttentionKernels::rotary);
    }

    /**
     * softmax(softcap(scale · Q·Kᵀ + mask))·V. Shapes are (batch, heads, length, size), or (batch, length, heads · size)
     * with the numbers of heads as attributes; fewer key heads than query heads are shared by groups of query heads.
     */
    private static Kernel attention(Site site) {
        boolean causal = site.node().integer("is_causal", 0) != 0;
        long queryHeads = site.node().integer("q_num_heads", 0);
        long keyHeads = site.node().integer("kv_num_heads", queryHeads);
        float cap = site.node().real("softcap", 0);
        float scale = site.node().real("scale", 0);
        if (site.out(3) != Frame.NONE) {
            throw site.unsupported("the output of the query-key product is not supported");
        }
        if (causal && site.has(4)) {
            throw site.unsupported("is_causal together with past keys is not supported");
        }
        Scalar ofCap = site.scalar(cap);
        Scalar lowest = site.scalar(Double.NEGATIVE_INFINITY);
        int q = site.in(0);
        int k = site.in(1);
        int v = site.in(2);
        int mask = site.optional(3);
        int pastKey = site.optional(4);
        int pastValue = site.optional(5);
        int y = site.out(0);
        int presentKey = site.out(1);
        int presentValue = site.out(2);
        return f -> {
            boolean flat = f.tensor(q).dim() == 3;
            Tensor query = byHead(f.tensor(q), queryHeads);
            Tensor key = extended(f, pastKey, byHead(f.tensor(k), keyHeads));
            Tensor value = extended(f, pastValue, byHead(f.tensor(v), keyHeads));
            f.set(presentKey, new Tensor(key));
            f.set(presentValue, new Tensor(value));
            long shared = query.size(1) / key.size(1);
            if (shared > 1) {
                key = torch.repeat_interleave(key, shared, new org.bytedeco.pytorch.LongOptional(1),
                        new org.bytedeco.pytorch.LongOptional());
                value = torch.repeat_interleave(value, shared, new org.bytedeco.pytorch.LongOptional(1),
                        new org.bytedeco.pytorch.LongOptional());
            }
            double factor = scale == 0 ? 1 / Math.sqrt(query.size(3)) : scale;
            Tensor scores = query.mul(new Scalar(factor)).matmul(key.transpose(2, 3));
            if (causal) {
                Tensor allowed =
                        torch.torch_ones(new long[] {query.size(2), key.size(2)}, f.device().options(ScalarType.Bool));
                scores = scores.masked_fill(allowed.tril(0).logical_not(), lowest);
            }
            if (mask != Frame.NONE) {
                Tensor m = f.tensor(mask);
                scores = m.is_floating_point() ? scores.add(m) : scores.masked_fill(m.logical_not(), lowest);
            }
            if (cap != 0) {
                scores = scores.div(ofCap).tanh().mul(ofCap);
            }
            Tensor result = torch.softmax(scores, -1).matmul(value);
            f.set(y, flat ? result.transpose(1, 2).flatten(2, 3) : result);
        };
    }

    private static Tensor byHead(Tensor x, long heads) {
        return x.dim() == 4 ? new Tensor(x)
                : x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }

    private static Tensor extended(Frame f, int past, Tensor now) {
        return past == Frame.NONE ? now : torch.cat(new TensorVector(f.tensor(past), now), 2);
    }

    /**
     * Rotates pairs of coordinates by angles that depend on the position: (x₁, x₂) → (c·x₁ − s·x₂, s·x₁ + c·x₂). A pair
     * is an even and the following odd coordinate where interleaved, else one of each half.
     */
    private static Kernel rotary(Site site) {
        boolean interleaved = site.node().integer("interleaved", 0) != 0;
        long heads = site.node().integer("num_heads", 0);
        long partial = site.node().integer("rotary_embedding_dim", 0);
        int x = site.in(0);
        int cos = site.in(1);
        int sin = site.in(2);
        int positions = site.optional(3);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            boolean flat = t.dim() == 3;
            Tensor rows = flat ? t.reshape(t.size(0), t.size(1), heads, t.size(2) / heads) : t.transpose(1, 2);
            long size = rows.size(3);
            long turned = partial == 0 ? size : partial;
            Tensor c = angles(f, cos, positions, turned);
            Tensor s = angles(f, sin, positions, turned);
            Tensor part = rows.narrow(3, 0, turned);
            Tensor pairs = interleaved
                    ? part.unflatten(3, turned / 2, 2)
                    : part.unflatten(3, 2, turned / 2).transpose(3, 4);
            Tensor first = pairs.select(4, 0);
            Tensor second = pairs.select(4, 1);
            Tensor one = first.mul(c).sub(second.mul(s));
            Tensor other = first.mul(s).add(second.mul(c));
            Tensor rotated = interleaved
                    ? torch.stack(new TensorVector(one, other), -1).flatten(3, 4)
                    : torch.cat(new TensorVector(one, other), -1);
            Tensor whole = turned == size ? rotated
                    : torch.cat(new TensorVector(rotated, rows.narrow(3, turned, size - turned)), -1);
            f.set(y, flat ? whole.flatten(2, 3) : whole.transpose(1, 2));
        };
    }

    /** The cache's rows for every position, shape (batch, length, 1, pairs). */
    private static Tensor angles(Frame f, int cache, int positions, long turned) {
        Tensor all = f.tensor(cache);
        Tensor rows = positions == Frame.NONE ? all : torch.embedding(all, f.tensor(positions));
        return rows.narrow(2, 0, turned / 2).unsqueeze(2);
    }
}
