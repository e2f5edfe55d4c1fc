package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page shows of a prediction, in a browser. */
class PredictPageTest {
    /** Two humps of so many values each, and as many between them where the density is 0. */
    private static final int HUMP = 20;

    @TempDir private Path temporary;

    private String page() throws IOException, InterruptedException {
        Optional<Chromium> chromium = Chromium.find();
        Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        List<Double> values = new ArrayList<>();
        List<Double> density = new ArrayList<>();
        for (int i = 0; i < 3 * HUMP; i++) {
            values.add(i - 5.0);
            density.add(i / HUMP == 1 ? 0 : Math.exp(-0.05 * Math.pow(i % HUMP - HUMP / 2.0, 2)));
        }
        Map<String, Object> space = Map.of("name", "fc1", "collapse", "a dead unit", "looked", 100, "attract", 4,
                "repel", 73, "open", 23, "threshold", Map.of("least", 0.001234, "median", 1.28, "largest", 2.21),
                "newUnit", 1.28, "method", "own maximum");
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "predict", List.of())) {
            run.result(Map.of("schema", "orbifold.predict/1", "spaces", List.of(space), "settings",
                    Map.of("rate", 0.1, "weightDecay", 5e-4, "batchSize", 20), "hessian",
                    Map.of("eigenvalues", List.of(64.0), "trace", 103, "traceError", 5, "density",
                            Map.of("values", values, "density", density))));
            run.state(RunState.Status.DONE, 0, "");
            return chromium.get().load(HtmlReport.write(run.view()), 1200, temporary);
        }
    }

    /** A bar stands where there is density; nothing is drawn across the gap. */
    @Test
    void theDensityOfASpectrumHasGaps() throws IOException, InterruptedException {
        String dom = page();
        assertTrue(dom.contains("data-errors=\"0\""), "console errors");
        int from = dom.indexOf("id=\"chart-density\"");
        String chart = dom.substring(from, dom.indexOf("</figure>", from));
        List<double[]> bars = new ArrayList<>();
        Pattern.compile("<path d=\"M([\\d.]+) ([\\d.]+)l([\\d.]+) 0l0 ([\\d.]+)l-[\\d.]+ 0Z\"[^>]*fill=\"#0072b2\"")
                .matcher(chart).results().forEach(bar -> bars.add(new double[] {Double.parseDouble(bar.group(1)),
                        Double.parseDouble(bar.group(2)), Double.parseDouble(bar.group(3)),
                        Double.parseDouble(bar.group(4))}));
        assertEquals(2 * HUMP, bars.size(), chart);
        double floor = bars.getFirst()[1] + bars.getFirst()[3];
        for (double[] bar : bars) {
            assertEquals(floor, bar[1] + bar[3], 0.01, "every bar stands on the axis");
        }
        double gap = bars.get(HUMP)[0] - bars.get(HUMP - 1)[0];
        assertEquals((HUMP + 1) * (bars.get(1)[0] - bars.get(0)[0]), gap, 0.5, "the gap is as wide as it is");
        assertEquals(0, Pattern.compile("stroke=\"#0072b2\"").matcher(chart).results().count(), "a line");
    }

    @Test
    void theTableOfMirrorsFits() throws IOException, InterruptedException {
        String dom = page();
        assertTrue(Pattern.compile("aria-label=\"Mirrors by Space\" data-cut=\"0\"").matcher(dom).find(), "cut off");
        assertTrue(dom.contains("<table class=\"mirrors\">"), "words in it are not broken");
    }
}
