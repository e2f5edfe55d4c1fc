package dev.orbifold.collapse;

import org.jspecify.annotations.Nullable;

/**
 * What pulls at small units: to first order in small weights the loss is L₀ + w·c(u), with in-weights u ∝ a, out-weights
 * w ∝ b, so that balanced weights grow at the rate −b·c(a) − wd (theory, 1.6).
 */
interface UnitPulls {
    /** Directions a and b of units, and there −b·c(a) with its gradients along both. */
    record Point(double[][] a, double[][] b, double[] value, double[][] alongA, double[][] alongB) {
    }

    /**
     * The value and its gradients.
     *
     * @param a directions of in-weights, of length 1, one per unit
     * @param b the same of out-weights; where it is not given it is −c(a)/‖c(a)‖, its best
     */
    Point at(double[][] a, double @Nullable [][] b);

    /**
     * The same of some of the units; what it holds belongs to the caller's pointer scope.
     *
     * @param units ascending
     */
    UnitPulls only(int[] units);
}
