package dev.orbifold.engine;

import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Convolutions over one, two or three spatial axes. */
final class Convolutions {
    private static final long[] NO_PADDING = {0};

    private Convolutions() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Conv", Convolutions::conv);
        table.put("ConvTranspose", Convolutions::convTranspose);
    }

    private static Kernel conv(Site site) {
        Window window = Window.of(site);
        long groups = site.node().integer("group", 1);
        long[] strides = window.strides();
        long[] dilations = window.dilations();
        int x = site.in(0);
        int w = site.in(1);
        int b = site.optional(2);
        int y = site.out(0);
        boolean fed = site.isFed();
        if (window.isSymmetric()) {
            long[] padding = window.padding();
            return f -> {
                Tensor input = f.tensor(x);
                f.set(y, convolve(fed ? channelsLast(input) : input, f.tensor(w), f.optional(b), strides, padding,
                        dilations,
                        groups));
            };
        }
        return f -> {
            Tensor input = f.tensor(x);
            Tensor weight = f.tensor(w);
            long[] pads = window.pads(spatial(input), spatial(weight));
            Tensor padded = torch.constant_pad_nd(input, Window.reversedPairs(pads));
            f.set(y, convolve(padded, weight, f.optional(b), strides, NO_PADDING, dilations, groups));
        };
    }

    /** By rank, not through the general operator, which autocast does not know on the CPU. */
    private static Tensor convolve(Tensor x, Tensor weight, TensorOptional bias, long[] strides, long[] padding,
            long[] dilations, long groups) {
        return switch ((int) weight.dim()) {
            case 3 -> torch.conv1d(x, weight, bias, strides, padding, dilations, groups);
            case 4 -> torch.conv2d(x, weight, bias, strides, padding, dilations, groups);
            case 5 -> torch.conv3d(x, weight, bias, strides, padding, dilations, groups);
            default -> throw new EngineException("a convolution needs a weight with 1 to 3 spatial axes, found shape "
                    + Arrays.toString(Tensors.dims(weight)));
        };
    }

    private static Tensor transposed(Tensor x, Tensor weight, TensorOptional bias, long[] strides, long[] padding,
            long[] extra,
            long[] dilations, long groups) {
        return switch ((int) weight.dim()) {
            case 3 -> torch.conv_transpose1d(x, weight, bias, strides, padding, extra, groups, dilations);
            case 4 -> torch.conv_transpose2d(x, weight, bias, strides, padding, extra, groups, dilations);
            case 5 -> torch.conv_transpose3d(x, weight, bias, strides, padding, extra, groups, dilations);
            default -> throw new EngineException(
                    "a transposed convolution needs a weight with 1 to 3 spatial axes, found shape "
                            + Arrays.toString(Tensors.dims(weight)));
        };
    }

    /**
     * An image with its channels innermost in memory. What follows keeps the order it finds, and convolutions and batch
     * norms are faster in this one: a ResNet-20 step by a tenth in float32, by a sixth in bfloat16.
     */
    private static Tensor channelsLast(Tensor image) {
        return image.dim() == 4 ? image.contiguous(torch.MemoryFormat.ChannelsLast) : image;
    }

    static long[] spatial(Tensor tensor) {
        long[] dims = Tensors.dims(tensor);
        return Arrays.copyOfRange(dims, 2, dims.length);
    }

    /**
     * The transpose of a convolution, then cut or zero-extended to the output that pads, output_padding, output_shape or
     * auto_pad ask for.
     */
    private static Kernel convTranspose(Site site) {
        Window window = Window.of(site);
        long groups = site.node().integer("group", 1);
        long[] strides = window.strides();
        long[] dilations = window.dilations();
        long[] extra = site.node().integers("output_padding").orElse(NO_PADDING);
        long[] shape = site.node().integers("output_shape").orElse(new long[0]);
        int x = site.in(0);
        int w = site.in(1);
        int b = site.optional(2);
        int y = site.out(0);
        boolean fitsLibtorch = true;
        for (int i = 0; i < extra.length; i++) {
            fitsLibtorch &= extra[i] < Math.max(window.stride(Math.min(i, strides.length - 1)),
                    window.dilation(Math.min(i, dilations.length - 1)));
        }
        if (window.isSymmetric() && shape.length == 0 && fitsLibtorch) {
            long[] padding = window.padding();
            return f -> f.set(y,
                    transposed(f.tensor(x), f.tensor(w), f.optional(b), strides, padding, extra, dilations, groups));
        }
        return f -> {
            Tensor input = f.tensor(x);
            Tensor weight = f.tensor(w);
            Tensor full = transposed(input, weight, f.optional(b), strides, NO_PADDING, NO_PADDING, dilations, groups);
            long[] sizes = spatial(input);
            long[] kernel = spatial(weight);
            long[] pads = transposedPads(window, sizes, kernel, extra, shape);
            Tensor cut = torch.constant_pad_nd(full, Window.reversedPairs(pads));
            // Cells beyond the full result hold the bias alone.
            boolean extended = b != Frame.NONE && Arrays.stream(pads).anyMatch(p -> p > 0);
            f.set(y, extended ? withBias(full, f.tensor(b), pads) : cut);
        };
    }

    private static Tensor withBias(Tensor full, Tensor bias, long[] pads) {
        long[] column = new long[(int) full.dim()];
        Arrays.fill(column, 1);
        column[1] = -1;
        Tensor shift = bias.reshape(column);
        return torch.constant_pad_nd(full.sub(shift), Window.reversedPairs(pads)).add(shift);
    }

    /** What to add to the full result on each side; negative to cut. */
    private static long[] transposedPads(Window window, long[] sizes, long[] kernel, long[] extra, long[] shape) {
        int n = sizes.length;
        long[] pads = new long[2 * n];
        for (int i = 0; i < n; i++) {
            long more = extra.length == 1 ? extra[0] : extra[i];
            long full = (sizes[i] - 1) * window.stride(i) + window.span(i, kernel[i]);
            if (shape.length == 0 && !window.isSame()) {
                pads[i] = window.pads().length == 0 ? 0 : -window.pads()[i];
                pads[n + i] = more - (window.pads().length == 0 ? 0 : window.pads()[n + i]);
                continue;
            }
            long out = shape.length == 0 ? sizes[i] * window.stride(i) : shape[shape.length - n + i];
            // An automatic pad never extends the result; ONNX Runtime agrees.
            long total = shape.length == 0 ? Math.max(0, full + more - out) : full + more - out;
            long less = total / 2;
            long begin = window.autoPad().equals("SAME_UPPER") ? less : total - less;
            pads[i] = -begin;
            pads[n + i] = more - (total - begin);
        }
        return pads;
    }
}
