package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunView;
import dev.orbifold.run.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
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
    private static final String ECHARTS = "/META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";

    private static final String WATCH = """
            (() => {
              const root = document.documentElement, seen = [];
              const note = what => { seen.push(String(what)); root.dataset.errors = seen.length; root.dataset.error = seen[0]; };
              root.dataset.errors = '0';
              root.dataset.charts = '0';
              addEventListener('error', event => note(event.message));
              addEventListener('unhandledrejection', event => note(event.reason));
              for (const name of ['error', 'warn']) {
                const plain = console[name].bind(console);
                console[name] = (...what) => { note(what.join(' ')); plain(...what); };
              }
            })();
            """;

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
        Storage.write(file, html(run).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /** The page of the Run as it stands; the same Run gives the same text. */
    public static String html(RunView run) {
        Curves curves = Curves.of(run.metrics());
        Sections sections = new Sections(run, curves);
        List<Map<String, Object>> charts = new ArrayList<>();
        Html body = sections.body(chart -> charts.add(described(chart)));
        String echarts = resource(ECHARTS);
        String script = resource("scan.js") + resource("report.js");
        String policy =
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src "
                        + source(WATCH) + " " + source(echarts) + " " + source(script);
        StringBuilder page =
                new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.append("<meta http-equiv=\"Content-Security-Policy\" content=\"").append(policy).append("\">\n");
        page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(Html.escape(sections.title())).append("</title>\n<style>\n").append(resource("report.css"))
                .append("</style>\n<script>").append(WATCH).append("</script>\n</head>\n<body>\n").append(body)
                .append("<script type=\"application/json\" id=\"data\">")
                .append(Html.script(Json.line(Map.of("charts", charts)))).append("</script>\n<script>").append(echarts)
                .append("</script>\n<script>").append(script).append("</script>\n</body>\n</html>\n");
        return page.toString();
    }

    private static Map<String, Object> described(Chart chart) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", chart.kind());
        JsonNode tree = Json.tree(chart);
        tree.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        return fields;
    }

    private static String source(String script) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new ReportException("the report needs " + name + " on the class path; build Orbifold again");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (text.contains("</script")) {
                throw new ReportException(name + " cannot be inlined: it holds the end of a script element");
            }
            return text;
        } catch (IOException e) {
            throw new ReportException("the report cannot read " + name + ": " + e.getMessage(), e);
        }
    }
}
