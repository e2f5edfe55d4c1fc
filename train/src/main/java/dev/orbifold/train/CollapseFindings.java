package dev.orbifold.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.structure.Closeness;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What training has brought onto mirrors although no constraint asked for it, and which {@code remove} keeps it off. A Space
 * that meets a Parameter under a constraint is left out: its mirror may be wanted.
 *
 * <p>
 * A Finding tells what is new since the start: exact collapse, counted as {@code scan} does, always, and units or coordinates
 * within {@link Closeness#NEAR} of a mirror where they are a tenth of the Space or more. It is a warning from that tenth on.
 */
final class CollapseFindings {
    /** From this share of a Space on what is near a mirror is said, and what is on one is a warning. */
    private static final double MUCH = 0.1;
    /**
     * What is left of a unit that only decay moves, over its length at the start: well above {@link Closeness#NEAR}, and
     * little for what is learnt.
     */
    private static final double DRAWN = 0.05;
    private static final String MIXING = "/mixing";
    /** So much more of a Space that is dormant is lost plasticity: ReLU networks that learn well have some such units. */
    private static final double DORMANT = 0.25;

    /** One of the three ways to collapse. */
    private enum Way {
        DEAD("units-died", "dead", "the mirrors of their signs and scales, where a unit says nothing"),
        TWINS("units-became-twins", "twins", "the mirrors of exchanges, where two units are one"),
        RANK("rank-lost", "rank", "the mirrors of rotations, where a direction is not used");

        private final String kind;
        private final String measure;
        private final String mirrors;

        Way(String kind, String measure, String mirrors) {
            this.kind = kind;
            this.measure = measure;
            this.mirrors = mirrors;
        }
    }

    private final Recipe recipe;
    private final List<JsonNode> watched;
    /** What syre should draw for each Space. */
    private final Map<String, Double> sigmas = new HashMap<>();

    private CollapseFindings(Recipe recipe, List<JsonNode> metrics) {
        this.recipe = recipe;
        this.watched = metrics.stream().filter(line -> line.path("kind").asText().equals("watch")).toList();
    }

    /**
     * Compares the end of training with its start.
     *
     * @param symmetries those that keep units apart, of the network
     * @param start the weights that training began with
     * @param end the weights that it ended with
     * @param held the Parameters that constraints hold
     * @param metrics the lines of the Run; what was watched tells when it happened
     */
    static List<Finding> of(Recipe recipe, Symmetries symmetries, Graph start, Graph end, Set<String> held,
            List<JsonNode> metrics) {
        CollapseFindings all = new CollapseFindings(recipe, metrics);
        List<LinearSpace> mixing = LinearSymmetries.of(start).spaces();
        Set<String> wanted = new HashSet<>();
        symmetries.spaces().stream().filter(s -> meets(s, held)).forEach(s -> wanted.add(s.name()));
        mixing.stream().filter(s -> s.slots().stream().anyMatch(slot -> held.contains(slot.parameter())))
                .forEach(s -> wanted.add(s.name()));
        symmetries.spaces().forEach(
                s -> all.sigmas.put(s.name(), sigma(start, s.slots().stream().map(slot -> slot.parameter()).toList())));
        mixing.forEach(s -> all.sigmas.put(s.name() + MIXING,
                sigma(start, s.slots().stream().map(slot -> slot.parameter()).toList())));
        Map<String, Closeness> before = new HashMap<>();
        Closeness.of(symmetries.on(start), mixing).forEach(one -> before.put(key(one), one));
        List<Finding> findings = new ArrayList<>();
        for (Closeness after : Closeness.of(symmetries.on(end), mixing)) {
            Closeness was = before.get(key(after));
            if (was != null && !wanted.contains(after.name())) {
                all.finding(Way.DEAD, after, rise(was.dead(), after.dead()), died(was, after))
                        .ifPresent(findings::add);
                all.finding(Way.TWINS, after, rise(was.twins(), after.twins()),
                        after.nearlyTwins() - was.nearlyTwins()).ifPresent(findings::add);
                all.finding(Way.RANK, after, rise(after.rank(), was.rank()), after.nearlyLost() - was.nearlyLost())
                        .ifPresent(findings::add);
            }
        }
        findings.addAll(all.plasticity());
        return findings;
    }

    /** A Space whose units are kept apart and one whose coordinates mix may have one name. */
    private static String key(Closeness one) {
        return one.name() + (one.rank().isPresent() ? MIXING : "");
    }

    /** Of N(0, σ²) for syre: {@link #DRAWN} of the root mean square that a Space's weights begin with, to one digit. */
    private static double sigma(Graph start, List<String> parameters) {
        double[] weights = parameters.stream().distinct().flatMap(name -> start.parameter(name).stream())
                .filter(tensor -> tensor.rank() > 1).flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubles()))
                .toArray();
        double sigma = DRAWN * Math.sqrt(Arrays.stream(weights).map(w -> w * w).average().orElse(0));
        return sigma > 0 && sigma < Double.POSITIVE_INFINITY
                ? new BigDecimal(sigma).round(new MathContext(1)).doubleValue()
                : DRAWN;
    }

    private static boolean meets(Space space, Set<String> held) {
        return space.slots().stream().anyMatch(slot -> held.contains(slot.parameter()));
    }

    /** The share of units that have died, or come near that; all where the whole Space has shrunk so far. */
    private static double died(Closeness was, Closeness after) {
        return was.length() > 0 && after.length() <= Closeness.NEAR * was.length() ? 1
                : after.nearlyDead() - was.nearlyDead();
    }

    private static int rise(OptionalInt from, OptionalInt to) {
        return Math.max(0, to.orElse(0) - from.orElse(0));
    }

    private Optional<Finding> finding(Way way, Closeness space, int exact, double near) {
        double share = Math.max(exact / (double) space.size(), near);
        if (exact == 0 && near < MUCH) {
            return Optional.empty();
        }
        String what = way == Way.RANK ? "coordinates" : "units";
        String count = near >= MUCH && near * space.size() > exact
                ? String.format(Locale.ROOT, "%.0f of %d %s have come within 1 %% of", near * space.size(),
                        space.size(), what)
                : String.format(Locale.ROOT, "%d of %d %s lie on", exact, space.size(), what);
        return Optional.of(new Finding(share >= MUCH ? Finding.Severity.WARNING : Finding.Severity.INFO, way.kind,
                space.name(), count + " " + way.mirrors + when(way, space.name())
                        + "; no constraint asked for it. Where it is not wanted, "
                        + advice(way, sigmas.getOrDefault(key(space), DRAWN))));
    }

    /** From when on, where that was watched: the first line that counts more than the first one did. */
    private String when(Way way, String space) {
        Optional<JsonNode> first = watched.stream().filter(line -> number(line, way, space).isPresent()).findFirst();
        if (first.isEmpty()) {
            return near(way, space);
        }
        double start = number(first.get(), way, space).orElse(0.0);
        return watched.stream()
                .filter(line -> number(line, way, space)
                        .filter(n -> way == Way.RANK ? n < start : n > start).isPresent())
                .findFirst()
                .map(line -> String.format(Locale.ROOT, " (the first from epoch %.2f on)",
                        line.path("epoch").asDouble()))
                .orElseGet(() -> near(way, space));
    }

    private String near(Way way, String space) {
        return watched.stream()
                .filter(line -> line.path("distance-" + way.measure).path(space).path("least")
                        .asDouble(Double.POSITIVE_INFINITY) <= Closeness.NEAR)
                .findFirst().map(line -> String.format(Locale.ROOT, " (the first from epoch %.2f on)",
                        line.path("epoch").asDouble()))
                .orElse("");
    }

    private static Optional<Double> number(JsonNode line, Way way, String space) {
        JsonNode number = line.path(way.measure).path(space);
        return number.isNumber() ? Optional.of(number.asDouble()) : Optional.empty();
    }

    private String advice(Way way, double sigma) {
        boolean decays = recipe.optimizer().decay() > 0 && !recipe.optimizer().decoupled();
        Prevention remove = recipe.remove();
        String drawn = new BigDecimal(sigma).round(new MathContext(1)).toPlainString();
        if (decays && remove.syre().filter(s -> s.sigma().orElse(0.0) < sigma / 2).isPresent()
                && (way != Way.RANK || remove.syre().orElseThrow().anisotropic())) {
            return "give 'syre' a larger 'sigma', such as " + drawn
                    + ": the point that weights decay to is still next to these mirrors";
        }
        if (way == Way.RANK) {
            return decays && remove.syre().filter(Prevention.Syre::anisotropic).isEmpty()
                    ? add("syre: {sigma: " + drawn + ", anisotropic: true}",
                            "rotations leave a decay to 0 as it is, and decay at strengths of their own not")
                    : "try a lower learning rate or larger batches, whose noise pulls less";
        }
        if (decays && remove.syre().isEmpty()) {
            return add("syre: {sigma: " + drawn + "}",
                    "weights then decay to a random point off these mirrors instead of to 0, which is"
                            + " on all of them");
        }
        if (way == Way.DEAD && remove.reset().isEmpty()) {
            return add("reset: {dormant: 0.025}", "units that hardly answer start anew after every epoch");
        }
        if (way == Way.TWINS && remove.asymmetric().isEmpty()) {
            return add("asymmetric: {weights: 0.1}",
                    "units with fixed weights of their own cannot become the same");
        }
        return "try less weight decay, or a lower learning rate, whose noise pulls less";
    }

    private String add(String lines, String reason) {
        return (recipe.remove().isNone() ? "add 'remove: {" + lines + "}' to the recipe"
                : "add '" + lines + "' under 'remove'") + ": " + reason;
    }

    /** Spaces of which more and more units hardly answer, where that was watched. */
    private List<Finding> plasticity() {
        Map<String, List<JsonNode>> series = new HashMap<>();
        for (JsonNode line : watched) {
            line.path("dormant").properties()
                    .forEach(e -> series.computeIfAbsent(e.getKey(), s -> new ArrayList<>()).add(line));
        }
        List<Finding> findings = new ArrayList<>();
        series.keySet().stream().sorted().forEach(space -> {
            List<JsonNode> lines = series.getOrDefault(space, List.of());
            double first = lines.getFirst().path("dormant").path(space).asDouble();
            double last = lines.getLast().path("dormant").path(space).asDouble();
            if (last - first >= DORMANT) {
                double rising = lines.stream().filter(l -> l.path("dormant").path(space).asDouble() - first >= DORMANT)
                        .findFirst().orElse(lines.getLast()).path("epoch").asDouble();
                findings.add(new Finding(Finding.Severity.WARNING, "plasticity-lost", space, String.format(Locale.ROOT,
                        "%.0f %% of the units hardly answer, %.0f %% at the start (so many more from epoch %.2f on);"
                                + " they learn little that is new. To keep the network plastic, ",
                        100 * last, 100 * first, rising)
                        + (recipe.remove().reset().isEmpty()
                                ? add("reset: {dormant: 0.025}", "such units start anew after every epoch")
                                : recipe.remove().perturb().isEmpty()
                                        ? add("shrink-and-perturb: {every: 5, shrink: 0.8, perturb: 0.01}",
                                                "all weights come a little nearer to a fresh start")
                                        : "reset more often, or at a higher 'dormant'")));
            }
        });
        return findings;
    }
}
