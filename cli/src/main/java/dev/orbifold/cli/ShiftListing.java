package dev.orbifold.cli;

import dev.orbifold.report.Table;
import dev.orbifold.symmetry.Shift;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The shifts of a model, for people and as JSON. */
final class ShiftListing {
    /** More rows than this say less. */
    private static final int ROWS = 10;

    /** Shifts of layers that differ in their numbers alone. */
    private record Kind(String name, int dimension, String absorbed) {
    }

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
            fields.put("slots", shift.slots().stream().flatMap(s -> s.axes().stream()
                    .map(axis -> Map.<String, Object>of("parameter", s.parameter(), "axis", axis))).toList());
            all.add(fields);
        }
        return all;
    }

    /** The shifts, one row per kind of layer; empty where there are none. */
    static String text(Verified verified) {
        if (verified.shifts().isEmpty()) {
            return "";
        }
        Map<Kind, List<Shift>> kinds = new LinkedHashMap<>();
        for (Shift shift : verified.shifts()) {
            String absorbed = shift.absorbed().stream().map(ShiftListing::anyNumber).distinct()
                    .collect(Collectors.joining(", "));
            kinds.computeIfAbsent(new Kind(anyNumber(shift.name()), shift.dimension(), absorbed),
                    k -> new ArrayList<>()).add(shift);
        }
        Table table = new Table().left("Shift of").right("numbers").left("taken back by");
        kinds.entrySet().stream().limit(ROWS).forEach(kind -> {
            List<Shift> alike = kind.getValue();
            boolean one = alike.size() == 1;
            String absorbed = one ? String.join(", ", alike.get(0).absorbed()) : kind.getKey().absorbed();
            table.row(one ? alike.get(0).name() : kind.getKey().name(),
                    (one ? "" : alike.size() + " × ") + kind.getKey().dimension(),
                    absorbed.isEmpty() ? "nothing, it is not seen" : absorbed);
        });
        long left = kinds.entrySet().stream().skip(ROWS).mapToLong(kind -> kind.getValue().size()).sum();
        return "\n" + table.text() + (left == 0 ? "" : "and " + left + " more, in the Run's result.json\n");
    }

    private static String anyNumber(String name) {
        return name.replaceAll("\\d+", "*");
    }
}
