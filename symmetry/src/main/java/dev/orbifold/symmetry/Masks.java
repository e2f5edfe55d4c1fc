package dev.orbifold.symmetry;

import dev.orbifold.graph.Reals;
import dev.orbifold.graph.TensorData;

/**
 * Tells masks from weights: what is added to scores so that a softmax does not see them, such as −∞ or −1e9 above the
 * diagonal, is a constant of the Graph and no weight. A mask is known by its entries, since it has no operator of its own.
 */
public final class Masks {
    /** No weight is this far below 0; masks are. */
    private static final double MASK = -1e4;
    /** How many numbers are read at once. */
    private static final int PIECE = 4096;

    private Masks() {
    }

    /** Whether an entry of a real tensor of any shape is not finite, or −10 000 or less. */
    public static boolean isMask(TensorData tensor) {
        double[] piece = new double[(int) Math.min(tensor.elements(), PIECE)];
        Reals reals = new Reals();
        for (long first = 0; first < tensor.elements(); first += piece.length) {
            int count = (int) Math.min(piece.length, tensor.elements() - first);
            reals.read(tensor, first, piece, 0, count);
            if (masks(piece, count)) {
                return true;
            }
        }
        return false;
    }

    private static boolean masks(double[] values, int count) {
        for (int i = 0; i < count; i++) {
            if (!(values[i] > MASK) || values[i] == Double.POSITIVE_INFINITY) {
                return true;
            }
        }
        return false;
    }
}
