package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The page of a Run that is being watched: what is in it stays the same, what it shows is a {@link State} that is sent again
 * whenever the Run has changed.
 *
 * <p>
 * It looks as the report does and is as safe: texts are escaped, and its policy names script and style by their SHA-256. It
 * may connect to where it came from and nowhere else.
 */
public final class LivePage {
    /** The charts in their order on the page: section, id, caption. */
    private static final List<List<String>> FIGURES = Stream.concat(Stream.of(List.of("Experiment", "experiment", ""),
            List.of("Accuracy and loss", "accuracy", "Accuracy"), List.of("Accuracy and loss", "loss", "Loss"),
            List.of("Zeros", "zeros", ""), List.of("Cost", "cost", "MACs"),
            List.of("Cost", "parameters", "Parameters")),
            Watched.FAMILIES.stream().map(family -> List.of(Watched.TITLE, family.id(), family.title()))).toList();

    /**
     * What the page shows at one moment.
     *
     * @param status {@code running}, {@code interrupted}, {@code failed} or {@code done}
     * @param parts HTML by the id of the element it fills
     * @param charts what the script draws
     */
    public record State(String status, Map<String, String> parts, List<Map<String, Object>> charts) {
        /** The same, saying what cannot be read any more. */
        public State saying(String problem) {
            Map<String, String> changed = new LinkedHashMap<>(parts);
            changed.put("problem", problem(Optional.of(problem)));
            return new State(status, changed, charts);
        }

        /** The state as one line of JSON. */
        public String json() {
            return Json.line(this);
        }
    }

    /**
     * A training of an experiment.
     *
     * @param name of its folder
     * @param status how it stands
     * @param latest the last lines of its metrics
     */
    public record Trial(String name, RunState.Status status, List<JsonNode> latest) {
        /** Copies the list. */
        public Trial {
            latest = List.copyOf(latest);
        }
    }

    /**
     * A page and the policy it is to be served under.
     *
     * @param html the page
     * @param policy for the header Content-Security-Policy
     */
    public record Served(String html, String policy) {
    }

    private final RunView run;
    private final String way;

    /**
     * The page of a Run.
     *
     * @param way the path it is served at, without a slash at its end; the report is at {@code /report} behind it
     */
    public LivePage(RunView run, String way) {
        this.run = run;
        this.way = way;
    }

    /** The page, showing a state until the next one comes. */
    public Served page(State state) {
        Html body = new Html().open("main").open("div", "class", "bar").element("span", "", "id", "back")
                .element("span", "connecting …", "id", "connection", "role", "status").end("div");
        body.element("div", "", "id", "heading").element("div", "", "id", "problem").element("div", "", "id", "trials");
        String open = "";
        for (List<String> figure : FIGURES) {
            if (!figure.getFirst().equals(open)) {
                close(body, open);
                open = figure.getFirst();
                body.open("section", "class", "charts", "hidden", "").element("h2", open)
                        .open("div", "class", open.equals(Watched.TITLE) ? "column" : "pair");
            }
            body.open("figure", "data-chart", figure.get(1), "hidden", "");
            if (!figure.get(2).isEmpty()) {
                body.element("figcaption", figure.get(2));
            }
            body.open("div", "class", "chart", "id", "chart-" + figure.get(1), "role", "img", "aria-label",
                    figure.getFirst() + " " + figure.get(2)).close("div").end("figure");
        }
        close(body, open);
        body.element("div", "", "id", "findings").open("footer")
                .text("Orbifold " + Details.version(run) + ", watching " + run.path()
                        + ". This page talks to this machine alone. Charts: Apache ECharts, Apache License 2.0.")
                .end("footer").end("main");
        Page page = new Page(new Sections(run, Curves.of(List.of()), false).title(), body,
                Map.of("charts", List.of(), "live", state), Page.resource("report.css") + Page.resource("live.css"),
                Page.resource("scan.js") + Page.resource("axes.js") + Page.resource("plots.js")
                        + Page.resource("live.js") + Page.resource("report.js"));
        String policy = "default-src 'none'; " + page.scripts() + "; " + page.styles()
                + "; style-src-attr 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
        String html = page.html(policy).replaceFirst("<title>", "<link rel=\"icon\" href=\"data:,\">\n<title>");
        return new Served(html, policy + "; frame-ancestors 'none'");
    }

    /**
     * A page that says why there is nothing else to see.
     *
     * @param title of the Run
     * @param problem in a sentence
     */
    public static Served unreadable(String title, String problem) {
        Html body = new Html().open("main").open("header").element("h1", title).end("header")
                .element("p", problem, "class", "missing").end("main");
        Page page = new Page(title, body, Map.of(), Page.resource("report.css"), "");
        String policy = "default-src 'none'; " + page.styles() + "; base-uri 'none'; form-action 'none'";
        return new Served(page.still(policy), policy + "; frame-ancestors 'none'");
    }

    private static void close(Html body, String open) {
        if (!open.isEmpty()) {
            body.close("div").end("section");
        }
    }

    /**
     * What there is to show.
     *
     * @param metrics all lines so far
     * @param problem what cannot be read of the Run, if something cannot
     * @param trials the trainings of an experiment
     * @throws RunException if the Run cannot be read
     */
    public State state(List<JsonNode> metrics, Optional<String> problem, List<Trial> trials) {
        Curves curves = Curves.of(metrics);
        RunState state = run.state();
        Optional<JsonNode> result = run.result();
        Sections sections = new Sections(run, curves, false);
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("back", way.isEmpty() ? "" : new Html().open("a", "data-way", "/").text("the experiment").close("a")
                .toString());
        parts.put("heading", heading(sections.title(), state, result, metrics).toString());
        parts.put("problem", problem(problem));
        parts.put("trials", trials.isEmpty() ? "" : trials(trials, result).toString());
        parts.put("findings", sections.findings().toString());
        List<Map<String, Object>> charts = new ArrayList<>();
        charts(curves, result).forEach(chart -> charts.add(HtmlReport.described(chart)));
        return new State(word(state.status()), parts, charts);
    }

    private Html heading(String title, RunState state, Optional<JsonNode> result, List<JsonNode> metrics) {
        boolean running = state.status() == RunState.Status.RUNNING;
        Html heading = new Html().open("header").element("h1", title).open("p", "class", "verdict")
                .element("span", word(state.status()), "class", "status " + word(state.status())).close("p");
        if (!running) {
            heading.add(Verdict.line(result, state));
            heading.open("p").open("a", "data-way", way + "/report").text("Report").close("a").close("p");
        }
        heading.open("dl", "class", "facts");
        if (!metrics.isEmpty()) {
            JsonNode last = metrics.getLast();
            fact(heading, "Phase", last.path("phase").asText());
            fact(heading, "Epoch", Sections.epoch(last));
            fact(heading, "Step", String.format(Locale.ROOT, "%,d", last.path("step").asLong()));
            fact(heading, "Worked for", Units.seconds(last.path("t").asDouble()));
        }
        if (way.isEmpty()) {
            fact(heading, "Command", Details.typed(run));
        }
        return heading.close("dl").end("header");
    }

    private static String problem(Optional<String> problem) {
        return problem.map(text -> new Html().element("p", text, "class", "missing").toString()).orElse("");
    }

    private static void fact(Html heading, String name, String value) {
        heading.element("dt", name).element("dd", value);
    }

    private static String word(RunState.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    private static Html trials(List<Trial> trials, Optional<JsonNode> result) {
        long done = trials.stream().filter(trial -> trial.status() == RunState.Status.DONE).count();
        long all = result.map(r -> r.path("trainings").asLong()).orElse(0L);
        Html section = Sections.section("trainings", "Trainings");
        section.element("p", all > 0 ? done + " of " + all + " are done." : done + " are done.", "class", "note");
        section.frame("Trainings", trials.size()).open("table").element("caption", "Trainings of the experiment")
                .open("thead").open("tr");
        for (String head : List.of("training", "series", value(result), "seed", "state")) {
            section.element("th", head, "scope", "col");
        }
        for (String head : List.of("epoch", "accuracy", "loss")) {
            section.element("th", head, "scope", "col", "class", "number");
        }
        section.close("tr").close("thead").open("tbody");
        for (Trial trial : trials) {
            JsonNode measured = last(trial, "eval").or(() -> last(trial, "train")).orElse(Details.NOTHING);
            section.open("tr").open("th", "scope", "row").open("a", "data-way", "/trials/" + trial.name())
                    .text(trial.name()).close("a").close("th").element("td", series(trial, result))
                    .element("td", value(trial, result)).element("td", place(trial, 2))
                    .element("td", word(trial.status()), "class", "status " + word(trial.status()))
                    .element("td", measured.isMissingNode() ? Units.UNKNOWN : Sections.epoch(measured), "class",
                            "number")
                    .element("td", Units.percent(Sections.number(measured, "accuracy")), "class", "number")
                    .element("td", Units.loss(Sections.number(measured, "loss")), "class", "number").close("tr");
        }
        return section.close("tbody").close("table").end("div").end("section");
    }

    private static Optional<JsonNode> last(Trial trial, String kind) {
        return trial.latest().reversed().stream().filter(line -> line.path("kind").asText().equals(kind)).findFirst();
    }

    /** {@code 2-1-0} is of the second series, its first value and seed 0; the parts are counted from 0. */
    private static String place(Trial trial, int part) {
        return trial.name().matches("[1-9]\\d{0,8}-[1-9]\\d{0,8}-\\d{1,18}") ? trial.name().split("-", -1)[part]
                : Units.UNKNOWN;
    }

    /** Which names there are is known once one training is done. */
    private static String series(Trial trial, Optional<JsonNode> result) {
        return listed(result.map(r -> r.path("series")), place(trial, 0));
    }

    /** What stands for the value of the training's series. */
    private static String value(Trial trial, Optional<JsonNode> result) {
        String series = place(trial, 0);
        return series.equals(Units.UNKNOWN) ? series
                : listed(result.map(r -> r.path("values").path(Integer.parseInt(series) - 1)), place(trial, 1));
    }

    private static String listed(Optional<JsonNode> list, String number) {
        String found = number.equals(Units.UNKNOWN) ? number
                : list.map(all -> all.path(Integer.parseInt(number) - 1).asText("")).orElse("");
        return found.isEmpty() ? Units.UNKNOWN : found;
    }

    /** What trainings have values of. */
    private static String value(Optional<JsonNode> result) {
        return result.map(r -> Experiments.of(r).words().value()).orElse("value");
    }

    private static List<Chart> charts(Curves curves, Optional<JsonNode> result) {
        List<Chart> charts = new ArrayList<>();
        result.filter(r -> !Experiments.of(r).rows().isEmpty())
                .ifPresent(r -> charts.add(ExperimentSection.chart(r, Experiments.of(r))));
        Chart.accuracy(curves).ifPresent(chart -> charts.add(thinned(chart, chart.id())));
        Chart.loss(curves).ifPresent(chart -> charts.add(thinned(chart, chart.id())));
        Chart.zeros(curves).ifPresent(chart -> charts.add(thinned(chart, chart.id())));
        Chart.cost(curves, "macs", "MACs", Optional.empty()).ifPresent(chart -> charts.add(thinned(chart, "cost")));
        Chart.cost(curves, "parameters", "parameters", Optional.empty())
                .ifPresent(chart -> charts.add(thinned(chart, "parameters")));
        Watched.charts(curves).forEach(chart -> charts.add(Watched.thinned(chart)));
        return charts;
    }

    private static Chart thinned(Chart chart, String id) {
        return chart instanceof Chart.Lines lines ? new Chart.Lines(id, lines.description(), lines.axis(), lines.unit(),
                lines.series().stream()
                        .map(one -> new Chart.Series(one.name(), one.role(), Thinning.of(one.points()))).toList(),
                lines.phases(), lines.target()) : chart;
    }
}
