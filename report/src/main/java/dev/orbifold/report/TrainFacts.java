package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a training, or all of an experiment, says of fates that were predicted, of latents, and of what kept it off mirrors. */
final class TrainFacts {
    private TrainFacts() {
    }

    /** One sentence for each that the result speaks of. */
    static List<String> sentences(JsonNode result) {
        List<String> sentences = new ArrayList<>();
        if (result.path("fates").isObject()) {
            sentences.add(fate(result.path("fates")));
        }
        JsonNode latents = result.path("latents");
        if (latents.isObject()) {
            sentences.add(latents.path("active").asInt() + " of " + latents.path("latents").asInt()
                    + " latents active, divergence "
                    + String.format(Locale.ROOT, "%.2f", Sections.number(latents, "divergence")) + " nats per item.");
        }
        String removed = removed(result);
        if (!removed.isEmpty()) {
            sentences.add("Kept off its mirrors by " + removed + ".");
        }
        return sentences;
    }

    /** What {@code remove} asked for; empty where it asked for nothing. */
    static String removed(JsonNode result) {
        List<String> removed = new ArrayList<>();
        result.path("remove").forEach(one -> removed.add(one.asText()));
        return String.join(", ", removed);
    }

    private static String fate(JsonNode fates) {
        long right = fates.path("diedAsSaid").asLong() + fates.path("livedAsSaid").asLong();
        long units = right + fates.path("diedUnsaid").asLong() + fates.path("livedUnsaid").asLong();
        return "Of " + Outcomes.grouped(units) + " units " + Outcomes.grouped(right) + " ("
                + Units.percent(100.0 * right / units) + ") had the fate that was said at "
                + String.format(Locale.ROOT, "%.0f %%", 100 * Sections.number(fates, "at")) + " of training.";
    }

    /** What was said of units against what became of them; nothing where nothing was said. */
    static Html fates(JsonNode result) {
        JsonNode fates = result.path("fates");
        if (!fates.isObject()) {
            return new Html();
        }
        long wrong = fates.path("diedUnsaid").asLong() + fates.path("livedUnsaid").asLong();
        return Sections.section("fates", "Fates of units").element("p", fate(fates) + " Of "
                + Outcomes.grouped(fates.path("open").asLong()) + " units the interval held both fates; "
                + Outcomes.grouped(fates.path("wrongOpen").asLong()) + " of the " + Outcomes.grouped(wrong)
                + " wrong ones are among them.", "class", "note")
                .table("Units by what was said and what became of them", List.of("", "#died", "#lived"),
                        List.of(row("said to die", fates, "diedAsSaid", "livedUnsaid"),
                                row("said to live", fates, "diedUnsaid", "livedAsSaid")),
                        "class", "outcomes")
                .end("section");
    }

    private static List<String> row(String name, JsonNode fates, String died, String lived) {
        return List.of(name, Outcomes.grouped(fates.path(died).asLong()), Outcomes.grouped(fates.path(lived).asLong()));
    }
}
