package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the page says of an experiment. */
class ExperimentPageTest {
    @TempDir private Path temporary;

    private static Map<String, Object> point(String value, int seed, double parameters, String run) {
        return Map.of("series", "few", "value", value, "seed", seed, "measures",
                Map.of("parameters", parameters, "loss", 0.5 + seed), "run", run);
    }

    private RunView run(boolean met, RunState.Status status) {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "experiment", List.of())) {
            run.result(Map.of("schema", "orbifold.experiment/1", "met", met, "plot",
                    Map.of("x", "parameters", "y", "loss", "logX", true), "series", List.of("few"), "trainings", 4,
                    "points", List.of(point("0.5", 0, 66_098, "trials/1-1-0"), point("0.5", 1, 66_098, "trials/1-1-1"),
                            point("0.9", 0, 270_000, "trials/1-2-0"), point("0.9", 1, 270_000, "../secret"))));
            run.state(status, 0, "");
            return run.view();
        }
    }

    private void page(String training) throws IOException {
        Path page = temporary.resolve("run").resolve(training).resolve("report.html");
        Files.createDirectories(page.resolveSibling("."));
        Files.writeString(page, "a page");
    }

    /** A link leads to every page that is there, below the folder, and nowhere else. */
    @Test
    void rowsLeadToTheReportsOfTheirTrainings() throws IOException {
        RunView run = run(true, RunState.Status.DONE);
        String without = Files.readString(HtmlReport.write(run));
        assertFalse(without.contains(">reports<") || without.contains("report.html"), "there are none yet");
        page("trials/1-1-0");
        page("trials/1-1-1");
        page("../secret");
        Files.createDirectories(temporary.resolve("run/trials/1-2-0"));
        String with = Files.readString(HtmlReport.write(run));
        assertTrue(with.contains("<td class=\"links\"><a href=\"trials/1-1-0/report.html\">1-1-0</a> "
                + "<a href=\"trials/1-1-1/report.html\">1-1-1</a> </td>"), with.substring(with.indexOf("<table")));
        assertEquals(2, with.split("report\\.html", -1).length - 1);
        assertFalse(HtmlReport.html(run).contains("report.html"), "a page shown elsewhere");
    }

    private static JsonNode result(String y, Map<String, Double> measures) {
        List<Map<String, Object>> points = new ArrayList<>();
        for (String series : List.of("one", "other")) {
            for (int seed = 0; seed < 4; seed++) {
                Map<String, Object> own = new HashMap<>(measures);
                own.put("value", 0.5);
                own.put(y, seed < 2 ? 1.0 : 6.0);
                points.add(Map.of("series", series, "value", "0.5", "seed", seed, "measures", own, "run", ""));
            }
        }
        return Json.tree(Map.of("schema", "orbifold.experiment/1", "plot",
                Map.of("x", "value", "y", y, "value", "optimizer.weight-decay"), "series", List.of("one", "other"),
                "points", points));
    }

    @ParameterizedTest @CsvSource({"output-rank,rank of outputs", "near-dead,units near death (%)", "loss,loss"})
    void axesSayWhatTheyAre(String measure, String words) {
        JsonNode result = result(measure, Map.of());
        Experiments.Words names = Experiments.of(result).words();
        assertEquals("optimizer.weight-decay", names.x());
        assertEquals(words, names.y());
        assertEquals(List.of("series", "#optimizer.weight-decay", "#" + words, "#std over seeds", "#seeds"),
                Experiments.of(result).heads());
    }

    @Test
    void onlyTheLossOfClassesIsInNats() {
        assertEquals("loss (nats)", Experiments.of(result("loss", Map.of("accuracy", 90.0))).words().y());
    }

    /** A mean of 3.5 over seeds that end at 1 and at 6. */
    @Test
    void singleSeedsStandBesideTheirMean() {
        JsonNode result = result("output-rank", Map.of());
        if (!(ExperimentSection.chart(result, Experiments.of(result)) instanceof Chart.Plot plot)) {
            throw new AssertionError("no plot");
        }
        assertEquals(3.5, plot.series().getFirst().points().getFirst()[1], 1e-9);
        assertEquals(List.of(1.0, 1.0, 6.0, 6.0),
                plot.singles().getFirst().points().stream().map(point -> point[1]).toList());
    }

    /** Two series at the same place: the upper one has gaps; nothing begins left of the picture. */
    @ParameterizedTest @CsvSource({"360", "1280"})
    void nothingOfThePlotIsHidden(int width) throws IOException, InterruptedException {
        Optional<Chromium> chromium = Chromium.find();
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "experiment", List.of())) {
            run.result(result("output-rank", Map.of()));
            run.state(RunState.Status.DONE, 0, "");
        }
        Path page = HtmlReport.write(RunView.of(temporary.resolve("run")));
        String dom = chromium.get().load(page, width, temporary);
        String figure = dom.substring(dom.indexOf("id=\"chart-experiment\""), dom.indexOf("</figure>"));
        assertTrue(figure.contains("stroke-dasharray"), "the upper of two lines has gaps");
        List<MatchResult> names = Pattern
                .compile("transform=\"matrix\\(0,-1,1,0,([-\\d.]+),[-\\d.]+\\)\"[^>]*>rank of outputs</text>")
                .matcher(figure).results().toList();
        assertEquals(1, names.size(), figure);
        assertTrue(Double.parseDouble(names.getFirst().group(1)) >= 0, names.getFirst().group());
    }

    /** Of three trainings one warns twice of one thing, two of another; what is only good to know is not counted. */
    @Test
    void warningsOfTrainingsAreCounted() throws IOException {
        RunView run = run(true, RunState.Status.DONE);
        try (RunFolder folder = RunFolder.open(run.path())) {
            folder.findings(List.of());
        }
        trial("1-1-0", "units-died", "units-died");
        trial("1-1-1", "units-died", "rank-lost");
        trial("1-2-0");
        page("trials/1-1-0");
        String html = Files.readString(HtmlReport.write(run));
        String section = html.substring(html.indexOf("<section id=\"findings\">"), html.indexOf("id=\"details\""));
        assertTrue(section.contains("2 of 3 trainings have warnings"), section);
        assertTrue(section.contains(
                "units-died</th><td class=\"\">warning</td><td class=\"number\">2</td><td class=\"links\">"
                        + "<a href=\"trials/1-1-0/report.html\">1-1-0</a> 1-1-1 </td>"),
                section);
        assertTrue(section.contains("rank-lost</th><td class=\"\">warning</td><td class=\"number\">1</td>"), section);
        assertFalse(section.contains("None") || section.contains("rank-kept"), section);
    }

    private void trial(String name, String... kinds) {
        List<Finding> findings = new ArrayList<>(
                List.of(new Finding(Finding.Severity.INFO, "rank-kept", "fc2.weight", "stays one matrix")));
        for (String kind : kinds) {
            findings.add(new Finding(Finding.Severity.WARNING, kind, "fc1", "of " + findings.size()));
        }
        try (RunFolder run = RunFolder.create(temporary.resolve("run/trials").resolve(name), "train", List.of())) {
            run.findings(findings);
            run.state(RunState.Status.DONE, 0, "");
        }
    }

    /** The dashboard shows what can be typed, and which training has which value and seed. */
    @Test
    void theDashboardTellsTrainingsApart() {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "experiment",
                List.of("rank.yaml", "--threads", "1"))) {
            run.result(Map.of("schema", "orbifold.experiment/1", "plot", Map.of("value", "optimizer.weight-decay"),
                    "series", List.of("few", "many"), "values", List.of(List.of("0.1"), List.of("0.2", "0.4")),
                    "points", List.of()));
            run.state(RunState.Status.DONE, 0, "");
            Map<String, String> parts = new LivePage(run.view(), "").state(List.of(), Optional.empty(),
                    List.of(new LivePage.Trial("2-1-7", RunState.Status.DONE, List.of()),
                            new LivePage.Trial("2-2-7", RunState.Status.DONE, List.of())))
                    .parts();
            assertTrue(String.valueOf(parts.get("heading")).contains("<dd>orbifold train rank.yaml --threads 1</dd>"));
            String table = String.valueOf(parts.get("trials"));
            assertTrue(table.contains(">optimizer.weight-decay</th><th scope=\"col\">seed</th>"), table);
            assertTrue(table.contains("<td>many</td><td>0.2</td><td>7</td>"), table);
            assertTrue(table.contains("<td>many</td><td>0.4</td><td>7</td>"), table);
        }
    }

    @Test
    void numbersReadAsPeopleWriteThem() {
        String html = HtmlReport.html(run(true, RunState.Status.DONE));
        assertTrue(html.contains(">66.1 k<") && html.contains(">270 k<"), html.substring(html.indexOf("<table")));
    }

    @ParameterizedTest @CsvSource({"true,DONE,''", "false,DONE,Goals: missed",
            "false,RUNNING,Goals: some missed so far"})
    void theHeadingSaysThatGoalsWereMissed(boolean met, RunState.Status status, String words) {
        String html = HtmlReport.html(run(met, status));
        String heading = html.substring(html.indexOf("<header>"), html.indexOf("</header>")).replaceAll("<[^>]*>", "");
        assertEquals(!words.isEmpty(), heading.contains("Goals"), heading);
        assertTrue(heading.contains(words), heading);
    }
}
