package dev.orbifold.symmetry;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Scalings of a Space's units that no reader sees, beside its Group: those of what feeds a batch norm, whose own scale or
 * statistics take them back (theory, 7), or of what feeds an even function. They belong to the Space, as the Group does.
 *
 * @param norms whether norms take them back
 * @param group the Group of these scalings, with the permutations that they share with the Space
 */
public record Beside(boolean norms, Group group) {
    private static final Set<String> NORMS = Set.of("BatchNormalization", "InstanceNormalization",
            "GroupNormalization", "LayerNormalization", "RMSNormalization");

    /** The scalings of a Space that end before its readers; empty where there are none. */
    public static Optional<Beside> of(Symmetries symmetries, Space space) {
        List<Scaling> beside = symmetries.scalings(space).stream().filter(s -> !reads(space, s)).toList();
        if (beside.isEmpty()) {
            return Optional.empty();
        }
        List<Group.Diagonal> diagonals = beside.stream().map(Scaling::diagonal).distinct().toList();
        return Optional.of(new Beside(beside.stream().anyMatch(s -> norms(symmetries, space, s)),
                new Group.Monomial(diagonals.size() == 1 ? diagonals.getFirst() : Group.Diagonal.REAL)));
    }

    private static boolean reads(Space space, Scaling scaling) {
        for (int slot = 0; slot < space.slots().size(); slot++) {
            if (space.slots().get(slot).role() == Slot.Role.READS && moves(scaling, slot)) {
                return true;
            }
        }
        return false;
    }

    private static boolean norms(Symmetries symmetries, Space space, Scaling scaling) {
        for (int slot = 0; slot < space.slots().size(); slot++) {
            String parameter = space.slots().get(slot).parameter();
            if (moves(scaling, slot) && symmetries.graph().nodes().stream()
                    .anyMatch(n -> NORMS.contains(n.opType()) && n.inputs().contains(parameter))) {
                return true;
            }
        }
        return false;
    }

    private static boolean moves(Scaling scaling, int slot) {
        for (double power : scaling.powers().get(slot)) {
            if (power != 0) {
                return true;
            }
        }
        return false;
    }
}
