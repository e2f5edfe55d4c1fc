package dev.orbifold.symmetry;

import java.util.List;

/**
 * A norm's scale that can be folded: divided out of what is added to the norm's result, multiplied into what reads it.
 *
 * @param scale the parameter, one number per coordinate
 * @param slots where the norm's result meets parameters; a coordinate there is an index of the scale, also where a norm
 *            runs over several Spaces, or copies of one, side by side
 */
public record LinearFold(String scale, List<LinearSlot> slots) {
    /** Copies the list. */
    public LinearFold {
        slots = List.copyOf(slots);
    }
}
