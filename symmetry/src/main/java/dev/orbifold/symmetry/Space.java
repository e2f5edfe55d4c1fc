package dev.orbifold.symmetry;

import java.util.List;
import java.util.Optional;

/**
 * One hidden vector space: the tensor axes that must transform together, as units that are permuted, and taken out,
 * together.
 *
 * @param id its number in {@link Symmetries#spaces()}
 * @param name a stable name for people: the first parameter that writes it, and the axis
 * @param dimension the number of units
 * @param group the maps allowed on it
 * @param slots where it meets parameters
 * @param kept why units cannot be taken out (a norm over the axis counts them, a graph output shows them); empty where
 *            they can
 */
public record Space(int id, String name, int dimension, Group group, List<Slot> slots, Optional<String> kept) {
    /** Copies the slots. */
    public Space {
        slots = List.copyOf(slots);
    }

    /** Whether units can be taken out of the Graph once they are zero. */
    public boolean shrinkable() {
        return kept.isEmpty();
    }
}
