package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {
    static final String EVIL =
            "</script><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='alert(3)' &amp;";

    @TempDir Path temporary;

    /** The page without the library, whose text is not ours. */
    static String own(String html) {
        return html.replaceAll("(?s)<script>\\s*/\\*.*?</script>", "");
    }

    @Test
    void thePageShowsWhatTheRunSays() throws IOException {
        RunView run = SyntheticRun.write(temporary.resolve("run"), "lenet5", 4);
        String html = Files.readString(HtmlReport.write(run));
        assertTrue(html.contains("<h1>Orbifold compress: lenet5</h1>"));
        for (String text : List.of("10.4× fewer MACs", "99.41\u00a0% → 99.35\u00a0% (−0.06 points)",
                "at least 10× fewer MACs – <span class=\"met\">met</span>", "2.4e-06 of the output range",
                "256 samples",
                "16.7× smaller", "3.81× faster", "operator-without-rule", "libtorch", "ab".repeat(32), "5 min 12 s")) {
            assertTrue(html.contains(text), "the page lacks " + text);
        }
        assertTrue(html.indexOf("operator-without-rule") < html.indexOf("tied-parameter"),
                "warnings come before infos");
        assertEquals(html, HtmlReport.html(run), "the same Run gives the same page");
    }

    @Test
    void theHeaderNamesFilesAndTheDetailsTellAll() {
        try (RunFolder folder = RunFolder.create(temporary.resolve("run"), "compress", List.of("/data/m.onnx"))) {
            folder.configuration(Map.of("request", Map.of("roundTo", 8, "decay", 5e-4, "augment", "CROP_FLIP", "mean",
                    List.of(0.1, 0.2))));
            folder.result(Map.of("schema", "orbifold.compress/1", "model",
                    Map.of("path", "/data/m.onnx", "name", "m.onnx"), "output", "/far/away/small.onnx"));
            String html = own(HtmlReport.html(folder.view()));
            String header = html.substring(html.indexOf("<header>"), html.indexOf("</header>"));
            assertTrue(header.contains("<dd>m.onnx</dd>") && header.contains("<dd>small.onnx</dd>"), header);
            assertFalse(header.contains("/data") || header.contains("/far"), header);
            assertTrue(html.contains("<code>orbifold compress /data/m.onnx</code>"), "the command in the details");
            for (String cells : List.of(">round to</th><td class=\"\">8<", ">decay</th><td class=\"\">0.0005<",
                    ">augment</th><td class=\"\">crop-flip<", ">mean</th><td class=\"\">0.1, 0.2<")) {
                assertTrue(html.contains(cells), "the configuration lacks " + cells);
            }
        }
    }

    @Test
    void nothingIsLoadedFromAnywhere() {
        String html = own(HtmlReport.html(SyntheticRun.write(temporary.resolve("run"), "lenet5", 4)));
        assertFalse(Pattern.compile("(src|href)\\s*=|url\\(|@import|fetch\\(|https?://").matcher(html).find(),
                "a reference to something outside the page");
    }

    @Test
    void aNameCannotBecomeMarkup() {
        String html = own(HtmlReport.html(SyntheticRun.write(temporary.resolve("run"), EVIL, 4)));
        assertTrue(html.contains("&lt;script&gt;alert(1)"), "the name is shown");
        assertFalse(html.contains("<script>alert"), "the name became a script");
        assertFalse(html.contains("<img"), "the name became an image");
        assertFalse(Pattern.compile("<[^>]*\\sonload='").matcher(html).find(), "the name became an attribute");
    }

    @Test
    void dataReadsTheSameBehindItsEscapes() {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder();
            for (int c = random.nextInt(12); c >= 0; c--) {
                text.append(random.nextInt(3) == 0 ? EVIL.charAt(random.nextInt(EVIL.length()))
                        : (char) random.nextInt(0x20, 0xD7FF));
            }
            String script = Html.script(Json.line(Map.of("name", text.toString())));
            assertFalse(script.contains("<") || script.contains(">") || script.contains("&"), script);
            assertEquals(text.toString(), Json.parse(script).path("name").asText(), "case " + i);
        }
    }

    @Test
    void whatIsMissingIsSaid() {
        RunView run;
        try (RunFolder folder = RunFolder.create(temporary.resolve("run"), "compress", List.of())) {
            run = folder.view();
            String html = HtmlReport.html(run);
            Matcher missing = Pattern.compile("class=\"missing\"").matcher(own(html));
            assertEquals(11, missing.results().count(), "six sections and five details");
            assertTrue(html.contains("The Run recorded no training and no evaluation yet: it is still running."));
            assertFalse(html.contains("class=\"chart\""), "no empty chart");
        }
    }
}
