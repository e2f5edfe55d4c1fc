package dev.orbifold.engine;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * Interpolation as the Resize operator specifies it, one axis after the other: every output cell is a weighted sum of
 * input cells, so an axis is a matrix of shape (out, in), or a list of positions for nearest neighbours.
 *
 * @param mode nearest, linear or cubic
 * @param coordinates how an output position maps to an input position
 * @param rounding how nearest rounds
 * @param cubic the coefficient a of cubic convolution
 * @param exclude whether cells outside get no weight, instead of the border's value
 * @param antialias whether the kernel widens when the axis shrinks
 */
record Interpolation(String mode, String coordinates, String rounding, double cubic, boolean exclude,
        boolean antialias) {
    /**
     * Resizes.
     *
     * @param sizes the output's sizes
     * @param scales output per input length, along every axis
     */
    Tensor apply(Tensor x, long[] sizes, double[] scales, Device device) {
        Tensor result = new Tensor(x);
        for (int axis = 0; axis < sizes.length; axis++) {
            int in = (int) x.size(axis);
            int out = (int) sizes[axis];
            if (in == out && scales[axis] == 1) {
                continue;
            }
            if (mode.equals("nearest")) {
                long[] at = positions(in, out, scales[axis]);
                result = result.index_select(axis, Tensors.of(device, at, out));
            } else {
                double[] weights = weights(in, out, scales[axis]);
                Tensor matrix =
                        Tensors.of(dev.orbifold.graph.TensorData.of(weights, out, in), device).to(x.scalar_type());
                result = result.transpose(axis, -1).matmul(matrix.t()).transpose(axis, -1);
            }
        }
        return result.contiguous();
    }

    /** The input position of an output cell. */
    private double position(int cell, int in, int out, double scale) {
        return switch (coordinates) {
            case "half_pixel" -> (cell + 0.5) / scale - 0.5;
            case "pytorch_half_pixel" -> out > 1 ? (cell + 0.5) / scale - 0.5 : 0;
            case "align_corners" -> out > 1 ? (double) cell * (in - 1) / (out - 1) : 0;
            case "asymmetric" -> cell / scale;
            default -> {
                double adjustment = out / (scale * in);
                double center = in / 2.0;
                yield center * (1 - adjustment) + (cell + 0.5) / scale - 0.5;
            }
        };
    }

    private long[] positions(int in, int out, double scale) {
        long[] at = new long[out];
        for (int i = 0; i < out; i++) {
            double x = position(i, in, out, scale);
            double rounded = switch (rounding) {
                case "floor" -> Math.floor(x);
                case "ceil" -> Math.ceil(x);
                case "round_prefer_ceil" -> Math.floor(x + 0.5);
                default -> Math.ceil(x - 0.5);
            };
            at[i] = Math.clamp((long) rounded, 0, in - 1);
        }
        return at;
    }

    private double kernel(double distance) {
        double d = Math.abs(distance);
        if (mode.equals("linear")) {
            return Math.max(0, 1 - d);
        }
        if (d <= 1) {
            return ((cubic + 2) * d - (cubic + 3)) * d * d + 1;
        }
        return d < 2 ? ((cubic * d - 5 * cubic) * d + 8 * cubic) * d - 4 * cubic : 0;
    }

    private double[] weights(int in, int out, double scale) {
        double[] matrix = new double[out * in];
        double stretch = antialias && scale < 1 ? scale : 1;
        int reach = (int) Math.ceil((mode.equals("linear") ? 1 : 2) / stretch);
        for (int i = 0; i < out; i++) {
            double x = position(i, in, out, scale);
            int center = (int) Math.floor(x);
            double total = 0;
            double[] row = new double[in];
            for (int j = center - reach; j <= center + reach + 1; j++) {
                double weight = kernel((x - j) * stretch);
                boolean outside = j < 0 || j >= in;
                if (outside && (exclude || antialias)) {
                    continue;
                }
                row[Math.clamp(j, 0, in - 1)] += weight;
                total += weight;
            }
            double sum = total;
            boolean normalized = exclude || antialias;
            double[] weighted = normalized ? Arrays.stream(row).map(w -> w / sum).toArray() : row;
            System.arraycopy(weighted, 0, matrix, i * in, in);
        }
        return matrix;
    }
}
