package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What was measured of a network in training: one figure per measure, one panel per Space or weight. */
final class Watched {
    /** The section's title. */
    static final String TITLE = "Next to the mirrors";

    /**
     * A measure.
     *
     * @param measure its name in the metrics
     * @param title for people
     * @param note what its numbers say
     * @param unit what they are
     */
    record Family(String measure, String title, String note, Unit unit) {
        Family(String measure, String title, String note) {
            this(measure, title, note, Unit.NUMBER);
        }

        String id() {
            return "watch-" + measure;
        }
    }

    /** What the numbers of a measure are. */
    enum Unit {
        /** Any number. */
        NUMBER(1),
        /** Whole numbers. */
        COUNT(1),
        /** Shares from 0 to 1 in the metrics, drawn in percent. */
        SHARE(100);

        private final double scale;

        Unit(double scale) {
            this.scale = scale;
        }
    }

    /** All measures, in the order of their figures. */
    static final List<Family> FAMILIES = List.of(
            new Family("distance-dead", "Distance from dying",
                    "What a unit is written and read with, over the root mean square of its Space; 0 is dead."),
            new Family("distance-twins", "Distance from the nearest other unit",
                    "Of what writes two units, up to scales and signs; 0 are twins, 1 is orthogonal."),
            new Family("distance-rank", "Smallest over largest singular value",
                    "Of products whose coordinates mix; 0 is a lost rank."),
            new Family("near-dead", "Units near death (%)", "Units within 1 % of dying, dead ones among them.",
                    Unit.SHARE),
            new Family("near-twins", "Units near another one (%)", "Units within 1 % of being a twin.", Unit.SHARE),
            new Family("near-lost", "Coordinates nearly lost (%)",
                    "Singular values below 1 % of the largest, in products whose coordinates mix.", Unit.SHARE),
            new Family("length", "Length of units", "The root of the mean squared length of what units are written and"
                    + " read with."),
            new Family("dead", "Dead units", "Units that nobody gets anything but a constant from, to rounding; those"
                    + " on their way there are near death.", Unit.COUNT),
            new Family("twins", "Twins", "Units that repeat another one, to rounding.", Unit.COUNT),
            new Family("rank", "Rank", "The largest rank of the products of all copies.", Unit.COUNT),
            new Family("output-rank", "Rank of outputs", "How many directions of its outputs the network uses.",
                    Unit.COUNT),
            new Family("dormant", "Dormant units (%)", "Units whose activation is next to nothing.", Unit.SHARE),
            new Family("breaking", "Symmetry-breaking distance",
                    "How far the weights are from their nearest mirror image; 0 is the mirror itself."),
            new Family("effective-rank", "Effective rank", "exp of the entropy of the singular values."),
            new Family("stable-rank", "Stable rank", "‖W‖² by Frobenius over the largest singular value squared."),
            new Family("balance", "Balance of gradients",
                    "‖g‖² of what writes units over ‖g‖² of what reads them, of one batch; 1 is balance."),
            new Family("noise-cosine", "Noise on both sides",
                    "Cosine between what gradient noise does on the two sides of a Space whose coordinates mix; 1 at"
                            + " the noise equilibrium."),
            new Family("charge", "Noether charges",
                    "‖u‖² − ‖w‖² of what writes and reads units; gradient flow keeps each."),
            new Family("charge-rate", "How charges move",
                    "Change over the learning rate times steps, and what decay and noise should make of it."),
            new Family("alignment", "Alignments",
                    "Correlation of the covariances of activations H, gradients G and weights Z; by chance beside it."),
            new Family("pull", "Pull of the loss",
                    "−⟨W, ∂L/∂W⟩/‖W‖² of dense weights, which is their decay where they rest; and how alike −E[g hᵀ]"
                            + " and WWᵀ are."));

    private Watched() {
    }

    /** Every measure that has numbers. */
    static List<Chart.Multiples> charts(Curves curves) {
        List<Chart.Multiples> charts = new ArrayList<>();
        for (Family family : FAMILIES) {
            Map<String, Map<String, List<double[]>>> panels = new LinkedHashMap<>();
            Set<String> names = new LinkedHashSet<>();
            for (JsonNode line : curves.watched()) {
                double epoch = line.path("epoch").asDouble();
                line.path(family.measure()).properties().forEach(place -> {
                    Map<String, List<double[]>> panel =
                            panels.computeIfAbsent(place.getKey(), p -> new LinkedHashMap<>());
                    if (place.getValue().isNumber()) {
                        add(panel, names, family, family.title(), epoch, place.getValue());
                    } else {
                        place.getValue().properties().forEach(
                                number -> add(panel, names, family, number.getKey(), epoch, number.getValue()));
                    }
                });
            }
            if (!names.isEmpty()) {
                charts.add(new Chart.Multiples(family.id(), family.title() + " over epochs, one panel for each of "
                        + String.join(", ", panels.keySet()), family.unit() == Unit.COUNT, List.copyOf(names),
                        panels(panels)));
            }
        }
        return charts;
    }

    private static void add(Map<String, List<double[]>> panel, Set<String> names, Family family,
            String name, double epoch, JsonNode number) {
        names.add(name);
        panel.computeIfAbsent(name, n -> new ArrayList<>())
                .add(new double[] {epoch, family.unit().scale * number.asDouble()});
    }

    private static List<Chart.Panel> panels(Map<String, Map<String, List<double[]>>> panels) {
        List<Chart.Panel> all = new ArrayList<>();
        panels.forEach((place, lines) -> {
            List<Chart.Series> series = new ArrayList<>();
            lines.forEach((name, points) -> series.add(new Chart.Series(name, "", points)));
            all.add(new Chart.Panel(place, series));
        });
        return all;
    }

    /** The same with fewer points. */
    static Chart.Multiples thinned(Chart.Multiples chart) {
        return new Chart.Multiples(chart.id(), chart.description(), chart.whole(), chart.names(),
                chart.panels().stream().map(panel -> new Chart.Panel(panel.name(), panel.series().stream()
                        .map(one -> new Chart.Series(one.name(), one.role(), Thinning.of(one.points()))).toList()))
                        .toList());
    }

    /** The section of the report; nothing where nothing was measured. */
    static Html section(Curves curves, Consumer<Chart> charts) {
        List<Chart.Multiples> found = charts(curves);
        if (found.isEmpty()) {
            return new Html();
        }
        Html section = Sections.section("watched", TITLE);
        for (Chart.Multiples chart : found) {
            Family family = FAMILIES.stream().filter(f -> f.id().equals(chart.id())).findFirst().orElseThrow();
            section.element("h3", family.title()).element("p", family.note(), "class", "note");
            Sections.figure(section, chart, "", charts);
        }
        return section.end("section");
    }
}
