package dev.orbifold.engine;

import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Operators that pick elements or put them somewhere. Negative indices count from the end. */
final class Indexing {
    private Indexing() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Slice", Indexing::slice);
        table.put("Gather", Indexing::gather);
        table.put("GatherElements", Indexing::gatherElements);
        table.put("GatherND", Indexing::gatherNd);
        table.put("ScatterND", Indexing::scatterNd);
        table.put("ScatterElements", Indexing::scatterElements);
        table.put("Scatter", Indexing::scatterElements);
        table.put("OneHot", Indexing::oneHot);
        table.put("NonZero", site -> {
            int x = site.in(0);
            int y = site.out(0);
            return f -> f.set(y, f.tensor(x).nonzero().t());
        });
        table.put("Compress", Indexing::compress);
    }

    /** The positions a Slice takes of an axis of size n. */
    static long[] sliced(long n, long start, long end, long step) {
        if (step == 0) {
            throw new EngineException("a Slice cannot have step 0");
        }
        long from = start < 0 ? start + n : start;
        long to = end < 0 ? end + n : end;
        if (step > 0) {
            from = Math.clamp(from, 0, n);
            to = Math.clamp(to, 0, n);
            long count = to > from ? Math.ceilDiv(to - from, step) : 0;
            long first = from;
            return LongStream.range(0, count).map(i -> first + i * step).toArray();
        }
        from = Math.clamp(from, -1, n - 1);
        to = end < -n ? -1 : Math.clamp(to, -1, n - 1);
        long count = from > to ? Math.ceilDiv(from - to, -step) : 0;
        long first = from;
        return LongStream.range(0, count).map(i -> first + i * step).toArray();
    }

    private static Kernel slice(Site site) {
        Site.Longs starts = site.longs("starts", 1).orElseThrow(() -> site.unsupported("it has no starts"));
        Site.Longs ends = site.longs("ends", 2).orElseThrow(() -> site.unsupported("it has no ends"));
        Optional<Site.Longs> axes = site.longs("axes", 3);
        Optional<Site.Longs> steps = site.longs(4);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            long[] from = starts.of(f);
            long[] to = ends.of(f);
            long[] along = axes.isPresent() ? axes.get().of(f) : LongStream.range(0, from.length).toArray();
            long[] by = steps.isPresent() ? steps.get().of(f) : new long[0];
            Tensor result = f.tensor(x);
            for (int i = 0; i < from.length; i++) {
                result = cut(result, along[i], from[i], to[i], by.length == 0 ? 1 : by[i], f.device());
            }
            f.set(y, from.length == 0 ? new Tensor(result) : result);
        };
    }

    private static Tensor cut(Tensor x, long axis, long start, long end, long step, Device device) {
        if (step < 0) {
            long[] at = sliced(x.size(axis), start, end, step);
            return x.index_select(axis, Tensors.of(device, at, at.length));
        }
        return torch.slice(x, axis, new LongOptional(start), new LongOptional(end), step);
    }

    /** Indices as they are where they are known not to be negative, else wrapped; constant ones when compiling. */
    private interface Indices {
        Tensor of(Frame frame, long size);
    }

    private static Indices indices(Site site, int input) {
        int slot = site.in(input);
        Optional<TensorData> content = site.isFixed(input) ? site.content(input) : Optional.empty();
        if (content.isPresent() && Arrays.stream(content.get().toLongs()).noneMatch(i -> i < 0)) {
            return (f, size) -> long64(f.tensor(slot));
        }
        return (f, size) -> wrapped(long64(f.tensor(slot)), size);
    }

    private static Tensor long64(Tensor indices) {
        return indices.element_size() == 8 ? indices : indices.to(ScalarType.Long);
    }

    private static Tensor wrapped(Tensor indices, long size) {
        return torch.where(indices.lt(new Scalar(0L)), indices.add(new Scalar(size)), indices);
    }

    private static Kernel gather(Site site) {
        long axis = site.node().integer("axis", 0);
        int x = site.in(0);
        int y = site.out(0);
        Optional<TensorData> fixed = site.isFixed(1) ? site.content(1).filter(c -> c.rank() == 0) : Optional.empty();
        if (fixed.isPresent()) {
            long index = fixed.get().longAt(0);
            return f -> f.set(y, f.tensor(x).select(axis, index));
        }
        Indices indices = indices(site, 1);
        return f -> {
            Tensor t = f.tensor(x);
            long a = axis < 0 ? axis + t.dim() : axis;
            Tensor at = indices.of(f, t.size(a));
            if (a == 0 && t.dim() == 2 && t.is_floating_point()) {
                f.set(y, torch.embedding(t, at));
            } else {
                long[] shape = replaced(Tensors.dims(t), (int) a, Tensors.dims(at));
                f.set(y, t.index_select(a, at.reshape(-1)).reshape(shape));
            }
        };
    }

    /** A shape with one axis replaced by others. */
    private static long[] replaced(long[] dims, int axis, long[] others) {
        return LongStream.concat(LongStream.concat(Arrays.stream(dims, 0, axis), Arrays.stream(others)),
                Arrays.stream(dims, axis + 1, dims.length)).toArray();
    }

    private static Kernel gatherElements(Site site) {
        long axis = site.node().integer("axis", 0);
        Indices indices = indices(site, 1);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            f.set(y, t.gather(axis, indices.of(f, t.size(axis))));
        };
    }

    /**
     * Row numbers for tuples of indices into the leading axes of a shape: Σ index_j · Π of the sizes after j.
     *
     * @param indices shape (…, k)
     * @param sizes the k sizes
     * @return shape (…)
     */
    private static Tensor rows(Tensor indices, long[] sizes) {
        Tensor row = torch.zeros_like(indices.select(-1, 0));
        for (int j = 0; j < sizes.length; j++) {
            row = row.mul(new Scalar(sizes[j])).add(wrapped(indices.select(-1, j), sizes[j]));
        }
        return row;
    }

    private static long product(long[] dims, int from, int to) {
        return Arrays.stream(dims, from, to).reduce(1, (a, b) -> a * b);
    }

    private static Kernel gatherNd(Site site) {
        int batch = (int) site.node().integer("batch_dims", 0);
        int x = site.in(0);
        int indices = site.in(1);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            Tensor at = long64(f.tensor(indices));
            long[] dims = Tensors.dims(t);
            long[] shape = Tensors.dims(at);
            int k = (int) shape[shape.length - 1];
            long batches = product(dims, 0, batch);
            long each = product(dims, batch, batch + k);
            Tensor row = rows(at.reshape(batches, -1, k), Arrays.copyOfRange(dims, batch, batch + k));
            Tensor start =
                    torch.torch_arange(new Scalar(batches), at.options()).mul(new Scalar(each)).reshape(batches, 1);
            long[] rest = Arrays.copyOfRange(dims, batch + k, dims.length);
            long[] flat = LongStream.concat(LongStream.of(batches * each), Arrays.stream(rest)).toArray();
            Tensor picked = t.reshape(flat).index_select(0, row.add(start).reshape(-1));
            f.set(y, picked.reshape(
                    LongStream.concat(Arrays.stream(shape, 0, shape.length - 1), Arrays.stream(rest)).toArray()));
        };
    }

    private static Kernel scatterNd(Site site) {
        String reduction = site.oneOf("reduction", "none", "none", "add", "mul", "max", "min");
        int x = site.in(0);
        int indices = site.in(1);
        int updates = site.in(2);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            Tensor at = long64(f.tensor(indices));
            long[] dims = Tensors.dims(t);
            int k = (int) at.size(-1);
            long each = product(dims, k, dims.length);
            Tensor row = rows(at.reshape(-1, k), Arrays.copyOf(dims, k));
            Tensor flat = t.reshape(product(dims, 0, k), each);
            Tensor to = row.unsqueeze(1).expand(row.numel(), each);
            f.set(y, scattered(flat, 0, to, f.tensor(updates).reshape(row.numel(), each), reduction).reshape(dims));
        };
    }

    private static Kernel scatterElements(Site site) {
        String reduction = site.oneOf("reduction", "none", "none", "add", "mul", "max", "min");
        long axis = site.node().integer("axis", 0);
        Indices indices = indices(site, 1);
        int x = site.in(0);
        int updates = site.in(2);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            f.set(y, scattered(t, axis, indices.of(f, t.size(axis)), f.tensor(updates), reduction));
        };
    }

    private static Tensor scattered(Tensor x, long axis, Tensor to, Tensor updates, String reduction) {
        return switch (reduction) {
            case "none" -> x.scatter(axis, to, updates);
            case "add" -> x.scatter_add(axis, to, updates);
            case "mul" -> x.scatter_reduce(axis, to, updates, "prod", true);
            case "max" -> x.scatter_reduce(axis, to, updates, "amax", true);
            default -> x.scatter_reduce(axis, to, updates, "amin", true);
        };
    }

    private static Kernel oneHot(Site site) {
        long axis = site.node().integer("axis", -1);
        Site.Longs depth = site.longs(1).orElseThrow(() -> site.unsupported("it has no depth"));
        int indices = site.in(0);
        int values = site.in(2);
        int y = site.out(0);
        return f -> {
            long n = depth.of(f)[0];
            Tensor at = wrapped(long64(f.tensor(indices)), n);
            long a = axis < 0 ? axis + at.dim() + 1 : axis;
            long[] line = new long[(int) at.dim() + 1];
            Arrays.fill(line, 1);
            line[(int) a] = n;
            Tensor hit = at.unsqueeze(a).eq(torch.torch_arange(new Scalar(n), at.options()).reshape(line));
            Tensor offOn = f.tensor(values);
            f.set(y, torch.where(hit, offOn.select(0, 1), offOn.select(0, 0)));
        };
    }

    private static Kernel compress(Site site) {
        Optional<long[]> axis = site.node().attribute("axis").map(a -> new long[] {site.node().integer("axis", 0)});
        int x = site.in(0);
        int condition = site.in(1);
        int y = site.out(0);
        return f -> {
            Tensor t = axis.isPresent() ? f.tensor(x) : f.tensor(x).reshape(-1);
            Tensor at = f.tensor(condition).to(ScalarType.Bool).nonzero().reshape(-1);
            f.set(y, t.index_select(axis.isPresent() ? axis.get()[0] : 0, at));
        };
    }
}
