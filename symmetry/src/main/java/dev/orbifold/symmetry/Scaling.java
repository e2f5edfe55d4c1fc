package dev.orbifold.symmetry;

import java.util.List;

/**
 * One diagonal map of a Space: a factor t per unit, and how every Slot's entries are multiplied by powers of it. A Space
 * with batch norm has two: one of what feeds the norm, one of what leaves it. Where it turns an activation about another
 * number than 0 it is affine: biases behind the activation move with its signs ({@link Transform} does that).
 *
 * @param space the Space's id
 * @param diagonal which factors are allowed
 * @param powers per Slot of the Space, per leg: the entries at (unit, leg) are multiplied by t(unit)^power
 * @param centres where the sign of t(unit) turns an activation about another number than 0
 */
public record Scaling(int space, Group.Diagonal diagonal, List<double[]> powers,
        List<Centre> centres) {
    /** Copies the lists. */
    public Scaling {
        powers = List.copyOf(powers);
        centres = List.copyOf(centres);
    }

    /** Whether its signs come with a bias correction, so that they are no linear map of the parameters. */
    public boolean affine() {
        return !centres.isEmpty();
    }
}
