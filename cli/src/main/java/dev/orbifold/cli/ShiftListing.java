package dev.orbifold.cli;

import dev.orbifold.report.ShiftTable;
import dev.orbifold.run.Json;
import dev.orbifold.symmetry.Shift;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The shifts of a model, for people and as JSON. */
final class ShiftListing {
    private ShiftListing() {
    }

    /** One object per shift. */
    static List<Map<String, Object>> of(Verified verified) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Shift shift : verified.shifts()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("name", shift.name());
            fields.put("dimension", shift.dimension());
            fields.put("group", shift.group().name());
            fields.put("slots", shift.slots().stream().flatMap(slot -> slots(shift, slot)).toList());
            all.add(fields);
        }
        return all;
    }

    /** A parameter once per axis along which it moves, and what it does in the shift. */
    private static Stream<Map<String, Object>> slots(Shift shift, Shift.Slot slot) {
        String role = slot.equals(shift.slots().getFirst()) ? "moved" : "takes back";
        return (slot.axes().isEmpty() ? List.of(0) : slot.axes()).stream()
                .map(axis -> Map.of("parameter", slot.parameter(), "axis", axis, "role", role));
    }

    /** The shifts, one row per kind of layer; empty where there are none. */
    static String text(Verified verified) {
        String text = ShiftTable.of(Json.tree(of(verified))).text();
        return text.isEmpty() ? "" : "\n" + text;
    }
}
