package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.RunView;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/** The page's sections; one whose data is missing says what is missing. */
final class Sections {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm 'UTC'", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);
    private record Width(String space, int from, int to) {
    }

    private final RunView run;
    private final Curves curves;
    private final Optional<JsonNode> result;
    private final boolean inFolder;

    /**
     * @param inFolder whether the page will lie in the Run's folder, so that it can lead to what lies there
     */
    Sections(RunView run, Curves curves, boolean inFolder) {
        this.run = run;
        this.curves = curves;
        this.inFolder = inFolder;
        this.result = run.result();
    }

    String title() {
        String model =
                result.map(r -> r.path("model").path("name").asText(fileName(modelPath(r))))
                        .filter(name -> !name.isEmpty())
                        .or(() -> run.inputs().stream().filter(input -> input.role().equals("model"))
                                .map(input -> String.valueOf(input.path().getFileName())).findFirst())
                        .orElse("");
        String recipe = result.map(r -> r.path("recipe").asText("")).orElse("");
        String name = recipe.isEmpty() ? model : recipe;
        return "Orbifold " + run.command() + (name.isEmpty() ? "" : ": " + name);
    }

    Html body(Consumer<Chart> charts) {
        Html body = new Html().open("main").add(header());
        switch (run.command()) {
            case "scan" -> body.add(new ScanSections(result, unfinished()).sections(charts));
            case "balance" -> body.add(BalanceSections.of(result, unfinished()));
            case "predict" -> body.add(new PredictSections(result, unfinished()).sections(charts));
            case "transform" -> body.add(TransformSections.of(result, unfinished()));
            case "experiment" -> body.add(ExperimentSection.of(result, unfinished(),
                    training -> FindingsSection.page(run, inFolder, training), charts)).add(fates());
            case "train" -> body.add(comparison()).add(fates())
                    .add(new ConstraintsSection(result, curves, unfinished()).section(charts)).add(training(charts))
                    .add(Watched.section(curves, charts));
            default -> {
                body.add(comparison());
                body.add(training(charts)).add(cost(charts)).add(widths(charts)).add(tradeOff(charts));
            }
        }
        return body.add(findings()).add(new Details(run, curves).section()).add(footer()).end("main");
    }

    private Html fates() {
        return result.map(TrainFacts::fates).orElseGet(Html::new);
    }

    private Html header() {
        Html header = new Html().open("header").element("h1", title()).add(Verdict.line(result, run.state()));
        result.ifPresent(r -> Verdict.scan(r).forEach(line -> header.element("p", line)));
        result.flatMap(Verdict::proof).ifPresent(proof -> header.element("p", proof, "class", "note"));
        header.open("dl", "class", "facts");
        result.map(Sections::modelPath).filter(path -> !path.isEmpty())
                .ifPresent(path -> fact(header, "Model", fileName(path)));
        result.map(r -> r.path("model")).filter(model -> model.path("macs").isNumber())
                .ifPresent(model -> fact(header, "Size", Units.count(number(model, "parameters")) + " parameters, "
                        + Units.macs(number(model, "macs")) + ", " + Units.bytes(number(model, "bytes"))));
        result.map(r -> r.path("data")).map(data -> data.isTextual() ? data.asText() : data.toString())
                .filter(data -> !data.isEmpty()).ifPresent(data -> fact(header, "Data", fileName(data)));
        result.map(r -> r.path("output").asText("")).filter(output -> !output.isEmpty())
                .ifPresent(output -> fact(header, "Output", fileName(output)));
        fact(header, "Date", DATE.format(run.created()));
        result.map(r -> r.path("seconds")).filter(JsonNode::isNumber)
                .ifPresent(seconds -> fact(header, "Duration", Units.seconds(seconds.asDouble())));
        return header.close("dl").end("header");
    }

    /** Where the model lies: a result says it alone or with what the model costs. */
    private static String modelPath(JsonNode result) {
        JsonNode model = result.path("model");
        return model.isTextual() ? model.asText() : model.path("path").asText("");
    }

    /** The last name of a path; where the file lies is in the details. */
    private static String fileName(String path) {
        String name = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
        return name.isEmpty() ? path : name;
    }

    private static void fact(Html header, String name, String value) {
        header.element("dt", name).element("dd", value);
    }

    private Html comparison() {
        Html section = section("before-after", "Before and after");
        List<Comparison.Row> rows = result.map(r -> Comparison.of(r).rows()).orElse(List.of());
        if (rows.isEmpty()) {
            return missing(section, "The Run has no result with a model before and after" + unfinished() + ".");
        }
        return section.table("The model before and after", List.of("", "#before", "#after", "#change"),
                rows.stream().map(row -> List.of(row.name(), row.before(), row.after(), row.change())).toList(),
                "class",
                "compare").end("section");
    }

    private Html training(Consumer<Chart> charts) {
        Html section = section("training", "Accuracy and loss");
        Optional<Chart> accuracy = Chart.accuracy(curves);
        Optional<Chart> loss = Chart.loss(curves);
        if (accuracy.isEmpty() && loss.isEmpty()) {
            return missing(section, "The Run recorded no training and no evaluation" + unfinished() + ".");
        }
        section.open("div", "class", "pair");
        accuracy.ifPresentOrElse(chart -> figure(section, chart, "Accuracy", charts), () -> section
                .element("p", "The Run recorded no accuracy.", "class", "missing"));
        loss.ifPresentOrElse(chart -> figure(section, chart, "Loss", charts),
                () -> section.element("p", "The Run recorded no loss.", "class", "missing"));
        section.end("div");
        if (!curves.evaluations().isEmpty()) {
            section.open("details").element("summary", "All evaluations as a table").table("Evaluations",
                    List.of("#epoch", "phase", "part", "#accuracy", "#loss", "#MACs", "#parameters"),
                    curves.evaluations().stream().map(Sections::evaluation).toList()).end("details");
        }
        return section.end("section");
    }

    private static List<String> evaluation(JsonNode line) {
        return List.of(epoch(line), line.path("phase").asText(), line.path("part").asText(),
                Units.percent(number(line, "accuracy")), Units.loss(number(line, "loss")),
                Units.count(number(line, "macs")), Units.count(number(line, "parameters")));
    }

    private Html cost(Consumer<Chart> charts) {
        boolean parameters = targetKind().equals("keep");
        String name = parameters ? "Parameters" : "MACs";
        Html section = section("cost", name + " over time");
        Optional<Chart.Target> target = target();
        Optional<Chart> chart =
                Chart.cost(curves, parameters ? "parameters" : "macs", parameters ? "parameters" : "MACs",
                        target);
        if (chart.isEmpty()) {
            return missing(section, "The Run recorded no " + name + " over time" + unfinished() + ".");
        }
        figure(section, chart.get(), "", charts);
        if (target.isEmpty()) {
            section.element("p", "The Run has no target that could be drawn as a line here.", "class", "note");
        }
        return section.end("section");
    }

    private String targetKind() {
        return result.map(r -> r.path("target").path("kind").asText("")).orElse("");
    }

    private Optional<Chart.Target> target() {
        JsonNode target = result.map(r -> r.path("target")).orElse(Details.NOTHING);
        JsonNode before = result.map(r -> r.path("before")).orElse(Details.NOTHING);
        double value = target.path("value").asDouble(Double.NaN);
        double line = switch (targetKind()) {
            case "speedup" -> before.path("macs").asDouble(Double.NaN) / value;
            case "keep" -> before.path("parameters").asDouble(Double.NaN) * value;
            default -> Double.NaN;
        };
        return Double.isFinite(line) ? Optional.of(new Chart.Target("target " + Units.count(line), line))
                : Optional.empty();
    }

    private Html widths(Consumer<Chart> charts) {
        Html section = section("widths", "Widths of the Spaces");
        List<Width> widths = result.map(Sections::spaces).filter(found -> !found.isEmpty()).orElseGet(this::recorded);
        if (widths.isEmpty()) {
            return missing(section, "The Run recorded no widths" + unfinished() + ".");
        }
        section.element("p", "Units of every Space before and after; the filled part of a bar is what was kept.",
                "class",
                "note");
        section.frame("Widths of the Spaces", widths.size()).open("table", "class", "widths")
                .element("caption", "Widths of the Spaces before and after").open("thead").open("tr");
        section.element("th", "Space", "scope", "col").element("th", "kept", "scope", "col");
        for (String head : List.of("before", "after", "share")) {
            section.element("th", head, "scope", "col", "class", "number");
        }
        section.close("tr").close("thead").open("tbody");
        for (Width width : widths) {
            double share = width.from() == 0 ? 0 : 100.0 * width.to() / width.from();
            section.open("tr").element("th", width.space(), "scope", "row", "title", width.space())
                    .open("td", "class", "bar").open("div", "class", "track")
                    .element("span", "", "style", String.format(Locale.ROOT, "width:%.2f%%", share)).close("div")
                    .close("td").element("td", String.valueOf(width.from()), "class", "number")
                    .element("td", String.valueOf(width.to()), "class", "number")
                    .element("td", String.format(Locale.ROOT, "%.0f %%", share), "class", "number").close("tr");
        }
        section.close("tbody").close("table").end("div").element("h3", "Over time");
        Map<String, Integer> from = new LinkedHashMap<>();
        widths.stream().filter(width -> width.from() > 0).forEach(width -> from.put(width.space(), width.from()));
        Optional<Chart> chart = Chart.widths(curves, from);
        if (chart.isEmpty()) {
            section.element("p", "The Run recorded widths fewer than two times, so there is nothing to see over time.",
                    "class", "missing");
        } else {
            figure(section, chart.get(), "Share of units kept", charts);
        }
        return section.end("section");
    }

    private static List<Width> spaces(JsonNode result) {
        List<Width> widths = new ArrayList<>();
        result.path("spaces").forEach(space -> widths.add(
                new Width(space.path("name").asText(), space.path("from").asInt(), space.path("to").asInt())));
        return widths;
    }

    private List<Width> recorded() {
        if (curves.widths().isEmpty()) {
            return List.of();
        }
        JsonNode first = curves.widths().getFirst().path("widths");
        JsonNode last = curves.widths().getLast().path("widths");
        List<Width> widths = new ArrayList<>();
        first.properties().forEach(space -> widths.add(new Width(space.getKey(), space.getValue().asInt(),
                last.path(space.getKey()).asInt(space.getValue().asInt()))));
        return widths;
    }

    private Html tradeOff(Consumer<Chart> charts) {
        Html section = section("trade-off", "Trade-off");
        OptionalDouble target = targetKind().equals("speedup")
                ? target().map(line -> OptionalDouble.of(line.value())).orElse(OptionalDouble.empty())
                : OptionalDouble.empty();
        Optional<Chart> chart = Chart.tradeOff(curves, target);
        if (chart.isEmpty()) {
            return missing(section,
                    "The Run recorded no held-out evaluation together with its MACs" + unfinished() + ".");
        }
        section.element("p",
                "Every evaluation on held-out data along the Run: what the network could do, and what it cost.",
                "class", "note");
        figure(section, chart.get(), "", charts);
        return section.end("section");
    }

    Html findings() {
        return new FindingsSection(run, inFolder).section(unfinished());
    }

    private Html footer() {
        return new Html().open("footer").text("Written by Orbifold " + Details.version(run)
                + ". This page works offline and loads nothing. Charts: Apache ECharts, Apache License 2.0.")
                .end("footer");
    }

    private String unfinished() {
        return switch (run.state().status()) {
            case DONE -> "";
            case RUNNING -> " yet: it is still running";
            case INTERRUPTED -> ": it was interrupted before";
            case FAILED -> ": it failed before";
        };
    }

    static void figure(Html section, Chart chart, String caption, Consumer<Chart> charts) {
        charts.accept(chart);
        section.open("figure");
        if (!caption.isEmpty()) {
            section.element("figcaption", caption);
        }
        section.open("div", "class", "chart", "id", "chart-" + chart.id(), "role", "img", "aria-label",
                chart.description()).close("div").end("figure");
    }

    static Html section(String id, String title) {
        return new Html().open("section", "id", id).element("h2", title);
    }

    static Html missing(Html section, String text) {
        return section.element("p", text, "class", "missing").end("section");
    }

    static String epoch(JsonNode line) {
        return String.format(Locale.ROOT, "%.2f", line.path("epoch").asDouble());
    }

    static double number(JsonNode line, String field) {
        return line.path(field).asDouble(Double.NaN);
    }
}
