package dev.orbifold.report;

import dev.orbifold.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * A page that loads nothing: style, data and scripts are in it.
 *
 * @param title in the browser's window
 * @param body what is in it before any script ran
 * @param data what scripts are given, written as JSON
 * @param style CSS
 * @param script what runs behind ECharts
 */
record Page(String title, Html body, Object data, String style, String script) {
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

    /** A source of scripts for a policy: those of this page, by their SHA-256. */
    String scripts() {
        return "script-src " + hash(WATCH) + " " + hash(resource(ECHARTS)) + " " + hash(script);
    }

    /** A source of style elements for a policy: that of this page, by its SHA-256. */
    String styles() {
        return "style-src-elem " + hash("\n" + style);
    }

    /** The page under a Content-Security-Policy. */
    String html(String policy) {
        return head(policy).append("<script>").append(WATCH).append("</script>\n</head>\n<body>\n").append(body)
                .append("<script type=\"application/json\" id=\"data\">")
                .append(Html.script(Json.line(data))).append("</script>\n<script>").append(resource(ECHARTS))
                .append("</script>\n<script>").append(script).append("</script>\n</body>\n</html>\n").toString();
    }

    /** The same without any script. */
    String still(String policy) {
        return head(policy).append("</head>\n<body>\n").append(body).append("</body>\n</html>\n").toString();
    }

    private StringBuilder head(String policy) {
        return new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta http-equiv=\"Content-Security-Policy\" content=\"").append(policy).append("\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(Html.escape(title)).append("</title>\n<style>\n").append(style).append("</style>\n");
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * A script or style that is part of this build.
     *
     * @throws ReportException if it is missing
     */
    static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
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
