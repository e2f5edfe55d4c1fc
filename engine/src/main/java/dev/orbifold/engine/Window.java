package dev.orbifold.engine;

import java.util.Arrays;

/**
 * How a convolution or pooling moves over the spatial axes.
 *
 * @param kernel sizes of the window, empty where the weight says
 * @param strides one per spatial axis, or a single one for all
 * @param dilations likewise
 * @param pads begins, then ends, as ONNX has them; empty for none
 * @param autoPad NOTSET, VALID, SAME_UPPER or SAME_LOWER
 */
record Window(long[] kernel, long[] strides, long[] dilations, long[] pads, String autoPad) {
    static Window of(Site site) {
        long[] kernel = site.node().integers("kernel_shape").orElse(new long[0]);
        String autoPad = site.oneOf("auto_pad", "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER");
        long[] pads = autoPad.equals("NOTSET") ? site.node().integers("pads").orElse(new long[0]) : new long[0];
        return new Window(kernel, site.node().integers("strides").orElse(new long[] {1}),
                site.node().integers("dilations").orElse(new long[] {1}), pads, autoPad);
    }

    /** Whether the pads depend on the input's size. */
    boolean isSame() {
        return autoPad.startsWith("SAME");
    }

    /** Whether begins and ends agree, so that libtorch's own padding does. */
    boolean isSymmetric() {
        int n = pads.length / 2;
        for (int i = 0; i < n; i++) {
            if (pads[i] != pads[n + i] || pads[i] < 0) {
                return false;
            }
        }
        return !isSame();
    }

    /** The padding for libtorch where it is symmetric. */
    long[] padding() {
        return pads.length == 0 ? new long[] {0} : Arrays.copyOf(pads, pads.length / 2);
    }

    long stride(int axis) {
        return strides.length == 1 ? strides[0] : strides[axis];
    }

    long dilation(int axis) {
        return dilations.length == 1 ? dilations[0] : dilations[axis];
    }

    /** The input cells one window spans along an axis. */
    long span(int axis, long kernelSize) {
        return (kernelSize - 1) * dilation(axis) + 1;
    }

    /** Begins, then ends, for an input of the given spatial sizes. */
    long[] pads(long[] sizes, long[] kernelSizes) {
        int n = sizes.length;
        long[] result = new long[2 * n];
        if (!isSame()) {
            System.arraycopy(pads, 0, result, 0, pads.length);
            return result;
        }
        for (int i = 0; i < n; i++) {
            long out = Math.ceilDiv(sizes[i], stride(i));
            long total = Math.max(0, (out - 1) * stride(i) + span(i, kernelSizes[i]) - sizes[i]);
            long less = total / 2;
            result[i] = autoPad.equals("SAME_UPPER") ? less : total - less;
            result[n + i] = total - result[i];
        }
        return result;
    }

    /** ONNX's begins-then-ends as libtorch's pairs from the last axis back. */
    static long[] reversedPairs(long[] pads) {
        int n = pads.length / 2;
        long[] pairs = new long[2 * n];
        for (int i = 0; i < n; i++) {
            pairs[2 * (n - 1 - i)] = pads[i];
            pairs[2 * (n - 1 - i) + 1] = pads[n + i];
        }
        return pairs;
    }
}
