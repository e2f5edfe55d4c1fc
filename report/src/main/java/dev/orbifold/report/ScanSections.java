package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the page of a scan shows between its header and its Findings: the network, its Spaces, the spectra of products. */
final class ScanSections {
    private static final int LONG = 20;
    private static final int NAMES = 12;

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

    private final JsonNode result;
    private final String unfinished;
    private final List<JsonNode> spaces = new ArrayList<>();
    private final List<String> groups;

    ScanSections(Optional<JsonNode> result, String unfinished) {
        this.result = result.orElse(Details.NOTHING);
        this.unfinished = unfinished;
        this.result.path("spaces").forEach(spaces::add);
        Set<String> names = new LinkedHashSet<>();
        spaces.forEach(space -> names.add(space.path("group").asText()));
        groups = List.copyOf(names);
    }

    Html sections(Consumer<Chart> charts) {
        return new Html().add(network(charts)).add(table()).add(spectra(charts));
    }

    private Html network(Consumer<Chart> charts) {
        Html section = Sections.section("network", "The network");
        Lanes lanes = Lanes.of(result);
        if (lanes.marks().isEmpty()) {
            return Sections.missing(section, "The Run has no list of blocks between Spaces" + unfinished + ".");
        }
        section.element("p",
                "From input, at the top, to output: every Space (disc, the larger the more coordinates) runs down a lane, from"
                        + " the parameters (squares) that write it to the last that reads it. Spaces between the same parameters share a"
                        + " lane. A ring marks dead units, twins or a lost rank.",
                "class", "note");
        section.open("p", "class", "tools");
        section.element("button", "−", "type", "button", "data-zoom", "-1", "aria-label", "smaller").text(" ")
                .element("button", "+", "type", "button", "data-zoom", "1", "aria-label", "larger").close("p");
        List<Chart.Station> stations = lanes.marks().stream().map(this::station).toList();
        List<Chart.Stroke> strokes = lanes.strokes().stream()
                .map(stroke -> new Chart.Stroke(stroke.from(), stroke.to(),
                        stroke.space() < 0 ? -1 : group(spaces.get(stroke.space()))))
                .toList();
        section.open("div", "class", "scroll long pan", "tabindex", "0", "role", "region", "aria-label", "The network");
        Sections.figure(section, new Chart.Network("network", "Spaces and the parameters between them, from input to"
                + " output; the table below has the same Spaces", groups, lanes.lanes(), stations, strokes), "",
                charts);
        return section.end("div").end("section");
    }

    private Chart.Station station(Lanes.Mark mark) {
        double[] at = {mark.lane(), mark.row()};
        if (mark.space() < 0) {
            List<String> lines = new ArrayList<>();
            lines.add("reads " + named(mark.reads()));
            lines.add("writes " + named(mark.writes()));
            List<String> parameters = mark.parameters();
            String more = parameters.size() > NAMES ? " and " + (parameters.size() - NAMES) + " more" : "";
            return new Chart.Station(at, -1, 0, false,
                    parameters.stream().limit(NAMES).collect(Collectors.joining(", ")) + more, "", lines);
        }
        JsonNode space = spaces.get(mark.space());
        List<String> lost = new ArrayList<>();
        add(lost, space.path("dead").asInt(), " dead");
        add(lost, space.path("duplicates").asInt(), space.path("duplicates").asInt() == 1 ? " twin" : " twins");
        if (rankLost(space)) {
            lost.add("rank " + space.path("rank").asInt());
        }
        List<String> lines = new ArrayList<>(List.of(space.path("group").asText(),
                dimension(space) + " coordinates, " + space.path("slots").size() + " Slots"));
        lines.addAll(lost);
        String note = dimension(space) + (lost.isEmpty() ? "" : " · " + String.join(", ", lost)) + " · "
                + space.path("group").asText();
        return new Chart.Station(at, group(space), size(space), !lost.isEmpty(), space.path("name").asText(), note,
                lines);
    }

    private static void add(List<String> lost, int count, String what) {
        if (count > 0) {
            lost.add(count + what);
        }
    }

    private static boolean rankLost(JsonNode space) {
        return space.has("spectra") && space.path("rank").asInt() < space.path("dimension").asInt();
    }

    private String named(Set<Integer> places) {
        return places.isEmpty() ? "no Space" : places.stream().filter(place -> place < spaces.size())
                .map(place -> spaces.get(place).path("name").asText() + " (" + spaces.get(place).path("group").asText()
                        + ")")
                .collect(Collectors.joining(", "));
    }

    private int group(JsonNode space) {
        return groups.indexOf(space.path("group").asText());
    }

    private static long size(JsonNode space) {
        return space.path("copies").asLong(1) * space.path("dimension").asLong();
    }

    private static String dimension(JsonNode space) {
        long copies = space.path("copies").asLong(1);
        return copies == 1 ? space.path("dimension").asText() : copies + " × " + space.path("dimension").asText();
    }

    private Html table() {
        Html section = Sections.section("spaces", "Spaces");
        if (spaces.isEmpty()) {
            return Sections.missing(section, result.isMissingNode() ? "The Run has no list of Spaces" + unfinished + "."
                    : "No Space was found: no axis of this model can be moved; the Findings say what stands in the way.");
        }
        section.open("div", "class", spaces.size() > LONG ? "scroll long" : "scroll", "tabindex", "0", "role", "region",
                "aria-label", "Spaces").open("table", "class", "spaces sortable").element("caption", "Spaces")
                .open("thead").open("tr");
        for (String head : List.of("Space", "Group", "#dimension", "#dead", "#twins", "#rank", "#saves", "#to dead",
                "#to twins", "#to lost rank")) {
            boolean number = head.startsWith("#");
            section.element("th", number ? head.substring(1) : head, "scope", "col", "class", number ? "number" : "");
        }
        section.close("tr").close("thead").open("tbody");
        for (JsonNode space : spaces) {
            section.open("tr").element("th", space.path("name").asText(), "scope", "row").element("td",
                    space.path("group").asText());
            cell(section, new Cell(dimension(space), size(space)));
            cell(section, Cell.some(space.path("dead")));
            cell(section, Cell.some(space.path("duplicates")));
            cell(section, space.has("spectra") ? Cell.count(space.path("rank")) : new Cell("", -1));
            cell(section, Cell.some(space.path("saving")));
            for (String mirror : List.of("dead", "twins", "rank")) {
                cell(section, distance(space.path("distances").path(mirror)));
            }
            section.close("tr");
        }
        section.close("tbody").close("table").end("div");
        return section.element("p",
                "Twins repeat another unit, up to the Group. Rank is that of bilinear products, the largest of all copies. What a"
                        + " Space saves is parameters, if its dead units and twins alone are taken out. The last columns say how far units"
                        + " (for rank: copies) are from the mirrors, minimum · 10 % · median: 0 has collapsed; for dead units 1 is the"
                        + " Space's average, for twins 1 is orthogonal, for rank 1 is a product that stretches all directions alike.",
                "class", "note").end("section");
    }

    /** Minimum, 10 % and median of the distances to one kind of mirror; sorted by the minimum. */
    private static Cell distance(JsonNode quantiles) {
        return quantiles.isMissingNode() ? new Cell("", -1)
                : new Cell(Stream.of("minimum", "tenth", "median").map(q -> share(quantiles.path(q).asDouble()))
                        .collect(Collectors.joining(" · ")), quantiles.path("minimum").asDouble());
    }

    private static String share(double value) {
        return value == 0 || value >= 0.005 ? String.format(Locale.ROOT, value == 0 ? "%.0f" : "%.2f", value)
                : Units.scientific(value);
    }

    private static void cell(Html section, Cell cell) {
        section.element("td", cell.text(), "class", "number", "data-value", String.valueOf(cell.value()));
    }

    private Html spectra(Consumer<Chart> charts) {
        Html section = Sections.section("spectra", "Spectra of products");
        List<Chart.Spectrum> products = new ArrayList<>();
        for (JsonNode space : spaces) {
            List<double[]> copies = new ArrayList<>();
            for (JsonNode copy : space.path("spectra")) {
                double[] values = new double[copy.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = copy.path(i).asDouble();
                }
                copies.add(values);
            }
            if (!copies.isEmpty()) {
                products.add(new Chart.Spectrum(
                        space.path("name").asText() + ": rank " + space.path("rank").asInt() + " of "
                                + dimension(space),
                        copies));
            }
        }
        if (products.isEmpty()) {
            return Sections.missing(section,
                    "There are no products of two parameters with free coordinates between them"
                            + unfinished + ".");
        }
        section.element("p",
                "Singular values of what writes a Space times what reads it, such as query times key, one line per copy (head),"
                        + " relative to the copy's largest. A line that falls steeply uses few of its coordinates; what lies"
                        + " below 1e-6 (dashed) is rounding.",
                "class", "note");
        section.open("p", "class", "tools").open("label").text("Product ").open("select", "data-chart", "spectra");
        for (int i = 0; i < products.size(); i++) {
            section.element("option", products.get(i).name(), "value", String.valueOf(i));
        }
        section.close("select").close("label").close("p");
        Sections.figure(section, new Chart.Spectra("spectra", "Singular values of bilinear products", products), "",
                charts);
        return section.end("section");
    }
}
