package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * What the page of a scan shows between its header and its Findings: the network, its Spaces and shifts, the spectra of
 * products, the certificate.
 */
final class ScanSections {
    private static final int NAMES = 12;

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
        return new Html().add(network(charts)).add(SpacesTable.ofScan(result, unfinished))
                .add(ShiftTable.of(result.path("shifts")).section()).add(spectra(charts))
                .add(CertificateSection.of(result, charts));
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
                SpacesTable.dimension(space) + " coordinates, " + space.path("slots").size() + " Slots"));
        lines.addAll(lost);
        String note = SpacesTable.dimension(space) + (lost.isEmpty() ? "" : " · " + String.join(", ", lost)) + " · "
                + space.path("group").asText();
        return new Chart.Station(at, group(space), SpacesTable.size(space), !lost.isEmpty(),
                space.path("name").asText(), note,
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
                                + SpacesTable.dimension(space),
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
