package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * What became of every constraint of a training, from a result with {@code constraints}.
 *
 * @param rows one per constraint and, where it stands on several Parameters by itself, per Parameter
 */
public record Outcomes(List<Row> rows) {
    /** More names than this are counted instead of shown on a terminal. */
    private static final int NAMES = 2;

    /** Digits of λ: as many as people type. */
    private static final MathContext DIGITS = new MathContext(3);

    /** Numbers from here are typed without an exponent … */
    private static final double LEAST_PLAIN = 1e-2;

    /** … up to here. */
    private static final double MOST_PLAIN = 1e4;

    /**
     * One constraint.
     *
     * @param name of the constraint
     * @param parameters what it is on
     * @param condition what was asked for, in words
     * @param scheme how it was factored
     * @param goal the share of cells it was steered to, in percent, or NaN
     * @param lambda λ at the end
     * @param cells what could go to zero
     * @param zero how many are exactly zero
     * @param tenth how many would be at a tenth of the threshold
     * @param tenfold how many would be at ten times the threshold
     * @param penalty what weight decay of the factors added to the loss at the end
     * @param imbalance the largest relative difference between factors that are equal at balance
     * @param gap the duality gap over the objective, or NaN where the problem is not convex
     * @param stationarity what is left over of the gradient of loss and penalty, over the penalty's own pull, or NaN
     * @param left ‖Oᵀw‖ over ‖w‖ of the written weights
     */
    public record Row(String name, List<String> parameters, String condition, String scheme, double goal, double lambda,
            long cells,
            long zero, long tenth, long tenfold, double penalty, double imbalance, double gap, double stationarity,
            double left) {
        /** Copies the list. */
        public Row {
            parameters = List.copyOf(parameters);
        }

        /** Exactly zero cells in percent of all, NaN where there are none. */
        double share() {
            return cells == 0 ? Double.NaN : 100.0 * zero / cells;
        }

        /** Whether Oᵀw = 0 as a whole, so that what is left of it says something. */
        boolean whole() {
            return zero == cells;
        }

        String zeros() {
            return grouped(zero) + " of " + grouped(cells);
        }

        String remains() {
            return whole() ? Units.scientific(left) : Units.UNKNOWN;
        }

        /** Whether the count of zeros depends on the threshold, and how much. */
        String sensitivity() {
            return tenth == zero && tenfold == zero ? "same" : grouped(tenth) + " to " + grouped(tenfold);
        }

        /** The duality gap where the problem is convex, else how far from stationary. */
        String optimum() {
            return Double.isFinite(gap) ? Units.scientific(gap) + " (gap)" : Units.scientific(stationarity);
        }

        /** λ as it would be typed. */
        String strength() {
            if (!Double.isFinite(lambda)) {
                return Units.UNKNOWN;
            }
            BigDecimal rounded = new BigDecimal(lambda, DIGITS).stripTrailingZeros();
            boolean plain = lambda == 0 || lambda >= LEAST_PLAIN && lambda < MOST_PLAIN;
            return plain ? rounded.toPlainString()
                    : String.format(Locale.ROOT, "%.2e", lambda)
                            .replaceFirst("\\.?0*e", "e").replaceFirst("e([+-])0?", "e$1").replace("e+", "e");
        }

        private String few() {
            return parameters.size() <= NAMES ? String.join(", ", parameters)
                    : parameters.getFirst() + " and " + (parameters.size() - 1) + " more";
        }
    }

    /** Copies the list. */
    public Outcomes {
        rows = List.copyOf(rows);
    }

    /** Reads the result; none where it has no constraints. */
    public static Outcomes of(JsonNode result) {
        List<Row> rows = new ArrayList<>();
        for (JsonNode one : result.path("constraints")) {
            List<String> parameters = new ArrayList<>();
            one.path("parameters").forEach(name -> parameters.add(name.asText()));
            long zero = one.path("zero").asLong();
            rows.add(new Row(one.path("name").asText(), parameters, one.path("condition").asText(),
                    one.path("scheme").asText(),
                    100 * Sections.number(one, "goal"), Sections.number(one, "lambda"), one.path("cells").asLong(),
                    zero, one.path("nearby").path("tenth").asLong(zero),
                    one.path("nearby").path("tenfold").asLong(zero), Sections.number(one, "penalty"),
                    Sections.number(one, "imbalance"), Sections.number(one, "gap"),
                    Sections.number(one, "stationarity"),
                    Sections.number(one, "left")));
        }
        return new Outcomes(rows);
    }

    private boolean any(Predicate<Row> says) {
        return rows.stream().anyMatch(says);
    }

    /** The table for a terminal; a column is left out where no constraint has anything in it. */
    public Table table() {
        boolean goals = any(row -> Double.isFinite(row.goal()));
        boolean optima = any(row -> !row.optimum().equals(Units.UNKNOWN));
        boolean whole = any(Row::whole);
        Table table = new Table().left("Constraint").left("on");
        boolean conditions = any(row -> !row.condition().isEmpty());
        if (conditions) {
            table.left("condition");
        }
        table.left("scheme");
        if (goals) {
            table.right("goal");
        }
        table.right("zero").right("share");
        if (optima) {
            table.right("stationarity");
        }
        if (whole) {
            table.right("left of Oᵀw");
        }
        for (Row row : rows) {
            List<String> cells = new ArrayList<>(List.of(row.name(), row.few()));
            if (conditions) {
                cells.add(row.condition());
            }
            cells.add(row.scheme());
            if (goals) {
                cells.add(Units.percent(row.goal()));
            }
            cells.addAll(List.of(row.zeros(), Units.percent(row.share())));
            if (optima) {
                cells.add(row.optimum());
            }
            if (whole) {
                cells.add(row.remains());
            }
            table.row(cells.toArray(String[]::new));
        }
        return table;
    }

    static String grouped(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
