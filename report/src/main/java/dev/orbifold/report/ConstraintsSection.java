package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** What became of the constraints of a training: the shares of zeros over epochs, and where they ended. */
final class ConstraintsSection {
    /** A column is left out where no constraint has anything in it. */
    private record Column(String head, Predicate<Outcomes.Row> says, Function<Outcomes.Row, String> cell) {
    }

    /** Letters that have room in a column. */
    private static final int SHORT = 12;

    private static final List<Column> COLUMNS = List.of(
            new Column("constraint", row -> true, Outcomes.Row::name),
            new Column("on", row -> true, row -> String.join(", ", row.parameters())),
            new Column("condition", row -> !row.condition().isEmpty(), Outcomes.Row::condition),
            new Column("scheme", row -> true, Outcomes.Row::scheme),
            new Column("#goal", row -> Double.isFinite(row.goal()), row -> Units.percent(row.goal())),
            new Column("#λ at the end", row -> row.lambda() > 0, Outcomes.Row::strength),
            new Column("#zero", row -> true, row -> folded(row.zeros())),
            new Column("#share", row -> true, row -> Units.percent(row.share())),
            new Column("#thresh\u00adold ÷10 to ×10", row -> true, row -> folded(row.sensitivity())),
            new Column("#penalty", row -> row.penalty() > 0, row -> Units.scientific(row.penalty())),
            new Column("#imbal\u00adance", row -> true, row -> Units.scientific(row.imbalance())),
            new Column("#duality gap", row -> Double.isFinite(row.gap()), row -> Units.scientific(row.gap())),
            new Column("#station\u00adarity", row -> Double.isFinite(row.stationarity()),
                    row -> Units.scientific(row.stationarity())),
            new Column("#left of Oᵀw", Outcomes.Row::whole, Outcomes.Row::remains));

    private final Optional<JsonNode> result;
    private final Curves curves;
    private final String unfinished;

    /**
     * @param unfinished why there may be no result yet, behind a sentence
     */
    ConstraintsSection(Optional<JsonNode> result, Curves curves, String unfinished) {
        this.result = result;
        this.curves = curves;
        this.unfinished = unfinished;
    }

    Html section(Consumer<Chart> charts) {
        Html section = Sections.section("constraints", "Constraints");
        List<Outcomes.Row> rows = result.map(r -> Outcomes.of(r).rows()).orElse(List.of());
        Optional<Chart> chart = Chart.zeros(curves);
        if (rows.isEmpty() && chart.isEmpty()) {
            return Sections.missing(section, result.isPresent() ? unasked(result.get())
                    : "The Run recorded nothing of its constraints" + unfinished + ".");
        }
        if (rows.isEmpty()) {
            section.element("p", "The Run has no result with constraints" + unfinished + ".", "class", "missing");
        } else {
            table(section, rows);
            result.ifPresent(r -> weights(section, r.path("weights").path("each")));
        }
        chart.ifPresentOrElse(
                drawn -> Sections.figure(section, drawn, "Share of cells that are exactly zero", charts),
                () -> section.element("p", "The Run recorded no shares of zeros over epochs.", "class", "missing"));
        return section.end("section");
    }

    private static String unasked(JsonNode result) {
        String removed = TrainFacts.removed(result);
        return removed.isEmpty() ? "The Run was asked for no constraints."
                : "The Run was asked for no constraints, but to be kept off mirrors (remove) by " + removed + ".";
    }

    /** Two counts that are long stand one below the other. */
    private static String folded(String counts) {
        return counts.length() <= SHORT ? counts : counts.replaceFirst(" (of|to) ", " $1\n");
    }

    private static void weights(Html section, JsonNode each) {
        List<List<String>> cells = new ArrayList<>();
        for (JsonNode one : each) {
            long all = 1;
            List<String> shape = new ArrayList<>();
            for (JsonNode axis : one.path("shape")) {
                all *= axis.asLong();
                shape.add(axis.asText());
            }
            long left = one.path("nonZero").asLong();
            cells.add(List.of(one.path("name").asText(), String.join(" × ", shape), Outcomes.grouped(all),
                    Outcomes.grouped(left), Units.percent(all == 0 ? Double.NaN : 100.0 * (all - left) / all)));
        }
        if (!cells.isEmpty()) {
            section.longTable("What is left of every weight of the written model",
                    List.of("weight", "shape", "#entries", "#not zero", "#zero"), cells, "class", "weights");
        }
    }

    private static void table(Html section, List<Outcomes.Row> rows) {
        List<Column> columns =
                COLUMNS.stream().filter(column -> rows.stream().anyMatch(column.says())).toList();
        List<List<String>> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(columns.stream().map(column -> column.cell().apply(row)).toList()));
        section.longTable("What became of every constraint", columns.stream().map(Column::head).toList(), cells,
                "class", "outcomes constraints");
        section.element("p", "A cell is what goes to zero by itself: an entry, a group, a singular value, or a"
                + " coordinate of Oᵀw; the counts are of exact zeros, and beside them what they would be with a"
                + " threshold ten times smaller and larger. Imbalance is the largest relative difference of factors"
                + " that are equal where the penalty is at its least.", "class", "note");
        if (rows.stream().anyMatch(row -> Double.isFinite(row.gap()))) {
            section.element("p",
                    "Duality gap: how far loss and penalty can be from the least there is, over their sum.",
                    "class", "note");
        }
        if (rows.stream().anyMatch(row -> Double.isFinite(row.stationarity()))) {
            section.element("p", "Stationarity: what is left over of the gradient of loss and penalty, over the"
                    + " penalty's own pull; 0 where training has come to rest, 1 where nothing holds against the"
                    + " penalty.", "class", "note");
        }
        if (rows.stream().anyMatch(Outcomes.Row::whole)) {
            section.element("p", "Left of Oᵀw: ‖Oᵀw‖ / ‖w‖ of the written weights, where all cells are zero.", "class",
                    "note");
        }
    }
}
