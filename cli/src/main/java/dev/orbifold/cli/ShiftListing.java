package dev.orbifold.cli;

import dev.orbifold.report.ShiftTable;
import dev.orbifold.run.Json;
import dev.orbifold.symmetry.Shift;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
            fields.put("group", Listing.name(shift.group()));
            fields.put("slots", shift.slots().stream()
                    .flatMap(s -> (s.axes().isEmpty() ? List.of(0) : s.axes()).stream()
                            .map(axis -> Map.<String, Object>of("parameter", s.parameter(), "axis", axis)))
                    .toList());
            all.add(fields);
        }
        return all;
    }

    /** The shifts, one row per kind of layer; empty where there are none. */
    static String text(Verified verified) {
        String text = ShiftTable.of(Json.tree(of(verified))).text();
        return text.isEmpty() ? "" : "\n" + text;
    }
}
