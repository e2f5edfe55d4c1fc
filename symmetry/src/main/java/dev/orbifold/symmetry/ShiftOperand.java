package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.Optional;

/**
 * A parameter as it is added to a value, behind nodes that only rearrange it.
 *
 * @param parameter the parameter
 * @param dims its sizes where it is added
 * @param order for every element where it is added the parameter's element; empty where they are the same
 */
record ShiftOperand(String parameter, int[] dims, Optional<int[]> order) {
    /** Whether an Offset, aligned at the right, varies along no axis along which the parameter does not. */
    boolean fits(Offset offset) {
        return offset.aligned(dims.length).filter(o -> Arrays.equals(Offset.broadcast(o.dims(), dims), dims))
                .isPresent();
    }

    /** What the parameter's own elements move by, at the only number of c. */
    double[] displacement(Offset change) {
        Form[] forms = change.aligned(dims.length).map(o -> o.expanded(dims))
                .orElseThrow(() -> new IllegalArgumentException("the change does not fit " + parameter)).forms();
        double[] moved = new double[forms.length];
        double[] one = {1};
        for (int i = 0; i < moved.length; i++) {
            moved[order.isPresent() ? order.get()[i] : i] += forms[i].at(one);
        }
        return moved;
    }
}
