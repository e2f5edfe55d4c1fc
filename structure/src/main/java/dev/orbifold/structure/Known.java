package dev.orbifold.structure;

import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * What is known to be constant in a value: for every index of every axis the number that fills its slice, whatever the
 * inputs; NaN where the slice varies or is not known.
 *
 * @param axes per axis one number per index; an empty array where the axis' length is not known
 * @param whole the number that fills the whole value, or NaN
 */
record Known(double[][] axes, double whole) {
    /** The number that fills the slice at an index of an axis, or NaN. */
    double at(int axis, int index) {
        int a = axis < 0 ? axis + axes.length : axis;
        return a >= 0 && a < axes.length && index < axes[a].length ? axes[a][index] : whole;
    }

    /** Whether anything at all is known. */
    boolean any() {
        if (!Double.isNaN(whole)) {
            return true;
        }
        for (double[] axis : axes) {
            for (double v : axis) {
                if (!Double.isNaN(v)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Nothing known of a value with axes of these lengths (-1: unknown length). */
    static Known nothing(int[] lengths) {
        double[][] axes = new double[lengths.length][];
        for (int a = 0; a < axes.length; a++) {
            axes[a] = new double[Math.max(lengths[a], 0)];
            Arrays.fill(axes[a], Double.NaN);
        }
        return new Known(axes, Double.NaN);
    }

    /** One number everywhere in a value with axes of these lengths. */
    static Known everywhere(double value, int[] lengths) {
        Known known = nothing(lengths);
        for (double[] axis : known.axes) {
            Arrays.fill(axis, value);
        }
        return new Known(known.axes, value);
    }

    /** What is constant in a tensor. */
    static Known of(TensorData tensor) {
        int rank = tensor.rank();
        int[] lengths = new int[rank];
        for (int a = 0; a < rank; a++) {
            lengths[a] = Math.toIntExact(tensor.dim(a));
        }
        Known known = nothing(lengths);
        int n = Math.toIntExact(tensor.elements());
        if (n == 0) {
            return known;
        }
        int inner = n;
        for (int a = 0; a < rank; a++) {
            inner /= lengths[a];
            for (int i = 0; i < lengths[a]; i++) {
                known.axes[a][i] = slice(tensor, n, lengths[a], inner, i);
            }
        }
        return new Known(known.axes, slice(tensor, n, 1, n, 0));
    }

    /**
     * The number that fills the slice at an index of an axis, or NaN: most slices show at the second element that they vary.
     *
     * @param n how many elements the tensor has
     * @param inner how far apart neighbours along the axis lie
     */
    private static double slice(TensorData tensor, int n, int length, int inner, int index) {
        double first = tensor.doubleAt((long) index * inner);
        for (long from = (long) index * inner; from < n; from += (long) length * inner) {
            for (long k = from; k < from + inner; k++) {
                if (tensor.doubleAt(k) != first) {
                    return Double.NaN;
                }
            }
        }
        return first;
    }

    /** What is known after an elementwise function, in doubles. */
    Known map(DoubleUnaryOperator function) {
        double[][] mapped = new double[axes.length][];
        for (int a = 0; a < axes.length; a++) {
            mapped[a] = Arrays.stream(axes[a]).map(v -> applied(function, v)).toArray();
        }
        return new Known(mapped, applied(function, whole));
    }

    private static double applied(DoubleUnaryOperator function, double v) {
        return Double.isNaN(v) ? v : function.applyAsDouble(v);
    }
}
