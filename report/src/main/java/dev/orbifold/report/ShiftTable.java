package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * The shifts of a result, one row per kind of layer: shifts whose names differ in their numbers alone share a row, with the
 * numbers that tell them apart in braces, in the same order everywhere: {@code b.{0..2}.bias} taken back by
 * {@code b.{1..3}.bias} says that {@code b.0.bias} is taken back by {@code b.1.bias}, and so on.
 *
 * @param rows in the order of the first shift of each
 */
public record ShiftTable(List<Row> rows) {
    /** In a terminal more rows than this say less. */
    private static final int ROWS = 10;
    /** Between braces more numbers or ranges than this are left out. */
    private static final int NUMBERS = 4;
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final String UNSEEN = "nothing, it is not seen";

    /**
     * Shifts that are alike.
     *
     * @param name the parameter that is added to
     * @param count how many shifts
     * @param dimension how many numbers each adds
     * @param absorbed the parameters that take it back, or that nothing has to
     */
    public record Row(String name, int count, int dimension, String absorbed) {
        String numbers() {
            return (count == 1 ? "" : count + " × ") + dimension;
        }
    }

    private record Kind(String name, int dimension, String absorbed) {
    }

    /** Copies the list. */
    public ShiftTable {
        rows = List.copyOf(rows);
    }

    /**
     * Reads them from a result.
     *
     * @param shifts the array {@code shifts}: each with {@code name}, {@code dimension} and {@code slots}, of which the first
     *            parameter is shifted and the others take it back
     */
    public static ShiftTable of(JsonNode shifts) {
        Map<Kind, List<JsonNode>> kinds = new LinkedHashMap<>();
        for (JsonNode shift : shifts) {
            kinds.computeIfAbsent(new Kind(anyNumber(shift.path("name").asText()), shift.path("dimension").asInt(),
                    anyNumber(absorbed(shift))), k -> new ArrayList<>()).add(shift);
        }
        List<Row> rows = new ArrayList<>();
        kinds.forEach((kind, alike) -> {
            String absorbed = shared(alike.stream().map(ShiftTable::absorbed).toList());
            rows.add(new Row(shared(alike.stream().map(shift -> shift.path("name").asText()).toList()), alike.size(),
                    kind.dimension(), absorbed.isEmpty() ? UNSEEN : absorbed));
        });
        return new ShiftTable(rows);
    }

    /** For a terminal, at most ten rows and how many shifts are left out; empty where there are none. */
    public String text() {
        if (rows.isEmpty()) {
            return "";
        }
        Table table = new Table().left("Shift of").right("numbers").left("taken back by");
        rows.stream().limit(ROWS).forEach(row -> table.row(row.name(), row.numbers(), row.absorbed()));
        int left = rows.stream().skip(ROWS).mapToInt(Row::count).sum();
        return table.text() + (left == 0 ? "" : "and " + left + " more, in the Run's result.json\n");
    }

    /** For the page; nothing where there are none. */
    Html section() {
        if (rows.isEmpty()) {
            return new Html();
        }
        return Sections.section("shifts", "Shifts").element("p",
                "A shift adds numbers to a parameter and changes no output, because other parameters take them back, or because a"
                        + " norm or a softmax does not see them. Layers that are alike share a row; the numbers that tell them"
                        + " apart stand in braces, in the same order on both sides.",
                "class", "note")
                .longTable("Shifts", List.of("Shift of", "#numbers", "taken back by"),
                        rows.stream().map(row -> List.of(row.name(), row.numbers(), row.absorbed())).toList(), "class",
                        "shifts")
                .end("section");
    }

    private static String absorbed(JsonNode shift) {
        JsonNode slots = shift.path("slots");
        String first = slots.path(0).path("parameter").asText();
        return String.join(", ", StreamSupport.stream(slots.spliterator(), false)
                .map(slot -> slot.path("parameter").asText()).filter(parameter -> !parameter.equals(first)).distinct()
                .toList());
    }

    private static String anyNumber(String name) {
        return NUMBER.matcher(name).replaceAll("*");
    }

    /** Names that differ in their numbers alone as one, with every number that is not the same in all in braces. */
    private static String shared(List<String> names) {
        List<List<String>> numbers = names.stream()
                .map(name -> NUMBER.matcher(name).results().map(MatchResult::group).toList()).toList();
        AtomicInteger at = new AtomicInteger();
        return NUMBER.matcher(names.getFirst()).replaceAll(number -> {
            int place = at.getAndIncrement();
            List<String> here = numbers.stream().map(n -> n.get(place)).toList();
            return here.stream().distinct().count() == 1 ? number.group() : "{" + runs(here) + "}";
        });
    }

    /** Numbers one by one, those that count up by one as a range; the middle of a long list is left out. */
    private static String runs(List<String> numbers) {
        List<String> runs = new ArrayList<>();
        for (int first = 0; first < numbers.size();) {
            int last = first;
            while (last + 1 < numbers.size() && isNext(numbers.get(last), numbers.get(last + 1))) {
                last++;
            }
            runs.add(last - first < 2 ? String.join(",", numbers.subList(first, last + 1))
                    : numbers.get(first) + ".." + numbers.get(last));
            first = last + 1;
        }
        return runs.size() <= NUMBERS ? String.join(",", runs)
                : String.join(",", runs.subList(0, NUMBERS - 1)) + ",…," + runs.getLast();
    }

    private static boolean isNext(String number, String next) {
        return new BigInteger(number).add(BigInteger.ONE).toString().equals(next);
    }
}
