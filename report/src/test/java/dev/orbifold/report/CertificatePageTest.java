package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scan's page says of shifts and of the certificate, and what a transform's page says. */
class CertificatePageTest {
    @TempDir private Path temporary;

    private static RunView run(Path folder, String command, Map<String, Object> result) {
        try (RunFolder run = RunFolder.create(folder, command, List.of("m.onnx"))) {
            run.findings(List.of());
            run.result(result);
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    private String page(String command, Map<String, ?> fields) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("schema", "orbifold." + command + "/1");
        result.putAll(fields);
        return HtmlReport.html(run(temporary.resolve("run"), command, result));
    }

    private static String section(String html, String id) {
        int from = html.indexOf("<section id=\"" + id + "\">");
        return from < 0 ? "" : html.substring(from, html.indexOf("</section>", from)).replace("<wbr>", "");
    }

    /** A result of {@code scan --certify} with 80 null directions, 22 of them of a Group. */
    static Map<String, Object> certificate(int unexplained) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("parameters", 1_224);
        fields.put("functionalDimension", 1_144);
        fields.put("explained", 80 - unexplained);
        fields.put("unexplained", unexplained);
        Map<String, Object> causes = new LinkedHashMap<>();
        causes.put("Group", 22);
        causes.put("shift", 0);
        causes.put("never read", 58 - unexplained);
        fields.put("causes", causes);
        fields.put("conserved", 21);
        fields.put("samples", 556);
        fields.put("largestZero", 3.7e-16);
        fields.put("smallestNonZero", 9.6e-3);
        Map<String, Double> shares = new LinkedHashMap<>();
        shares.put("b.weight", 0.25);
        shares.put("a.weight", 0.125);
        fields.put("remainder", unexplained == 0 ? List.of() : List.of(shares));
        if (unexplained > 0) {
            fields.put("file", "rest.npz");
        }
        return fields;
    }

    private static Map<String, Object> shift(String name, int dimension, String... absorbed) {
        List<Map<String, Object>> slots = new ArrayList<>();
        slots.add(Map.of("parameter", name, "axis", 0));
        slots.add(Map.of("parameter", name, "axis", 1));
        for (String parameter : absorbed) {
            slots.add(Map.of("parameter", parameter, "axis", 0));
        }
        return Map.of("name", name, "dimension", dimension, "group", "Shift", "slots", slots);
    }

    @Test
    void shiftsOfLayersThatAreAlikeShareARow() {
        String shifts = section(page("scan", Map.of("shifts",
                List.of(shift("b.0.v", 32, "b.0.o"), shift("b.1.v", 32, "b.1.o"), shift("b.1.k", 32),
                        shift("b.2.v", 16, "b.2.o")))),
                "shifts");
        assertTrue(shifts.contains(">b.{0,1}.v</th><td class=\"number\">2 × 32</td><td class=\"\">b.{0,1}.o</td>"),
                shifts);
        assertTrue(
                shifts.contains(">b.1.k</th><td class=\"number\">32</td><td class=\"\">nothing, it is not seen</td>"),
                shifts);
        assertTrue(shifts.contains(">b.2.v</th><td class=\"number\">16</td>"), shifts);
        assertEquals(4, shifts.split("<tr>", -1).length - 1, "a head and three rows: " + shifts);
    }

    @Test
    void aTerminalSaysHowManyShiftsItLeavesOut() {
        List<Map<String, Object>> shifts = new ArrayList<>();
        for (int dimension = 1; dimension <= 12; dimension++) {
            shifts.add(shift("a.0", dimension));
            shifts.add(shift("a.1", dimension));
        }
        String text = ShiftTable.of(Json.tree(shifts)).text();
        assertTrue(text.endsWith("and 4 more, in the Run's result.json\n"), text);
        assertEquals("", ShiftTable.of(Json.tree(List.of())).text());
    }

    @Test
    void whatWasNotAskedForHasNoSection() {
        String html = page("scan", Map.of("shifts", List.of()));
        assertEquals("", section(html, "shifts"));
        assertEquals("", section(html, "certificate"));
    }

    @Test
    void allNullDirectionsAreExplained() {
        String section = section(page("scan", Map.of("certificate", certificate(0))), "certificate");
        assertTrue(section.contains("class=\"met\">All null directions are explained<"), section);
        for (String row : List.of(">parameters</th><td class=\"\">1\u202f224<",
                ">functional dimension</th><td class=\"\">1\u202f144<", ">null directions</th><td class=\"\">80<",
                ">conserved by gradient flow</th><td class=\"\">21<", ">samples</th><td class=\"\">556<")) {
            assertTrue(section.contains(row), row + " is not in " + section);
        }
        assertTrue(section.contains("3.7e-16") && section.contains("9.6e-03"), "the gap: " + section);
        assertTrue(section.contains("aria-label=\"Null directions by cause: Group 22, never read 58\""), section);
        assertFalse(section.contains("Unexplained directions"), section);
    }

    @Test
    void whatIsUnexplainedIsCountedAndNamed() {
        String html = page("scan", Map.of("certificate", certificate(58)));
        String section = section(html, "certificate");
        assertTrue(section.contains("class=\"missed\">58 null directions are not explained<"), section);
        assertTrue(section.contains("b.weight 25.00 %, a.weight 12.50 %"), section);
        assertTrue(section.contains("<code>rest.npz</code>"), section);
        assertTrue(section.contains("Group 22, unexplained 58\""), section);
        assertTrue(html.contains("{\"name\":\"unexplained\",\"count\":58,\"warning\":true}"), "the bar's warning");
        assertTrue(html.contains("{\"name\":\"Group\",\"count\":22,\"warning\":false}"), "no warning of a cause");
        assertTrue(section(page1(), "certificate").contains(">1 null direction is not explained<"));
    }

    private String page1() {
        return HtmlReport.html(run(temporary.resolve("one"), "scan",
                Map.of("schema", "orbifold.scan/1", "certificate", certificate(1))));
    }

    @Test
    void aCertificateThatCouldNotBeMadeSaysWhy() {
        String section = section(page("scan", Map.of("findings", List.of(new Finding(Finding.Severity.ERROR,
                "certificate-not-made", "net", "the engine has no Resize")))), "certificate");
        assertTrue(section.contains("class=\"missing\">No certificate could be made: the engine has no Resize<"),
                section);
    }

    @Test
    void namesBreakWhereTheirPartsEndAndNumbersDoNot() {
        assertEquals("<b>block_0.<wbr>attention.3.<wbr>bias</b>",
                new Html().name("b", "block_0.attention.3.bias").toString());
        assertEquals("<b>3.7e-16 is a share of &lt;all&gt;</b>",
                new Html().name("b", "3.7e-16 is a share of <all>").toString());
        assertEquals("<b>fc.weight</b>", new Html().name("b", "fc.weight").toString());
    }

    @Test
    void columnsWithoutAnythingAreLeftOut() {
        Map<String, Object> space = Map.of("name", "fc1", "dimension", 16, "group", "Permutation", "dead", 0,
                "duplicates", 2, "saving", 0, "rank", 16);
        String section = section(page("scan", Map.of("spaces", List.of(space))), "spaces");
        assertTrue(section.contains(">twins</th>") && section.contains(">dimension</th>"), section);
        assertFalse(section.contains(">dead</th>") || section.contains(">rank</th>"), section);
    }

    private static Map<String, Object> moved(Object error, String... kinds) {
        Map<String, Object> space = Map.of("name", "fc1", "dimension", 32, "copies", 4, "group", "General", "slots",
                List.of(Map.of("parameter", "q", "axis", 0)), "applied", List.of("rotation"));
        Map<String, Object> equality = new LinkedHashMap<>();
        equality.put("maxError", error);
        equality.put("samples", 4);
        return Map.of("model", "/far/m.onnx", "kinds", List.of(kinds), "spaces", List.of(space), "moved", 0.5,
                "shifts", List.of(shift("a", 3)), "equality", equality, "verification", equality);
    }

    @Test
    void aTransformSaysWhatMovedAndWhatMovedIt() {
        String html = page("transform", moved(6.2e-7, "rotation", "shift"));
        assertTrue(html.contains("<h1>Orbifold transform: m.onnx</h1>"), "the title");
        assertTrue(html.contains("<strong>50.00\u00a0% of the weights moved</strong>"), "the headline");
        assertTrue(html.contains("class=\"met\">The same function<"), "the verdict");
        assertTrue(html.contains("No output moved by more than 6.2e-07 of the output range"), "the proof");
        String spaces = section(html, "spaces");
        assertTrue(spaces.contains(">4 × 32</td>") && spaces.contains("<td>rotation</td>"), spaces);
        assertTrue(section(html, "applied").contains(">rotation, shift<"), section(html, "applied"));
        assertTrue(section(html, "shifts").contains(">a</th>"), "the shifts");
        assertFalse(html.contains("<section id=\"training\">"), "there was no training");
    }

    @Test
    void aTransformWithoutShiftsOrNumbersDoesNotClaimThem() {
        String html = page("transform", moved(null, "rotation"));
        assertEquals("", section(html, "shifts"));
        assertTrue(html.contains("Not all outputs are numbers, so that nothing shows whether they are equal"), html);
        assertFalse(html.contains("No output moved by more than"), "a proof that is void");
    }
}
