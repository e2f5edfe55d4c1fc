package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The table of the Spaces of a result, of a scan with what has collapsed in them, of a transform with what moved them. */
final class SpacesTable {
    /** A cell: what is read, and the number it is sorted by. */
    private record Cell(String text, double value) {
        static Cell count(JsonNode number) {
            return number.isNumber() ? new Cell(Units.count(number.asDouble()), number.asDouble())
                    : new Cell("", -1);
        }

        /** Nothing where nothing has collapsed. */
        static Cell some(JsonNode number) {
            return number.asLong() == 0 ? new Cell("", 0) : count(number);
        }
    }

    /** A column: its head, whether it holds numbers, and its cell for a Space. */
    private record Column(String head, boolean number, boolean always, Function<JsonNode, Cell> cell) {
        boolean says(List<JsonNode> spaces) {
            return always || spaces.stream().anyMatch(space -> !cell.apply(space).text().isEmpty());
        }
    }

    private static final Column DIMENSION = new Column("dimension", true, true,
            space -> new Cell(dimension(space), size(space)));
    private static final List<Column> SCAN = List.of(DIMENSION,
            seen("dead", space -> Cell.some(space.path("dead"))),
            seen("twins", space -> Cell.some(space.path("duplicates"))),
            seen("rank", space -> space.has("spectra") ? Cell.count(space.path("rank")) : new Cell("", -1)),
            seen("saves", space -> Cell.some(space.path("saving"))),
            seen("to dead", space -> distance(space, "dead")), seen("to twins", space -> distance(space, "twins")),
            seen("to lost rank", space -> distance(space, "rank")));
    private static final List<Column> TRANSFORM = List.of(DIMENSION,
            new Column("Slots", true, true,
                    space -> new Cell(String.valueOf(space.path("slots").size()), space.path("slots").size())),
            new Column("moved by", false, true, space -> new Cell(words(space.path("applied")), 0)));

    private SpacesTable() {
    }

    /** A column of numbers that is left out where no Space has one. */
    private static Column seen(String head, Function<JsonNode, Cell> cell) {
        return new Column(head, true, false, cell);
    }

    /** The section of a scan. */
    static Html ofScan(JsonNode result, String unfinished) {
        return section(result, unfinished, SCAN,
                "Twins repeat another unit, up to the Group. Rank is that of bilinear products, the largest of all copies. What a"
                        + " Space saves is parameters, if its dead units and twins alone are taken out. The columns “to …” say how far"
                        + " units (for rank: copies) are from the mirrors, minimum · 10 % · median: 0 has collapsed; for dead units 1"
                        + " is the Space's average, for twins 1 is orthogonal, for rank 1 is a product that stretches all directions"
                        + " alike. Columns in which no Space has anything are left out.");
    }

    /** The section of a transform. */
    static Html ofTransform(JsonNode result, String unfinished) {
        return section(result, unfinished, TRANSFORM,
                "Slots are the places where a Space meets a parameter; all of them were moved together. A dimension of 4 × 32 are"
                        + " four copies of 32 coordinates, each moved by a map of its own.");
    }

    private static Html section(JsonNode result, String unfinished, List<Column> possible, String note) {
        Html section = Sections.section("spaces", "Spaces");
        List<JsonNode> spaces = new ArrayList<>();
        result.path("spaces").forEach(spaces::add);
        if (spaces.isEmpty()) {
            return Sections.missing(section, result.isMissingNode() ? "The Run has no list of Spaces" + unfinished + "."
                    : "No Space was found: no axis of this model can be moved; the Findings say what stands in the way.");
        }
        List<Column> columns = possible.stream().filter(column -> column.says(spaces)).toList();
        section.frame("Spaces", spaces.size()).open("table", "class", "spaces sortable").element("caption", "Spaces")
                .open("thead").open("tr").element("th", "Space", "scope", "col").element("th", "Group", "scope", "col");
        columns.forEach(column -> section.element("th", column.head(), "scope", "col", "class",
                column.number() ? "number" : ""));
        section.close("tr").close("thead").open("tbody");
        for (JsonNode space : spaces) {
            section.open("tr").name("th", space.path("name").asText(), "scope", "row").element("td",
                    group(space));
            for (Column column : columns) {
                Cell cell = column.cell().apply(space);
                if (column.number()) {
                    section.element("td", cell.text(), "class", "number", "data-value", String.valueOf(cell.value()));
                } else {
                    section.element("td", cell.text());
                }
            }
            section.close("tr");
        }
        return section.close("tbody").close("table").end("div").element("p", note + affine(spaces), "class", "note")
                .end("section");
    }

    /** What is said below the table where signs come with a bias correction. */
    private static String affine(List<JsonNode> spaces) {
        return spaces.stream().noneMatch(space -> space.path("affine").asBoolean()) ? ""
                : " Affine signs come with a bias correction: a flipped sigmoid is 1 minus what it was, and later biases"
                        + " take the 1 back.";
    }

    /** The words of an array, or that there are none. */
    static String words(JsonNode array) {
        return array.isEmpty() ? "nothing"
                : StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText)
                        .collect(Collectors.joining(", "));
    }

    /** What a Group is called, whether its signs are affine, and the scalings beside it that norms or writers take back. */
    static String group(JsonNode space) {
        StringBuilder text = new StringBuilder(space.path("group").asText());
        text.append(space.path("affine").asBoolean() ? " (affine)" : "");
        for (String word : List.of("norms", "writers")) {
            text.append(space.has(word) ? "; " + word + ": " + space.path(word).asText() : "");
        }
        return text.toString();
    }

    /** Coordinates of all copies. */
    static long size(JsonNode space) {
        return space.path("copies").asLong(1) * space.path("dimension").asLong();
    }

    /** Such as {@code 4 × 32} for four copies of 32 coordinates. */
    static String dimension(JsonNode space) {
        long copies = space.path("copies").asLong(1);
        return copies == 1 ? space.path("dimension").asText() : copies + " × " + space.path("dimension").asText();
    }

    /** Minimum, 10 % and median of the distances to one kind of mirror; sorted by the minimum. */
    private static Cell distance(JsonNode space, String mirror) {
        JsonNode quantiles = space.path("distances").path(mirror);
        return quantiles.isMissingNode() ? new Cell("", -1)
                : new Cell(Stream.of("minimum", "tenth", "median").map(q -> share(quantiles.path(q).asDouble()))
                        .collect(Collectors.joining(" · ")), quantiles.path("minimum").asDouble());
    }

    private static String share(double value) {
        return value == 0 || value >= 0.005 ? String.format(Locale.ROOT, value == 0 ? "%.0f" : "%.2f", value)
                : Units.scientific(value);
    }
}
