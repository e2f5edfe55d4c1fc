package dev.orbifold.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Metric;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What a Run's metrics say at its end of what was watched, and of its tasks. */
final class Watched {
    private final List<JsonNode> lines;

    /** Of the lines of {@code metrics.jsonl}. */
    Watched(List<JsonNode> lines) {
        this.lines = List.copyOf(lines);
    }

    private List<JsonNode> of(String measure) {
        return lines.stream().filter(l -> l.path("kind").asText().equals("watch") && l.has(measure))
                .map(l -> l.path(measure)).toList();
    }

    /** The numbers of a measure when it was last taken: of all Spaces or Parameters. */
    private List<Double> last(String measure, Predicate<String> number) {
        List<JsonNode> all = of(measure);
        List<Double> numbers = new ArrayList<>();
        if (!all.isEmpty()) {
            all.getLast().properties().forEach(place -> {
                if (place.getValue().isNumber() && number.test(Metric.Watch.ONLY)) {
                    numbers.add(place.getValue().asDouble());
                }
                place.getValue().properties().stream().filter(n -> number.test(n.getKey()))
                        .forEach(n -> numbers.add(n.getValue().asDouble()));
            });
        }
        return numbers;
    }

    /** The mean over Spaces or Parameters; NaN where it was not watched. */
    double mean(String measure, Predicate<String> number) {
        return last(measure, number).stream().mapToDouble(x -> x).average().orElse(Double.NaN);
    }

    /** The sum over Spaces or Parameters; NaN where it was not watched. */
    double sum(String measure) {
        List<Double> all = last(measure, n -> true);
        return all.isEmpty() ? Double.NaN : all.stream().mapToDouble(x -> x).sum();
    }

    /** The charges of all Spaces together at the end; NaN where they were not watched. */
    double charge() {
        List<Double> all = last("charge", "sum"::equals);
        return all.isEmpty() ? Double.NaN : all.stream().mapToDouble(x -> x).sum();
    }

    /**
     * The same as the law says: the charges of the start, moved from measurement to measurement at the predicted rate; NaN
     * where none was predicted.
     */
    double chargePredicted() {
        Map<String, Double> predicted = new LinkedHashMap<>();
        Map<String, Double> before = new LinkedHashMap<>();
        for (JsonNode line : lines) {
            line.path("charge").properties().forEach(space -> {
                String name = space.getKey();
                double now = space.getValue().path("sum").asDouble();
                JsonNode rate = line.path("charge-rate").path(name);
                if (before.containsKey(name)) {
                    double moved = now - before.getOrDefault(name, now);
                    double law = rate.path("predicted").asDouble(Double.NaN);
                    double own = rate.path("measured").asDouble(Double.NaN);
                    predicted.merge(name, moved == 0 && law == 0 ? 0 : law * moved / own, Double::sum);
                } else {
                    predicted.put(name, now);
                }
                before.put(name, now);
            });
        }
        return predicted.isEmpty() ? Double.NaN : predicted.values().stream().mapToDouble(x -> x).sum();
    }

    /** The mean of what each task ended with, its accuracy in percent or its loss; NaN where there was one task alone. */
    double tasks(String number) {
        return lines.stream().filter(l -> l.path("part").asText().startsWith(Fit.TASK))
                .mapToDouble(l -> l.path(number).asDouble(Double.NaN)).average().orElse(Double.NaN);
    }
}
