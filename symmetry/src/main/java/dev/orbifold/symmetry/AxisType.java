package dev.orbifold.symmetry;

/**
 * The type of one axis of one value: for every index the Space, the unit and the leg it belongs to.
 *
 * @param space the Space's id per index, -1 where there is none
 * @param unit the unit within the Space per index
 * @param leg the place within the unit per index
 */
public record AxisType(int[] space, int[] unit, int[] leg) {
}
