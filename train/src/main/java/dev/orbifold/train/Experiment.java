package dev.orbifold.train;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A recipe of many trainings: series that each change some keys, values that each stand in the place of {@code $}, seeds,
 * and what is plotted against what.
 *
 * @param about a note for people
 * @param series what is compared
 * @param seeds each value is trained with each of them
 * @param plot what the report shows
 */
public record Experiment(String about, List<Series> series, List<Long> seeds, Plot plot) {
    private static final Set<String> OWN = Set.of("series", "seeds", "plot");
    private static final String NO_OUTPUT = "the models of an experiment lie in its Run; leave it out";
    private static final Set<String> OF_SERIES = Set.of("name", "values");

    /**
     * One line of the plot.
     *
     * @param name in the legend
     * @param values what stands for {@code $}, as written; one empty text where there is none
     */
    public record Series(String name, List<String> values) {
        /** Copies the list. */
        public Series {
            values = List.copyOf(values);
        }
    }

    /**
     * What is plotted.
     *
     * @param x the horizontal measure
     * @param y the vertical one
     * @param logX whether equal steps are equal factors on the horizontal axis
     * @param logY the same for the vertical one
     * @param claim what to expect, for people
     * @param value what {@code $} stands for: the recipe's keys, empty where it stands nowhere
     */
    public record Plot(Measure x, Measure y, boolean logX, boolean logY, String claim, String value) {
    }

    /**
     * One training.
     *
     * @param series its place among the series
     * @param value its place among the values
     * @param seed of every random draw
     */
    public record Trial(int series, int value, long seed) {
        /** Its folder's name. */
        public String name() {
            return (series + 1) + "-" + (value + 1) + "-" + seed;
        }
    }

    /** Copies the lists. */
    public Experiment {
        series = List.copyOf(series);
        seeds = List.copyOf(seeds);
    }

    /** The same with one seed. */
    Experiment only(long seed) {
        return new Experiment(about, series, List.of(seed), plot);
    }

    /** All trainings, in the order in which they are done: seed by seed, so that an early stop leaves whole lines. */
    public List<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        for (long seed : seeds) {
            for (int s = 0; s < series.size(); s++) {
                for (int v = 0; v < series.get(s).values().size(); v++) {
                    trials.add(new Trial(s, v, seed));
                }
            }
        }
        return trials;
    }

    /**
     * Reads the experiment a recipe describes.
     *
     * @return empty where it describes a single training
     * @throws TrainException if anything is wrong; names the line
     */
    static Optional<Experiment> of(String name, String text) {
        RecipeNode root = RecipeNode.parse(name, text);
        Optional<RecipeNode> listed = root.get("series");
        if (listed.isEmpty()) {
            for (String key : List.of("seeds", "plot")) {
                root.get(key).ifPresent(n -> {
                    throw n.wrong("only a recipe with 'series' has this");
                });
            }
            return Optional.empty();
        }
        root.get("seed").ifPresent(n -> {
            throw n.wrong("an experiment lists its 'seeds'");
        });
        root.get("output").ifPresent(n -> {
            throw n.wrong(NO_OUTPUT);
        });
        List<Series> series = new ArrayList<>();
        for (RecipeNode one : listed.get().list()) {
            List<String> values = one.get("values").map(n -> n.list().stream().map(RecipeNode::text).toList())
                    .orElse(List.of(""));
            series.add(new Series(one.require("name").text(), values));
            if (values.isEmpty()) {
                throw one.wrong("a series without values trains nothing");
            }
            if (one.get("values").isPresent()
                    != root.without(OWN).under(one.without(OF_SERIES)).holds(RecipeNode.VALUE)) {
                throw one.wrong(one.get("values").isPresent() ? "has values, but no $ stands anywhere for them"
                        : "has no values for the $ in it");
            }
            for (String key : List.of("seed", "output")) {
                one.get(key).ifPresent(n -> {
                    throw n.wrong(key.equals("seed") ? "an experiment lists its 'seeds'" : NO_OUTPUT);
                });
            }
        }
        if (series.isEmpty()) {
            throw listed.get().wrong("an experiment needs at least one series");
        }
        if (series.stream().map(Series::name).distinct().count() < series.size()) {
            throw listed.get().wrong("two series have one name");
        }
        List<Long> seeds = root.get("seeds").map(n -> n.list().stream().map(s -> (long) s.whole(0)).toList())
                .orElse(List.of(0L));
        if (seeds.isEmpty() || seeds.stream().distinct().count() < seeds.size()) {
            throw root.require("seeds").wrong("name at least one seed, and each once");
        }
        return Optional.of(new Experiment(root.get("about").map(RecipeNode::text).orElse("").strip(), series, seeds,
                plot(root)));
    }

    private static Plot plot(RecipeNode root) {
        Optional<RecipeNode> plot = root.get("plot");
        Measure x = plot.flatMap(n -> n.get("x")).map(n -> Measure.of(n.oneOf(Measure.words()))).orElse(Measure.VALUE);
        Measure y = plot.flatMap(n -> n.get("y")).map(n -> Measure.of(n.oneOf(Measure.words())))
                .orElse(Measure.ACCURACY);
        boolean logX = plot.flatMap(n -> n.get("log-x")).map(RecipeNode::truth).orElse(x.logarithmic());
        boolean logY = plot.flatMap(n -> n.get("log-y")).map(RecipeNode::truth).orElse(y.logarithmic());
        String claim = plot.flatMap(n -> n.get("claim")).map(RecipeNode::text).orElse("").strip();
        plot.ifPresent(RecipeNode::noOthers);
        return new Plot(x, y, logX, logY, claim, String.join(" or ", valued(root)));
    }

    /** The keys that values stand behind: what all series share, and what each has of its own. */
    private static Set<String> valued(RecipeNode root) {
        Set<String> keys = new LinkedHashSet<>();
        root.require("series").list().forEach(one -> keys.addAll(root.without(OWN).under(one.without(OF_SERIES))
                .valued()));
        return keys;
    }

    /** The recipe of one training: what the series changes on top of what all share, its value and its seed in place. */
    static RecipeNode chosen(RecipeNode root, Trial trial) {
        RecipeNode series = root.require("series").list().get(trial.series());
        RecipeNode recipe = root.without(OWN).under(series.without(OF_SERIES));
        return series.get("values").map(v -> recipe.with(v.list().get(trial.value()).text())).orElse(recipe);
    }
}
