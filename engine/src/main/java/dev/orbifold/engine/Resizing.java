package dev.orbifold.engine;

import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Padding, and resizing by interpolation along one axis after the other. */
final class Resizing {
    private Resizing() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Pad", Resizing::pad);
        table.put("Resize", Resizing::resize);
        table.put("Upsample", Resizing::upsample);
    }

    /** Negative pads cut. The modes that repeat the input's elements pick them by index, one axis after the other. */
    private static Kernel pad(Site site) {
        String mode = site.oneOf("mode", "constant", "constant", "reflect", "edge", "wrap");
        Site.Longs pads = site.longs("pads", 1).orElseThrow(() -> site.unsupported("it has no pads"));
        Optional<Site.Longs> axes = site.longs(3);
        Optional<TensorData> content = site.content(2);
        boolean computed = site.has(2) && content.isEmpty();
        double fill = content.isPresent() ? content.get().doubleAt(0) : site.node().real("value", 0);
        Scalar value = site.scalar(fill);
        int computedValue = site.optional(2);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long[] all = complete(pads.of(f), axes.map(a -> a.of(f)), (int) t.dim());
            if (mode.equals("constant")) {
                Scalar with = computed
                        ? new Scalar(f.tensor(computedValue).to(org.bytedeco.pytorch.global.torch.ScalarType.Double)
                                .item_double())
                        : value;
                f.set(y, org.bytedeco.pytorch.global.torch.constant_pad_nd(t, Window.reversedPairs(all), with));
                return;
            }
            Tensor result = new Tensor(t);
            for (int axis = 0; axis < t.dim(); axis++) {
                long begin = all[axis];
                long end = all[(int) t.dim() + axis];
                if (begin != 0 || end != 0) {
                    long[] at = padded(result.size(axis), begin, end, mode);
                    result = result.index_select(axis, Tensors.of(f.device(), at, at.length));
                }
            }
            f.set(y, result);
        };
    }

    private static long[] complete(long[] pads, Optional<long[]> axes, int rank) {
        if (axes.isEmpty()) {
            return pads;
        }
        long[] all = new long[2 * rank];
        long[] given = axes.get();
        for (int i = 0; i < given.length; i++) {
            int axis = (int) (given[i] < 0 ? given[i] + rank : given[i]);
            all[axis] = pads[i];
            all[rank + axis] = pads[given.length + i];
        }
        return all;
    }

    private static long[] padded(long n, long begin, long end, String mode) {
        return LongStream.range(-begin, n + end).map(i -> switch (mode) {
            case "edge" -> Math.clamp(i, 0, n - 1);
            case "wrap" -> Math.floorMod(i, n);
            default -> {
                if (n == 1) {
                    yield 0;
                }
                long m = Math.floorMod(i, 2 * (n - 1));
                yield m < n ? m : 2 * (n - 1) - m;
            }
        }).toArray();
    }

    private static Kernel upsample(Site site) {
        String mode = site.oneOf("mode", "nearest", "nearest", "linear");
        Interpolation interpolation = new Interpolation(mode, "asymmetric", "floor", -0.75, false, false);
        int x = site.in(0);
        int y = site.out(0);
        int scales = site.in(1);
        Optional<double[]> known = site.content(1).map(TensorData::toDoubles);
        return f -> {
            Tensor t = f.tensor(x);
            double[] by = known.isPresent() ? known.get() : f.reals(scales);
            long[] dims = Tensors.dims(t);
            long[] sizes = new long[dims.length];
            Arrays.setAll(sizes, i -> (long) Math.floor(dims[i] * by[i]));
            f.set(y, interpolation.apply(t, sizes, by, f.device()));
        };
    }

    private static Kernel resize(Site site) {
        String mode = site.oneOf("mode", "nearest", "nearest", "linear", "cubic");
        String coordinates =
                site.oneOf("coordinate_transformation_mode", "half_pixel", "half_pixel", "pytorch_half_pixel",
                        "align_corners", "asymmetric", "half_pixel_symmetric");
        String nearest =
                site.oneOf("nearest_mode", "round_prefer_floor", "round_prefer_floor", "round_prefer_ceil", "floor",
                        "ceil");
        String policy = site.oneOf("keep_aspect_ratio_policy", "stretch", "stretch", "not_larger", "not_smaller");
        Interpolation interpolation =
                new Interpolation(mode, coordinates, nearest, site.node().real("cubic_coeff_a", -0.75f),
                        site.node().integer("exclude_outside", 0) != 0, site.node().integer("antialias", 0) != 0);
        Optional<long[]> axes = site.node().integers("axes");
        boolean bySize = site.has(3);
        if (!bySize && !site.has(2)) {
            throw site.unsupported("it has neither scales nor sizes");
        }
        Optional<double[]> known = site.content(2).map(TensorData::toDoubles);
        int scalesSlot = site.optional(2);
        Optional<Site.Longs> sizesInput = site.longs(3);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long[] dims = Tensors.dims(t);
            long[] sizes = dims.clone();
            double[] scales = new double[dims.length];
            Arrays.fill(scales, 1);
            int[] which = axes.isPresent()
                    ? Arrays.stream(axes.get()).mapToInt(a -> (int) (a < 0 ? a + dims.length : a)).toArray()
                    : java.util.stream.IntStream.range(0, dims.length).toArray();
            if (bySize) {
                long[] asked = sizesInput.orElseThrow().of(f);
                stretch(which, dims, asked, policy, sizes, scales);
            } else {
                double[] by = known.isPresent() ? known.get() : f.reals(scalesSlot);
                for (int i = 0; i < which.length; i++) {
                    scales[which[i]] = by[i];
                    sizes[which[i]] = (long) Math.floor(dims[which[i]] * by[i]);
                }
            }
            f.set(y, interpolation.apply(t, sizes, scales, f.device()));
        };
    }

    private static void stretch(int[] which, long[] dims, long[] asked, String policy, long[] sizes, double[] scales) {
        double common = policy.equals("not_larger") ? Double.POSITIVE_INFINITY : 0;
        for (int i = 0; i < which.length; i++) {
            double scale = (double) asked[i] / dims[which[i]];
            common = policy.equals("not_larger") ? Math.min(common, scale) : Math.max(common, scale);
        }
        for (int i = 0; i < which.length; i++) {
            int axis = which[i];
            sizes[axis] = policy.equals("stretch") ? asked[i] : Math.round(common * dims[axis]);
            scales[axis] = policy.equals("stretch") ? (double) asked[i] / dims[axis] : common;
        }
    }
}
