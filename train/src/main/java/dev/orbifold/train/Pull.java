package dev.orbifold.train;

import dev.orbifold.constraint.Ranked;
import dev.orbifold.constraint.Scheme;
import dev.orbifold.constraint.Tucker;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.graph.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Whether λ has the time it needs. With nothing to hold it a product of D factors, each decaying at wd = 2λ/D, shrinks by
 * exp(−2ηλ/(1 − momentum)) a step, whatever D is; it counts as zero at float32's epsilon.
 */
final class Pull {
    /** A usual weight, from which the way to zero begins. */
    private static final double USUAL = 0.05;

    /** Weights that begin smaller, or that the loss pushes down, need less: where this share is missing hardly one gets there. */
    private static final double SURELY = 0.5;

    /** Points of training at which λ and rate are looked at. */
    private static final int PLACES = 1000;

    private Pull() {
    }

    /** By which factor all of training shrinks a product that nothing holds, as a natural logarithm; empty under Adam. */
    static OptionalDouble shrinks(Recipe recipe, Recipe.Asked asked, long steps) {
        if (!(recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd) || asked.lambda().budget().isPresent()
                || recipe.projected().isPresent()) {
            return OptionalDouble.empty();
        }
        double sum = 0;
        for (long step = 0; step < steps; step++) {
            double progress = step / (double) steps;
            sum += 2 * recipe.rate().at(progress) * asked.lambda().at(progress) / (1 - sgd.momentum());
        }
        return OptionalDouble.of(sum);
    }

    /** Constraints whose λ makes a step of decay longer than a factor is. */
    static List<Finding> tooLarge(Recipe recipe) {
        List<Finding> findings = new ArrayList<>();
        if (!(recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd)) {
            return findings;
        }
        for (Recipe.Asked asked : recipe.constraints()) {
            double most = 0;
            for (int i = 0; i < PLACES && asked.rival().isEmpty(); i++) {
                double progress = i / (double) PLACES;
                most = Math.max(most, recipe.rate().at(progress) * 2 * asked.lambda().at(progress)
                        / asked.constraint().depth());
            }
            // x ← (1 − h)x with momentum μ is stable for h < 2(1 + μ).
            if (most >= 2 * (1 + sgd.momentum())) {
                findings.add(new Finding(Finding.Severity.WARNING, "lambda-too-large", asked.where(),
                        String.format(Locale.ROOT,
                                "constraint %s: one step of decay takes %.3g times of what a factor is, and from"
                                        + " %.3g on factors grow without end: a weaker λ, or a lower learning rate",
                                asked.constraint().name(), most, 2 * (1 + sgd.momentum()))));
            }
        }
        return findings;
    }

    /** Constraints whose λ cannot take anything to zero in so many steps. */
    static List<Finding> tooShort(Recipe recipe, List<Placement.Held> held, long steps) {
        double needed = Math.log(USUAL / Scheme.ZERO);
        List<Finding> findings = new ArrayList<>();
        List<Recipe.Asked> seen = new ArrayList<>();
        for (Placement.Held one : held) {
            Recipe.Asked asked = one.asked();
            boolean matrices = one.form().scheme() instanceof Ranked || one.form().scheme() instanceof Tucker;
            if (asked.constraint().goal().isPresent() || matrices || seen.contains(asked)) {
                continue;
            }
            seen.add(asked);
            shrinks(recipe, asked, steps).ifPresent(sum -> {
                if (sum > 0 && sum < SURELY * needed) {
                    findings.add(new Finding(Finding.Severity.WARNING, "lambda-too-short", asked.where(),
                            String.format(Locale.ROOT,
                                    "constraint %s: in these %,d steps λ takes a weight that nothing holds"
                                            + " to %.2g of its size, and zero begins at %.2g: hardly anything will become zero; train %.1f"
                                            + " times as many steps, or with so much more λ or learning rate",
                                    asked.constraint().name(), steps, Math.exp(-sum), Scheme.ZERO / USUAL,
                                    needed / sum)));
                }
            });
        }
        return findings;
    }
}
