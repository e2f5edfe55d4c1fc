package dev.orbifold.train;

import dev.orbifold.constraint.Elementwise;
import dev.orbifold.constraint.Ranked;
import dev.orbifold.constraint.Scheme;
import dev.orbifold.constraint.Tucker;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Schedule;
import java.util.Locale;

/** A plan in words. */
final class PlanWords {
    private static final double TINY = 1e-3;
    private static final double HUGE = 1e5;

    private PlanWords() {
    }

    /** A number as people type it. */
    static String number(double value) {
        double size = Math.abs(value);
        if (value == 0 || size >= TINY && size < HUGE) {
            return new java.math.BigDecimal(value, new java.math.MathContext(4)).stripTrailingZeros().toPlainString();
        }
        return String.format(Locale.ROOT, "%.3e", value).replaceFirst("\\.?0*e", "e").replaceFirst("e([+-])0?", "e$1")
                .replace("e+", "e");
    }

    static String percent(double share) {
        return number(100 * share) + " %";
    }

    static String optimizer(Optimizer.Kind kind) {
        return switch (kind) {
            case Optimizer.Kind.Sgd s -> "SGD with momentum " + number(s.momentum())
                    + (s.nesterov() ? " (Nesterov)" : "") + ", weight decay " + number(s.decay());
            case Optimizer.Kind.Adam a
                    -> (a.decoupled() ? "AdamW" : "Adam") + " with betas " + number(a.beta1()) + " and "
                            + number(a.beta2()) + ", weight decay " + number(a.decay());
        };
    }

    static String schedule(Schedule schedule) {
        return switch (schedule) {
            case Schedule.Constant c -> number(c.value());
            case Schedule.Cosine c -> number(c.first()) + ", falling as a cosine to " + number(c.last());
            case Schedule.WarmUp w -> schedule(w.then()) + ", rising to it over the first " + percent(w.share());
            default -> "up to " + number(highest(schedule)) + " in one cycle";
        };
    }

    private static double highest(Schedule schedule) {
        double highest = 0;
        for (int i = 0; i <= 100; i++) {
            highest = Math.max(highest, schedule.at(i / 100.0));
        }
        return highest;
    }

    static String lambda(Recipe.Lambda lambda) {
        if (lambda.budget().isPresent()) {
            return "λ raised from " + number(lambda.from()) + " while ‖w‖₁ exceeds " + percent(lambda.budget().get())
                    + " of its start";
        }
        String over = lambda.from() == lambda.to() || lambda.until() == 0 ? "λ = " + number(lambda.to())
                : "λ from " + number(lambda.from()) + " to " + number(lambda.to()) + " at " + percent(lambda.until())
                        + " of training";
        return over + (lambda.off() < 1 ? ", off at " + percent(lambda.off()) : "");
    }

    /** How long something takes, by an estimate. */
    static String seconds(double seconds) {
        return seconds < 1 ? "under 1 s" : String.format(Locale.ROOT, "about %.0f s", seconds);
    }

    /** The same of what takes long. */
    static String minutes(double seconds) {
        return seconds < 60 ? "under 1 min" : String.format(Locale.ROOT, "about %.0f min", seconds / 60);
    }

    /** The numbers that make coordinates, without those that only lie between factors in memory. */
    static long factors(Scheme scheme) {
        return scheme instanceof Elementwise e ? e.depth() * e.coordinates() : scheme.factors();
    }

    /** How coordinates are made, and the rank that leaves them. */
    static String scheme(Scheme scheme) {
        return Train.words(scheme) + switch (scheme) {
            case Ranked r -> String.format(Locale.ROOT, ", rank %,d of %,d at most", r.rank(),
                    Math.min(r.rows(), r.columns()));
            case Tucker t -> ", ranks " + t.ranks() + " of " + t.dims() + " at most";
            default -> "";
        };
    }

    /** What pulls, and where to. */
    static String push(Recipe.Asked asked) {
        String lambda = lambda(asked.lambda());
        return asked.constraint().goal().map(goal -> "steered to " + percent(goal) + " zeros by "
                + percent(asked.goalUntil()) + " of training"
                + (asked.lambda().at(0) > 0 || asked.lambda().to() > 0 ? ", prepared by " + lambda + ", until then"
                        : ""))
                .orElse(lambda);
    }
}
