package dev.orbifold.train;

import java.util.Optional;

/** Reads the {@code lambda} of a constraint. */
final class LambdaReader {
    /** λ of a budget at the start. */
    private static final double RAISED_FROM = 1e-3;
    private static final double LEAST = 1e-9;
    /** Weights under larger ones are zero, or no numbers, after a few steps, whatever the learning rate is. */
    private static final double MOST = 1e6;

    private LambdaReader() {
    }

    static Recipe.Lambda read(RecipeNode given) {
        if (!given.isMapping()) {
            return Recipe.Lambda.constant(lambda(given, 0));
        }
        Optional<RecipeNode> budget = given.get("budget");
        if (budget.isPresent()) {
            double first = given.get("from").map(n -> lambda(n, LEAST)).orElse(RAISED_FROM);
            for (String key : new String[] {"to", "until", "off"}) {
                given.get(key).ifPresent(n -> {
                    throw n.wrong("a budget decides itself how λ runs, from 'from' on; leave '" + key + "' out");
                });
            }
            given.noOthers();
            return new Recipe.Lambda(first, first, 0, 1, Optional.of(budget.get().number(LEAST, 1)));
        }
        double from = given.get("from").map(n -> lambda(n, 0)).orElse(0.0);
        double to = lambda(given.require("to"), 0);
        double off = given.get("off").map(n -> n.number(LEAST, 1)).orElse(1.0);
        double until = given.get("until").map(n -> n.number(0, 1)).orElse(off);
        given.noOthers();
        if (off < until) {
            throw given.wrong("'off' at " + off + " comes before 'until' at " + until + ": λ would never reach 'to'");
        }
        return new Recipe.Lambda(from, to, until, off, Optional.empty());
    }

    private static double lambda(RecipeNode node, double least) {
        double value = node.number(least, Double.MAX_VALUE);
        if (value > MOST) {
            throw node.wrong("λ is at most " + PlanWords.number(MOST) + ", found " + node.text()
                    + "; one that trains lies far below 1 as a rule");
        }
        return value;
    }
}
