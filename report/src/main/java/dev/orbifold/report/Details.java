package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What it takes to do the Run again: configuration, seeds, versions, hashes; and what happened when. */
final class Details {
    static final JsonNode NOTHING = MissingNode.getInstance();

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
        block(section, "Events", events(), "The Run recorded no events.");
        block(section, "Configuration", run.configuration().map(tree -> values("Configuration", tree)),
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
