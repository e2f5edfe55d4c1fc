package dev.orbifold.symmetry;

import java.util.List;

/**
 * A translation symmetry: numbers z that may be added to a parameter, and what other parameters take back. What they take back
 * depends on the weights between, so it is worked out from the weights as they are ({@link Shifts#displacement}).
 *
 * @param id its number in {@link Shifts#shifts()}
 * @param name a stable name for people: the parameter's
 * @param parameter what is shifted
 * @param dimension how many numbers are free: all of the parameter's, or as many as a norm or a softmax does not see
 * @param slots where it meets parameters: the shifted one first, then those that take it back
 */
public record Shift(int id, String name, String parameter, int dimension, List<Slot> slots) {
    /**
     * A parameter that moves.
     *
     * @param parameter its name
     * @param axes the axes along which its displacement varies, ascending
     */
    public record Slot(String parameter, List<Integer> axes) {
        /** Copies the list. */
        public Slot {
            axes = List.copyOf(axes);
        }
    }

    /** Copies the slots. */
    public Shift {
        slots = List.copyOf(slots);
    }

    /** The translations. */
    public Group group() {
        return new Group.Shift();
    }

    /** The names of the parameters that take the shift back; none where a norm or a softmax hides it. */
    public List<String> absorbed() {
        return slots.stream().skip(1).map(Slot::parameter).toList();
    }
}
