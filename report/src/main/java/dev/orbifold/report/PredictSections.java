package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** What the page of a prediction shows between its header and its Findings: mirrors by Space, phase diagrams, the Hessian. */
final class PredictSections {
    /** Phase diagrams that are drawn; the others are in the result. */
    private static final int DRAWN = 8;

    private final JsonNode result;
    private final String unfinished;

    PredictSections(Optional<JsonNode> result, String unfinished) {
        this.result = result.orElse(Details.NOTHING);
        this.unfinished = unfinished;
    }

    /** How many mirrors attract. */
    static String verdict(JsonNode result) {
        int attract = 0;
        int open = 0;
        int looked = 0;
        for (JsonNode space : result.path("spaces")) {
            attract += space.path("attract").asInt();
            open += space.path("open").asInt();
            looked += space.path("looked").asInt();
        }
        JsonNode settings = result.path("settings");
        return attract + " of " + looked + " mirrors attract, " + open + " are open, at a learning rate of "
                + number(settings.path("rate")) + ", a weight decay of " + number(settings.path("weightDecay"))
                + " and batches of " + settings.path("batchSize").asInt();
    }

    Html sections(Consumer<Chart> charts) {
        return new Html().add(spaces()).add(phases(charts)).add(mirrors()).add(hessian(charts));
    }

    private Html spaces() {
        Html section = Sections.section("predict", "What attracts");
        if (result.path("spaces").isEmpty()) {
            return Sections.missing(section, "No mirror was looked at" + unfinished + ".");
        }
        section.element("p",
                "A mirror attracts where its exponent, the growth of the distance to it per step of SGD, is"
                        + " negative; it is open where the 95 % interval holds 0. wd* is the weight decay from which on it"
                        + " attracts without noise.",
                "class", "note");
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode s : result.path("spaces")) {
            JsonNode threshold = s.path("threshold");
            String of = s.has("mirrors") && s.path("mirrors").asLong() != s.path("looked").asLong()
                    ? " of " + s.path("mirrors").asLong() : "";
            rows.add(List.of(s.path("name").asText(), s.path("collapse").asText(), s.path("looked").asInt() + of,
                    s.path("attract").asText(), s.path("repel").asText(), s.path("open").asText(),
                    number(threshold.path("least")), number(threshold.path("median")),
                    number(threshold.path("largest")), number(s.path("newUnit")), s.path("method").asText()));
        }
        section.table("Mirrors by Space", List.of("Space", "collapse", "#looked at", "#attract", "#repel", "#open",
                "#least wd*", "#median", "#largest", "#wd* of a new unit", "judged by"), rows, "class", "mirrors");
        return section.end("section");
    }

    private Html phases(Consumer<Chart> charts) {
        Html section = Sections.section("phase", "Phase diagrams");
        JsonNode phase = result.path("phase");
        if (phase.isMissingNode() || result.path("spaces").isEmpty()) {
            return Sections.missing(section, "The Run has no phase diagram" + unfinished + ".");
        }
        section.element("p",
                "The share of mirrors that attract, over weight decay and learning rate, from the curvatures"
                        + " of batches that were measured. The mark is where this Run asked.",
                "class", "note");
        List<String> columns = labels(phase.path("weightDecays"));
        List<String> rows = labels(phase.path("rates"));
        double[] asked = {nearest(phase.path("weightDecays"), result.path("settings").path("weightDecay").asDouble()),
                nearest(phase.path("rates"), result.path("settings").path("rate").asDouble())};
        int drawn = 0;
        for (JsonNode space : result.path("spaces")) {
            if (drawn == DRAWN) {
                section.element("p", "The other " + (result.path("spaces").size() - DRAWN)
                        + " diagrams are in result.json.", "class", "note");
                break;
            }
            List<double[]> cells = new ArrayList<>();
            for (int row = 0; row < rows.size(); row++) {
                for (int column = 0; column < columns.size(); column++) {
                    cells.add(new double[] {column, row, space.path("attracting").path(row).path(column).asDouble()});
                }
            }
            String name = space.path("name").asText() + ", " + space.path("collapse").asText();
            Sections.figure(section, new Chart.PhaseDiagram("phase-" + drawn, "Share of mirrors of " + name
                    + " that attract, over weight decay and learning rate", "weight decay", "learning rate", columns,
                    rows, cells, asked), name, charts);
            drawn++;
        }
        return section.end("section");
    }

    private static List<String> labels(JsonNode values) {
        List<String> labels = new ArrayList<>();
        values.forEach(v -> labels.add(String.format(Locale.ROOT, "%.2g", v.asDouble())));
        return labels;
    }

    /** The place of the value that is nearest by factors. */
    private static int nearest(JsonNode values, double value) {
        int best = 0;
        for (int i = 0; i < values.size(); i++) {
            double ratio = Math.abs(Math.log(values.path(i).asDouble() / value));
            best = ratio < Math.abs(Math.log(values.path(best).asDouble() / value)) ? i : best;
        }
        return best;
    }

    private Html mirrors() {
        Html section = Sections.section("mirrors", "Mirrors");
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode space : result.path("spaces")) {
            for (JsonNode p : space.path("predictions")) {
                JsonNode exponent = p.path("exponent");
                rows.add(List.of(space.path("name").asText(), p.path("mirror").asText(), p.path("verdict").asText(),
                        number(p.path("distance")), number(p.path("threshold")), number(p.path("thresholdError")),
                        number(exponent.path("value")), number(exponent.path("low")), number(exponent.path("high")),
                        number(p.path("criticalRate"))));
            }
        }
        if (rows.isEmpty()) {
            return Sections.missing(section, "No mirror was looked at" + unfinished + ".");
        }
        section.open("details").element("summary", "All mirrors that were looked at").longTable("Mirrors",
                List.of("Space", "mirror", "verdict", "#distance", "#wd*", "#±", "#exponent", "#from", "#to",
                        "#critical rate"),
                rows, "class", "plain").end("details");
        return section.end("section");
    }

    private Html hessian(Consumer<Chart> charts) {
        Html section = Sections.section("hessian", "The Hessian");
        JsonNode hessian = result.path("hessian");
        if (hessian.isMissingNode()) {
            return Sections.missing(section, "The Hessian as a whole was not asked for.");
        }
        List<String> top = new ArrayList<>();
        hessian.path("eigenvalues").forEach(v -> top.add(number(v)));
        section.element("p",
                "Largest eigenvalues " + String.join(", ", top) + "; trace " + number(hessian.path("trace"))
                        + " ± " + number(hessian.path("traceError")) + ".",
                "class", "note");
        List<double[]> points = new ArrayList<>();
        JsonNode density = hessian.path("density");
        double least = 0;
        for (int i = 0; i < density.path("values").size(); i++) {
            least = Math.max(least, density.path("density").path(i).asDouble() * 1e-8);
        }
        for (int i = 0; i < density.path("values").size(); i++) {
            double y = density.path("density").path(i).asDouble();
            if (y > least) {
                points.add(new double[] {density.path("values").path(i).asDouble(), y});
            }
        }
        double width = density.path("values").path(1).asDouble() - density.path("values").path(0).asDouble();
        Sections.figure(section, new Chart.Bars("density", "Density of the eigenvalues of the Hessian", "eigenvalue",
                "density", width, points), "Density of the spectrum", charts);
        section.element("p", "Estimated from random vectors, every eigenvalue widened by a hundredth of the range;"
                + " where there is no bar, next to none were found.", "class", "note");
        return section.end("section");
    }

    private static String number(JsonNode value) {
        if (!value.isNumber()) {
            return Units.UNKNOWN;
        }
        return value.asDouble() == 0 ? "0" : String.format(Locale.ROOT, "%.3g", value.asDouble());
    }
}
