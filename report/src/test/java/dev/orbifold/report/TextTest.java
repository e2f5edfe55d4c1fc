package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.Json;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {
    @ParameterizedTest @CsvSource({"0,0", "940,940", "999,999", "1000,1.00 k", "2293000,2.29 M", "999600,1.00 M",
            "41234567890,41.2 G",
            "-1500,−1.50 k", "NaN,–"})
    void countsHaveThreeDigits(double count, String text) {
        assertEquals(text, Units.count(count));
    }

    @Test
    void unitsReadAsPeopleWriteThem() {
        assertEquals("512 B", Units.bytes(512));
        assertEquals("1.73 MB", Units.bytes(1_725_695));
        assertEquals("12.0 kB", Units.bytes(12_000));
        assertEquals("0.12 ms", Units.millis(0.1234));
        assertEquals("3.4 ms", Units.millis(3.41));
        assertEquals("127 ms", Units.millis(127.3));
        assertEquals("99.35 %", Units.percent(99.35));
        assertEquals("−0.06 points", Units.points(-0.06));
        assertEquals("+0.10 points", Units.points(0.1));
        assertEquals("0.00 points", Units.points(-0.001), "no negative zero");
        assertEquals("0.00 points", Units.points(0.001));
        assertEquals("10.3×", Units.factor(10.29));
        assertEquals("3.1e-06", Units.scientific(3.14e-6));
        assertEquals("2 min 14 s", Units.seconds(134.2));
        assertEquals("1 min 0 s", Units.seconds(59.7));
        assertEquals("1 h 3 min", Units.seconds(3790));
        assertEquals("2.29 M MACs", Units.macs(2_293_000));
    }

    @Test
    void numbersStandToTheRight() {
        String text =
                new Table().left("Space").right("from").right("to").row("conv1", "20", "8").row("fc1", "500", "67")
                        .text();
        assertEquals("""
                Space  from  to
                conv1    20   8
                fc1     500  67
                """, text);
    }

    @Test
    void columnsAlignWhateverTheScript() {
        String text = new Table().left("a").right("b").row("日本", "1").row("e\u0301", "22").text();
        assertEquals("a      b\n日本   1\ne\u0301     22\n", text);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 200; i++) {
            Table table = new Table().left("x").right("y");
            for (int row = 0; row < 4; row++) {
                StringBuilder name = new StringBuilder();
                for (int c = random.nextInt(8); c >= 0; c--) {
                    name.appendCodePoint(random.nextInt(0x20, 0xD7FF));
                }
                table.row(name.toString(), "1");
            }
            assertEquals(1, table.text().lines().mapToInt(Table::width).distinct().count(),
                    "case " + i + "\n" + table);
        }
    }

    @Test
    void aNameCannotSteerTheTerminal() {
        String text = new Table().left("").row("\u001b[2Jevil\n\u0007").text();
        assertFalse(text.substring(0, text.length() - 1).chars().anyMatch(Character::isISOControl), text);
    }

    @Test
    void rowsFitTheColumns() {
        assertThrows(IllegalArgumentException.class, () -> new Table().left("a").row("1", "2"));
        assertThrows(IllegalStateException.class, () -> new Table().left("a").row("1").left("b"));
    }

    @Test
    void theSchemaComesFirst() {
        String text = JsonOutput.document("orbifold.scan/1", Map.of("model", "m.onnx"));
        assertTrue(text.replaceAll("\\s", "").equals("{\"schema\":\"orbifold.scan/1\",\"model\":\"m.onnx\"}"), text);
        assertThrows(IllegalArgumentException.class, () -> JsonOutput.document("scan", Map.of()));
        assertThrows(IllegalArgumentException.class, () -> JsonOutput.document("orbifold.scan/1", 3));
    }

    /** What is 1 in the digits shown is neither more nor less; counts that differ are not called equal. */
    @ParameterizedTest @CsvSource({"latencyMillis,1,1.001,the same", "latencyMillis,1,0.999,the same",
            "latencyMillis,1,1.02,1.02× slower", "latencyMillis,1.02,1,1.02× faster", "parameters,7510,7510,the same",
            "parameters,7510,7509,nearly the same", "parameters,7510,7511,nearly the same",
            "parameters,7510,3755,2.00× fewer", "bytes,100,200,2.00× larger"})
    void noFactorIsOne(String field, double before, double after, String change) {
        Comparison comparison = Comparison
                .of(Json.tree(Map.of("before", Map.of(field, before), "after", Map.of(field, after))));
        assertEquals(change, comparison.rows().getFirst().change());
    }

    /** Cross-entropies are in nats, and only classes, which have an accuracy, have them; a squared error is in no unit. */
    @Test
    void onlyTheLossOfClassesIsInNats() {
        Map<String, Object> error = Map.of("loss", 0.5);
        Map<String, Object> entropy = Map.of("loss", 0.5, "accuracy", 90);
        assertEquals("loss",
                Comparison.of(Json.tree(Map.of("before", error, "after", error))).rows().getFirst().name());
        assertEquals("loss (nats)",
                Comparison.of(Json.tree(Map.of("before", entropy, "after", entropy))).rows().getLast().name());
        assertEquals("loss", axis("\"loss\": 0.5"));
        assertEquals("loss (nats)", axis("\"loss\": 0.5, \"accuracy\": 90"));
    }

    private static String axis(String numbers) {
        Chart chart = Chart.loss(Curves.of(List.of(Json.parse("{\"kind\": \"eval\", \"epoch\": 1, " + numbers + "}"))))
                .orElseThrow();
        return chart instanceof Chart.Lines lines ? lines.axis() : "";
    }

    @Test
    void theComparisonShowsWhatIsKnown() {
        Comparison comparison = Comparison.of(Json.parse("""
                {"before": {"accuracy": 99.41, "macs": 2293000, "bytes": 1725695, "loss": 0.02},
                 "after": {"accuracy": 99.35, "macs": 222000, "bytes": 98000, "loss": null}}"""));
        assertEquals("""
                           before    after         change
                accuracy  99.41 %  99.35 %   −0.06 points
                MACs       2.29 M    222 k    10.3× fewer
                file      1.73 MB  98.0 kB  17.6× smaller
                """, comparison.table().text());
    }
}
