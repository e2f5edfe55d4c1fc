package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.RunView;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What a Run found worth attention, and, of an experiment, how many of its trainings warn of what. */
final class FindingsSection {
    private static final List<String> SEVERITIES = List.of("ERROR", "WARNING", "INFO");

    /** Where the Run of a training lies in that of its experiment. */
    private static final Pattern TRAINING = Pattern.compile("trials/[0-9]+-[0-9]+-[0-9]+");

    /** A longer message is cut in half. */
    private static final int MESSAGE = 500;

    private final RunView run;
    private final boolean inFolder;

    /**
     * @param inFolder whether the page will lie in the Run's folder, so that it can lead to what lies there
     */
    FindingsSection(RunView run, boolean inFolder) {
        this.run = run;
        this.inFolder = inFolder;
    }

    /**
     * The section.
     *
     * @param unfinished why there may be no list yet, behind a sentence
     */
    Html section(String unfinished) {
        Html section = Sections.section("findings", "Findings");
        Html trainings = run.command().equals("experiment") ? trainings() : new Html();
        Optional<JsonNode> findings = run.findings();
        List<JsonNode> sorted = new ArrayList<>();
        findings.ifPresent(all -> all.forEach(sorted::add));
        if (findings.isEmpty()) {
            section.element("p", "The Run recorded no list of Findings" + unfinished + ".", "class", "missing");
        } else if (!sorted.isEmpty()) {
            own(section, sorted);
        } else if (trainings.toString().isEmpty()) {
            section.element("p", "None: nothing in the model or the data needs your attention.");
        }
        return section.add(trainings).end("section");
    }

    private static void own(Html section, List<JsonNode> sorted) {
        sorted.sort(Comparator.comparingInt(finding -> rank(finding.path("severity").asText())));
        section.frame("Findings", sorted.size()).open("table", "class", "findings")
                .element("caption", "Findings by severity")
                .open("thead").open("tr");
        for (String head : List.of("severity", "where", "what")) {
            section.element("th", head, "scope", "col");
        }
        section.close("tr").close("thead").open("tbody");
        for (JsonNode finding : sorted) {
            String severity = finding.path("severity").asText().toLowerCase(Locale.ROOT);
            String known = SEVERITIES.contains(severity.toUpperCase(Locale.ROOT)) ? severity : "info";
            section.open("tr").element("th", severity, "scope", "row", "class", "severity " + known).open("td")
                    .name("code", finding.path("place").asText()).close("td").open("td")
                    .add(message(finding.path("message").asText())).text(" ")
                    .element("span", finding.path("kind").asText(), "class", "note code").close("td").close("tr");
        }
        section.close("tbody").close("table").end("div");
    }

    /** One row for each warning or error that trainings have, with those that have it; nothing where none has one. */
    private Html trainings() {
        Map<String, List<String>> having = new TreeMap<>();
        List<RunView> trials = run.trials();
        for (RunView trial : trials) {
            for (JsonNode finding : trial.findings().orElse(Details.NOTHING)) {
                String severity = finding.path("severity").asText();
                String name = String.valueOf(trial.path().getFileName());
                List<String> names = having.computeIfAbsent(
                        severity.toLowerCase(Locale.ROOT) + " " + finding.path("kind").asText(),
                        kind -> new ArrayList<>());
                if (!severity.equals("INFO") && !names.contains(name)) {
                    names.add(name);
                }
            }
        }
        having.values().removeIf(List::isEmpty);
        if (having.isEmpty()) {
            return new Html();
        }
        long warned = having.values().stream().flatMap(List::stream).distinct().count();
        List<List<String>> rows = new ArrayList<>();
        List<Html> links = new ArrayList<>();
        having.forEach((kind, names) -> {
            rows.add(List.of(kind.substring(kind.indexOf(' ') + 1), kind.substring(0, kind.indexOf(' ')),
                    String.valueOf(names.size())));
            links.add(links(names));
        });
        return new Html()
                .element("p", warned + " of " + trials.size() + (trials.size() == 1 ? " training" : " trainings")
                        + (warned == 1 ? " has" : " have") + " warnings; what each says stands in its own report.")
                .linkedTable("Warnings of trainings", List.of("kind", "severity", "#trainings"), rows, "where", links);
    }

    private Html links(List<String> names) {
        Html links = new Html();
        for (String name : names) {
            page(run, inFolder, "trials/" + name).ifPresentOrElse(page -> links.element("a", name, "href", page),
                    () -> {
                        if (inFolder) {
                            links.text(name);
                        } else {
                            links.element("a", name, "data-way", "/trials/" + name);
                        }
                    });
            links.text(" ");
        }
        return links;
    }

    /** The page of a training of an experiment, where it is there and below the Run's folder. */
    static Optional<String> page(RunView run, boolean inFolder, String training) {
        String page = training + "/report.html";
        return inFolder && TRAINING.matcher(training).matches() && Files.isRegularFile(run.path().resolve(page))
                ? Optional.of(page) : Optional.empty();
    }

    /** The message; the end of one that goes on and on is there for who asks for it. */
    private static Html message(String message) {
        int cut = message.length() <= MESSAGE ? -1 : message.lastIndexOf(' ', MESSAGE / 2);
        return cut < 0 ? new Html().text(message) : new Html().text(message.substring(0, cut) + " …").open("details")
                .element("summary", "all of it").text(message).close("details");
    }

    private static int rank(String severity) {
        int rank = SEVERITIES.indexOf(severity);
        return rank < 0 ? SEVERITIES.size() : rank;
    }
}
