package dev.orbifold.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.orbifold.report.Comparison;
import dev.orbifold.report.Experiments;
import dev.orbifold.report.Outcomes;
import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunView;
import dev.orbifold.run.Typed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a Run has reached, read back from it, as people read it. */
final class Results {
    /** The largest output difference, divided by the output range, that counts as equal. */
    static final double EQUAL = 1e-4;

    /** More notes than this are in the report alone. */
    private static final int NOTES = 3;

    private final RunView run;
    private final JsonNode result;

    /**
     * Reads the result.
     *
     * @throws RunException if the Run has none
     */
    Results(RunView run) {
        this.run = run;
        this.result = run.result()
                .orElseThrow(
                        () -> new RunException(run.path() + " has no result yet; continue it with `"
                                + Typed.command("resume", run.path()) + "`"));
    }

    /** The result as it lies in the Run. */
    JsonNode document() {
        return result;
    }

    /** The verdict that was recorded, if any. */
    String verdict() {
        return result.path("verdict").asText("the Run is done");
    }

    /** Whether what was taken out changed no output beyond rounding. */
    boolean equal() {
        return compared() && result.path("equality").path("maxError").asDouble() <= EQUAL;
    }

    /** Whether there is a difference at all: there is none where outputs are not numbers. */
    boolean compared() {
        return result.path("equality").path("maxError").isNumber();
    }

    /** Whether more was taken out than what had collapsed exactly. */
    private boolean approximate() {
        return result.path("tolerance").asDouble(0) > 0;
    }

    /** The proof in one sentence. */
    String equalityText() {
        JsonNode equality = result.path("equality");
        if (!compared()) {
            return "not all outputs are numbers, so that nothing shows whether they are equal (ONNX Runtime, "
                    + equality.path("samples").asLong() + " samples)";
        }
        JsonNode constraints = result.path("constraints");
        return (!trained() ? "taking out what had collapsed"
                : constraints.isArray() && constraints.isEmpty() ? "writing what was trained out"
                        : "cutting what is zero out of the folded network")
                + " moved no output by more than "
                + Units.scientific(equality.path("maxError").asDouble(Double.NaN))
                + " of the output range (ONNX Runtime, "
                + equality.path("samples").asLong() + " samples; "
                + (approximate() ? "with --tolerance, this is the error"
                        : "allowed are " + Units.scientific(EQUAL))
                + ")";
    }

    /** Everything worth reading, for a terminal. */
    String text(String verdict) {
        if (result.has("points")) {
            return Experiments.of(result).table().text() + "\n" + capital(verdict) + ".\n" + findings() + "\n"
                    + files();
        }
        StringBuilder text = new StringBuilder(Comparison.of(result).table().text());
        String constraints = Outcomes.of(result).rows().isEmpty() ? "" : Outcomes.of(result).table().text();
        String sentence = constraints.isEmpty() ? verdict : missedGoal();
        text.append(constraints.isEmpty() ? "" : "\n" + constraints).append('\n');
        if (!sentence.isEmpty()) {
            text.append(capital(sentence)).append(sentence.endsWith(".") ? "\n" : ".\n");
        }
        if (!constraints.isEmpty() && result.has("latents")) {
            JsonNode latents = result.path("latents");
            text.append(latents.path("active").asInt()).append(" of ").append(latents.path("latents").asInt())
                    .append(" latents are active.\n");
        }
        if (result.path("equality").has("maxError")) {
            text.append(capital(equalityText())).append(".\n");
        }
        text.append(widths()).append(findings()).append('\n').append(files());
        return text.toString();
    }

    private boolean trained() {
        return result.path("schema").asText().startsWith("orbifold.train/");
    }

    private String missedGoal() {
        return result.path("met").asBoolean(true) ? "" : "a constraint missed the share of zeros it was to reach";
    }

    /** What to say where the target, or a goal, was missed. */
    String missed(String verdict) {
        return missedGoal().isEmpty() ? verdict : missedGoal() + ": " + verdict;
    }

    private static String capital(String sentence) {
        return sentence.isEmpty() ? sentence : Character.toUpperCase(sentence.charAt(0)) + sentence.substring(1);
    }

    private String widths() {
        Table table = new Table().left("Space").right("from").right("to");
        List<JsonNode> spaces = new ArrayList<>();
        result.path("spaces").forEach(spaces::add);
        if (spaces.isEmpty()) {
            return "";
        }
        spaces.forEach(s -> table.row(s.path("name").asText(), s.path("from").asText(), s.path("to").asText()));
        return "\n" + table.text();
    }

    private String findings() {
        StringBuilder text = new StringBuilder();
        List<String> notes = new ArrayList<>();
        for (JsonNode finding : run.findings().orElseGet(JsonNodeFactory.instance::arrayNode)) {
            if (finding.path("severity").asText().equals("INFO")) {
                notes.add("note: " + finding.path("place").asText() + ": " + finding.path("message").asText() + '\n');
            } else {
                text.append(finding.path("severity").asText().toLowerCase(Locale.ROOT)).append(": ")
                        .append(finding.path("place").asText()).append(": ").append(finding.path("message").asText())
                        .append('\n');
            }
        }
        notes.subList(0, Math.min(NOTES, notes.size())).forEach(text::append);
        text.append(Listing.notes(Math.max(0, notes.size() - NOTES)));
        return text.isEmpty() ? "" : "\n" + text;
    }

    private String files() {
        Table table = new Table().left("").left("");
        Path model = Path.of(result.path("model").path("path").asText(""));
        if (model.startsWith(run.path().toAbsolutePath())) {
            table.row("before", near(model));
        }
        if (result.path("output").isTextual()) {
            table.row("model", near(Path.of(result.path("output").asText())));
        }
        table.row("report", near(run.report()));
        table.row("everything", near(run.path()));
        return "Written:\n" + table.text();
    }

    /** The path as it is shortest to type from here. */
    static String near(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path absolute = path.toAbsolutePath().normalize();
        return absolute.startsWith(here) && !absolute.equals(here) ? here.relativize(absolute).toString()
                : path.toString();
    }
}
