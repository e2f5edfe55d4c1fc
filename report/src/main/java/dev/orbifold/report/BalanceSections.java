package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the page of a balance shows between its header and its Findings: the lengths of weights, and of gradient noise. */
final class BalanceSections {
    private static final List<String> HEADS =
            List.of("Space", "#dimension", "#in", "#out", "#in after", "#out after");

    private BalanceSections() {
    }

    static Html of(Optional<JsonNode> result, String unfinished) {
        Html section = Sections.section("balance", "What was balanced");
        if (result.isEmpty()) {
            return Sections.missing(section, "The Run has no result" + unfinished + ".");
        }
        JsonNode found = result.get();
        section.element("p",
                "Per Space the length of what writes its units (in) and of what reads them (out), before and after.",
                "class", "note");
        section.table("Lengths of weights", HEADS, rows(found.path("spaces")), "class", "plain");
        if (!found.path("noise").isEmpty()) {
            section.element("p", "The same for the gradients of single samples: the root of their total variance.",
                    "class", "note");
            section.table("Gradient noise", HEADS, rows(found.path("noise")), "class", "plain");
        }
        return section.end("section");
    }

    private static List<List<String>> rows(JsonNode spaces) {
        List<List<String>> rows = new ArrayList<>();
        spaces.forEach(s -> rows.add(List.of(s.path("name").asText(), s.path("dimension").asText(),
                length(s.path("before").path("in")), length(s.path("before").path("out")),
                length(s.path("after").path("in")), length(s.path("after").path("out")))));
        return rows;
    }

    static String length(JsonNode value) {
        return value.isNumber() ? String.format(Locale.ROOT, "%.4g", value.asDouble()) : Units.UNKNOWN;
    }
}
