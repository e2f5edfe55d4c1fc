package dev.orbifold.train;

import dev.orbifold.constraint.Condition;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** What somebody should know of how a training ended. */
final class TrainFindings {
    /** A loss from here on, of that of guessing, has learnt nothing. */
    private static final double GUESSING = 0.98;

    /** A share of the cells by which a goal may be exceeded before somebody should know. */
    private static final double MORE = 0.02;

    /** A root mean square of the data above this, or below one over this, is far from 1. */
    private static final double UNSCALED = 10;

    /** Items that are looked at for that. */
    private static final int LOOKED_AT = 256;

    private final Recipe recipe;
    private final Placement placement;
    private final List<TrainResult.Outcome> outcomes;

    TrainFindings(Recipe recipe, Placement placement, List<TrainResult.Outcome> outcomes) {
        this.recipe = recipe;
        this.placement = placement;
        this.outcomes = outcomes;
    }

    List<Finding> of(CompressResult.Standing before, CompressResult.Standing after, int classes) {
        List<Finding> findings = new ArrayList<>();
        open(findings);
        sums(findings);
        wide(findings);
        missed(findings);
        beyond(findings);
        if (!recipe.fresh() && after.bytes() > before.bytes() && after.parameters() > before.parameters()) {
            findings.add(new Finding(Finding.Severity.WARNING, "larger-than-before", recipe.output().toString(),
                    String.format(Locale.ROOT, "the written model has %,d parameters, more than the %,d it began with:"
                            + " what is read in several places needed a copy for each",
                            after.parameters(), before.parameters())));
        }
        boolean guesses = recipe.loss() == CompressOptions.LossKind.CROSS_ENTROPY && classes > 1
                && after.loss() >= GUESSING * Math.log(classes);
        if (guesses) {
            findings.add(new Finding(Finding.Severity.WARNING, "no-better-than-guessing", recipe.output().toString(),
                    String.format(Locale.ROOT, "the test loss is %.4g, and guessing among %d classes has %.4g: training"
                            + " broke down, or never began; try a lower learning rate, a smaller depth, or a weaker λ",
                            after.loss(), classes, Math.log(classes))));
        } else if (recipe.fresh() && after.loss() > before.loss()) {
            findings.add(new Finding(Finding.Severity.WARNING, "training-lost", recipe.output().toString(),
                    String.format(Locale.ROOT,
                            "the test loss is %.4g, higher than the %.4g before training: try a lower"
                                    + " learning rate, or a smaller depth",
                            after.loss(), before.loss())));
        }
        return findings;
    }

    /** Numbers that training would do better with near 1. */
    static List<Finding> unscaled(Part part, Recipe recipe) {
        if (part.inputType() != DataType.FLOAT || recipe.data() instanceof Planted) {
            return List.of();
        }
        MemorySegment item = MemorySegment.ofArray(new byte[Math.toIntExact(part.itemBytes())]);
        double squares = 0;
        long count = 0;
        for (int i = 0; i < Math.min(part.size(), LOOKED_AT); i++) {
            part.read(i, item, 0);
            for (float value : item.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
                squares += (double) value * value;
                count++;
            }
        }
        double size = Math.sqrt(squares / count);
        return size == 0 || size >= 1 / UNSCALED && size <= UNSCALED ? List.of()
                : List.of(new Finding(recipe.fresh() ? Finding.Severity.WARNING : Finding.Severity.INFO,
                        "data-unscaled", recipe.data().words(), String.format(Locale.ROOT,
                                "the numbers of the data have a root mean square of %.3g; networks learn from numbers"
                                        + " around 1: give 'mean' and 'std' with the data, if the model does not scale"
                                        + " them itself",
                                size)));
    }

    /** The one class that all samples are of; empty where there are several, or targets are no classes. */
    static OptionalInt onlyClass(Part part) {
        if (part.classes() == 0 || part.targetsPerItem() > 1) {
            return OptionalInt.empty();
        }
        int[] seen = IntStream.range(0, part.size()).map(part::label).distinct().limit(2).toArray();
        return seen.length == 1 ? OptionalInt.of(seen[0]) : OptionalInt.empty();
    }

    /** Says where there is nothing to tell apart. */
    static List<Finding> oneClass(Part part, Recipe recipe) {
        OptionalInt only = onlyClass(part);
        return only.isEmpty() ? List.of()
                : List.of(new Finding(Finding.Severity.WARNING, "one-class", recipe.data().words(),
                        "all samples that are trained on are of class " + only.getAsInt()
                                + ": a network that always says so makes no error, and its accuracy tells nothing"));
    }

    /**
     * What was asked for and is more than the data have.
     *
     * @param all the training part, with what is held out of it
     * @param fit what is trained on
     */
    static List<Finding> fewer(Recipe recipe, Part all, Part fit) {
        List<Finding> findings = new ArrayList<>();
        recipe.places().of("samples").filter(at -> recipe.samples() > all.size())
                .ifPresent(at -> findings.add(new Finding(Finding.Severity.INFO, "samples-fewer", at,
                        String.format(Locale.ROOT, "all %,d samples are used, fewer than the %,d asked for", all.size(),
                                recipe.samples()))));
        recipe.places().of("batch-size").filter(at -> recipe.batch() > fit.size())
                .ifPresent(at -> findings.add(new Finding(Finding.Severity.INFO, "batch-smaller", at,
                        String.format(Locale.ROOT, "a batch takes all %,d samples, fewer than the %,d asked for",
                                fit.size(), recipe.batch()))));
        return findings;
    }

    /** Latents that a variational network does without. */
    static List<Finding> silent(Variational.Latents latents, Recipe recipe) {
        int silent = latents.latents() - latents.active();
        return silent == 0 ? List.of() : List.of(new Finding(
                latents.active() == 0 ? Finding.Severity.WARNING : Finding.Severity.INFO, "posterior-collapse",
                recipe.output().toString(), String.format(Locale.ROOT,
                        "%d of %d latents say nothing: their mean varies over the test part by a variance of at most 0.01,"
                                + " and the decoder does without them; a lower 'beta' or weight decay brings more to life",
                        silent, latents.latents())));
    }

    /** Parameters that are a sum of what several constraints hold. */
    private void sums(List<Finding> findings) {
        Map<List<String>, List<String>> names = new LinkedHashMap<>();
        placement.held().forEach(
                h -> names.computeIfAbsent(h.form().parameters(), p -> new ArrayList<>()).add(h.term().name()));
        names.forEach((parameters, all) -> {
            if (all.size() > 1) {
                findings.add(new Finding(Finding.Severity.INFO, "sum-written-dense", String.join(", ", parameters),
                        "is the sum of what " + String.join(" and ", all) + " hold, written as one tensor: zeros and"
                                + " ranks are those of the parts, and do not show in the file"));
            }
        });
    }

    /** Conditions that are wanted whole, and that λ has not brought about. */
    private void open(List<Finding> findings) {
        for (Placement.Held held : placement.held()) {
            Condition condition = held.asked().constraint().condition();
            boolean whole = condition instanceof Condition.Ties || condition instanceof Condition.Clones
                    || condition instanceof Condition.ZeroSums;
            outcomes.stream().filter(o -> whole && o.name().equals(held.term().name()) && o.zero() < o.cells())
                    .forEach(o -> findings.add(new Finding(Finding.Severity.WARNING, "condition-open", o.name(),
                            String.format(Locale.ROOT,
                                    "%,d of %,d coordinates are zero: the condition does not hold; %s", o.zero(),
                                    o.cells(),
                                    held.asked().constraint().goal().isPresent() ? "train more steps"
                                            : "leave 'lambda' out to have it steered to the end"))));
        }
    }

    /** Solutions whose duality gap is wider than was asked: float32 ends the search, or its iterations do. */
    private void wide(List<Finding> findings) {
        recipe.projected().ifPresent(asked -> outcomes.stream().filter(o -> o.gap() > asked)
                .forEach(o -> findings.add(new Finding(Finding.Severity.WARNING, "gap-open", o.name(),
                        String.format(Locale.ROOT, "the duality gap of the written float32 weights is %.1e of the"
                                + " objective, not the %.1e asked for; ask for a wider 'gap'", o.gap(), asked)))));
    }

    /** Goals that a λ beside them has gone beyond; the cells of all parameters of a constraint count together. */
    private void beyond(List<Finding> findings) {
        for (Recipe.Asked asked : recipe.constraints()) {
            if (asked.constraint().goal().isEmpty() || asked.lambda().to() == 0) {
                continue;
            }
            List<String> own = placement.held().stream().filter(h -> h.asked().equals(asked)).map(h -> h.term().name())
                    .toList();
            long cells =
                    outcomes.stream().filter(o -> own.contains(o.name())).mapToLong(TrainResult.Outcome::cells).sum();
            long zero =
                    outcomes.stream().filter(o -> own.contains(o.name())).mapToLong(TrainResult.Outcome::zero).sum();
            double goal = asked.constraint().goal().get();
            if (zero > (goal + MORE) * cells) {
                findings.add(new Finding(Finding.Severity.WARNING, "beyond-goal", asked.constraint().name(),
                        String.format(Locale.ROOT,
                                "%.1f %% of its cells are zero, and %.1f %% were asked for: λ beside the goal"
                                        + " took more; lower it",
                                100.0 * zero / cells, 100 * goal)));
            }
        }
    }

    /** Goals of which less became zero. */
    private void missed(List<Finding> findings) {
        for (Placement.Steering steering : placement.steering()) {
            if (!steering.met()) {
                findings.add(new Finding(Finding.Severity.WARNING, "goal-missed", steering.name(),
                        String.format(Locale.ROOT, "of %,d cells that were to become zero not all did: train more steps"
                                + " (epochs, or a smaller batch-size), give them longer (zeros-by), or ask for fewer",
                                steering.aim().least())));
            }
        }
    }
}
