package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The plot of an experiment, what was expected of it, and its numbers. */
final class ExperimentSection {
    private ExperimentSection() {
    }

    static Html of(Optional<JsonNode> result, String unfinished, Consumer<Chart> charts) {
        Html section = Sections.section("experiment", "Experiment");
        JsonNode found = result.orElse(Details.NOTHING);
        Experiments experiment = Experiments.of(found);
        if (experiment.rows().isEmpty()) {
            return Sections.missing(section, "No training of the experiment is done" + unfinished + ".");
        }
        for (String text : List.of(found.path("about").asText(), found.path("plot").path("claim").asText())) {
            if (!text.isBlank()) {
                section.element("p", text, "class", "note");
            }
        }
        Sections.figure(section, chart(found, experiment), experiment.y() + " against " + experiment.x(), charts);
        section.longTable("Means over seeds", experiment.heads(), experiment.cells(), "class", "outcomes");
        return section.end("section");
    }

    /** The plot of the experiment as far as it is. */
    static Chart chart(JsonNode result, Experiments experiment) {
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        for (Experiments.Row row : experiment.rows()) {
            if (Double.isFinite(row.x()) && Double.isFinite(row.y())) {
                lines.computeIfAbsent(row.series(), k -> new ArrayList<>())
                        .add(new double[] {row.x(), row.y(), row.low(), row.high()});
            }
        }
        List<Chart.Series> series = new ArrayList<>();
        lines.forEach((name, points) -> {
            points.sort((a, b) -> Double.compare(a[0], b[0]));
            series.add(new Chart.Series(name, String.valueOf(series.size()), points));
        });
        return new Chart.Plot("experiment", experiment.y() + " against " + experiment.x() + ", one line per series",
                Experiments.named(experiment.x()), Experiments.named(experiment.y()),
                result.path("plot").path("logX").asBoolean(),
                result.path("plot").path("logY").asBoolean(), series);
    }
}
