package dev.orbifold.train;

import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Cost;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The loop of {@code train}: epochs, checkpoints, what the Run and the user are told. */
final class Fit {
    private static final int EVERY = 20;
    private static final long CHECKPOINT_NANOS = 20_000_000_000L;
    private static final String POSITION = "position";
    private static final String PHASE = "train";
    private static final String WATCH = "watch";
    /** What the part of an evaluation is called that a task ends with, its number behind. */
    static final String TASK = "task ";

    /**
     * Where training stands.
     *
     * @param step steps done
     * @param score what was last measured on held-out data
     * @param loss sum of losses since the last line
     * @param accuracy sum of accuracies since the last line
     * @param count steps since the last line
     */
    record Position(long step, double score, double loss, double accuracy, int count) {
    }

    private final Learner learner;
    private final List<Tasks.Task> tasks;
    private final Function<Part, Loader> loaders;
    private final Recipe recipe;
    private final RunFolder run;
    private final Progress progress;
    private final Optional<Fates> fates;
    private final long perEpoch;
    private final long steps;
    private final Cost cost;
    private final Watcher watcher;
    private final long began = System.nanoTime();
    private long step;
    private double score = Double.NaN;
    private double loss;
    private double accuracy;
    private int count;
    private long lastCheckpoint = System.nanoTime();

    /**
     * Prepares it.
     *
     * @param tasks what is trained on, one after the other, equally large
     * @param loaders give a training part in batches
     */
    Fit(Learner learner, List<Tasks.Task> tasks, Function<Part, Loader> loaders, Watcher watcher, Recipe recipe,
            RunFolder run, Progress progress, Optional<Fates> fates, Optional<Checkpoint> from) {
        this.watcher = watcher;
        this.fates = fates;
        this.learner = learner;
        this.tasks = tasks;
        this.loaders = loaders;
        this.recipe = recipe;
        this.run = run;
        this.progress = progress;
        int size = tasks.getFirst().fit().size();
        this.perEpoch = Math.max(1, size / (recipe.batch() == 0 ? size : Math.min(recipe.batch(), size)));
        this.steps = perEpoch * recipe.epochs();
        this.cost = Cost.of(learner.graph());
        from.ifPresent(this::restore);
    }

    private void restore(Checkpoint checkpoint) {
        Position position = checkpoint.json(POSITION, Position.class);
        step = position.step();
        score = position.score();
        loss = position.loss();
        accuracy = position.accuracy();
        count = position.count();
        learner.restore(checkpoint::segment, step);
        if (!recipe.watch().isNone()) {
            watcher.restore(checkpoint.json(WATCH, Watcher.State.class));
        }
    }

    void train() {
        try {
            if (step == 0) {
                evaluate(now());
                watch();
            }
            while (step < steps) {
                task();
            }
        } finally {
            if (!recipe.watch().isNone()) {
                progress.message(String.format(Locale.ROOT, "watching took %.2f s, %.1f %% of training",
                        watcher.seconds(), 100e9 * watcher.seconds() / (System.nanoTime() - began)));
            }
        }
    }

    private Tasks.Task now() {
        return tasks.get((int) Math.min(tasks.size() - 1L, step / perTask()));
    }

    private long perTask() {
        return perEpoch * recipe.epochsOfTask();
    }

    /** Trains on the task that it is the turn of, to the task's end. */
    private void task() {
        int number = (int) (step / perTask());
        watcher.on(now().fit(), now().held().orElse(now().data().test()));
        try (Loader loader = loaders.apply(now().fit())) {
            while (step < (number + 1) * perTask()) {
                try (Loader.Epoch batches = loader.epoch((int) (step / perEpoch), (int) (step % perEpoch))) {
                    while (batches.hasNext()) {
                        one(batches.next(), number);
                    }
                }
            }
        }
    }

    /** Says how well a task is solved that was just trained on. */
    private void taskEnds(int number) {
        Objective.Seen seen = learner.evaluate(tasks.get(number).data().test());
        run.metrics().append(new Metric.Evaluation(at(), TASK + (number + 1), seen.accuracy(), seen.loss(),
                cost.macs(), cost.parameters()));
        progress.message(String.format(Locale.ROOT, "task %d of %d", number + 1, tasks.size())
                + (Double.isNaN(seen.accuracy()) ? "" : String.format(Locale.ROOT, ": %.2f %%", seen.accuracy()))
                + String.format(Locale.ROOT, ", test loss %.4f", seen.loss()));
    }

    private void watch() {
        // The last step was taken at the rate of where it began.
        double rate = recipe.rate().at(Math.max(0, step - 1) / (double) steps);
        watcher.after(at(), step, perEpoch, rate).ifPresent(run.metrics()::append);
    }

    private void one(Batch batch, int task) {
        Learner.Step seen = learner.step(batch, step, step / (double) steps);
        if (!Double.isFinite(seen.loss())) {
            throw new TrainException("the loss became " + seen.loss() + " at step " + step + " of " + steps
                    + "; the last good checkpoint is kept in " + run.path()
                    + ". Try a lower learning rate, a smaller depth, a weaker λ, or precision float32");
        }
        step++;
        fates.ifPresent(f -> f.after(step, learner, progress));
        loss += seen.loss();
        accuracy += seen.accuracy();
        count++;
        if (step % EVERY == 0 || step == steps) {
            Map<String, Double> values = new LinkedHashMap<>();
            if (!Double.isNaN(accuracy)) {
                values.put("accuracy", accuracy / count);
            }
            run.metrics().append(new Metric.Train(at(), loss / count, recipe.rate().at(step / (double) steps), values));
            loss = 0;
            accuracy = 0;
            count = 0;
        }
        watch();
        progress.step(PHASE, step, steps, score, cost.macs());
        boolean epochEnds = step % perEpoch == 0;
        if (epochEnds) {
            for (String done : learner.epochEnds(step / perEpoch, tasks.get(task).fit())) {
                run.metrics().append(new Metric.Event(at(), "remove", done));
                progress.message(done);
            }
            evaluate(tasks.get(task));
            if (tasks.size() > 1 && step == (task + 1) * perTask()) {
                taskEnds(task);
            }
        }
        checkpointWhereDue(epochEnds);
    }

    private Metric.Point at() {
        return new Metric.Point(step, step / (double) perEpoch, PHASE);
    }

    private void evaluate(Tasks.Task task) {
        Map<String, Double> zeros = learner.zeros();
        StringBuilder said = new StringBuilder(
                String.format(Locale.ROOT, "epoch %d of %d", step / perEpoch, recipe.epochs()));
        if (task.held().isPresent()) {
            Objective.Seen seen = learner.evaluate(task.held().get());
            score = seen.accuracy();
            run.metrics().append(new Metric.Evaluation(at(), "held-out", seen.accuracy(), seen.loss(), cost.macs(),
                    cost.parameters()));
            said.append(Double.isNaN(seen.accuracy()) ? "" : String.format(Locale.ROOT, ": %.2f %%", seen.accuracy()))
                    .append(String.format(Locale.ROOT, ", loss %.4f", seen.loss()));
        }
        if (!zeros.isEmpty()) {
            run.metrics().append(new Metric.Zeros(at(), zeros));
            zeros.forEach((name, share) -> said.append(String.format(Locale.ROOT, ", %s %.1f %% zero", name,
                    100 * share)));
        }
        learner.raised().forEach((name, lambda) -> said.append(String.format(Locale.ROOT, ", λ of %s %.1e", name,
                lambda)));
        progress.message(said.toString());
    }

    private void checkpointWhereDue(boolean epochEnds) {
        boolean stopping = progress.stopping();
        boolean due = System.nanoTime() - lastCheckpoint > CHECKPOINT_NANOS;
        if (stopping || due || epochEnds && step == steps) {
            run.checkpoints().write(step, writer -> {
                writer.putJson(POSITION, new Position(step, score, loss, accuracy, count));
                if (!recipe.watch().isNone()) {
                    writer.putJson(WATCH, watcher.state());
                }
                for (Map.Entry<String, MemorySegment> section : learner.sections().entrySet()) {
                    writer.put(section.getKey(), section.getValue());
                }
            });
            lastCheckpoint = System.nanoTime();
        }
        if (stopping && step < steps) {
            throw new InterruptedRun("stopped at step " + step + " of " + steps);
        }
    }
}
