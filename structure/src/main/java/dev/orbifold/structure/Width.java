package dev.orbifold.structure;

import dev.orbifold.symmetry.AxisType;
import java.util.Map;
import java.util.TreeMap;

/**
 * The length of an axis as a function of the widths of the Spaces it carries: {@code base + Σ legs(s) · width(s)}.
 *
 * @param base indices that belong to no Space
 * @param spaces ids of the Spaces on the axis, ascending
 * @param legs indices per unit of each of them
 */
record Width(int base, int[] spaces, int[] legs) {
    /**
     * The width of a typed axis.
     *
     * @param type the axis
     * @param dimensions units of every Space by id
     * @throws StructureException if the units of a Space take up different numbers of indices
     */
    static Width of(AxisType type, int[] dimensions) {
        int base = 0;
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int s : type.space()) {
            if (s < 0) {
                base++;
            } else {
                counts.merge(s, 1, Integer::sum);
            }
        }
        int[] spaces = new int[counts.size()];
        int[] legs = new int[counts.size()];
        int at = 0;
        for (Map.Entry<Integer, Integer> count : counts.entrySet()) {
            int dimension = dimensions[count.getKey()];
            if (count.getValue() % dimension != 0) {
                throw new StructureException("an axis of length " + type.space().length + " holds " + count.getValue()
                        + " indices of a Space of " + dimension + " units: not the same number for every unit");
            }
            spaces[at] = count.getKey();
            legs[at++] = count.getValue() / dimension;
        }
        return new Width(base, spaces, legs);
    }

    /** The length at the given widths, by Space id. */
    long at(int[] widths) {
        long length = base;
        for (int k = 0; k < spaces.length; k++) {
            length += (long) legs[k] * widths[spaces[k]];
        }
        return length;
    }

    /** The length at the given widths with one unit of one Space less. */
    long without(int space, int[] widths) {
        long length = at(widths);
        for (int k = 0; k < spaces.length; k++) {
            if (spaces[k] == space) {
                length -= legs[k];
            }
        }
        return length;
    }

    boolean isFixed() {
        return spaces.length == 0;
    }
}
