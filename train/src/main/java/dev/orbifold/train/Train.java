package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.UnsupportedOperatorsException;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Trains a network under the constraints of a recipe: {@code train}. */
public final class Train implements AutoCloseable {
    /** Steps that are timed for an estimate, at least and at most; as many as fit into so many seconds. */
    private static final int TIMED = 5;
    private static final int MOST_TIMED = 400;
    private static final double WARM = 1;

    /**
     * What a Run keeps to be continued.
     *
     * @param request what was asked for
     * @param precision the arithmetic, once it was decided
     */
    record Configuration(TrainRequest request, Optional<Precision> precision) {
    }

    private final TrainRequest request;
    private final Recipe recipe;
    private final Graph start;
    private final List<Tasks.Task> tasks;
    private final DataSet data;
    private final Part fit;
    private final Optional<Part> held;
    private final Device device;
    private final Objective objective;
    private final List<Finding> findings = new ArrayList<>();
    private double seconds = Double.NaN;
    private long factors;
    private long memory;
    private final Map<String, List<String>> copies = new LinkedHashMap<>();

    private Train(TrainRequest request) {
        this.request = request;
        this.recipe = request.recipe();
        OutputFile.require(recipe);
        Natives.load();
        Natives.threads(request.threads());
        this.device = Device.best();
        Seed seed = new Seed(recipe.seed());
        Graph plain = recipe.places().checked(() -> Origins.open(recipe, seed, device, findings, copies), "model");
        this.objective = recipe.places().checked(() -> Origins.objective(plain, recipe), "model");
        this.tasks = Tasks.open(recipe, objective, seed);
        Tasks.requireFit(tasks, plain, objective, recipe);
        this.data = tasks.getFirst().data();
        this.fit = tasks.getFirst().fit();
        this.held = tasks.getFirst().held();
        // Every constraint is put in its place once, so that what does not fit is said before there is a Run.
        try (Learner learner = learner(plain, Precision.FLOAT32)) {
            SharedUses.require(recipe, learner, copies);
            this.start = learner.preventing().started(plain);
            findings.addAll(learner.preventing().findings());
            findings.addAll(Pull.tooLarge(recipe));
            findings.addAll(Pull.tooShort(recipe, learner.placement().held(), steps()));
            if (recipe.projected().isPresent()) {
                Projected.require(recipe, start, learner.placement().held());
            }
        } catch (dev.orbifold.constraint.ConstraintException e) {
            throw located(e);
        } catch (UnsupportedOperatorsException e) {
            throw recipe.places().located(e, String.valueOf(e.getMessage()), "model");
        }
        findings.addAll(TrainFindings.unscaled(fit, recipe));
        findings.addAll(TrainFindings.oneClass(fit, recipe));
        findings.addAll(TrainFindings.fewer(recipe, data.train(), fit));
    }

    /**
     * Reads and checks everything, before any folder or file is made.
     *
     * @throws TrainException if the recipe is wrong; names the line
     * @throws dev.orbifold.graph.GraphException if its model cannot be read; names the line
     * @throws dev.orbifold.engine.DataException if its data cannot be read, or do not fit; names the line
     */
    public static Train prepare(TrainRequest request) {
        return new Train(request);
    }

    private Learner learner(Precision precision) {
        return learner(start, precision);
    }

    private Learner learner(Graph graph, Precision precision) {
        try {
            return new Learner(graph, recipe, objective, precision, device, steps());
        } catch (dev.orbifold.constraint.ConstraintException e) {
            throw located(e);
        }
    }

    /** Adds the place in the recipe to what a constraint says of itself. */
    private TrainException located(dev.orbifold.constraint.ConstraintException e) {
        String message = String.valueOf(e.getMessage());
        String where = recipe.constraints().stream()
                .filter(a -> message.startsWith("constraint " + a.constraint().name() + ":")).findFirst()
                .map(a -> a.where() + ": ").orElse(request.name() + ": ");
        return new TrainException(where + message, e);
    }

    private int batch() {
        return recipe.batch() == 0 ? fit.size() : Math.min(recipe.batch(), fit.size());
    }

    private long perEpoch() {
        return Math.max(1, fit.size() / batch());
    }

    private long steps() {
        return perEpoch() * recipe.epochs();
    }

    /** What will be done, for {@code --dry-run}: one fact a line. Takes a few steps on the side to estimate the time. */
    public List<String> plan() {
        List<String> lines = new ArrayList<>();
        Cost cost = Cost.of(start);
        lines.add(String.format(Locale.ROOT, "model: %s, %,d parameters, %,d MACs", Origins.words(recipe.origin()),
                cost.parameters(),
                cost.macs()));
        lines.add(String.format(Locale.ROOT, "data: %s, %,d samples to train on, %,d held out, %,d to test",
                recipe.data().words(), fit.size(), held.map(Part::size).orElse(0), data.test().size()));
        if (tasks.size() > 1) {
            lines.add(String.format(Locale.ROOT, "tasks: %d, each for %d epochs%s", tasks.size(),
                    recipe.epochsOfTask(), recipe.tasks().then().isEmpty() ? ", inputs in an order of their own"
                            : "; then " + String.join(", ",
                                    recipe.tasks().then().stream().map(DataSource::words).toList())));
        }
        lines.add(String.format(Locale.ROOT, "training: %d epochs of %d steps, batch %d, %s, learning rate %s",
                recipe.epochs(), perEpoch(), batch(), PlanWords.optimizer(recipe.optimizer()),
                PlanWords.schedule(recipe.rate())));
        long extra = 0;
        long kept = 0;
        try (Learner learner = learner(Precision.FLOAT32)) {
            for (Placement.Held h : learner.placement().held()) {
                // A matrix keeps its rest as entries, though their coordinates are 0.
                long free = h.form().chart().entries() - h.form().chart().coordinates();
                long factors = PlanWords.factors(h.form().scheme());
                extra += factors + free;
                kept += h.form().scheme().factors() + h.form().chart().rest();
                lines.add(String.format(Locale.ROOT,
                        "constraint %s: %s of %s, %s; %,d cells, %,d entries as %,d factors (%s) and %,d free numbers",
                        h.term().name(), h.asked().constraint().condition().words(), h.form().parameters(),
                        PlanWords.push(h.asked()), h.form().scheme().cells(), h.form().chart().entries(),
                        factors, PlanWords.scheme(h.form().scheme()), free));
            }
            learner.placement().pairs().forEach(p -> lines.add(String.format(Locale.ROOT,
                    "constraint %s: %s, %d copies of %d coordinates, on %s, %s", p.name(),
                    p.asked().constraint().condition().words(), p.rank().space().copies(),
                    p.rank().space().dimension(), p.rank().parameters(), PlanWords.push(p.asked()))));
            learner.placement().rivals()
                    .forEach(r -> lines.add(String.format(Locale.ROOT, "constraint %s: %s of %s by %s, %s, %,d cells",
                            r.name(), r.asked().constraint().condition().words(), r.cells().parameters(),
                            r.cells().rival().word(), PlanWords.push(r.asked()), r.cells().cells())));
            lines.addAll(learner.preventing().plan());
            lines.addAll(recipe.watch().plan());
            int buffers = recipe.optimizer() instanceof dev.orbifold.engine.Optimizer.Kind.Adam ? 4 : 3;
            lines.add(String.format(Locale.ROOT,
                    "memory: weights, gradients and moments %.1f MB, constraints %.1f MB; activations of a batch come on top",
                    buffers * 4e-6 * cost.parameters(), buffers * 4e-6 * kept));
            factors = extra;
            memory = 4L * buffers * (cost.parameters() + kept);
            seconds = secondsPerStep(learner) * steps();
            lines.add("time: " + PlanWords.seconds(seconds)
                    + " of training on this machine; start-up and tests are not counted");
        }
        TrainFindings.fewer(recipe, data.train(), fit)
                .forEach(f -> lines.add("note: " + f.place() + ": " + f.message()));
        findings.stream().filter(f -> f.severity() != Finding.Severity.INFO)
                .forEach(f -> lines.add("warning: " + f.place() + ": " + f.message()));
        return lines;
    }

    /** What {@link #plan} estimated, in seconds. */
    double seconds() {
        return seconds;
    }

    /** The numbers of {@link #plan}, once that was made. */
    public Map<String, Object> numbers() {
        Cost cost = Cost.of(start);
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("parameters", cost.parameters());
        numbers.put("macs", cost.macs());
        numbers.put("samples", fit.size());
        numbers.put("steps", steps());
        numbers.put("factors", factors);
        numbers.put("memory_bytes", memory);
        numbers.put("seconds", seconds);
        return numbers;
    }

    /** The median, once the first steps have warmed up. */
    private double secondsPerStep(Learner learner) {
        List<Double> times = new ArrayList<>();
        try (Loader loader = loader()) {
            Batch batch = loader.epoch(0).next();
            long began = System.nanoTime();
            while (times.size() < TIMED || (System.nanoTime() - began) / 1e9 < WARM && times.size() < MOST_TIMED) {
                long start = System.nanoTime();
                learner.step(batch, 0, 1);
                times.add((System.nanoTime() - start) / 1e9);
            }
        }
        List<Double> late = times.subList(times.size() / 2, times.size()).stream().sorted().toList();
        return late.get(late.size() / 2);
    }

    static String words(dev.orbifold.constraint.Scheme scheme) {
        return scheme.getClass().getSimpleName().toLowerCase(Locale.ROOT) + " D = " + scheme.depth();
    }

    private Loader loader() {
        return loader(fit);
    }

    private Loader loader(Part part) {
        Seed seed = new Seed(recipe.seed()).split("batches");
        int eighth = part.isImages() ? (int) Math.max(1, part.itemShape()[2] / 8) : 0;
        Augmentation augmentation = switch (recipe.augment()) {
            case CROP -> new Augmentation(eighth, false);
            case CROP_FLIP -> new Augmentation(eighth, true);
            default -> Augmentation.NONE;
        };
        boolean memory = augmentation.isNone() && part.size() * part.itemBytes() <= Teacher.CACHE_BYTES;
        return memory ? Loader.inMemory(part, batch(), seed, device)
                : Loader.training(part, batch(), seed, augmentation, device);
    }

    /**
     * Trains to the end, writes the output file, and leaves result, findings and models in the Run.
     *
     * @throws InterruptedRun if {@link Progress#stopping} asked for it; the Run can be resumed
     * @throws TrainException if the loss stops being a number; the Run is kept
     */
    public TrainResult run(RunFolder run, Progress progress) {
        run.configuration(new Configuration(request, Optional.empty()));
        run.inputs(inputs(List.of(recipe)));
        run.seeds(Map.of("seed", recipe.seed()));
        Precision precision = precision();
        run.configuration(new Configuration(request, Optional.of(precision)));
        run.environment(Environment.detect(request.threads(), precision.text(), Compress.libraries()));
        OnnxFile.write(start, run.model("start.onnx"));
        return train(run, progress, precision, Optional.empty());
    }

    /**
     * Continues a Run from its last checkpoint, to the same result as without an interruption.
     *
     * @throws dev.orbifold.run.RunException if model or data are not what the Run was given
     */
    public static TrainResult resume(RunFolder run, Progress progress) {
        run.view().inputs().forEach(InputFile::checkUnchanged);
        Configuration configuration = run.view().configuration(Configuration.class);
        try (Train train = prepare(configuration.request())) {
            train.findings.addAll(Resumed.changed(configuration.request(), progress));
            if (configuration.precision().isEmpty()) {
                return train.run(run, progress);
            }
            Optional<Checkpoint> checkpoint = run.resume();
            try {
                train.findings.addAll(Resumed.damaged(run, checkpoint, progress));
                return train.train(run, progress, configuration.precision().get(), checkpoint);
            } finally {
                checkpoint.ifPresent(Checkpoint::close);
            }
        }
    }

    /** What recipes read, each file once: model, data, files of constraints. */
    static List<InputFile> inputs(List<Recipe> recipes) {
        Map<Path, String> roles = new LinkedHashMap<>();
        for (Recipe recipe : recipes) {
            if (recipe.origin() instanceof Recipe.Origin.Model m) {
                roles.putIfAbsent(m.path(), "model");
            }
            recipe.data().file().ifPresent(file -> roles.putIfAbsent(file, "data"));
            recipe.tasks().then().forEach(d -> d.file().ifPresent(file -> roles.putIfAbsent(file, "data")));
            recipe.constraints().forEach(a -> a.file().ifPresent(file -> roles.putIfAbsent(file, "constraint")));
        }
        return roles.entrySet().stream().map(e -> InputFile.of(e.getValue(), e.getKey())).toList();
    }

    private Precision precision() {
        Precision asked = Precisions.parse(recipe.precision());
        if (asked != Precision.AUTO) {
            return asked;
        }
        try (Learner learner = learner(Precision.AUTO); Loader loader = loader()) {
            Batch batch = loader.epoch(0).next();
            return Precision.measure(device, () -> learner.step(batch, 0, 1)).faster();
        }
    }

    private TrainResult train(RunFolder run, Progress progress, Precision precision, Optional<Checkpoint> from) {
        run.findings(findings);
        if (recipe.tensorboard()) {
            run.tensorboard();
        }
        try (Learner learner = learner(precision)) {
            learner.preventing().save(run);
            Optional<Fates> fates = recipe.predict()
                    .map(asked -> new Fates(recipe, asked, objective, fit, steps(), run));
            if (recipe.projected().isPresent()) {
                Projected.fit(Projected.require(recipe, start, learner.placement().held()), learner, recipe, fit,
                        progress);
            } else {
                try (Watcher watcher =
                        new Watcher(learner, recipe, objective, fit, held.orElse(data.test()), batch())) {
                    findings.addAll(watcher.findings());
                    run.findings(findings);
                    new Fit(learner, tasks, this::loader, watcher, recipe, run, progress, fates, from).train();
                }
            }
            return new TrainEnd(recipe, start, learner, tasks.getLast().data(), tasks.getLast().fit(), objective,
                    request.threads(), fates, run, progress)
                    .result(findings);
        }
    }

    @Override
    public void close() {
    }
}
