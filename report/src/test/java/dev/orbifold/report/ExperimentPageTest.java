package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
