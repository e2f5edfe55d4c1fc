package dev.orbifold.symmetry;

/**
 * Where a Space meets a Parameter: one axis of one parameter, and which index of it belongs to which unit.
 *
 * @param parameter the parameter's name
 * @param axis the axis, not negative
 * @param role whether the parameter writes the Space (its units come out along this axis) or reads it
 * @param unit for every index of the axis its unit, or -1 where the index is not of this Space
 * @param leg for every index its place within the unit (position in the image after flattening, coordinate of a head),
 *            counted from 0; 0 where unit is -1
 * @param exponent how a diagonal g acts here: the entries at a unit's indices are multiplied by g^exponent (1 for
 *            writers, -1 for readers, 0 where a scale does not act)
 */
public record Slot(String parameter, int axis, Role role, int[] unit, int[] leg, double exponent) {
    /** What the parameter does with the Space. */
    public enum Role {
        /** Weights whose outputs are units, biases, norm scales and shifts, embeddings. */
        WRITES,
        /** Weights that contract the units away. */
        READS,
        /** Parameters carried along (running statistics; constants combined elementwise). */
        FOLLOWS
    }

    /**
     * What makes one unit repeat another on this axis, for {@link dev.orbifold.graph.TensorData#select}.
     *
     * @param unit the unit that is repeated
     * @param twin the unit that repeats it
     * @return for every index of the axis the index whose entries come there
     */
    public int[] repeating(int unit, int twin) {
        int[] from = new int[this.unit.length];
        for (int i = 0; i < from.length; i++) {
            from[i] = i;
            for (int k = 0; this.unit[i] == twin && k < from.length; k++) {
                if (this.unit[k] == unit && leg[k] == leg[i]) {
                    from[i] = k;
                }
            }
        }
        return from;
    }
}
