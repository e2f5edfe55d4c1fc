package dev.orbifold.symmetry;

/**
 * Where an activation turns signs about another number than 0: f(−x) = 2·at − f(x). A sigmoid is odd about ½ (theory, 7). A unit
 * whose sign is flipped leaves 2·at too much behind the activation, which later parameters take back ({@link Corrections}).
 *
 * @param value the activation's result
 * @param at the number
 * @param dims the sizes of the axes of the value along which units lie, 1 along all others
 * @param unit for every element of these sizes, row-major, the unit of the Space whose sign turns it, -1 where there is none
 */
public record Centre(String value, double at, int[] dims, int[] unit) {
}
