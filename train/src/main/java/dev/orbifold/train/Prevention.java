package dev.orbifold.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What keeps a network off its mirrors while it is trained, or takes it back from there: a recipe's {@code remove}.
 *
 * @param syre decay towards a random point, if asked for
 * @param asymmetric weights that are held fixed, if asked for
 * @param noise the standard deviation σ of what is added to every entry of the gradient at every step; 0 for none
 * @param perturb shrink-and-perturb, if asked for
 * @param reset of dormant units, if asked for
 * @param where the recipe and its line, for messages
 */
public record Prevention(Optional<Syre> syre, Optional<Asymmetric> asymmetric, double noise,
        Optional<ShrinkAndPerturb> perturb, Optional<Reset> reset, String where) {
    /**
     * Weights w = θ + θ₀ that decay to θ₀ instead of 0 (arXiv 2408.15495).
     *
     * @param sigma the standard deviation of θ₀; empty for 0.01/√(fan-in)
     * @param anisotropic whether every weight decays at a strength of its own, from ½ to 1½
     */
    public record Syre(Optional<Double> sigma, boolean anisotropic) {
    }

    /**
     * Weights W = M⊙W + (1 − M)⊙F with fixed F ~ N(0, κ²) (W-asymmetric networks, arXiv 2405.20231).
     *
     * @param share of every unit's inputs that is fixed, above 0 and below 1
     * @param kappa κ
     * @param zero whether F is 0 instead: a control
     * @param startOnly whether training only starts there and holds nothing: the other control
     */
    public record Asymmetric(double share, double kappa, boolean zero, boolean startOnly) {
    }

    /**
     * w ← λw + σ·N(0, 1) now and then, with momenta of 0 (Ash, Adams, NeurIPS 2020).
     *
     * @param every how many epochs
     * @param shrink λ
     * @param perturb σ
     */
    public record ShrinkAndPerturb(int every, double shrink, double perturb) {
    }

    /**
     * Dormant units start anew (ReDo; Sokar et al., ICML 2023).
     *
     * @param dormant τ: what a unit's mean |activation| over the mean of its Space may be at most
     * @param every how many epochs
     */
    public record Reset(double dormant, int every) {
    }

    /** Nothing. */
    static Prevention none() {
        return new Prevention(Optional.empty(), Optional.empty(), 0, Optional.empty(), Optional.empty(), "");
    }

    /** What was asked for, each in the words of a recipe with what it was given. */
    List<String> words() {
        List<String> words = new ArrayList<>();
        syre.ifPresent(s -> words.add("syre (σ = " + s.sigma().map(PlanWords::number).orElse("0.01/√(fan-in)")
                + (s.anisotropic() ? ", anisotropic)" : ")")));
        asymmetric.ifPresent(a -> words.add("asymmetric (" + PlanWords.percent(a.share()) + " of inputs "
                + (a.zero() ? "0" : "drawn with κ = " + PlanWords.number(a.kappa()))
                + (a.startOnly() ? ", at the start only)" : ", held)")));
        if (noise > 0) {
            words.add("noise (σ = " + PlanWords.number(noise) + ")");
        }
        perturb.ifPresent(p -> words.add("shrink-and-perturb (λ = " + PlanWords.number(p.shrink()) + ", σ = "
                + PlanWords.number(p.perturb()) + ", " + epochs(p.every()) + ")"));
        reset.ifPresent(r -> words.add("reset (dormant up to " + PlanWords.number(r.dormant()) + ", "
                + epochs(r.every()) + ")"));
        return words;
    }

    private static String epochs(int every) {
        return every == 1 ? "every epoch" : "every " + every + " epochs";
    }

    /** Whether nothing was asked for. */
    boolean isNone() {
        return syre.isEmpty() && asymmetric.isEmpty() && noise == 0 && perturb.isEmpty() && reset.isEmpty();
    }
}
