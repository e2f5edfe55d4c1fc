package dev.orbifold.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.run.Storage;
import dev.orbifold.run.Typed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** All trainings of an {@link Experiment}, one after the other, each a Run of its own below the experiment's. */
public final class Trials {
    private static final String FOLDER = "trials";
    private static final String WRITTEN = "trained.onnx";
    private static final String POINT = "point.json";

    /** Where the output of a recipe that is only checked would go. */
    private static final Path SOMEWHERE = Path.of(System.getProperty("java.io.tmpdir")).resolve(WRITTEN);

    private final TrainRequest request;
    private final Experiment experiment;
    private double seconds = Double.NaN;

    private Trials(TrainRequest request, Experiment experiment) {
        this.request = request;
        this.experiment = experiment;
    }

    /**
     * Reads the experiment and checks all recipes, each value also against model and data, before any folder is made.
     *
     * @return empty where the recipe is a single training
     * @throws TrainException if anything is wrong; names the line
     */
    public static Optional<Trials> prepare(TrainRequest request) {
        Optional<Experiment> found = Experiment.of(request.name(), request.text());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (request.overrides().output().isPresent()) {
            throw new TrainException(
                    request.name() + " is an experiment of many trainings, whose models lie in its Run;"
                            + " leave the output out");
        }
        Experiment experiment = request.overrides().seed().map(found.get()::only).orElseGet(found::get);
        Trials trials = new Trials(request, experiment);
        experiment.trials().forEach(t -> trials.request(t, SOMEWHERE).recipe());
        experiment.trials().stream().filter(t -> t.seed() == experiment.seeds().getFirst())
                .forEach(t -> Train.prepare(trials.request(t, SOMEWHERE)).close());
        return Optional.of(trials);
    }

    private List<Experiment.Trial> firsts() {
        return experiment.trials().stream()
                .filter(t -> t.value() == 0 && t.seed() == experiment.seeds().getFirst()).toList();
    }

    private TrainRequest request(Experiment.Trial trial, Path output) {
        return request.of(trial, output);
    }

    /** The numbers of {@link #plan}, once that was made. */
    public Map<String, Object> numbers() {
        return Map.of("trainings", experiment.trials().size(), "seconds", seconds);
    }

    /** What will be done, for {@code --dry-run}: one fact a line. */
    public List<String> plan() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "experiment: %d trainings, %d series, seeds %s; plots %s against %s",
                experiment.trials().size(), experiment.series().size(), experiment.seeds(),
                experiment.plot().y().word(), experiment.plot().x().word()));
        double all = 0;
        for (Experiment.Trial first : firsts()) {
            Experiment.Series series = experiment.series().get(first.series());
            lines.add("series " + series.name() + ": values " + series.values());
            try (Train train = Train.prepare(request(first, SOMEWHERE))) {
                train.plan().forEach(line -> lines.add("  " + line));
                long trainings = experiment.trials().stream().filter(t -> t.series() == first.series()).count();
                lines.add(String.format(Locale.ROOT, "  in all: %d trainings, %s", trainings,
                        PlanWords.seconds(trainings * train.seconds())));
                all += trainings * train.seconds();
            }
        }
        seconds = all;
        lines.add("time: " + PlanWords.minutes(all) + " for the experiment; start-up and tests are not counted");
        return lines;
    }

    /**
     * Trains what is not trained yet, in order; a Run that was stopped goes on where it stood.
     *
     * @throws InterruptedRun if {@link Progress#stopping} asked for it; the Run can be resumed
     */
    public ExperimentResult run(RunFolder run, Progress progress) {
        run.configuration(request);
        run.environment(Environment.detect(request.threads(), "", Compress.libraries()));
        if (run.view().inputs().isEmpty()) {
            run.inputs(Train.inputs(
                    experiment.trials().stream().map(t -> request(t, SOMEWHERE).recipe()).distinct().toList()));
        }
        run.state(RunState.Status.RUNNING, 0, Typed.command("resume", run.path()));
        List<Experiment.Trial> trials = experiment.trials();
        List<ExperimentResult.Point> points = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        for (Experiment.Trial trial : trials) {
            String label = label(trial);
            progress.message(String.format(Locale.ROOT, "training %d of %d: %s", trials.indexOf(trial) + 1,
                    trials.size(), label));
            Path folder = run.path().resolve(FOLDER).resolve(trial.name());
            Path kept = folder.resolve(POINT);
            if (!Files.exists(kept)) {
                try {
                    one(trial, folder, new Labelled(progress, label));
                } catch (TrainException e) {
                    // One training that fails, by a learning rate that is too high for it, says something about its value.
                    progress.message(label + " failed: " + e.getMessage());
                    findings.add(new Finding(Finding.Severity.WARNING, "training-failed", label,
                            String.valueOf(e.getMessage())));
                    continue;
                }
            }
            ExperimentResult.Point point = point(kept);
            RunView.of(folder).result().filter(r -> !r.path("met").asBoolean(true))
                    .ifPresent(r -> findings.add(new Finding(Finding.Severity.WARNING, "goal-missed", label,
                            "a constraint missed the share of zeros it was to reach: "
                                    + r.path("verdict").asText())));
            points.add(point);
            run.result(json(points, run, findings.isEmpty()));
        }
        boolean met = findings.isEmpty();
        ExperimentResult result = new ExperimentResult(points, met, verdict(points, fates(points, run)));
        run.result(json(points, run, met));
        run.findings(findings);
        run.state(RunState.Status.DONE, met ? 0 : 1, "");
        return result;
    }

    /** Continues an experiment. */
    public static ExperimentResult resume(RunFolder run, Progress progress) {
        run.view().inputs().forEach(InputFile::checkUnchanged);
        TrainRequest request = run.view().configuration(TrainRequest.class);
        Resumed.changed(request, progress);
        return prepare(request).orElseThrow().run(run, progress);
    }

    /**
     * The folders of an experiment's trainings that have begun, in the order of their names; none where a Run is no
     * experiment.
     *
     * @param experiment the folder of its Run
     */
    public static List<Path> runs(Path experiment) {
        Path folder = experiment.resolve(FOLDER);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(f -> Files.exists(f.resolve("run.json"))).sorted().toList();
        } catch (IOException e) {
            throw new RunException("cannot list " + folder + ": " + e.getMessage(), e);
        }
    }

    private String label(Experiment.Trial trial) {
        Experiment.Series series = experiment.series().get(trial.series());
        String value = series.values().get(trial.value());
        return series.name() + (value.isEmpty() ? "" : ", " + value) + ", seed " + trial.seed();
    }

    private void one(Experiment.Trial trial, Path folder, Progress progress) {
        Path output = folder.resolve("models").resolve(WRITTEN);
        TrainResult result = trained(trial, folder, output, progress);
        Experiment.Series series = experiment.series().get(trial.series());
        String value = series.values().get(trial.value());
        Watched watched = new Watched(RunView.of(folder).metrics());
        Map<String, Double> measures = new LinkedHashMap<>();
        for (Measure measure : Measure.values()) {
            measures.put(measure.word(), measure.of(result, value, watched));
        }
        ExperimentResult.Point point = new ExperimentResult.Point(series.name(), value, trial.seed(), measures,
                result.maxError(), result.samples(), FOLDER + "/" + trial.name());
        Storage.write(folder.resolve(POINT), Json.pretty(point).getBytes(StandardCharsets.UTF_8));
    }

    private static ExperimentResult.Point point(Path kept) {
        try {
            return Json.convert(Json.read(kept), ExperimentResult.Point.class);
        } catch (RunException e) {
            throw new TrainException(
                    kept + " cannot be read; delete it and resume, so that this training is measured again: "
                            + e.getMessage(),
                    e);
        }
    }

    private TrainResult trained(Experiment.Trial trial, Path folder, Path output, Progress progress) {
        if (Files.exists(folder.resolve("run.json"))) {
            try (RunFolder own = RunFolder.open(folder)) {
                if (own.view().configuration().isPresent()) {
                    return recorded(own, () -> Train.resume(own, progress));
                }
            }
        }
        try (RunFolder own = Files.exists(folder.resolve("run.json")) ? RunFolder.open(folder)
                : RunFolder.create(folder, "train", List.of());
                Train train = Train.prepare(request(trial, output))) {
            return recorded(own, () -> train.run(own, progress));
        }
    }

    /** Does one training; its own Run says what became of it, whoever looks at it by itself. */
    private static TrainResult recorded(RunFolder own, Supplier<TrainResult> training) {
        TrainResult result;
        try {
            result = training.get();
        } catch (TrainException e) {
            own.state(RunState.Status.FAILED, 3, String.valueOf(e.getMessage()));
            throw e;
        }
        own.checkpoints().clear();
        own.state(RunState.Status.DONE, result.met() ? 0 : 1, "");
        return result;
    }

    /** What became of all units whose fate was predicted. */
    private static Optional<Fates.Table> fates(List<ExperimentResult.Point> points, RunFolder run) {
        return Fates.Table.sum(points.stream().map(p -> RunView.of(run.path().resolve(p.run())).result())
                .flatMap(Optional::stream).map(r -> r.path("fates")).filter(JsonNode::isObject)
                .map(r -> Json.convert(r, Fates.Table.class)).toList());
    }

    private String verdict(List<ExperimentResult.Point> points, Optional<Fates.Table> fates) {
        return fates.map(t -> t.text() + "; ").orElse("") + String.format(Locale.ROOT,
                "%d of %d trainings are done; %s against %s is in the report", points.size(),
                experiment.trials().size(),
                experiment.plot().y().word(), experiment.plot().x().word());
    }

    private Map<String, Object> json(List<ExperimentResult.Point> points, RunFolder run, boolean met) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("schema", "orbifold.experiment/1");
        json.put("recipe", request.name());
        json.put("about", experiment.about());
        json.put("command", run.view().arguments());
        json.put("plot", Map.of("x", experiment.plot().x().word(), "y", experiment.plot().y().word(), "logX",
                experiment.plot().logX(), "logY", experiment.plot().logY(), "claim", experiment.plot().claim(), "value",
                experiment.plot().value()));
        json.put("series", experiment.series().stream().map(Experiment.Series::name).toList());
        json.put("values", experiment.series().stream().map(Experiment.Series::values).toList());
        json.put("trainings", experiment.trials().size());
        json.put("points", points);
        json.put("equality", Map.of("maxError",
                points.stream().mapToDouble(ExperimentResult.Point::maxError).max().orElse(0), "samples",
                points.stream().mapToInt(ExperimentResult.Point::samples).max().orElse(0)));
        json.put("met", met);
        Optional<Fates.Table> fates = fates(points, run);
        fates.ifPresent(t -> json.put("fates", t));
        json.put("verdict", verdict(points, fates));
        json.put("run", run.path().toString());
        return json;
    }

    /** Says which training a line is about. */
    private record Labelled(Progress progress, String label) implements Progress {
        @Override
        public void message(String text) {
            progress.message(label + ": " + text);
        }

        @Override
        public void step(String phase, long step, long steps, double accuracy, double macs) {
            progress.step(phase, step, steps, accuracy, macs);
        }

        @Override
        public boolean stopping() {
            return progress.stopping();
        }
    }
}
