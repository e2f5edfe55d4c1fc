package dev.orbifold.symmetry;

import java.util.List;

/**
 * One diagonal map of a Space: a factor t per unit, and how every Slot's entries are multiplied by powers of it. A Space
 * with batch norm has two: one of what feeds the norm, one of what leaves it.
 *
 * @param space the Space's id
 * @param diagonal which factors are allowed
 * @param powers per Slot of the Space, per leg: the entries at (unit, leg) are multiplied by t(unit)^power
 */
public record Scaling(int space, Group.Diagonal diagonal, List<double[]> powers) {
    /** Copies the list. */
    public Scaling {
        powers = List.copyOf(powers);
    }
}
