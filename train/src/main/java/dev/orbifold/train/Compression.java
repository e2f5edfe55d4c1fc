package dev.orbifold.train;

import dev.orbifold.constraint.Gates;
import dev.orbifold.constraint.Steering;
import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.RunFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;

/**
 * Training towards a target: gates on every unit that may go are steered onto their mirrors, exact zeros leave the Graph
 * as they appear, and the small network heals, learning from the data and from the answers of the original. Every step
 * follows from configuration and seed alone; a checkpoint holds all that the next step depends on.
 */
final class Compression implements AutoCloseable {
    /** Samples of the held-out part on which every removal is proved. */
    static final int SAMPLES = 256;
    /** How often an accuracy target is checked. */
    private static final int CHECKS_PER_EPOCH = 4;
    /** Under an accuracy target the rate stays so low that training alone does not cost the points that are watched. */
    private static final double GENTLE = 0.1;
    private static final String GOOD = "good.onnx";
    private static final double MEMORY = 0.98;
    private static final double MOST_PUSHED = 0.25;
    /** Removal pays once the network that is left costs less than this share of the one being computed. */
    private static final double WORTH_REMOVING = 0.9;
    /** Longer gradients are cut: a removed unit must not throw its neighbours out. */
    private static final double LONGEST_GRADIENT = 5;
    private static final long CHECKPOINT_NANOS = 20_000_000_000L;

    /** Everything a compression works with, checked and decided before the first step. */
    record Setup(Graph model, Graph original, Part fit, Part held, CompressOptions options, Device device,
            Precision precision,
            Augmentation augmentation, Objective objective, Evaluator.Factory witness) {
    }

    private final Setup setup;
    private final CompressOptions options;
    private final RunFolder run;
    private final Journal journal;
    private final Progress progress;
    private final Loader loader;
    private final Teacher teacher;
    private final Plan plan;
    private final Budget budget;
    private final Objective.Seen standing;
    private final Set<Finding> findings = new LinkedHashSet<>();
    private final List<Map<String, TensorData>> samples;
    private Stage stage;
    private int removals;
    private long step;
    private double maxError;
    private double score;
    private boolean good;
    private boolean paused;
    private long granted;
    private long lastCheckpoint = System.nanoTime();

    Compression(Setup setup, RunFolder run, Progress progress, Optional<Checkpoint> from) {
        this.setup = setup;
        this.options = setup.options();
        this.run = run;
        this.progress = progress;
        Seed seed = new Seed(options.seed()).split("batches");
        boolean memory = setup.augmentation().isNone()
                && setup.fit().size() * setup.fit().itemBytes() <= Teacher.CACHE_BYTES;
        this.loader = memory ? Loader.inMemory(setup.fit(), options.batch(), seed, setup.device())
                : Loader.training(setup.fit(), options.batch(), seed, setup.augmentation(), setup.device());
        this.teacher = new Teacher(setup.original(), setup.device(), setup.objective(), setup.precision(), setup.fit(),
                setup.augmentation().isNone(), options.distill() > 0);
        this.samples = setup.objective().samples(setup.held(), SAMPLES);
        this.standing = teacher.standing(setup.held(), setup.device());
        this.plan = Plan.of(loader.steps(), options.epochs(), rate(options, setup.original()));
        Steered first = Steered.of(setup.original(), options, steering());
        double start = first.price().at(first.layout().widths());
        this.budget = new Budget(start, goal(start, first), plan.begin(), plan.chosen());
        this.journal = new Journal(run, progress, plan);
        this.stage = from.isPresent() ? restored(from.get()) : fresh();
    }

    /** The highest learning rate: the user's, or what suits the Graph and the target. */
    static double rate(CompressOptions options, Graph graph) {
        double usual = Objective.rate(graph);
        return options.rate().orElse(options.target() instanceof Target.MaxDrop ? GENTLE * usual : usual);
    }

    private double goal(double start, Steered first) {
        return switch (options.target()) {
            case Target.Speedup s -> start / s.factor();
            case Target.Keep k -> k.share() * Cost.of(setup.model()).parameters();
            case Target.MaxDrop d -> Math.max(first.floor(options), start / 100);
        };
    }

    private Steering.Options steering() {
        return new Steering.Options(MEMORY, MOST_PUSHED, Plan.pushSteps(plan.steps()));
    }

    private Stage fresh() {
        score = standing.score();
        write(setup.original());
        return stage(reread(), true);
    }

    /** Graphs are always read back from the Run, so that a resumed Run and an uninterrupted one have the same origin. */
    private Graph reread() {
        return OnnxFile.read(stageFile(removals));
    }

    private Path stageFile(int number) {
        return run.model("stage-" + number + ".onnx");
    }

    private void write(Graph graph) {
        OnnxFile.write(graph, stageFile(removals));
    }

    private Stage stage(Graph graph, boolean constrained) {
        Optional<Steered> steered = constrained ? Optional.of(Steered.of(graph, options, steering()))
                : Optional.empty();
        journal.phase(constrained);
        Student student = new Student(graph, setup.device(), setup.objective(),
                Objective.optimizer(setup.original(), options.decay()), setup.precision(),
                steered.map(Steered::layout));
        return new Stage(student, steered);
    }

    /** Runs to the end and gives the compressed Graph. */
    Graph train() {
        if (step == 0) {
            evaluated(standing);
            stage.steered().ifPresent(s -> journal.widths(step, s.widths(), s.macs()));
        }
        while (step < plan.steps()) {
            long epoch = step / plan.perEpoch();
            try (Loader.Epoch batches = loader.epoch((int) epoch, (int) (step % plan.perEpoch()))) {
                while (batches.hasNext()) {
                    one(batches.next());
                }
            }
        }
        return stage.folded();
    }

    private Cost cost() {
        return Cost.of(stage.student().graph());
    }

    private void one(Batch batch) {
        Optional<Steered> steered = stage.steered();
        if (steered.isPresent() && options.lambda().isEmpty() && step % plan.steerEvery() == 0
                && step >= plan.begin()) {
            steered.get().steering().steer(budget.at(granted), step >= plan.chosen() && !watchesAccuracy());
        }
        double rate = plan.rateAt(step);
        Optional<Student.Push> push = steered.map(s -> push(s));
        Student.Step seen;
        try (PointerScope scope = new PointerScope()) {
            seen = stage.student().step(batch, teacher.answers(batch), push, rate, LONGEST_GRADIENT);
        }
        if (!Double.isFinite(seen.loss())) {
            throw new TrainException("the loss became " + seen.loss() + " at step " + step + " of " + plan.steps()
                    + "; the last good checkpoint is kept in " + run.path() + ". Try a lower --lr (it was "
                    + plan.rate() + "), or --precision float32");
        }
        steered.ifPresent(s -> gates(s, seen.gateGradient(), rate));
        step++;
        granted += paused ? 0 : 1;
        journal.step(step, seen, rate, setup.objective().hard().isClassification() ? score : Double.NaN,
                steered.map(Steered::macs).orElseGet(() -> cost().macs()));
        if (steered.isPresent()) {
            shrinkWhereDue(steered.get());
        }
        boolean epochEnds = step % plan.perEpoch() == 0;
        if (epochEnds || watchesAccuracy() && step % Math.max(1, plan.perEpoch() / CHECKS_PER_EPOCH) == 0) {
            evaluate();
        }
        checkpointWhereDue(epochEnds);
    }

    private Student.Push push(Steered steered) {
        if (options.lambda().isPresent()) {
            double[] wd = new double[steered.layout().size()];
            Arrays.fill(wd, 2 * options.lambda().getAsDouble() / options.depth());
            return new Student.Push(steered.gates(), wd, new double[0]);
        }
        return new Student.Push(steered.gates(), new double[0], steered.steering().factors());
    }

    private void gates(Steered steered, float[] gradient, double rate) {
        steered.steering().observe(gradient);
        if (options.lambda().isPresent()) {
            double[] wd = new double[steered.layout().size()];
            Arrays.fill(wd, 2 * options.lambda().getAsDouble() / options.depth());
            steered.gates().step(gradient, rate, 0.9, wd);
        } else {
            steered.gates().step(gradient, rate, 0, steered.steering().decay(rate));
        }
    }

    private boolean watchesAccuracy() {
        return options.target() instanceof Target.MaxDrop && stage.steered().isPresent();
    }

    private void shrinkWhereDue(Steered steered) {
        if (step >= plan.end()) {
            end(steered);
        } else if (options.lambda().isEmpty() && step % plan.steerEvery() == 0 && steered.anyClosed()
                && steered.macs() < WORTH_REMOVING * cost().macs()) {
            remove(steered, true);
        }
    }

    /**
     * Ends the constrained phase: units still being pushed close, except under an accuracy target, where nothing goes that no
     * check has seen, and where the smallest network that was good enough takes the place of one that is not.
     */
    private void end(Steered steered) {
        if (!watchesAccuracy()) {
            if (options.lambda().isEmpty()) {
                steered.steering().closePushed();
            }
            remove(steered, false);
            return;
        }
        evaluate();
        if (paused && good) {
            journal.event(step, "accuracy", "healing the smallest network that kept its accuracy");
            Stage last = stage;
            stage = stage(OnnxFile.read(run.model(GOOD)), true);
            last.close();
        }
        remove(stage.steered().orElseThrow(), false);
    }

    /** Folds the gates, takes out what is exactly zero, proves it, and goes on with the smaller Graph. */
    private void remove(Steered steered, boolean constrained) {
        Graph folded = stage.folded();
        Removal removal = Removal.of(folded, Steered.shrinkOptions(options), setup.witness(), samples);
        maxError = Math.max(maxError, removal.equality().maxError());
        findings.addAll(removal.findings());
        List<Graph> momenta = stage.momenta().stream().map(removal::alike).toList();
        long taken = stage.student().optimizer().steps();
        long before = cost().macs();
        stage.close();
        removals++;
        write(removal.graph());
        stage = stage(reread(), constrained);
        stage.inheritMomenta(momenta, taken);
        stage.steered().ifPresent(s -> s.inherit(steered, removal.keep()));
        journal.removal(step, before, cost().macs(), removal.equality(), steered.widths());
    }

    private void evaluate() {
        Objective.Seen seen = stage.student().evaluate(setup.held(), stage.gates());
        score = seen.score();
        evaluated(seen);
        stage.steered().ifPresent(s -> journal.widths(step, s.widths(), s.macs()));
        if (watchesAccuracy() && options.target() instanceof Target.MaxDrop drop) {
            holdAccuracy(drop.points());
        }
    }

    /** Closed units count as gone, whether or not they have left the Graph yet. */
    private void evaluated(Objective.Seen seen) {
        long macs = stage.steered().map(Steered::macs).orElseGet(() -> cost().macs());
        long parameters = stage.steered().map(Steered::parameters).orElseGet(() -> cost().parameters());
        journal.evaluation(step, "held-out", seen, macs, parameters);
    }

    /**
     * Under an accuracy target: keeps the smallest network that is good enough, and lets the budget wait while the present
     * one is not.
     */
    private void holdAccuracy(double points) {
        double line = standing.score() - points;
        boolean below = score < line;
        if (!below) {
            OnnxFile.write(stage.folded(), run.model(GOOD));
            good = true;
        }
        if (below != paused) {
            journal.event(step, "accuracy", String.format(Locale.ROOT,
                    below ? "held-out %.2f %% is below %.2f %%: no further unit goes until it is back"
                            : "held-out %.2f %% is above %.2f %% again: further units may go",
                    score, line));
        }
        paused = below;
    }

    private void checkpointWhereDue(boolean epochEnds) {
        boolean stopping = progress.stopping();
        if (stopping || epochEnds || System.nanoTime() - lastCheckpoint > CHECKPOINT_NANOS) {
            run.checkpoints().write(step, writer -> Snapshot.write(writer, stage, position()));
            lastCheckpoint = System.nanoTime();
        }
        if (stopping && step < plan.steps()) {
            throw new InterruptedRun("stopped at step " + step + " of " + plan.steps());
        }
    }

    private Snapshot.Position position() {
        return new Snapshot.Position(step, removals, stage.steered().isPresent(), maxError, score,
                stage.student().optimizer().steps(), good, paused, granted, List.copyOf(findings), journal.sums());
    }

    private Stage restored(Checkpoint checkpoint) {
        Snapshot.Position position = Snapshot.position(checkpoint);
        step = position.step();
        removals = position.removals();
        maxError = position.maxError();
        score = position.score();
        good = position.good();
        paused = position.paused();
        granted = position.granted();
        findings.addAll(position.findings());
        journal.restore(position.sums());
        Stage restored = stage(reread(), position.constrained());
        Snapshot.restore(checkpoint, restored, position);
        return restored;
    }

    double maxError() {
        return maxError;
    }

    Set<Finding> findings() {
        return findings;
    }

    /** How the original does on the held-out part. */
    Objective.Seen standing() {
        return standing;
    }

    @Override
    public void close() {
        loader.close();
        stage.close();
        teacher.close();
    }
}
