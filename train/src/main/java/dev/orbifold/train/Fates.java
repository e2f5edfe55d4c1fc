package dev.orbifold.train;

import dev.orbifold.collapse.DataLoss;
import dev.orbifold.collapse.Examples;
import dev.orbifold.collapse.UnitFate;
import dev.orbifold.collapse.Watcher;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.Storage;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Says at a share of training which units will be dead at its end, and at the end how many were as it said. What was said
 * lies in the Run, so that a training that is resumed keeps to it.
 */
final class Fates {
    private static final String FILE = "fates.json";

    /**
     * What became of the units.
     *
     * @param at the share of training at which fates were said
     * @param diedAsSaid dead units that were said to die
     * @param diedUnsaid dead units that were said to live
     * @param livedAsSaid living units that were said to live
     * @param livedUnsaid living units that were said to die
     * @param open of how many units the interval held both fates
     * @param wrongOpen how many of these were among the wrong ones
     */
    record Table(double at, int diedAsSaid, int diedUnsaid, int livedAsSaid, int livedUnsaid, int open,
            int wrongOpen) {
        int units() {
            return diedAsSaid + diedUnsaid + livedAsSaid + livedUnsaid;
        }

        int dead() {
            return diedAsSaid + diedUnsaid;
        }

        int right() {
            return diedAsSaid + livedAsSaid;
        }

        /** The sum of several. */
        static Optional<Table> sum(List<Table> tables) {
            return tables.stream().reduce((a, b) -> new Table(a.at, a.diedAsSaid + b.diedAsSaid,
                    a.diedUnsaid + b.diedUnsaid, a.livedAsSaid + b.livedAsSaid, a.livedUnsaid + b.livedUnsaid,
                    a.open + b.open, a.wrongOpen + b.wrongOpen));
        }

        /** In one sentence. */
        String text() {
            return String.format(Locale.ROOT,
                    "of %,d units %,d (%.1f %%) had the fate that was said at %.0f %% of training: dead %,d of %,d, alive"
                            + " %,d of %,d; %,d were open, and %,d of the %,d wrong ones",
                    units(), right(), 100.0 * right() / units(), 100 * at, diedAsSaid, dead(), livedAsSaid,
                    livedAsSaid + livedUnsaid, open, wrongOpen, units() - right());
        }
    }

    private final Recipe recipe;
    private final Recipe.Predict asked;
    private final Objective objective;
    private final Part part;
    private final long steps;
    private final Path file;

    Fates(Recipe recipe, Recipe.Predict asked, Objective objective, Part part, long steps, RunFolder run) {
        this.recipe = recipe;
        this.asked = asked;
        this.objective = objective;
        this.part = part;
        this.steps = steps;
        this.file = run.path().resolve(FILE);
    }

    /** After so many steps; says fates where it is time. */
    void after(long step, Learner learner, Progress progress) {
        if (step != Math.clamp(Math.round(asked.at() * steps), 1, steps)) {
            return;
        }
        progress.message("predicting the fates of units");
        LossData data = new LossData(part, objective.input().name(), objective.output(), objective.hard(),
                recipe.loss());
        int count = Math.min(asked.samples(), part.size());
        List<Examples> drawn = Examples.of(data.drawn(count, new Seed(recipe.seed()).split("fates")), data.input(),
                count, count);
        UnitFate.All fates = UnitFate.of(Symmetries.of(learner.weights().writeBack(learner.graph())), drawn,
                DataLoss.of(data.output(), data.loss()), decay(), time(step), asked.dead(), Watcher.NONE);
        Storage.write(file, Json.pretty(fates).getBytes(StandardCharsets.UTF_8));
    }

    private double decay() {
        return sgd().decay();
    }

    private Optimizer.Kind.Sgd sgd() {
        if (recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd) {
            return sgd;
        }
        throw new TrainException("fates are predicted for SGD, not for " + recipe.optimizer());
    }

    /** What is left of training: the sum of the learning rates, each as far as momentum carries it. */
    private double time(long step) {
        double sum = 0;
        for (long s = step; s < steps; s++) {
            sum += recipe.rate().at(s / (double) steps);
        }
        return sum / (1 - sgd().momentum());
    }

    /** What became of the units that were judged. */
    Table table(Graph end) {
        UnitFate.All fates = read();
        boolean[] dead = UnitFate.dead(fates.units(), Symmetries.of(end));
        int[] counts = new int[6];
        for (int i = 0; i < dead.length; i++) {
            UnitFate fate = fates.units().get(i);
            counts[(dead[i] ? 0 : 2) + (fate.dies() == dead[i] ? 0 : 1)]++;
            counts[4] += fate.open() ? 1 : 0;
            counts[5] += fate.open() && fate.dies() != dead[i] ? 1 : 0;
        }
        return new Table(asked.at(), counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
    }

    /** Spaces of which nothing was said, and whether nothing was said at all. */
    List<Finding> findings(Graph end) {
        UnitFate.All fates = read();
        List<Finding> findings = new ArrayList<>(fates.findings());
        if (fates.units().isEmpty()) {
            findings.add(new Finding(Finding.Severity.WARNING, "no-fates", asked.where(),
                    "the network has no dense layer with a ReLU whose units could be followed, so that nothing was"
                            + " predicted"));
        }
        Set<String> judged = fates.units().stream().map(UnitFate::space).collect(Collectors.toSet());
        for (Space space : Symmetries.of(end).spaces()) {
            boolean biased = space.slots().stream().anyMatch(s -> s.role() == Slot.Role.WRITES
                    && end.parameter(s.parameter()).filter(p -> p.rank() == 1).isPresent());
            if (judged.contains(space.name()) && biased) {
                findings.add(new Finding(Finding.Severity.WARNING, "bias-not-decayed", space.name(),
                        "the fates of these units were predicted as if their biases decayed, which training leaves"
                                + " alone: a unit whose bias is above 0 may stay; build the network with 'bias: false'"));
            }
        }
        return findings;
    }

    private UnitFate.All read() {
        if (!Files.exists(file)) {
            throw new RunException(file + " is missing, in which the fates of units were said");
        }
        return Json.convert(Json.read(file), UnitFate.All.class);
    }
}
