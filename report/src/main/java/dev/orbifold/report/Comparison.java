package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleFunction;

/**
 * The table of a model before and after, from a result with {@code before} and {@code after}.
 *
 * @param rows one per quantity that is known on both sides
 */
public record Comparison(List<Row> rows) {
    /**
     * One quantity.
     *
     * @param name what it is, with its unit where the cells do not show it
     * @param before as people read it
     * @param after as people read it
     * @param change a difference or a factor, as people read it
     */
    public record Row(String name, String before, String after, String change) {
    }

    private record Quantity(String field, String name, DoubleFunction<String> text, DoubleBinaryOperator change,
            DoubleFunction<String> changeText) {
    }

    /** What training from random weights does not compare. */
    private static final Set<String> LEARNT = Set.of("accuracy", "loss");

    private static final List<Quantity> QUANTITIES = List.of(
            new Quantity("accuracy", "accuracy", Units::percent, (before, after) -> after - before, Units::points),
            new Quantity("loss", "loss", Units::loss, (before, after) -> after - before,
                    change -> Units.signed(change, 4)),
            less("parameters", "parameters", Units::count, " fewer", " more"),
            less("macs", "MACs", Units::count, " fewer", " more"),
            less("bytes", "file", Units::bytes, " smaller", " larger"),
            new Quantity("latencyMillis", "latency (batch 1, 1 thread)", Units::millis,
                    (before, after) -> before / after, change -> ratio(change, "the same", " faster", " slower")));

    private static Quantity less(String field, String name, DoubleFunction<String> text, String less, String more) {
        return new Quantity(field, name, text, (before, after) -> before / after,
                change -> change == 1 ? "the same" : ratio(change, "nearly the same", less, more));
    }

    /** A factor in words; one that is 1 in the digits that are shown is no factor. */
    private static String ratio(double change, String same, String less, String more) {
        String factor = Units.factor(change >= 1 ? change : 1 / change);
        return factor.equals(Units.factor(1)) ? same : factor + (change >= 1 ? less : more);
    }

    /** Reads the result; a quantity without a number on both sides has no row. */
    public static Comparison of(JsonNode result) {
        boolean fresh = result.path("fresh").asBoolean();
        List<Row> rows = new ArrayList<>();
        for (Quantity quantity : QUANTITIES) {
            JsonNode before = result.path("before").path(quantity.field());
            JsonNode after = result.path("after").path(quantity.field());
            if (before.isNumber() && after.isNumber()) {
                double change = quantity.change().applyAsDouble(before.asDouble(), after.asDouble());
                rows.add(new Row(name(quantity, result), quantity.text().apply(before.asDouble()),
                        quantity.text().apply(after.asDouble()),
                        fresh && LEARNT.contains(quantity.field()) ? "from random weights"
                                : quantity.changeText().apply(change)));
            }
            if (quantity.field().equals("parameters")) {
                weights(result.path("weights")).ifPresent(rows::add);
            }
        }
        return new Comparison(List.copyOf(rows));
    }

    /** Only the loss of classes, which have an accuracy, is in nats: it is a cross-entropy. */
    private static String name(Quantity quantity, JsonNode result) {
        return quantity.field().equals("loss")
                ? MeasureWords.loss(result.path("after").path("accuracy").isNumber()) : quantity.name();
    }

    /** Entries of matrices and kernels, and those of them that are not zero; a runtime that knows no zeros stores them all. */
    private static Optional<Row> weights(JsonNode weights) {
        double before = weights.path("before").asDouble();
        double after = weights.path("nonZero").asDouble();
        return before > after && after > 0
                ? Optional.of(new Row("weights not zero", Units.count(before), Units.count(after),
                        Units.factor(before / after) + " fewer"))
                : Optional.empty();
    }

    /** The table for a terminal. */
    public Table table() {
        Table table = new Table().left("").right("before").right("after").right("change");
        rows.forEach(row -> table.row(row.name(), row.before(), row.after(), row.change()));
        return table;
    }
}
