package dev.orbifold.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What is measured of a network while it trains.
 *
 * @param every how many steps between two measurements of what is cheap
 * @param what is measured then
 * @param dearEvery how many epochs between two measurements of what is dear
 * @param dear what is measured then
 */
public record Watch(int every, Set<Measured> what, int dearEvery, Set<Measured> dear) {
    /** How many steps where a recipe does not say. */
    static final int EVERY = 50;

    /** What can be measured; docs/reference/recipe.md says what each is. */
    public enum Measured {
        /** How far every Space is from its mirrors. */
        DISTANCES(true, "distance-dead", "distance-twins", "distance-rank", "length"),
        /** Dead units, twins and ranks, as scan counts them. */
        COUNTS(true, "dead", "twins", "rank", "near-dead", "near-twins", "near-lost"),
        /** Effective and stable ranks of weights; of large ones the effective rank only where it is asked for as dear. */
        RANKS(true, "stable-rank", "effective-rank"),
        /** ‖g_u‖²/‖g_w‖² of the last step's gradients. */
        BALANCE(true, "balance"),
        /** Noether charges, and how they move beside how they should. */
        CHARGES(false, "charge", "charge-rate"),
        /** The six alignments of representations, gradients and weights. */
        ALIGNMENTS(false, "alignment", "pull"),
        /** The share of units that hardly answer. */
        DORMANT(false, "dormant"),
        /** Whether gradients are equally noisy on both sides of Spaces whose coordinates mix. */
        NOISE(false, "noise-cosine"),
        /** How many directions of its outputs the network uses. */
        OUTPUTS(false, "output-rank"),
        /** Symmetry-breaking distances. */
        BREAKING(false, "breaking");

        private final boolean cheap;
        private final List<String> writes;

        Measured(boolean cheap, String... writes) {
            this.cheap = cheap;
            this.writes = List.of(writes);
        }

        /** The measures it writes into the metrics, by their names there. */
        public List<String> writes() {
            return writes;
        }

        /** Whether it needs nothing but the weights and the gradients that are there anyway. */
        public boolean cheap() {
            return cheap;
        }

        /** As recipes call it. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Copies the sets. */
    public Watch {
        what = Set.copyOf(what);
        dear = Set.copyOf(dear);
    }

    /** Nothing. */
    static Watch none() {
        return new Watch(EVERY, Set.of(), 1, Set.of());
    }

    /** Everything that is cheap. */
    static Watch cheap() {
        return new Watch(EVERY, EnumSet.copyOf(Arrays.stream(Measured.values()).filter(Measured::cheap).toList()), 1,
                Set.of());
    }

    /** Whether nothing is measured. */
    boolean isNone() {
        return what.isEmpty() && dear.isEmpty();
    }

    /** One fact a line, for {@code --dry-run}. */
    List<String> plan() {
        List<String> lines = new ArrayList<>();
        if (!what.isEmpty()) {
            lines.add("watch: " + words(what) + " every " + every + " steps");
        }
        if (!dear.isEmpty()) {
            lines.add("watch: " + words(dear) + (dearEvery == 1 ? " every epoch" : " every " + dearEvery + " epochs"));
        }
        return lines;
    }

    private static String words(Set<Measured> some) {
        return String.join(", ", some.stream().sorted().map(Measured::word).toList());
    }

    /**
     * Reads the {@code watch} of a recipe.
     *
     * @throws TrainException if anything is wrong; names the line
     */
    static Watch read(RecipeNode node) {
        if (!node.isMapping()) {
            return node.truth() ? cheap() : none();
        }
        int every = node.get("every").map(n -> n.whole(1)).orElse(EVERY);
        Set<Measured> what = node.get("what").map(n -> measured(n, true)).orElse(cheap().what());
        int dearEvery = node.get("dear-every").map(n -> n.whole(1)).orElse(1);
        Set<Measured> dear = node.get("dear").map(n -> measured(n, false)).orElse(Set.of());
        node.get("dear-every").filter(n -> dear.isEmpty()).ifPresent(n -> {
            throw n.wrong("nothing dear is measured; name it under 'dear'");
        });
        node.noOthers();
        return new Watch(every, what, dearEvery, dear);
    }

    private static Set<Measured> measured(RecipeNode node, boolean often) {
        List<Measured> may = Arrays.stream(Measured.values())
                .filter(m -> often ? m.cheap() : !m.cheap() || m == Measured.RANKS).toList();
        Set<Measured> all = EnumSet.noneOf(Measured.class);
        for (RecipeNode one : node.list()) {
            String word = one.oneOf(may.stream().map(Measured::word).toArray(String[]::new));
            if (!all.add(Measured.valueOf(word.toUpperCase(Locale.ROOT)))) {
                throw one.wrong(word + " is named twice");
            }
        }
        return all;
    }
}
