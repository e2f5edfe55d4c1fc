package dev.orbifold.engine;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Where weights decay to: the penalty (wd/2)·Σᵢ Dᵢ(wᵢ − θ₀ᵢ)². With w = θ + θ₀ this is what syre minimises, ℓ(θ + θ₀) +
 * (wd/2)·θᵀDθ (arXiv 2408.15495): the two differ by the name of what is stored. Without weight decay it does nothing.
 *
 * @param point θ₀, laid out like the flat weights, of the same type and on the same device; owned by who made it
 * @param strength D, positive, laid out alike; empty where all entries are 1
 */
public record DecayCentre(Tensor point, Optional<Tensor> strength) {
    /** D(w − θ₀) for some consecutive elements; belongs to the caller's pointer scope. */
    Tensor away(Tensor values, long from, long count) {
        Tensor away = values.narrow(0, from, count).sub(point.narrow(0, from, count));
        return strength.map(d -> away.mul_(d.narrow(0, from, count))).orElse(away);
    }
}
