package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.report.Curves.Phase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the page's script draws: data and words, no looks. */
sealed interface Chart {
    /** The figure's id on the page. */
    String id();

    /** Which drawing of the script it is for. */
    String kind();

    /** What it shows, for those who cannot see it. */
    String description();

    /**
     * A line, or points where the drawing has no lines.
     *
     * @param role {@code train}, {@code heldout}, {@code cost} or a number, which decides the looks
     * @param points x and y of each
     */
    record Series(String name, String role, List<double[]> points) {
    }

    /** A horizontal line to reach. */
    record Target(String name, double value) {
    }

    /**
     * Lines over epochs.
     *
     * @param axis name of the vertical axis
     * @param unit {@code percent}, {@code plain}, or {@code count} for decimal prefixes
     */
    record Lines(String id, String description, String axis, String unit, List<Series> series, List<Phase> phases,
            Optional<Target> target) implements Chart {
        @Override
        public String kind() {
            return "lines";
        }
    }

    /**
     * Lines over epochs, each panel with an axis of its own.
     *
     * @param whole whether all numbers are counts
     * @param names of the lines, in the order of their colours
     * @param panels one per Space or weight
     */
    record Multiples(String id, String description, boolean whole, List<String> names,
            List<Panel> panels) implements Chart {
        @Override
        public String kind() {
            return "multiples";
        }
    }

    /** One panel, with the lines it has. */
    record Panel(String name, List<Series> series) {
    }

    /** Accuracy against cost, one series of points per phase. */
    record TradeOff(String id, String description, String xAxis, String yAxis, String yUnit, List<Series> series,
            OptionalDouble targetX) implements Chart {
        @Override
        public String kind() {
            return "tradeoff";
        }
    }

    /**
     * Any measure against any other, one line per series.
     *
     * @param logX whether equal steps are equal factors on the horizontal axis
     * @param logY the same for the vertical one
     * @param series points of x, y, and the least and largest y over seeds
     * @param singles points of x and y of the single seeds, by series; none of a series with one
     */
    record Plot(String id, String description, String xAxis, String yAxis, boolean logX, boolean logY,
            List<Series> series, List<Series> singles) implements Chart {
        @Override
        public String kind() {
            return "plot";
        }
    }

    /**
     * A density on an axis of equal factors, as bars side by side: nothing stands where nothing is.
     *
     * @param width of every bar
     * @param points the middle of each bar and its height, above 0
     */
    record Bars(String id, String description, String xAxis, String yAxis, double width,
            List<double[]> points) implements Chart {
        @Override
        public String kind() {
            return "bars";
        }
    }

    /**
     * Share of units kept by Space and time.
     *
     * @param cells column, row, share from 0 to 1, width
     */
    record Heat(String id, String description, List<String> columns, List<String> rows,
            List<double[]> cells) implements Chart {
        @Override
        public String kind() {
            return "heat";
        }
    }

    /**
     * A share from 0 to 1 over two measures, each in steps.
     *
     * @param columns values of the horizontal measure, ascending
     * @param rows values of the vertical one, ascending
     * @param cells column, row, share
     * @param asked column and row that are marked
     */
    record PhaseDiagram(String id, String description, String xAxis, String yAxis, List<String> columns,
            List<String> rows,
            List<double[]> cells, double[] asked) implements Chart {
        @Override
        public String kind() {
            return "phase";
        }
    }

    /**
     * The Spaces of a network and the blocks between them, one a row.
     *
     * @param groups names of the Groups, in order of their colours
     * @param lanes how many lanes are side by side
     */
    record Network(String id, String description, List<String> groups, int lanes, List<Station> stations,
            List<Stroke> strokes) implements Chart {
        @Override
        public String kind() {
            return "network";
        }
    }

    /**
     * A Space, or a block where there is no Group.
     *
     * @param at lane and row
     * @param group the Group's place, or −1
     * @param dimension coordinates of all copies, or 0
     * @param collapsed whether something in it has
     * @param lines what else there is to say, for the tooltip
     */
    record Station(double[] at, int group, long dimension, boolean collapsed, String name, String note,
            List<String> lines) {
    }

    /** A line between two points, each lane and row, in the colour of a Group, or in none where that is −1. */
    record Stroke(double[] from, double[] to, int group) {
    }

    /** Singular values of bilinear products, one product at a time. */
    record Spectra(String id, String description, List<Spectrum> products) implements Chart {
        @Override
        public String kind() {
            return "spectra";
        }
    }

    /** Singular values per copy, largest first. */
    record Spectrum(String name, List<double[]> copies) {
    }

    /** One horizontal bar, divided. */
    record Bar(String id, String description, List<Share> parts) implements Chart {
        @Override
        public String kind() {
            return "bar";
        }
    }

    /**
     * A part of a bar.
     *
     * @param warning whether it has the colour of a warning
     */
    record Share(String name, long count, boolean warning) {
    }

    /** Accuracy over epochs, in training and held out. */
    static Optional<Chart> accuracy(Curves curves) {
        return lines("accuracy", "Accuracy over epochs", "accuracy", "percent", curves, "accuracy");
    }

    /** Loss over epochs, in training and held out. */
    static Optional<Chart> loss(Curves curves) {
        return lines("loss", "Loss over epochs", MeasureWords.loss(curves.classes()), "plain", curves, "loss");
    }

    private static Optional<Chart> lines(String id, String description, String axis, String unit, Curves curves,
            String field) {
        List<Series> series = new ArrayList<>();
        series.add(new Series("training batches", "train", Curves.points(curves.train(), field)));
        curves.parts().forEach((part, lines) -> series
                .add(new Series(spoken(part), heldOut(part) ? "heldout" : "other", Curves.points(lines, field))));
        series.removeIf(one -> one.points().isEmpty());
        return series.isEmpty() ? Optional.empty()
                : Optional.of(new Lines(id, description, axis, unit, series, curves.phases(), Optional.empty()));
    }

    /** MACs or parameters over epochs with the line to reach. */
    static Optional<Chart> cost(Curves curves, String field, String name, Optional<Target> target) {
        List<JsonNode> lines = new ArrayList<>(curves.evaluations());
        lines.addAll(curves.widths());
        List<double[]> points = new ArrayList<>(Curves.points(lines, field));
        points.sort(Comparator.comparingDouble(point -> point[0]));
        return points.isEmpty() ? Optional.empty()
                : Optional.of(new Lines("cost", name + " over epochs", name, "count",
                        List.of(new Series(name, "cost", points)), curves.phases(), target));
    }

    /** Held-out accuracy, or loss where the task has no accuracy, against MACs. */
    static Optional<Chart> tradeOff(Curves curves, OptionalDouble targetMacs) {
        List<JsonNode> lines = curves.parts().entrySet().stream().filter(part -> !part.getKey().equals("test"))
                .flatMap(part -> part.getValue().stream()).filter(line -> line.path("macs").isNumber()).toList();
        boolean accuracy = lines.stream().anyMatch(line -> line.path("accuracy").isNumber());
        String field = accuracy ? "accuracy" : "loss";
        Map<String, List<double[]>> phases = new LinkedHashMap<>();
        for (JsonNode line : lines) {
            if (line.path(field).isNumber()) {
                phases.computeIfAbsent(line.path("phase").asText("run"), phase -> new ArrayList<>())
                        .add(new double[] {line.path("macs").asDouble(), line.path(field).asDouble()});
            }
        }
        List<Series> series = new ArrayList<>();
        phases.forEach((phase, points) -> series.add(new Series(phase, String.valueOf(series.size()), points)));
        return series.isEmpty() ? Optional.empty()
                : Optional.of(new TradeOff("tradeoff", "Held-out " + field + " against MACs", "MACs",
                        accuracy ? "held-out accuracy" : "held-out loss", accuracy ? "percent" : "plain", series,
                        targetMacs));
    }

    /** Widths over time, as shares of the widths at the beginning. */
    static Optional<Chart> widths(Curves curves, Map<String, Integer> from) {
        if (curves.widths().size() < 2) {
            return Optional.empty();
        }
        List<String> columns = curves.widths().stream()
                .map(line -> String.valueOf(Math.round(line.path("epoch").asDouble() * 100) / 100.0)).toList();
        List<String> rows = List.copyOf(from.keySet());
        List<Integer> full = List.copyOf(from.values());
        List<double[]> cells = new ArrayList<>();
        for (int column = 0; column < columns.size(); column++) {
            JsonNode widths = curves.widths().get(column).path("widths");
            for (int row = 0; row < rows.size(); row++) {
                JsonNode width = widths.path(rows.get(row));
                if (width.isNumber()) {
                    cells.add(new double[] {column, row, width.asDouble() / full.get(row), width.asDouble()});
                }
            }
        }
        return cells.isEmpty() ? Optional.empty()
                : Optional.of(new Heat("widths", "Share of units kept, by Space and epoch", columns, rows, cells));
    }

    /** Share of exactly zero cells over epochs in percent, one line per constraint. */
    static Optional<Chart> zeros(Curves curves) {
        Map<String, List<double[]>> shares = new LinkedHashMap<>();
        for (JsonNode line : curves.zeros()) {
            line.path("shares").properties()
                    .forEach(share -> shares.computeIfAbsent(share.getKey(), name -> new ArrayList<>())
                            .add(new double[] {line.path("epoch").asDouble(), 100 * share.getValue().asDouble()}));
        }
        List<Series> series = new ArrayList<>();
        shares.forEach((name, points) -> series.add(new Series(name, String.valueOf(series.size()), points)));
        return series.isEmpty() ? Optional.empty()
                : Optional.of(new Lines("zeros", "Share of exactly zero cells of every constraint, over epochs",
                        "exactly zero", "percent", series, curves.phases(), Optional.empty()));
    }

    /** What {@code compress} calls heldout and {@code train} held-out. */
    private static boolean heldOut(String part) {
        return part.equals("heldout") || part.equals("held-out");
    }

    private static String spoken(String part) {
        return heldOut(part) ? "held-out data" : part;
    }
}
