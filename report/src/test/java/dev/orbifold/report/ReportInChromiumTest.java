package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page as a browser sees it. */
class ReportInChromiumTest {
    private static final int CHARTS = 5;
    private static final Pattern CHART = Pattern.compile("(?s)<div class=\"chart\" id=\"chart-([a-z]+)\".*?</figure>");

    @TempDir Path temporary;

    private Optional<Chromium> chromium = Optional.empty();

    @BeforeEach
    void findChromium() {
        chromium = Chromium.find();
        if (chromium.isEmpty() && "true".equals(System.getenv("CI"))) {
            fail("CI=true, but there is no chromium, chromium-browser or google-chrome on the path; install one");
        }
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
    }

    private String load(Path page, int width) throws IOException, InterruptedException {
        return chromium.orElseThrow().load(page, width, temporary);
    }

    private static void assertClean(String dom, int charts) {
        Matcher root = Pattern.compile("<html[^>]*>").matcher(dom);
        assertTrue(root.find(), "no document: " + dom.length() + " characters");
        assertTrue(root.group().contains("data-errors=\"0\""), "console errors: " + root.group());
        assertTrue(root.group().contains("data-charts=\"" + charts + "\""), "charts drawn: " + root.group());
    }

    @ParameterizedTest @CsvSource({"360,4", "1280,4", "1280,40"})
    void everyChartIsDrawn(int width, int spaces) throws IOException, InterruptedException {
        String dom = load(HtmlReport.write(SyntheticRun.write(temporary.resolve("run"), "lenet5", spaces)), width);
        assertClean(dom, CHARTS);
        Matcher charts = CHART.matcher(dom);
        int drawn = 0;
        while (charts.find()) {
            long paths = Pattern.compile("<path[^>]* d=\"M[^\"]{8,}\"").matcher(charts.group()).results().count();
            assertTrue(paths >= 5, "chart " + charts.group(1) + " has " + paths + " paths");
            Matcher svg = Pattern.compile("<svg[^>]* width=\"(\\d+)\"").matcher(charts.group());
            assertTrue(svg.find(), "chart " + charts.group(1) + " has no SVG");
            assertTrue(Integer.parseInt(svg.group(1)) <= width, "chart " + charts.group(1) + " is wider than the page");
            drawn++;
        }
        assertEquals(CHARTS, drawn);
    }

    @ParameterizedTest @CsvSource({"360", "1280"})
    void anExperimentIsDrawn(int width) throws IOException, InterruptedException {
        List<Map<String, Object>> points = new java.util.ArrayList<>();
        for (int i = 0; i < 12; i++) {
            points.add(Map.of("series", i % 2 == 0 ? "a" : "b", "value", String.valueOf(i / 4), "seed", i / 2 % 2,
                    "measures", Map.of("compression", Math.pow(10, i / 4), "accuracy", 90 + i)));
        }
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "experiment", List.of())) {
            run.result(Map.of("schema", "orbifold.experiment/1", "about", "two ways", "plot",
                    Map.of("x", "compression", "y", "accuracy", "logX", true, "logY", false, "claim", "a wins"),
                    "series", List.of("a", "b"), "trainings", 12, "points", points));
            run.state(RunState.Status.DONE, 0, "");
            String dom = load(HtmlReport.write(run.view()), width);
            assertClean(dom, 1);
            String chart = dom.substring(dom.indexOf("id=\"chart-experiment\""), dom.indexOf("</figure>"));
            for (String label : List.of("1", "2", "5", "10", "20", "50", "100")) {
                assertTrue(chart.contains(">" + label + "</text>"), "no label " + label + " on the axis of factors");
            }
            assertTrue(Pattern.compile("<path[^>]* d=\"M[^\"]{4,}\"").matcher(chart).results().count() >= 8, "paths");
        }
    }

    @ParameterizedTest @CsvSource({"360,2", "1280,12"})
    void aScanIsDrawn(int width, int blocks) throws IOException, InterruptedException {
        Path page = HtmlReport.write(SyntheticScan.write(temporary.resolve("run"), "gpt.onnx", blocks));
        String dom = load(page, width);
        assertClean(dom, 2);
        assertEquals(2, CHART.matcher(dom).results().filter(chart -> chart.group().contains("<svg")).count());
        String network = dom.substring(dom.indexOf("id=\"chart-network\""), dom.indexOf("id=\"spaces\""));
        long paths = Pattern.compile("<path[^>]* d=\"M[^\"]{4,}\"").matcher(network).results().count();
        assertTrue(paths >= SyntheticScan.spaces(blocks) * 2, "the network has " + paths + " paths");
        assertEquals(blocks, Pattern.compile(">block\\d+\\.f1 [^<]*3 dead").matcher(network).results().count(),
                "what has collapsed is written at its Space");
        Matcher svg = Pattern.compile("<svg[^>]* width=\"(\\d+)\"").matcher(dom);
        while (svg.find()) {
            assertTrue(Integer.parseInt(svg.group(1)) <= width, "wider than the page: " + svg.group());
        }
    }

    @ParameterizedTest @CsvSource({"360,58", "1280,58", "1280,0"})
    void theBarOfACertificateWarnsOfWhatIsUnexplained(int width, int unexplained)
            throws IOException, InterruptedException {
        String dom;
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "scan", List.of())) {
            run.result(
                    Map.of("schema", "orbifold.scan/1", "certificate", CertificatePageTest.certificate(unexplained)));
            dom = load(HtmlReport.write(run.view()), width);
        }
        assertClean(dom, 1);
        String bar = dom.substring(dom.indexOf("id=\"chart-causes\""), dom.indexOf("</figure>"));
        assertEquals(unexplained > 0, bar.contains("fill=\"#d55e00\""), bar);
        assertTrue(bar.contains("fill=\"#0072b2\""), bar);
        assertTrue(bar.contains(">Group  22<"), "the count stands in the legend: " + bar);
        Matcher size = Pattern.compile("<svg[^>]* width=\"(\\d+)\" height=\"(\\d+)\"").matcher(bar);
        assertTrue(size.find(), bar);
        double height = Double.parseDouble(size.group(2));
        Matcher legend = Pattern.compile("translate\\(([\\d.]+) ([\\d.]+)\\)").matcher(bar);
        while (legend.find()) {
            assertTrue(Double.parseDouble(legend.group(2)) <= height, legend.group() + " lies below the picture");
        }
    }

    /** The lines of the constraints are in colours of their own, and end where the Run says. */
    @ParameterizedTest @CsvSource({"360,DONE", "1280,DONE", "1280,INTERRUPTED", "1280,FAILED"})
    void aTrainingIsDrawn(int width, RunState.Status status) throws IOException, InterruptedException {
        Path page = HtmlReport.write(SyntheticTraining.write(temporary.resolve("run"), "few weights", status));
        String dom = load(page, width);
        assertClean(dom, 3);
        String zeros = dom.substring(dom.indexOf("id=\"chart-zeros\""), dom.indexOf("id=\"training\""));
        for (String name : List.of("few weights", "halves", "all of it")) {
            assertTrue(zeros.contains(">" + name + "<"), "the legend lacks " + name);
        }
        long colours = Pattern.compile("stroke=\"(#[0-9a-f]{6})\" stroke-width=\"2\"").matcher(zeros).results()
                .map(found -> found.group(1)).distinct().count();
        assertEquals(3, colours, zeros);
    }

    /** Every column of the constraints is in sight where a window is as wide as most are. */
    @Test
    void theTableOfConstraintsFits() throws IOException, InterruptedException {
        String dom = load(HtmlReport.write(SyntheticTraining.write(temporary.resolve("run"),
                "few weights of the first layer", RunState.Status.DONE)), 1200);
        Matcher frame = Pattern.compile("aria-label=\"What became of every constraint\" data-cut=\"(-?\\d+)\"")
                .matcher(dom);
        assertTrue(frame.find(), dom.substring(dom.indexOf("id=\"constraints\""), dom.indexOf("id=\"training\"")));
        assertEquals("0", frame.group(1), "pixels that are cut off");
    }

    @Test
    void aNameInATrainingCannotRun() throws IOException, InterruptedException {
        String dom = load(HtmlReport.write(SyntheticTraining.write(temporary.resolve("run"), HtmlReportTest.EVIL,
                RunState.Status.DONE)), 1280);
        assertClean(dom, 3);
        assertEquals(0, Pattern.compile("<img|<script>alert").matcher(HtmlReportTest.own(dom)).results().count());
    }

    @Test
    void clicksSortAndZoom() throws IOException, InterruptedException {
        Path page = HtmlReport.write(SyntheticScan.write(temporary.resolve("run"), "gpt.onnx", 2));
        String dom = chromium.orElseThrow().load(page, 1280, temporary, ".spaces th:nth-child(3) button",
                "[data-zoom='-1']");
        assertClean(dom, 2);
        String rows = dom.substring(dom.indexOf("class=\"spaces sortable\""), dom.indexOf("id=\"spectra\""));
        assertTrue(rows.contains("aria-sort=\"descending\""), rows);
        double before = Double.POSITIVE_INFINITY;
        Matcher dimensions = Pattern.compile("</td><td class=\"number\" data-value=\"([\\d.]+)\">").matcher(
                rows.replaceAll("(<tr><th[^>]*>[^<]*</th><td>[^<]*</td><td[^>]*>)[^<]*</td>.*?(?=</tr>)", "$1"));
        int seen = 0;
        while (dimensions.find()) {
            double dimension = Double.parseDouble(dimensions.group(1));
            assertTrue(dimension <= before, "not sorted: " + dimension + " behind " + before);
            before = dimension;
            seen++;
        }
        assertEquals(SyntheticScan.spaces(2), seen);
    }

    @Test
    void aNameInAScanCannotRun() throws IOException, InterruptedException {
        Path page = HtmlReport.write(SyntheticScan.write(temporary.resolve("run"), HtmlReportTest.EVIL, 1));
        String dom = load(page, 1280);
        assertClean(dom, 2);
        assertEquals(0, Pattern.compile("<img|<script>alert").matcher(HtmlReportTest.own(dom)).results().count());
    }

    @Test
    void aNameCannotRun() throws IOException, InterruptedException {
        String dom = load(HtmlReport.write(SyntheticRun.write(temporary.resolve("run"), HtmlReportTest.EVIL, 4)), 1280);
        assertClean(dom, CHARTS);
        assertEquals(4, Pattern.compile("<script").matcher(dom).results().count(), "watch, data, ECharts and ours");
        assertEquals(0, Pattern.compile("<img|<script>alert").matcher(HtmlReportTest.own(dom)).results().count());
    }

    @Test
    void aRunThatJustBeganHasNoCharts() throws IOException, InterruptedException {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "compress", List.of())) {
            assertClean(load(HtmlReport.write(run.view()), 360), 0);
        }
    }

    @Test
    void aConsoleErrorWouldBeSeen() throws IOException, InterruptedException {
        Path page = HtmlReport.write(SyntheticRun.write(temporary.resolve("run"), "lenet5", 4));
        Files.writeString(page, Files.readString(page).replace("id=\"chart-cost\"", "id=\"chart-lost\""));
        String dom = load(page, 1280);
        assertTrue(dom.contains("data-charts=\"2\"") && !dom.contains("data-errors=\"0\""), dom.substring(0, 300));
    }
}
