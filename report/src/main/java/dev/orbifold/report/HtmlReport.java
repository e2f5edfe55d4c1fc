package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunView;
import dev.orbifold.run.Storage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The page a Run leaves behind: one HTML file that needs no network, made from what the Run folder says.
 *
 * <p>
 * Nothing from a file can become markup or script: texts are escaped, data travels as JSON without angle brackets, and the
 * page's security policy names the two scripts it may run by their SHA-256 and allows no connection.
 */
public final class HtmlReport {
    private HtmlReport() {
    }

    /**
     * Writes the report of the Run into its folder.
     *
     * @return the file
     * @throws RunException if the Run cannot be read or the file not be written
     */
    public static Path write(RunView run) {
        Path file = run.report();
        Storage.write(file, html(run, true).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /**
     * The page of the Run as it stands, to be shown elsewhere than in its folder: it leads to no other page. The same Run gives
     * the same text.
     *
     * @throws RunException if the Run cannot be read
     */
    public static String html(RunView run) {
        return html(run, false);
    }

    private static String html(RunView run, boolean inFolder) {
        Curves curves = Curves.of(run.metrics());
        Sections sections = new Sections(run, curves, inFolder);
        List<Map<String, Object>> charts = new ArrayList<>();
        Html body = sections.body(chart -> charts.add(described(chart)));
        Page page = new Page(sections.title(), body, Map.of("charts", charts), Page.resource("report.css"),
                Page.resource("scan.js") + Page.resource("axes.js") + Page.resource("plots.js")
                        + Page.resource("report.js"));
        return page.html(
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
                        + page.scripts());
    }

    /** The chart as the script is given it. */
    static Map<String, Object> described(Chart chart) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", chart.kind());
        JsonNode tree = Json.tree(chart);
        tree.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        return fields;
    }
}
