package dev.orbifold.engine;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Operators that rearrange elements without computing. */
final class Layout {
    private Layout() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Shape", HostKernels.TABLE.get("Shape"));
        table.put("Size", HostKernels.TABLE.get("Size"));
        table.put("Reshape", Layout::reshape);
        table.put("Flatten", Layout::flatten);
        table.put("Transpose", Layout::transpose);
        table.put("Squeeze", Layout::squeeze);
        table.put("Unsqueeze", Layout::unsqueeze);
        table.put("Expand", Layout::expand);
        table.put("Tile", site -> {
            Site.Longs repeats = site.longs("repeats", 1).orElseThrow(() -> site.unsupported("it has no repeats"));
            int x = site.in(0);
            int y = site.out(0);
            return f -> f.set(y, f.tensor(x).repeat(repeats.of(f)));
        });
        table.put("Concat", Layout::concat);
        table.put("Split", Layout::split);
        table.put("DepthToSpace", Layout::depthToSpace);
        table.put("SpaceToDepth", Layout::spaceToDepth);
        table.put("Trilu", Layout::triangle);
    }

    /** The shape a Reshape asks for: 0 copies, −1 is what is left. */
    static long[] reshaped(long[] dims, long[] shape, boolean allowZero) {
        long[] result = shape.clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < result.length; i++) {
            if (result[i] == 0 && !allowZero) {
                result[i] = dims[i];
            }
            if (result[i] == -1) {
                open = i;
            } else {
                known *= result[i];
            }
        }
        if (open >= 0 && known != 0) {
            result[open] = LongStream.of(dims).reduce(1, (a, b) -> a * b) / known;
        }
        return result;
    }

    static long[] unsqueezed(long[] dims, long[] axes) {
        int rank = dims.length + axes.length;
        boolean[] added = new boolean[rank];
        for (long axis : axes) {
            added[(int) (axis < 0 ? axis + rank : axis)] = true;
        }
        long[] result = new long[rank];
        int from = 0;
        for (int i = 0; i < rank; i++) {
            result[i] = added[i] ? 1 : dims[from++];
        }
        return result;
    }

    static long[] squeezed(long[] dims, Optional<long[]> axes) {
        boolean[] dropped = new boolean[dims.length];
        if (axes.isPresent()) {
            for (long axis : axes.get()) {
                dropped[(int) (axis < 0 ? axis + dims.length : axis)] = true;
            }
        } else {
            for (int i = 0; i < dims.length; i++) {
                dropped[i] = dims[i] == 1;
            }
        }
        return java.util.stream.IntStream.range(0, dims.length).filter(i -> !dropped[i]).mapToLong(i -> dims[i])
                .toArray();
    }

    /**
     * The shape two shapes broadcast to.
     *
     * @throws EngineException if they do not
     */
    static long[] broadcast(long[] a, long[] b) {
        long[] result = new long[Math.max(a.length, b.length)];
        for (int i = 0; i < result.length; i++) {
            int inA = i - (result.length - a.length);
            int inB = i - (result.length - b.length);
            long sizeA = inA < 0 ? 1 : a[inA];
            long sizeB = inB < 0 ? 1 : b[inB];
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
                throw new EngineException("shapes " + Arrays.toString(a) + " and " + Arrays.toString(b)
                        + " do not broadcast to one another");
            }
            result[i] = sizeA == 1 ? sizeB : sizeA;
        }
        return result;
    }

    private static Kernel reshape(Site site) {
        Site.Longs shape = site.longs("shape", 1).orElseThrow(() -> site.unsupported("it has no shape"));
        boolean allowZero = site.node().integer("allowzero", 0) != 0;
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long[] to = shape.of(f);
            boolean copies = !allowZero && Arrays.stream(to).anyMatch(d -> d == 0);
            f.set(y, t.reshape(copies ? reshaped(Tensors.dims(t), to, false) : to));
        };
    }

    private static Kernel flatten(Site site) {
        long axis = site.node().integer("axis", 1);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            if (axis == 1 && t.dim() > 1) {
                f.set(y, t.flatten(1, -1));
                return;
            }
            long[] dims = Tensors.dims(t);
            long rows = 1;
            for (int i = 0; i < (axis < 0 ? axis + dims.length : axis); i++) {
                rows *= dims[i];
            }
            f.set(y, t.reshape(rows, t.numel() / Math.max(rows, 1)));
        };
    }

    private static Kernel transpose(Site site) {
        Optional<long[]> given = site.node().integers("perm");
        int x = site.in(0);
        int y = site.out(0);
        if (given.isPresent()) {
            long[] order = given.get();
            return f -> f.set(y, f.tensor(x).permute(order));
        }
        return f -> {
            Tensor t = f.tensor(x);
            long[] order = new long[(int) t.dim()];
            Arrays.setAll(order, i -> order.length - 1L - i);
            f.set(y, t.permute(order));
        };
    }

    private static Kernel squeeze(Site site) {
        Optional<Site.Longs> axes = site.longs("axes", 1);
        int x = site.in(0);
        int y = site.out(0);
        return axes.isPresent()
                ? f -> f.set(y, f.tensor(x).squeeze(axes.get().of(f)))
                : f -> f.set(y, f.tensor(x).squeeze());
    }

    private static Kernel unsqueeze(Site site) {
        Site.Longs axes = site.longs("axes", 1).orElseThrow(() -> site.unsupported("it has no axes"));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long[] at = axes.of(f);
            f.set(y, at.length == 1 ? t.unsqueeze(at[0]) : t.reshape(unsqueezed(Tensors.dims(t), at)));
        };
    }

    private static Kernel expand(Site site) {
        Site.Longs shape = site.longs("shape", 1).orElseThrow(() -> site.unsupported("it has no shape"));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            f.set(y, t.expand(broadcast(Tensors.dims(t), shape.of(f))));
        };
    }

    private static Kernel concat(Site site) {
        long axis = site.node().integer("axis", 0);
        int[] xs = site.ins();
        int y = site.out(0);
        return f -> {
            Tensor[] parts = new Tensor[xs.length];
            for (int i = 0; i < xs.length; i++) {
                parts[i] = f.tensor(xs[i]);
            }
            f.set(y, torch.cat(new TensorVector(parts), axis));
        };
    }

    /** Sizes come from an attribute, an input, or from the number of outputs, the last part then being smaller. */
    private static Kernel split(Site site) {
        long axis = site.node().integer("axis", 0);
        Optional<Site.Longs> sizes = site.longs("split", 1);
        int x = site.in(0);
        int[] ys = site.outs();
        return f -> {
            Tensor t = f.tensor(x);
            long n = t.size(axis);
            long at = 0;
            long[] given = sizes.isPresent() ? sizes.get().of(f) : new long[0];
            for (int i = 0; i < ys.length; i++) {
                long size = given.length > 0 ? given[i] : Math.min(Math.ceilDiv(n, ys.length), n - at);
                if (ys[i] != Frame.NONE) {
                    f.set(ys[i], t.narrow(axis, at, size));
                }
                at += size;
            }
        };
    }

    private static Kernel depthToSpace(Site site) {
        long b = site.node().integer("blocksize", 1);
        boolean depthFirst = site.oneOf("mode", "DCR", "DCR", "CRD").equals("DCR");
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long n = t.size(0);
            long c = t.size(1) / (b * b);
            long h = t.size(2);
            long w = t.size(3);
            Tensor blocks = depthFirst
                    ? t.reshape(n, b, b, c, h, w).permute(0, 3, 4, 1, 5, 2)
                    : t.reshape(n, c, b, b, h, w).permute(0, 1, 4, 2, 5, 3);
            f.set(y, blocks.reshape(n, c, h * b, w * b));
        };
    }

    private static Kernel spaceToDepth(Site site) {
        long b = site.node().integer("blocksize", 1);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long n = t.size(0);
            long c = t.size(1);
            long h = t.size(2) / b;
            long w = t.size(3) / b;
            f.set(y, t.reshape(n, c, h, b, w, b).permute(0, 3, 5, 1, 2, 4).reshape(n, c * b * b, h, w));
        };
    }

    private static Kernel triangle(Site site) {
        boolean upper = site.node().integer("upper", 1) != 0;
        Optional<Site.Longs> diagonal = site.longs(1);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            long k = diagonal.isPresent() ? diagonal.get().of(f)[0] : 0;
            f.set(y, upper ? f.tensor(x).triu(k) : f.tensor(x).tril(k));
        };
    }
}
