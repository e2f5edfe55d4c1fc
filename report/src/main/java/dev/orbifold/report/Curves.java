package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The metrics of a Run sorted by kind, in the order they were written.
 *
 * @param train lines of training
 * @param evaluations lines of evaluations
 * @param widths lines of widths
 * @param zeros lines of zeros
 * @param watched lines of what was measured of the network
 * @param events lines of events
 * @param phases stretches of one phase
 */
record Curves(List<JsonNode> train, List<JsonNode> evaluations, List<JsonNode> widths, List<JsonNode> zeros,
        List<JsonNode> watched, List<JsonNode> events, List<Phase> phases) {
    /**
     * A stretch of the Run in one phase.
     *
     * @param from epoch of its first line
     * @param to epoch of its last line, or of the first of the next phase
     */
    record Phase(String name, double from, double to) {
    }

    static Curves of(List<JsonNode> metrics) {
        Map<String, List<JsonNode>> kinds = new LinkedHashMap<>();
        List<Phase> phases = new ArrayList<>();
        for (JsonNode line : metrics) {
            kinds.computeIfAbsent(line.path("kind").asText(), kind -> new ArrayList<>()).add(line);
            extend(phases, line.path("phase").asText(), line.path("epoch").asDouble());
        }
        return new Curves(kinds.getOrDefault("train", List.of()), kinds.getOrDefault("eval", List.of()),
                kinds.getOrDefault("widths", List.of()), kinds.getOrDefault("zeros", List.of()),
                kinds.getOrDefault("watch", List.of()), kinds.getOrDefault("event", List.of()), List.copyOf(phases));
    }

    private static void extend(List<Phase> phases, String name, double epoch) {
        if (name.isEmpty()) {
            return;
        }
        if (phases.isEmpty()) {
            phases.add(new Phase(name, epoch, epoch));
            return;
        }
        Phase last = phases.removeLast();
        phases.add(new Phase(last.name(), last.from(), Math.max(last.to(), epoch)));
        if (!last.name().equals(name)) {
            phases.add(new Phase(name, epoch, epoch));
        }
    }

    /** Whether classes were told apart, which is when there is an accuracy: the loss is a cross-entropy then. */
    boolean classes() {
        return Stream.concat(train.stream(), evaluations.stream()).anyMatch(line -> line.path("accuracy").isNumber());
    }

    /** Points (epoch, field) of the lines that have a number there. */
    static List<double[]> points(List<JsonNode> lines, String field) {
        return lines.stream().filter(line -> line.path(field).isNumber())
                .map(line -> new double[] {line.path("epoch").asDouble(), line.path(field).asDouble()}).toList();
    }

    /** The evaluations of one part of the data, in order; parts in order of their first line. */
    Map<String, List<JsonNode>> parts() {
        Map<String, List<JsonNode>> parts = new LinkedHashMap<>();
        evaluations.forEach(
                line -> parts.computeIfAbsent(line.path("part").asText("evaluation"), part -> new ArrayList<>())
                        .add(line));
        return parts;
    }
}
