package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What {@code scan --certify} found: whether a continuous symmetry is missing. */
final class CertificateSection {
    private CertificateSection() {
    }

    /** The section; nothing where no certificate was asked for, the reason where none could be made. */
    static Html of(JsonNode result, Consumer<Chart> charts) {
        JsonNode certificate = result.path("certificate");
        if (!certificate.isObject()) {
            return notMade(result).map(reason -> Sections.missing(Sections.section("certificate", "Certificate"),
                    "No certificate could be made: " + reason)).orElseGet(Html::new);
        }
        Html section = Sections.section("certificate", "Certificate").add(verdict(certificate));
        section.element("p",
                "A null direction is a change of the parameters that moves no output on the data, at first order; without them the"
                        + " functional dimension is left. Each is counted under the first cause that reaches it. Those of a Group or a"
                        + " shift are symmetries; the other causes say what this data does not determine.",
                "class", "note");
        List<List<String>> rows = new ArrayList<>();
        long parameters = certificate.path("parameters").asLong();
        long dimension = certificate.path("functionalDimension").asLong();
        rows.add(List.of("parameters", whole(parameters)));
        rows.add(List.of("functional dimension", whole(dimension)));
        rows.add(List.of("null directions", whole(parameters - dimension)));
        rows.add(List.of("conserved by gradient flow", whole(certificate.path("conserved").asLong())));
        rows.add(List.of("gap", gap(certificate)));
        rows.add(List.of("samples", whole(certificate.path("samples").asLong())));
        section.table("Certificate", List.of("quantity", "value"), rows, "class", "plain");
        if (parameters > dimension) {
            Sections.figure(section, chart(certificate), "Null directions by cause", charts);
        }
        return section.add(remainder(certificate)).end("section");
    }

    private static Optional<String> notMade(JsonNode result) {
        return StreamSupport.stream(result.path("findings").spliterator(), false)
                .filter(finding -> finding.path("kind").asText().equals("certificate-not-made"))
                .map(finding -> finding.path("message").asText()).findFirst();
    }

    private static Html verdict(JsonNode certificate) {
        long unexplained = certificate.path("unexplained").asLong();
        Html line = new Html().open("p");
        if (unexplained == 0) {
            return line.element("span", "All null directions are explained", "class", "met")
                    .text(": no continuous symmetry is missing on this data.").end("p");
        }
        return line.element("span", unexplained == 1 ? "1 null direction is not explained"
                : whole(unexplained) + " null directions are not explained", "class", "missed")
                .text(": a symmetry is missing, or these inputs or the form of the model leave more open.").end("p");
    }

    private static String gap(JsonNode certificate) {
        String zero = Units.scientific(certificate.path("largestZero").asDouble(Double.NaN));
        JsonNode smallest = certificate.path("smallestNonZero");
        return "the largest singular value that counts as zero is " + zero
                + " of the largest of all, the smallest that does not "
                + (smallest.isNumber() ? Units.scientific(smallest.asDouble()) : "is not known");
    }

    private static Chart chart(JsonNode certificate) {
        List<Chart.Share> shares = new ArrayList<>();
        certificate.path("causes").properties().stream().filter(cause -> cause.getValue().asLong() > 0)
                .forEach(cause -> shares.add(new Chart.Share(cause.getKey(), cause.getValue().asLong(), false)));
        long unexplained = certificate.path("unexplained").asLong();
        if (unexplained > 0) {
            shares.add(new Chart.Share("unexplained", unexplained, true));
        }
        return new Chart.Bar("causes", "Null directions by cause: " + shares.stream()
                .map(share -> share.name() + " " + share.count()).collect(Collectors.joining(", ")), shares);
    }

    private static Html remainder(JsonNode certificate) {
        JsonNode remainder = certificate.path("remainder");
        if (remainder.isEmpty()) {
            return new Html();
        }
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode direction : remainder) {
            String shares = direction.properties().stream()
                    .map(share -> share.getKey() + " " + Units.percent(100 * share.getValue().asDouble()))
                    .collect(Collectors.joining(", "));
            rows.add(List.of(String.valueOf(rows.size() + 1), shares));
        }
        Html part = new Html().element("h3", "Unexplained directions").open("p", "class", "note")
                .text("The parameters with the largest shares of each direction's squared length. The directions themselves are in ")
                .element("code", certificate.path("file").asText("unexplained.npz"))
                .text(", in the Run's folder: per parameter one array, a direction per row.").close("p");
        return part.longTable("Unexplained directions", List.of("direction", "largest parameters"), rows, "class",
                "remainder");
    }

    /** All digits: what is compared here differs by few of many. */
    private static String whole(long count) {
        return String.valueOf(count).replaceAll("\\B(?=(\\d{3})+$)", "\u202f");
    }
}
