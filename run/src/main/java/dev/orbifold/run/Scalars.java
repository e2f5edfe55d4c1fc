package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The numbers of one line of {@code metrics.jsonl}, by the tags under which TensorBoard shows them. */
final class Scalars {
    /** Where and when a line was measured, which is not what was. */
    private static final Set<String> PLACE = Set.of("t", "step", "epoch", "phase", "kind", "part");

    private Scalars() {
    }

    /** Finite numbers by tag, such as {@code loss/train}, in the order of the line. */
    static Map<String, Double> of(JsonNode line) {
        String kind = line.path("kind").asText();
        Map<String, Double> scalars = new LinkedHashMap<>();
        line.properties().stream().filter(field -> !PLACE.contains(field.getKey()))
                .forEach(field -> put(tag(kind, part(line), field.getKey()), field.getValue(), scalars));
        return scalars;
    }

    private static String tag(String kind, String part, String field) {
        return switch (kind) {
            case "train" -> switch (field) {
                case "loss", "accuracy" -> field + "/train";
                case "lr" -> "learning-rate";
                default -> "train/" + field;
            };
            case "eval" -> switch (field) {
                case "macs", "parameters" -> "cost/" + field;
                default -> field + "/" + part;
            };
            case "zeros" -> "zeros";
            case "watch" -> field;
            case "widths" -> field.equals("widths") ? field : "widths/" + field;
            default -> kind + "/" + field;
        };
    }

    /** What {@code compress} calls heldout and {@code train} held-out. */
    private static String part(JsonNode line) {
        String part = line.path("part").asText();
        return part.equals("heldout") ? "held-out" : part;
    }

    private static void put(String tag, JsonNode value, Map<String, Double> scalars) {
        if (value.isNumber()) {
            scalars.put(tag, value.asDouble());
        } else if (value.isObject()) {
            value.properties().forEach(field -> put(tag + "/" + field.getKey(), field.getValue(), scalars));
        }
    }
}
