package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunView;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What it takes to do the Run again: configuration, seeds, versions, hashes; and what happened when. */
final class Details {
    static final JsonNode NOTHING = MissingNode.getInstance();

    /** Commands that are done in one go, so that nothing happens on the way. */
    private static final Set<String> AT_ONCE = Set.of("scan", "transform", "balance", "predict");

    private final RunView run;
    private final Curves curves;

    Details(RunView run, Curves curves) {
        this.run = run;
        this.curves = curves;
    }

    static String version(RunView run) {
        return run.environment().map(Environment::orbifold).orElseGet(Environment::version);
    }

    Html section() {
        Html section = new Html().open("section", "id", "details").element("h2", "Details");
        block(section, "Command", Optional.of(command()), "");
        if (!AT_ONCE.contains(run.command())) {
            block(section, "Events", events(), "The Run recorded no events.");
        }
        block(section, "Configuration", run.configuration().map(Details::configuration),
                "The Run recorded no configuration.");
        block(section, "Seeds", run.seeds().map(tree -> values("Seeds", tree)), "The Run recorded no seeds.");
        block(section, "Environment", run.environment().map(found -> values("Environment", Json.tree(found))),
                "The Run recorded no environment.");
        block(section, "Inputs", inputs(), "The Run recorded no input files.");
        return section.end("section");
    }

    private static void block(Html section, String title, Optional<Html> content, String missing) {
        section.open("details").element("summary", title);
        content.ifPresentOrElse(section::add, () -> section.element("p", missing, "class", "missing"));
        section.end("details");
    }

    private Optional<Html> events() {
        if (curves.events().isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> rows = curves.events().stream()
                .map(line -> List.of(Sections.epoch(line), line.path("phase").asText(), line.path("name").asText(),
                        line.path("message").asText()))
                .toList();
        return Optional.of(new Html().table("Events", List.of("#epoch", "phase", "event", "what"), rows));
    }

    private Optional<Html> inputs() {
        List<InputFile> inputs = run.inputs();
        if (inputs.isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> rows = inputs.stream().map(input -> List.of(input.role(), input.path().toString(),
                String.valueOf(input.files()), Units.bytes((double) input.bytes()), input.sha256())).toList();
        return Optional.of(
                new Html().table("Inputs", List.of("role", "path", "#files", "#size", "SHA-256"), rows, "class",
                        "inputs"));
    }

    private Html command() {
        return new Html().open("p").element("code", typed(run)).close("p");
    }

    /** What was typed: an experiment is typed as the training of its recipe. */
    static String typed(RunView run) {
        return ("orbifold " + (run.command().equals("experiment") ? "train" : run.command()) + " "
                + String.join(" ", run.arguments())).strip();
    }

    private static Html configuration(JsonNode tree) {
        List<List<String>> rows = new ArrayList<>();
        flatten("", tree, rows);
        return new Html().table("Configuration", List.of("name", "value"),
                rows.stream().map(row -> List.of(spoken(row.getFirst()), readable(row.getLast()))).toList(), "class",
                "plain");
    }

    /** {@code request.options.roundTo} as words: {@code options › round to}. */
    private static String spoken(String path) {
        String[] words = path.replaceFirst("^request\\.", "").replaceAll("([a-z])([A-Z])", "$1 $2").split("\\.", -1);
        return String.join(" › ", words).toLowerCase(Locale.ROOT);
    }

    /** A value as it would be typed: no quotes and brackets, constants as words, numbers without an exponent. */
    private static String readable(String value) {
        String plain = value.matches("\\[.*\\]") ? value.substring(1, value.length() - 1).replace("\"", "")
                .replace(",", ", ") : value;
        if (plain.isEmpty() || plain.equals("null")) {
            return Units.UNKNOWN;
        }
        if (plain.matches("[A-Z][A-Z0-9]+(_[A-Z0-9]+)*")) {
            return plain.toLowerCase(Locale.ROOT).replace('_', '-');
        }
        return plain.matches("-?\\d+\\.\\d+(E-?\\d{1,2})?") ? new BigDecimal(plain).stripTrailingZeros().toPlainString()
                : plain;
    }

    /** A tree as two columns: dotted paths and values. */
    private static Html values(String caption, JsonNode tree) {
        List<List<String>> rows = new ArrayList<>();
        flatten("", tree, rows);
        return new Html().table(caption, List.of("name", "value"), rows, "class", "plain");
    }

    private static void flatten(String path, JsonNode tree, List<List<String>> rows) {
        if (tree.isObject() && !tree.isEmpty()) {
            tree.properties().forEach(
                    field -> flatten(path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(),
                            rows));
        } else {
            rows.add(List.of(path, tree.isValueNode() ? tree.asText() : tree.toString()));
        }
    }
}
