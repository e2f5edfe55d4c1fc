package dev.orbifold.symmetry;

import java.util.List;

/**
 * One hidden vector space whose coordinates may be mixed: query and key of a head, a linear bottleneck, a residual
 * stream all of whose readers normalise it. Its Group is continuous ({@link Group.General}, {@link Group.Orthogonal}, …).
 *
 * @param id its number in {@link LinearSymmetries#spaces()}
 * @param name a stable name for people: the first parameter it meets, and the axis
 * @param dimension the number of coordinates
 * @param copies how many copies are moved each by a map of its own (the heads)
 * @param group the maps allowed on one copy
 * @param slots where it meets parameters
 * @param folds norm scales that must be 1 before it moves, folded into what reads the norm's result
 */
public record LinearSpace(int id, String name, int dimension, int copies, Group group, List<LinearSlot> slots,
        List<LinearFold> folds) {
    /** Copies the lists. */
    public LinearSpace {
        slots = List.copyOf(slots);
        folds = List.copyOf(folds);
    }
}
