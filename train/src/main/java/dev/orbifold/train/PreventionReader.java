package dev.orbifold.train;

import java.util.Optional;

/** From the {@code remove} of a recipe to a {@link Prevention}; whatever is wrong is said with its line. */
final class PreventionReader {
    private PreventionReader() {
    }

    /**
     * Reads it.
     *
     * @throws TrainException if anything is wrong, or two parts contradict; names the line
     */
    static Prevention read(RecipeNode node) {
        Optional<Prevention.Syre> syre = node.get("syre").map(PreventionReader::syre);
        Optional<Prevention.Asymmetric> asymmetric = node.get("asymmetric").map(PreventionReader::asymmetric);
        double noise = node.get("noise").map(PreventionReader::noise).orElse(0.0);
        Optional<Prevention.ShrinkAndPerturb> perturb =
                node.get("shrink-and-perturb").map(PreventionReader::perturb);
        Optional<RecipeNode> again = node.get("reset");
        Optional<Prevention.Reset> reset = again.map(PreventionReader::reset);
        node.noOthers();
        if (reset.isPresent() && asymmetric.filter(a -> !a.startOnly()).isPresent()) {
            throw again.get().wrong("a unit that starts anew has outgoing weights of 0, which 'asymmetric' holds fixed;"
                    + " use one of the two");
        }
        return new Prevention(syre, asymmetric, noise, perturb, reset, node.place());
    }

    private static Prevention.Syre syre(RecipeNode node) {
        Optional<Double> sigma = node.get("sigma").map(n -> positive(n, n.number()));
        boolean anisotropic = node.get("anisotropic").map(RecipeNode::truth).orElse(false);
        node.noOthers();
        return new Prevention.Syre(sigma, anisotropic);
    }

    private static Prevention.Asymmetric asymmetric(RecipeNode node) {
        RecipeNode share = node.require("weights");
        double fixed = share.number();
        if (fixed <= 0 || fixed >= 1) {
            throw share.wrong("the share of a unit's inputs that is fixed lies above 0 and below 1, found " + fixed);
        }
        Optional<RecipeNode> kappa = node.get("kappa");
        boolean zero = node.get("fixed").map(n -> n.oneOf("drawn", "zero").equals("zero")).orElse(false);
        boolean startOnly = node.get("start-only").map(RecipeNode::truth).orElse(false);
        node.noOthers();
        if (zero && startOnly) {
            throw node.wrong("'fixed: zero' and 'start-only' are two controls; run them one after the other");
        }
        if (zero && kappa.isPresent()) {
            throw kappa.get().wrong("kappa is the spread of what is drawn, but 'fixed: zero' draws nothing");
        }
        return new Prevention.Asymmetric(fixed, kappa.map(n -> positive(n, n.number())).orElse(1.0), zero, startOnly);
    }

    private static double noise(RecipeNode node) {
        RecipeNode sigma = node.require("sigma");
        node.noOthers();
        return positive(sigma, sigma.number());
    }

    private static Prevention.ShrinkAndPerturb perturb(RecipeNode node) {
        int every = node.require("every").whole(1);
        double shrink = node.require("shrink").number(0, 1);
        double perturb = node.require("perturb").number(0, Double.MAX_VALUE);
        node.noOthers();
        return new Prevention.ShrinkAndPerturb(every, shrink, perturb);
    }

    private static Prevention.Reset reset(RecipeNode node) {
        double dormant = node.require("dormant").number(0, 1);
        int every = node.get("every").map(n -> n.whole(1)).orElse(1);
        node.noOthers();
        return new Prevention.Reset(dormant, every);
    }

    private static double positive(RecipeNode node, double value) {
        if (value <= 0) {
            throw node.wrong("must be above 0, found " + node.text());
        }
        return value;
    }
}
