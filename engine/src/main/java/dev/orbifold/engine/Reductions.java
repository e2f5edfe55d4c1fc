package dev.orbifold.engine;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Reductions over axes, extreme positions, sorting and running sums. */
final class Reductions {
    private Reductions() {
    }

    @FunctionalInterface
    private interface Reduction {
        Tensor apply(Tensor x, long[] axes, boolean keep);
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("ReduceSum", reduction(Reductions::sum));
        table.put("ReduceMean", reduction((x, axes, keep) -> x.mean(axes, keep, new ScalarTypeOptional())));
        table.put("ReduceMax", reduction((x, axes, keep) -> x.amax(axes, keep)));
        table.put("ReduceMin", reduction((x, axes, keep) -> x.amin(axes, keep)));
        table.put("ReduceProd", reduction(Reductions::product));
        table.put("ReduceL1", reduction((x, axes, keep) -> sum(x.abs(), axes, keep)));
        table.put("ReduceL2", reduction((x, axes, keep) -> sum(x.mul(x), axes, keep).sqrt()));
        table.put("ReduceSumSquare", reduction((x, axes, keep) -> sum(x.mul(x), axes, keep)));
        table.put("ReduceLogSum", reduction((x, axes, keep) -> sum(x, axes, keep).log()));
        table.put("ReduceLogSumExp", reduction((x, axes, keep) -> x.logsumexp(axes, keep)));
        table.put("ArgMax", site -> extreme(site, true));
        table.put("ArgMin", site -> extreme(site, false));
        table.put("TopK", Reductions::topK);
        table.put("CumSum", Reductions::cumulativeSum);
    }

    private static Tensor sum(Tensor x, long[] axes, boolean keep) {
        // Stated, or libtorch widens integers.
        return x.sum(axes, keep, new ScalarTypeOptional(x.scalar_type()));
    }

    private static Tensor product(Tensor x, long[] axes, boolean keep) {
        long rank = x.dim();
        long[] sorted = Arrays.stream(axes).map(a -> a < 0 ? a + rank : a).sorted().toArray();
        Tensor result = x;
        for (int i = sorted.length - 1; i >= 0; i--) {
            result = torch.prod(result, sorted[i], keep, new ScalarTypeOptional(x.scalar_type()));
        }
        return result;
    }

    /** No axes mean all of them, unless noop_with_empty_axes says none. */
    private static Kernel.Factory reduction(Reduction reduction) {
        return site -> {
            Optional<Site.Longs> axes = site.longs("axes", 1);
            boolean keep = site.node().integer("keepdims", 1) != 0;
            boolean noneIfEmpty = site.node().integer("noop_with_empty_axes", 0) != 0;
            int x = site.in(0);
            int y = site.out(0);
            return f -> {
                Tensor t = f.tensor(x);
                long[] given = axes.isPresent() ? axes.get().of(f) : new long[0];
                if (given.length == 0 && !noneIfEmpty) {
                    given = new long[(int) t.dim()];
                    Arrays.setAll(given, i -> i);
                }
                if (given.length == 0 && t.dim() > 0) {
                    // Reducing a new axis of size 1 applies what the operator does to single elements.
                    f.set(y, reduction.apply(t.unsqueeze(0), new long[] {0}, false));
                } else if (given.length == 0) {
                    f.set(y, reduction.apply(t.reshape(1), new long[] {0}, false));
                } else {
                    f.set(y, reduction.apply(t, given, keep));
                }
            };
        };
    }

    private static Kernel extreme(Site site, boolean largest) {
        long axis = site.node().integer("axis", 0);
        boolean keep = site.node().integer("keepdims", 1) != 0;
        boolean last = site.node().integer("select_last_index", 0) != 0;
        LongOptional along = new LongOptional(axis);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            Tensor from = last ? t.flip(axis) : t;
            Tensor at = largest ? torch.argmax(from, along, keep) : torch.argmin(from, along, keep);
            f.set(y, last ? at.mul(new Scalar(-1L)).add(new Scalar(t.size(axis) - 1)) : at);
        };
    }

    private static Kernel topK(Site site) {
        long axis = site.node().integer("axis", -1);
        boolean largest = site.node().integer("largest", 1) != 0;
        boolean sorted = site.node().integer("sorted", 1) != 0;
        Site.Longs k = site.longs("k", 1).orElseThrow(() -> site.unsupported("it has no k"));
        int x = site.in(0);
        int values = site.out(0);
        int indices = site.out(1);
        return f -> {
            var both = torch.topk(f.tensor(x), k.of(f)[0], axis, largest, sorted);
            f.set(values, new Tensor(both.get0()));
            f.set(indices, new Tensor(both.get1()));
        };
    }

    private static Kernel cumulativeSum(Site site) {
        boolean exclusive = site.node().integer("exclusive", 0) != 0;
        boolean reverse = site.node().integer("reverse", 0) != 0;
        Site.Longs axis = site.longs(1).orElseThrow(() -> site.unsupported("it has no axis"));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long a = axis.of(f)[0];
            Tensor from = reverse ? t.flip(a) : t;
            Tensor sums = torch.cumsum(from, a, new ScalarTypeOptional(t.scalar_type()));
            Tensor result = exclusive ? sums.sub(from) : sums;
            f.set(y, reverse ? result.flip(a) : result);
        };
    }
}
