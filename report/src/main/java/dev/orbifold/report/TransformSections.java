package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** What the page of a transform shows between its header and its Findings: what was applied, the Spaces, the shifts. */
final class TransformSections {
    private TransformSections() {
    }

    static Html of(Optional<JsonNode> result, String unfinished) {
        JsonNode found = result.orElse(Details.NOTHING);
        Html sections = new Html().add(applied(found, unfinished)).add(SpacesTable.ofTransform(found, unfinished));
        return StreamSupport.stream(found.path("kinds").spliterator(), false)
                .anyMatch(kind -> kind.asText().equals("shift"))
                        ? sections.add(ShiftTable.of(found.path("shifts")).section()) : sections;
    }

    private static Html applied(JsonNode result, String unfinished) {
        Html section = Sections.section("applied", "What was applied");
        if (result.isMissingNode()) {
            return Sections.missing(section, "The Run has no result" + unfinished + ".");
        }
        section.element("p",
                "A random element of every symmetry, drawn from the seed: other weights, under the same names,"
                        + " and the same function.",
                "class", "note");
        JsonNode equality = result.path("equality");
        JsonNode verification = result.path("verification");
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("kinds of maps", SpacesTable.words(result.path("kinds"))));
        rows.add(List.of("weights that moved", Units.percent(100 * result.path("moved").asDouble(Double.NaN))));
        rows.add(List.of("largest difference of an output", error(equality)));
        rows.add(List.of("… when every symmetry was verified", error(verification)));
        return section.table("What was applied", List.of("quantity", "value"), rows, "class", "plain").end("section");
    }

    private static String error(JsonNode compared) {
        long samples = compared.path("samples").asLong();
        return compared.path("maxError").isNumber()
                ? Units.scientific(compared.path("maxError").asDouble()) + " of the output range (" + samples
                        + (samples == 1 ? " sample)" : " samples)")
                : "not known: not all outputs are numbers";
    }
}
