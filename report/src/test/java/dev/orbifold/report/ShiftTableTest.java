package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which shift is taken back by what can be read from a row, also where one layer's is taken back by the next. */
class ShiftTableTest {
    private static JsonNode shifts(List<String> names, List<String> absorbing) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            all.add(Map.of("name", names.get(i), "dimension", 8, "slots",
                    List.of(Map.of("parameter", names.get(i)), Map.of("parameter", absorbing.get(i)))));
        }
        return Json.tree(all);
    }

    private static ShiftTable.Row row(List<String> names, List<String> absorbing) {
        ShiftTable table = ShiftTable.of(shifts(names, absorbing));
        assertEquals(1, table.rows().size(), table.text());
        return table.rows().getFirst();
    }

    @Test
    void layersThatCountUpAreARange() {
        ShiftTable.Row row = row(List.of("b.0.n1.bias", "b.1.n1.bias", "b.2.n1.bias"),
                List.of("b.1.n1.bias", "b.2.n1.bias", "b.3.n1.bias"));
        assertEquals(new ShiftTable.Row("b.{0..2}.n1.bias", 3, 8, "b.{1..3}.n1.bias"), row);
    }

    @Test
    void twoLayersAndGapsAreNamed() {
        assertEquals("f.{4,5}.bias", row(List.of("f.4.bias", "f.5.bias"), List.of("g", "g")).name());
        assertEquals("f.{2,9..11}.bias", row(List.of("f.2.bias", "f.9.bias", "f.10.bias", "f.11.bias"),
                List.of("g", "g", "g", "g")).name());
    }

    @Test
    void theMiddleOfALongListIsLeftOut() {
        List<String> names = List.of("w_3", "w_5", "w_7", "w_9", "w_20");
        assertEquals("w_{3,5,7,…,20}", row(names, names.stream().map(n -> "g").toList()).name());
    }

    @Test
    void theSameNumberStandsAlone() {
        ShiftTable.Row row = row(List.of("s.1.b.0.bias", "s.1.b.1.bias"), List.of("s.1.c", "s.1.c"));
        assertEquals(new ShiftTable.Row("s.1.b.{0,1}.bias", 2, 8, "s.1.c"), row);
    }
}
