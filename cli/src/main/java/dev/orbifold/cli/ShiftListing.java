package dev.orbifold.cli;

import dev.orbifold.report.Table;
import dev.orbifold.symmetry.Shift;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The shifts of a model, for people and as JSON. */
final class ShiftListing {
    /** More rows than this say less. */
    private static final int ROWS = 10;
    private static final Pattern NUMBER = Pattern.compile("\\d+");

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
        if (verified.shifts().isEmpty()) {
            return "";
        }
        Map<Kind, List<Shift>> kinds = new LinkedHashMap<>();
        for (Shift shift : verified.shifts()) {
            kinds.computeIfAbsent(new Kind(anyNumber(shift.name()), shift.dimension(), anyNumber(absorbed(shift))),
                    k -> new ArrayList<>()).add(shift);
        }
        Table table = new Table().left("Shift of").right("numbers").left("taken back by");
        kinds.values().stream().limit(ROWS).forEach(alike -> {
            String count = alike.size() == 1 ? "" : alike.size() + " × ";
            String absorbed = shared(alike.stream().map(ShiftListing::absorbed).toList());
            table.row(shared(alike.stream().map(Shift::name).toList()), count + alike.get(0).dimension(),
                    absorbed.isEmpty() ? "nothing, it is not seen" : absorbed);
        });
        long left = kinds.values().stream().skip(ROWS).mapToLong(List::size).sum();
        return "\n" + table.text() + (left == 0 ? "" : "and " + left + " more, in the Run's result.json\n");
    }

    private static String absorbed(Shift shift) {
        return String.join(", ", shift.absorbed());
    }

    private static String anyNumber(String name) {
        return NUMBER.matcher(name).replaceAll("*");
    }

    /** Names that differ in their numbers alone as one, with a star for every number that is not the same in all. */
    private static String shared(List<String> names) {
        List<List<String>> numbers = names.stream()
                .map(name -> NUMBER.matcher(name).results().map(MatchResult::group).toList()).toList();
        AtomicInteger at = new AtomicInteger();
        return NUMBER.matcher(names.get(0)).replaceAll(number -> {
            int place = at.getAndIncrement();
            return numbers.stream().allMatch(n -> n.get(place).equals(number.group())) ? number.group() : "*";
        });
    }
}
