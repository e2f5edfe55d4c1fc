package dev.orbifold.symmetry;

/**
 * Where a {@link LinearSpace} meets a Parameter: one axis of one parameter, and which index of it is which coordinate.
 *
 * @param parameter the parameter's name
 * @param axis the axis, not negative
 * @param dual whether the axis is moved by the inverse transpose of g instead of g
 * @param coordinate for every index of the axis its coordinate, or -1 where the index is not of this Space
 * @param copy for every index of the axis the copy it belongs to
 * @param row for every index of the axis a number that tells apart several occurrences of the same coordinate and copy
 */
public record LinearSlot(String parameter, int axis, boolean dual, int[] coordinate, int[] copy, int[] row) {
}
