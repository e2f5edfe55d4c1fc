package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** The plot of an experiment, what was expected of it, and its numbers. */
final class ExperimentSection {
    private ExperimentSection() {
    }

    /**
     * The section.
     *
     * @param pages the pages of trainings by the folders of their Runs, relative to the page; those that are not there have none
     */
    static Html of(Optional<JsonNode> result, String unfinished, Function<String, Optional<String>> pages,
            Consumer<Chart> charts) {
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
        Sections.figure(section, chart(found, experiment),
                experiment.words().y() + " against " + experiment.words().x(), charts);
        table(section, experiment, pages);
        return section.end("section");
    }

    /** The means over seeds; where trainings have pages, a column leads to them. */
    private static void table(Html section, Experiments experiment, Function<String, Optional<String>> pages) {
        String caption = "Means over seeds";
        List<Html> links = experiment.rows().stream().map(row -> links(row, pages)).toList();
        if (links.stream().allMatch(link -> link.toString().isEmpty())) {
            section.longTable(caption, experiment.heads(), experiment.cells(), "class", "outcomes");
        } else {
            section.linkedTable(caption, experiment.heads(), experiment.cells(), "reports", links, "class", "outcomes");
        }
    }

    private static Html links(Experiments.Row row, Function<String, Optional<String>> pages) {
        Html links = new Html();
        for (String run : row.runs()) {
            pages.apply(run).ifPresent(page -> links.element("a", run.substring(run.lastIndexOf('/') + 1), "href", page)
                    .text(" "));
        }
        return links;
    }

    /** The plot of the experiment as far as it is. */
    static Chart chart(JsonNode result, Experiments experiment) {
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        Map<String, List<double[]>> seeds = new LinkedHashMap<>();
        for (Experiments.Row row : experiment.rows()) {
            if (Double.isFinite(row.x()) && Double.isFinite(row.y())) {
                lines.computeIfAbsent(row.series(), k -> new ArrayList<>())
                        .add(new double[] {row.x(), row.y(), row.low(), row.high()});
                seeds.computeIfAbsent(row.series(), k -> new ArrayList<>()).addAll(row.singles());
            }
        }
        List<Chart.Series> series = new ArrayList<>();
        List<Chart.Series> singles = new ArrayList<>();
        lines.forEach((name, points) -> {
            points.sort((a, b) -> Double.compare(a[0], b[0]));
            series.add(new Chart.Series(name, String.valueOf(series.size()), points));
            singles.add(new Chart.Series(name, String.valueOf(singles.size()), seeds.getOrDefault(name, List.of())));
        });
        return new Chart.Plot("experiment",
                experiment.words().y() + " against " + experiment.words().x() + ", one line per series",
                experiment.words().x(), experiment.words().y(),
                result.path("plot").path("logX").asBoolean(),
                result.path("plot").path("logY").asBoolean(), series, singles);
    }
}
