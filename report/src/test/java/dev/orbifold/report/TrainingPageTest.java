package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the page, and the terminal, say of a training under constraints. */
class TrainingPageTest {
    @TempDir private Path temporary;

    private String page(RunState.Status status) {
        RunView run = SyntheticTraining.write(temporary.resolve("run"), "few weights", status);
        return HtmlReport.html(run);
    }

    private static String section(String html, String id) {
        int from = html.indexOf("<section id=\"" + id + "\">");
        return from < 0 ? "" : html.substring(from, html.indexOf("</section>", from)).replace("<wbr>", "");
    }

    @Test
    void everyConstraintHasARowWithWhatBecameOfIt() {
        String html = page(RunState.Status.DONE);
        String section = section(html, "constraints");
        for (String text : List.of(">few weights<", ">fc1.weight<", ">elementwise D = 3<", ">5,760 of\n6,400<",
                ">90.00 %<", ">5,760 to\n5,767<", ">1.25e-4<", ">1.5e-03<", ">2.0e-03<",
                ">fc1.weight, fc2.weight, fc3.weight<", ">40 of 40<", ">100.00 %<", ">3.1e-08<", ">same<")) {
            assertTrue(section.contains(text), text + " is not in " + section);
        }
        assertFalse(section.contains("7.5e-01"), "what is left of Oᵀw where not all of it was to go says nothing");
        assertTrue(section.contains(">4.2e-06<"), "the duality gap of the convex one");
        assertTrue(section.contains(">1.6e-06<"), "how far from stationary where λ pulls");
        assertTrue(section.contains("id=\"chart-zeros\""));
        assertTrue(html.contains("Constraints: <span class=\"missed\">missed</span>"));
        assertTrue(html.contains("<strong>Accuracy 7.52\u00a0% → 96.38\u00a0% (+88.86 points)</strong>"),
                "no gain in MACs");
        assertTrue(
                html.contains("Cutting what is zero out of the folded network moved no output by more than 2.4e-07"));
    }

    @Test
    void aTrainingHasNoSectionsOfACompression() {
        String html = page(RunState.Status.DONE);
        for (String id : List.of("cost", "widths", "trade-off")) {
            assertEquals("", section(html, id));
        }
        assertTrue(section(html, "training").contains("id=\"chart-accuracy\""));
        assertTrue(html.contains("\"role\":\"heldout\""), "held-out data look as in a compression");
        assertTrue(html.contains("[8.0,100.0]"), "all of it is zero, in percent, at epoch 8");
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "FAILED|The Run failed: " + SyntheticTraining.REASON + ".|it failed before",
            "INTERRUPTED|The Run was interrupted. Next: <code>orbifold resume runs/x</code>|it was interrupted before"})
    void aRunThatIsNotDoneShowsWhatItHas(RunState.Status status, String verdict, String why) {
        String html = page(status);
        assertTrue(html.contains(verdict), html.substring(html.indexOf("<header>"), html.indexOf("</header>")));
        String section = section(html, "constraints");
        assertTrue(section.contains("The Run has no result with constraints: " + why + "."), section);
        assertTrue(section.contains("id=\"chart-zeros\""), "the shares up to there");
    }

    @Test
    void aTrainingWithoutConstraintsSaysSo() {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "train", List.of())) {
            run.result(Map.of("schema", "orbifold.train/1", "constraints", List.of(), "met", true, "equality",
                    Map.of("maxError", 2.4e-7, "samples", 8)));
            run.state(RunState.Status.DONE, 0, "");
            String html = HtmlReport.html(run.view());
            assertTrue(section(html, "constraints").contains("The Run was asked for no constraints."));
            assertTrue(html.contains("Writing what was trained out moved no output by more than 2.4e-07"),
                    "nothing was cut");
            assertFalse(html.contains("Constraints: <span"), "nothing that could be met");
        }
    }

    private String header(Map<String, Object> more) {
        Map<String, Object> result = new LinkedHashMap<>(more);
        result.put("schema", "orbifold.train/1");
        result.put("constraints", List.of());
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "train", List.of())) {
            run.result(result);
            run.state(RunState.Status.DONE, 0, "");
            return HtmlReport.html(run.view());
        }
    }

    @Test
    void fatesAreSaidWithWhatBecameOfThem() {
        String html = header(Map.of("fates", Map.of("at", 0.1, "diedAsSaid", 1040, "diedUnsaid", 3, "livedAsSaid", 56,
                "livedUnsaid", 1, "open", 5, "wrongOpen", 2)));
        String header = html.substring(html.indexOf("<header>"), html.indexOf("</header>"));
        assertTrue(header.contains("Of 1,100 units 1,096 (99.64 %) had the fate that was said at 10 % of training."),
                header);
        String section = section(html, "fates");
        assertTrue(section.contains("Of 5 units the interval held both fates; 2 of the 4 wrong ones"), section);
        assertEquals(List.of("1,040", "1", "3", "56"), Pattern.compile("<td class=\"number\">([^<]*)</td>")
                .matcher(section).results().map(cell -> cell.group(1)).toList(), "said to die, then said to live");
    }

    @Test
    void latentsAreSaid() {
        assertTrue(header(Map.of("latents", Map.of("active", 7, "latents", 8, "divergence", 12.345)))
                .contains("7 of 8 latents active, divergence 12.35 nats per item."));
    }

    /** Without constraints, but with remove: what was removed is named, above and in the place of constraints. */
    @Test
    void whatWasRemovedIsNamed() {
        String html = header(Map.of("remove", List.of("syre (σ = 0.05)", "noise (σ = 0.1)")));
        assertTrue(html.contains("Kept off its mirrors by syre (σ = 0.05), noise (σ = 0.1)."));
        assertTrue(section(html, "constraints").contains("to be kept off mirrors (remove) by syre (σ = 0.05), noise"));
        assertEquals("", section(html, "fates"));
    }

    @Test
    void columnsWithoutANumberAreLeftOut() {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "train", List.of())) {
            run.result(Map.of("schema", "orbifold.train/1", "constraints",
                    List.of(Map.of("name", "a", "cells", 4, "zero", 1)), "met", true));
            run.state(RunState.Status.DONE, 0, "");
            String section = section(HtmlReport.html(run.view()), "constraints");
            for (String absent : List.of("goal", "tationarity", "uality gap")) {
                assertFalse(section.contains(absent), absent);
            }
        }
    }

    @Test
    void theTerminalHasOneLinePerConstraint() {
        RunView run = SyntheticTraining.write(temporary.resolve("run"), "few weights", RunState.Status.DONE);
        assertEquals("""
                Constraint   on                     condition       scheme                goal            zero     share   stationarity  left of Oᵀw
                few weights  fc1.weight             single weights  elementwise D = 3  90.00 %  5,760 of 6,400   90.00 %              –            –
                halves       fc1.weight and 2 more  single weights  gated D = 2              –       50 of 100   50.00 %        1.6e-06            –
                all of it    fc2.weight             single weights  elementwise D = 2        –        40 of 40  100.00 %  4.2e-06 (gap)      3.1e-08
                """, Outcomes.of(run.result().orElseThrow()).table().text());
    }

    /** λ as a person would type it. */
    @ParameterizedTest @CsvSource({"0.000125,1.25e-4", "0.1,0.1", "3,3", "1e-9,1e-9", "0,0", "12345,1.23e4"})
    void strengthsAreShort(double lambda, String text) {
        Outcomes outcomes = Outcomes.of(Json.tree(Map.of("constraints", List.of(Map.of("lambda", lambda)))));
        assertEquals(text, outcomes.rows().getFirst().strength());
    }
}
