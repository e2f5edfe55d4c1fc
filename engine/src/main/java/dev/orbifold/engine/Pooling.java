package dev.orbifold.engine;

import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Pooling over one, two or three spatial axes, and over all of them. */
final class Pooling {
    private static final long[] ONE = {1};
    private static final long[] NONE = {0};

    private Pooling() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("MaxPool", Pooling::maxPool);
        table.put("AveragePool", Pooling::averagePool);
        table.put("LpPool", Pooling::lpPool);
        table.put("GlobalAveragePool",
                global((x, axes) -> torch.mean(x, axes, true, new org.bytedeco.pytorch.ScalarTypeOptional())));
        table.put("GlobalMaxPool", global((x, axes) -> torch.amax(x, axes, true)));
        table.put("GlobalLpPool", site -> {
            long p = site.node().integer("p", 2);
            return global(
                    (x, axes) -> root(power(x, p).sum(axes, true, new org.bytedeco.pytorch.ScalarTypeOptional()), p))
                    .compile(site);
        });
    }

    @FunctionalInterface
    private interface OverAxes {
        Tensor apply(Tensor x, long[] axes);
    }

    private static Kernel.Factory global(OverAxes function) {
        return site -> {
            int x = site.in(0);
            int y = site.out(0);
            return f -> {
                Tensor t = f.tensor(x);
                long[] axes = new long[(int) t.dim() - 2];
                Arrays.setAll(axes, i -> i + 2L);
                f.set(y, function.apply(t, axes));
            };
        };
    }

    private static Window window(Site site) {
        Window window = Window.of(site);
        if (window.kernel().length < 1 || window.kernel().length > 3) {
            throw site.unsupported(window.kernel().length + " spatial axes are not supported, only 1, 2 or 3");
        }
        return window;
    }

    /**
     * Padding that makes libtorch's floor mode give ONNX's output size, as begins then ends; an end may be negative.
     */
    private static long[] exactPads(Window window, long[] sizes, boolean ceil) {
        long[] kernel = window.kernel();
        long[] pads = window.pads(sizes, kernel);
        int n = sizes.length;
        for (int i = 0; i < n; i++) {
            long span = window.span(i, kernel[i]);
            long room = sizes[i] + pads[i] + pads[n + i] - span;
            long stride = window.stride(i);
            long out = (ceil ? Math.ceilDiv(room, stride) : Math.floorDiv(room, stride)) + 1;
            if (ceil && (out - 1) * stride >= sizes[i] + pads[i]) {
                out--;
            }
            pads[n + i] = (out - 1) * stride + span - sizes[i] - pads[i];
        }
        return pads;
    }

    private static boolean halfAtMost(Window window) {
        long[] padding = window.padding();
        for (int i = 0; i < window.kernel().length; i++) {
            if (2 * (padding.length == 1 ? padding[0] : padding[i]) > window.kernel()[i]) {
                return false;
            }
        }
        return true;
    }

    private static Kernel maxPool(Site site) {
        Window window = window(site);
        boolean ceil = site.node().integer("ceil_mode", 0) != 0;
        long[] kernel = window.kernel();
        boolean nativePads = window.isSymmetric() && halfAtMost(window);
        int x = site.in(0);
        int y = site.out(0);
        int indices = site.out(1);
        if (indices != Frame.NONE) {
            if (site.node().integer("storage_order", 0) != 0 || !nativePads || kernel.length != 2) {
                throw site.unsupported(
                        "indices are supported for two spatial axes, row-major order and symmetric pads only");
            }
            return f -> {
                Tensor t = f.tensor(x);
                var both =
                        torch.max_pool2d_with_indices(t, kernel, window.strides(), window.padding(), window.dilations(),
                                ceil);
                f.set(y, new Tensor(both.get0()));
                f.set(indices, acrossPlanes(both.get1(), t));
            };
        }
        if (nativePads) {
            long[] padding = window.padding();
            return f -> f.set(y, max(f.tensor(x), window, padding, ceil));
        }
        Scalar lowest = site.scalar(Double.NEGATIVE_INFINITY);
        return f -> {
            Tensor t = f.tensor(x);
            long[] pads = exactPads(window, Convolutions.spatial(t), ceil);
            f.set(y, max(torch.constant_pad_nd(t, Window.reversedPairs(pads), lowest), window, NONE, false));
        };
    }

    private static Tensor max(Tensor x, Window window, long[] padding, boolean ceil) {
        return switch (window.kernel().length) {
            case 1 -> torch.max_pool1d(x, window.kernel(), window.strides(), padding, window.dilations(), ceil);
            case 2 -> torch.max_pool2d(x, window.kernel(), window.strides(), padding, window.dilations(), ceil);
            default -> torch.max_pool3d(x, window.kernel(), window.strides(), padding, window.dilations(), ceil);
        };
    }

    /** libtorch counts within a plane, ONNX through the whole tensor. */
    private static Tensor acrossPlanes(Tensor indices, Tensor x) {
        long planes = x.size(0) * x.size(1);
        Tensor start = torch
                .torch_arange(new Scalar(planes),
                        x.options().dtype(new org.bytedeco.pytorch.ScalarTypeOptional(torch.ScalarType.Long)))
                .mul(new Scalar(x.size(2) * x.size(3)));
        return indices.add(start.reshape(x.size(0), x.size(1), 1, 1));
    }

    private static Kernel averagePool(Site site) {
        Window window = window(site);
        boolean ceil = site.node().integer("ceil_mode", 0) != 0;
        boolean countPads = site.node().integer("count_include_pad", 0) != 0;
        boolean dilated = Arrays.stream(window.dilations()).anyMatch(d -> d != 1);
        int x = site.in(0);
        int y = site.out(0);
        if (window.isSymmetric() && halfAtMost(window) && !dilated) {
            long[] padding = window.padding();
            LongOptional noDivisor = new LongOptional();
            return f -> f.set(y, average(f.tensor(x), window, padding, ceil, countPads, noDivisor));
        }
        return f -> {
            Tensor t = f.tensor(x);
            long[] sizes = Convolutions.spatial(t);
            long[] pads = exactPads(window, sizes, ceil);
            Tensor counted = torch.torch_ones(counted(sizes), t.options());
            if (countPads) {
                long[] declared = window.pads(sizes, window.kernel());
                counted = torch.constant_pad_nd(counted, Window.reversedPairs(declared), new Scalar(1.0));
                for (int i = 0; i < pads.length; i++) {
                    declared[i] = pads[i] - declared[i];
                }
                counted = torch.constant_pad_nd(counted, Window.reversedPairs(declared));
            } else {
                counted = torch.constant_pad_nd(counted, Window.reversedPairs(pads));
            }
            f.set(y, sums(t, window, pads).div(convolve(counted, window)));
        };
    }

    private static long[] counted(long[] sizes) {
        long[] dims = new long[sizes.length + 2];
        dims[0] = 1;
        dims[1] = 1;
        System.arraycopy(sizes, 0, dims, 2, sizes.length);
        return dims;
    }

    private static Tensor average(Tensor x, Window window, long[] padding, boolean ceil, boolean countPads,
            LongOptional divisor) {
        return switch (window.kernel().length) {
            case 1 -> torch.avg_pool1d(x, window.kernel(), window.strides(), padding, ceil, countPads);
            case 2 -> torch.avg_pool2d(x, window.kernel(), window.strides(), padding, ceil, countPads, divisor);
            default -> torch.avg_pool3d(x, window.kernel(), window.strides(), padding, ceil, countPads, divisor);
        };
    }

    private static Kernel lpPool(Site site) {
        Window window = window(site);
        boolean ceil = site.node().integer("ceil_mode", 0) != 0;
        long p = site.node().integer("p", 2);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            f.set(y, root(sums(power(t, p), window, exactPads(window, Convolutions.spatial(t), ceil)), p));
        };
    }

    private static Tensor power(Tensor x, long p) {
        return p == 1 ? x.abs() : x.abs().pow(new Scalar(p));
    }

    private static Tensor root(Tensor x, long p) {
        return p == 1 ? x : x.pow(new Scalar(1.0 / p));
    }

    /** The sum over every window, each channel on its own. */
    private static Tensor sums(Tensor x, Window window, long[] pads) {
        long[] dims = Tensors.dims(x);
        long[] planes = dims.clone();
        planes[0] = dims[0] * dims[1];
        planes[1] = 1;
        Tensor result = convolve(torch.constant_pad_nd(x.reshape(planes), Window.reversedPairs(pads)), window);
        long[] out = Tensors.dims(result);
        out[0] = dims[0];
        out[1] = dims[1];
        return result.reshape(out);
    }

    private static Tensor convolve(Tensor planes, Window window) {
        Tensor ones = torch.torch_ones(counted(window.kernel()), planes.options());
        return torch.convolution(planes, ones, new TensorOptional(), window.strides(), NONE, window.dilations(), false,
                NONE,
                ONE[0]);
    }
}
