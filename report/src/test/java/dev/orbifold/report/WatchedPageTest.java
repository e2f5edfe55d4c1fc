package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.Json;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was watched, as the report and the dashboard show it. */
class WatchedPageTest {
    private static final int LINES = 40;

    @TempDir private Path temporary;

    private RunView run(int spaces) {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "train", List.of("recipe.yaml"))) {
            for (int i = 0; i < LINES; i++) {
                Metric.Point at = new Metric.Point(50L * i, i / 1.02, "train");
                run.metrics().append(new Metric.Train(at, Math.exp(-i), 0.1, Map.of()));
                Map<String, Map<String, Double>> distances = new LinkedHashMap<>();
                Map<String, Map<String, Double>> dead = new LinkedHashMap<>();
                for (int s = 0; s < spaces; s++) {
                    distances.put("fc" + s + ".weight",
                            Map.of("least", Math.exp(-0.1 * i * s), "median", 1.0 + i % 3));
                    dead.put("fc" + s + ".weight", Map.of(Metric.Watch.ONLY, (double) (i * s / 4)));
                }
                run.metrics().append(new Metric.Watch(at, Map.of("distance-dead", distances, "dead", dead, "near-dead",
                        Map.of("fc0.weight", Map.of(Metric.Watch.ONLY, i / 100.0)), "balance",
                        Map.of("fc0.weight", Map.of(Metric.Watch.ONLY, i == 3 ? Double.NaN : 1.0 + i)))));
            }
            run.findings(List.of());
            run.result(Map.of("schema", "orbifold.train/1", "met", true));
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    @Test
    void thereIsAFigurePerMeasureAndAPanelPerSpace() {
        RunView run = run(5);
        List<Chart.Multiples> charts = Watched.charts(Curves.of(run.metrics()));
        assertEquals(List.of("watch-distance-dead", "watch-near-dead", "watch-dead", "watch-balance"),
                charts.stream().map(Chart.Multiples::id).toList());
        assertEquals(5, charts.getFirst().panels().size());
        assertEquals(List.of(LINES, LINES), charts.getFirst().panels().getLast().series().stream()
                .map(line -> line.points().size()).toList());
        assertEquals(LINES - 1, charts.getLast().panels().getFirst().series().getFirst().points().size(),
                "what is not a number is not there");
        assertEquals(LINES - 1, charts.get(1).panels().getFirst().series().getFirst().points().getLast()[1], 1e-9,
                "shares are drawn in percent");
        String html = HtmlReport.html(run);
        String section = html.substring(html.indexOf("<section id=\"watched\">"));
        assertTrue(section.contains("Distance from dying"), section.substring(0, 200));
        assertTrue(section.contains("id=\"chart-watch-dead\""));
    }

    @Test
    void whereNothingWasWatchedThereIsNoSection() {
        RunView run = SyntheticTraining.write(temporary.resolve("plain"), "few weights", RunState.Status.DONE);
        assertFalse(HtmlReport.html(run).contains("id=\"watched\""));
        assertEquals(List.of(), Watched.charts(Curves.of(run.metrics())));
    }

    @Test
    void theDashboardHasAPlaceForEachOfThem() {
        RunView run = run(3);
        LivePage page = new LivePage(run, "");
        LivePage.State state = page.state(run.metrics(), Optional.empty(), List.of());
        String html = page.page(state).html();
        state.charts().forEach(
                chart -> assertTrue(html.contains("data-chart=\"" + Json.tree(chart.get("id")).asText() + "\""),
                        String.valueOf(chart.get("id"))));
        assertEquals(4, Json.parse(state.json()).path("charts").findValues("panels").size());
    }

    /** Counts have whole numbers beside them, what stays 0 is seen between 0 and 1, and nobody has to guess what x is. */
    @ParameterizedTest @CsvSource({"360", "1280"})
    void everyPanelCanBeRead(int width) throws IOException, InterruptedException {
        Optional<Chromium> chromium = Chromium.find();
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        String dom = chromium.get().load(HtmlReport.write(run(2)), width, temporary);
        String dead = figure(dom, "watch-dead");
        assertEquals(List.of("0", "1", "0", "5", "10"), labels(dead), "none of 40 are dead; from 0 to 9");
        assertEquals(List.of("0", "20", "40"), labels(figure(dom, "watch-balance")), "from 1 to 40");
        assertEquals(2, Pattern.compile(">epoch</text>").matcher(dead).results().count());
    }

    /** Ticks are round, wherever lines begin and end: these go from 0 or 0.98 to 38.235294117647058. */
    @ParameterizedTest @CsvSource({"360", "1280"})
    void ticksOfEpochsAreRound(int width) throws IOException, InterruptedException {
        Optional<Chromium> chromium = Chromium.find();
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        String dom = chromium.get().load(HtmlReport.write(run(2)), width, temporary);
        for (String id : List.of("loss", "watch-balance")) {
            List<String> ticks = Pattern.compile("<text[^>]* text-anchor=\"middle\"[^>]*>([\\d.]+)</text>")
                    .matcher(figure(dom, id)).results().map(found -> found.group(1)).toList();
            assertTrue(ticks.size() >= 2, id + ": " + ticks);
            assertTrue(ticks.stream().allMatch(tick -> Double.parseDouble(tick) % 5 == 0), id + ": " + ticks);
        }
    }

    private static String figure(String dom, String id) {
        int from = dom.indexOf("id=\"chart-" + id + "\"");
        return dom.substring(from, dom.indexOf("</figure>", from));
    }

    /** Labels of vertical axes end at them. */
    private static List<String> labels(String figure) {
        return Pattern.compile("<text[^>]* text-anchor=\"end\"[^>]*>([^<]*)</text>").matcher(figure).results()
                .map(found -> found.group(1)).toList();
    }

    @ParameterizedTest @CsvSource({"360,2", "1280,20"})
    void panelsAreDrawn(int width, int spaces) throws IOException, InterruptedException {
        Optional<Chromium> chromium = Chromium.find();
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        String dom = chromium.get().load(HtmlReport.write(run(spaces)), width, temporary);
        assertTrue(dom.contains("data-errors=\"0\""), "console errors");
        String figure = dom.substring(dom.indexOf("id=\"chart-watch-distance-dead\""),
                dom.indexOf("id=\"chart-watch-dead\""));
        for (int s = 0; s < spaces; s++) {
            assertTrue(figure.contains(">fc" + s + ".weight<"), "panel " + s);
        }
        assertTrue(Pattern.compile("<path[^>]* d=\"M[^\"]{40,}\"").matcher(figure).results().count() >= 2 * spaces,
                "two lines a panel");
        assertTrue(Pattern.compile("<svg[^>]* width=\"(\\d+)\"").matcher(figure).results()
                .allMatch(svg -> Integer.parseInt(svg.group(1)) <= width), "wider than the page");
    }
}
