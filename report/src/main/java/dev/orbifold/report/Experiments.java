package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * What an experiment showed, from a result with {@code points}: one row per series and value, over all seeds.
 *
 * @param x name of the horizontal measure
 * @param y name of the vertical one
 * @param words of both, and of what values stand for
 * @param rows in the order of series and values
 */
public record Experiments(String x, String y, Words words, List<Row> rows) {
    /** Numbers from here have a decimal prefix. */
    private static final double THOUSAND = 1000;

    /**
     * What is plotted, as people call it.
     *
     * @param x the horizontal measure with its unit
     * @param y the vertical one
     * @param value what the recipe has values of
     */
    public record Words(String x, String y, String value) {
        private static Words of(JsonNode result, String x, String y) {
            String key = result.path("plot").path("value").asText();
            String value = key.isEmpty() ? "value" : key;
            boolean nats = false;
            for (JsonNode point : result.path("points")) {
                nats |= point.path("measures").path("accuracy").isNumber();
            }
            return new Words(x.equals("value") ? value : MeasureWords.of(x, nats),
                    y.equals("value") ? value : MeasureWords.of(y, nats), value);
        }
    }

    /**
     * All seeds of one value.
     *
     * @param series its series
     * @param value as the recipe writes it, empty where there is none
     * @param xs the horizontal measure, by seed
     * @param ys the vertical one, by seed
     * @param runs the folder of each training below the experiment's
     */
    public record Row(String series, String value, List<Double> xs, List<Double> ys, List<String> runs) {
        /** Copies the lists. */
        public Row {
            xs = List.copyOf(xs);
            ys = List.copyOf(ys);
            runs = List.copyOf(runs);
        }

        double x() {
            return mean(xs);
        }

        double y() {
            return mean(ys);
        }

        double low() {
            return finite(ys).min().orElse(Double.NaN);
        }

        double high() {
            return finite(ys).max().orElse(Double.NaN);
        }

        /** x and y of every seed where there are several; what is not a number is not among them. */
        List<double[]> singles() {
            List<double[]> points = new ArrayList<>();
            for (int i = 0; ys.size() > 1 && i < ys.size(); i++) {
                if (Double.isFinite(xs.get(i)) && Double.isFinite(ys.get(i))) {
                    points.add(new double[] {xs.get(i), ys.get(i)});
                }
            }
            return points;
        }

        /** The sample standard deviation of the vertical measure, NaN for one seed. */
        double spread() {
            double mean = y();
            return ys.size() < 2 ? Double.NaN
                    : Math.sqrt(finite(ys).map(v -> (v - mean) * (v - mean)).sum() / (ys.size() - 1));
        }
    }

    /** Copies the list. */
    public Experiments {
        rows = List.copyOf(rows);
    }

    private static DoubleStream finite(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).filter(Double::isFinite);
    }

    private static double mean(List<Double> values) {
        return finite(values).average().orElse(Double.NaN);
    }

    /** Reads the points of a result; no rows where it has none. */
    public static Experiments of(JsonNode result) {
        String x = result.path("plot").path("x").asText("value");
        String y = result.path("plot").path("y").asText("accuracy");
        Map<String, Row> rows = new LinkedHashMap<>();
        for (JsonNode name : result.path("series")) {
            for (JsonNode point : result.path("points")) {
                if (point.path("series").asText().equals(name.asText())) {
                    String value = point.path("value").asText();
                    Row had = rows.getOrDefault(name.asText() + "\n" + value,
                            new Row(name.asText(), value, List.of(), List.of(), List.of()));
                    rows.put(name.asText() + "\n" + value, new Row(had.series(), value,
                            more(had.xs(), point.path("measures").path(x).asDouble(Double.NaN)),
                            more(had.ys(), point.path("measures").path(y).asDouble(Double.NaN)),
                            more(had.runs(), point.path("run").asText())));
                }
            }
        }
        return new Experiments(x, y, Words.of(result, x, y), List.copyOf(rows.values()));
    }

    private static <T> List<T> more(List<T> values, T next) {
        List<T> all = new ArrayList<>(values);
        all.add(next);
        return all;
    }

    /** The rows as people read them on a terminal. */
    public Table table() {
        Table table = new Table();
        heads().forEach(head -> {
            if (head.startsWith("#")) {
                table.right(head.substring(1));
            } else {
                table.left(head);
            }
        });
        cells().forEach(row -> table.row(row.toArray(String[]::new)));
        return table;
    }

    /** The heads of the columns, numbers marked as tables of the page mark them. */
    List<String> heads() {
        List<String> heads = new ArrayList<>(List.of("series"));
        if (rows.stream().anyMatch(r -> !r.value().isEmpty())) {
            heads.add("#" + words.value());
        }
        if (!x.equals("value")) {
            heads.add("#" + words.x());
        }
        heads.add("#" + words.y());
        if (rows.stream().anyMatch(r -> r.ys().size() > 1)) {
            heads.add("#std over seeds");
            heads.add("#seeds");
        }
        return heads;
    }

    /** The cells below {@link #heads}. */
    List<List<String>> cells() {
        boolean valued = rows.stream().anyMatch(r -> !r.value().isEmpty());
        boolean seeds = rows.stream().anyMatch(r -> r.ys().size() > 1);
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            List<String> own = new ArrayList<>(List.of(row.series()));
            if (valued) {
                own.add(row.value());
            }
            if (!x.equals("value")) {
                own.add(number(row.x()));
            }
            own.add(number(row.y()));
            if (seeds) {
                own.add(number(row.spread()));
                own.add(String.valueOf(row.ys().size()));
            }
            cells.add(own);
        }
        return cells;
    }

    private static String number(double value) {
        if (!Double.isFinite(value)) {
            return Units.UNKNOWN;
        }
        double size = Math.abs(value);
        return size >= THOUSAND ? Units.count(value)
                : size != 0 && size < 1e-3 ? Units.scientific(value)
                        : String.format(Locale.ROOT, size >= 10 ? "%.2f" : "%.4f", value);
    }
}
