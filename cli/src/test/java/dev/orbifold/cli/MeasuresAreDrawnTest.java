package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.report.Experiments;
import dev.orbifold.report.HtmlReport;
import dev.orbifold.report.LivePage;
import dev.orbifold.run.Json;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.train.Measure;
import dev.orbifold.train.Watch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What train measures and what the report draws are said in two modules that do not know each other. */
class MeasuresAreDrawnTest {
    @TempDir private Path temporary;

    @ParameterizedTest @EnumSource
    void everyMeasureThatWatchWritesHasAFigure(Watch.Measured measured) {
        assertFalse(measured.writes().isEmpty());
        for (String measure : measured.writes()) {
            RunView run = run(measure);
            String figure = "watch-" + measure;
            assertTrue(HtmlReport.html(run).contains("id=\"chart-" + figure + "\""), measure + " in the report");
            LivePage page = new LivePage(run, "");
            LivePage.State state = page.state(run.metrics(), Optional.empty(), List.of());
            assertTrue(page.page(state).html().contains("data-chart=\"" + figure + "\""), measure + " has no place");
            assertTrue(state.charts().stream().map(chart -> Json.tree(chart.get("id")).asText())
                    .anyMatch(figure::equals), measure + " on the dashboard");
        }
    }

    private RunView run(String measure) {
        try (RunFolder run = RunFolder.create(temporary.resolve(measure), "train", List.of("recipe.yaml"))) {
            for (int epoch = 0; epoch < 2; epoch++) {
                run.metrics().append(new Metric.Watch(new Metric.Point(epoch, epoch, "train"),
                        Map.of(measure, Map.of("fc1.weight", Map.of(Metric.Watch.ONLY, 0.5)))));
            }
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    /** A plot says what its axes are as people do, not as recipes do. */
    @ParameterizedTest @EnumSource
    void everyMeasureOfAnExperimentHasWords(Measure measure) {
        JsonNode result = Json.tree(Map.of("plot", Map.of("x", "value", "y", measure.word(), "value", "beta"),
                "series", List.of("one"), "points",
                List.of(Map.of("series", "one", "value", "3", "measures", Map.of(measure.word(), 3.0)))));
        String head = Experiments.of(result).table().text().lines().findFirst().orElseThrow();
        assertFalse(head.toLowerCase(java.util.Locale.ROOT).contains(measure.word())
                && (measure.word().contains("-") || measure == Measure.VALUE), head);
    }
}
