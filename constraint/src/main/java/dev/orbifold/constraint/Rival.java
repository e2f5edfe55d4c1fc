package dev.orbifold.constraint;

import java.util.Locale;

/**
 * Ways to take cells to zero without factors, as other tools do it: what factored training is compared with. They act on
 * the weights themselves, which an ordinary optimizer trains.
 */
public enum Rival {
    /** Proximal gradient: after each step a cell shrinks by ηλ, to 0 at the least: the group lasso, L1 for single entries. */
    PROXIMAL,
    /** The gradient of λ·Σ‖z_j‖ (L2,1), then one cut by size, then training of what is left. */
    PENALTY,
    /** The smallest cells are cut as training goes on, a share that rises as a cubic (Zhu, Gupta, arXiv 1710.01878). */
    MAGNITUDE,
    /**
     * Network slimming (Liu et al., ICCV 2017): L1 on the scales of the batch normalisation behind each unit, then one cut by
     * their size, then training of what is left.
     */
    SLIMMING;

    /** Whether λ pulls on cells. */
    public boolean pulls() {
        return this != MAGNITUDE;
    }

    /** Whether a share of cells is cut. */
    public boolean cuts() {
        return this != PROXIMAL;
    }

    /** As a recipe names it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
