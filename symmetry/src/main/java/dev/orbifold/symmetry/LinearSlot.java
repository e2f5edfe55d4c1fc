package dev.orbifold.symmetry;

import java.util.List;

/**
 * Where a {@link LinearSpace} meets a Parameter: one axis of one parameter, and which index of it is which coordinate.
 *
 * @param parameter the parameter's name
 * @param axis the axis, not negative
 * @param dual whether the axis is moved by the inverse transpose of g instead of g
 * @param coordinate for every index of the axis its coordinate, or -1 where the index is not of this Space
 * @param copy for every index of the axis the copy it belongs to
 * @param along other axes that the copy depends on; what they say is added
 * @param row for every index of the axis a number that tells apart several occurrences of the same coordinate and copy
 */
public record LinearSlot(String parameter, int axis, boolean dual, int[] coordinate, int[] copy, List<Along> along,
        int[] row) {
    /** Copies the list. */
    public LinearSlot {
        along = List.copyOf(along);
    }

    /**
     * Another axis of the parameter that tells copies apart (heads with an axis of their own).
     *
     * @param axis the axis
     * @param copy for every index of that axis what it adds to the copy's number
     */
    public record Along(int axis, int[] copy) {
    }
}
