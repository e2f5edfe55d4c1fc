package dev.orbifold.train;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.Metric;
import dev.orbifold.structure.Breaking;
import dev.orbifold.structure.Charges;
import dev.orbifold.structure.Closeness;
import dev.orbifold.structure.Distances;
import dev.orbifold.structure.NoiseBalance;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Measures a network while it trains, as the {@code watch} of a recipe says. Weights, momenta and random streams of the
 * training are only read, so that it goes on as it would without.
 */
final class Watcher implements AutoCloseable {
    /** Charges take the gradients of so many samples of the training part. */
    private static final int GRADIENTS = 256;
    /** Outputs are looked at on so many samples. */
    private static final int SAMPLES = 1024;
    /** The noise of gradients takes those of so many, because whole matrices of it are compared. */
    private static final int NOISE = 4096;
    /** What counts as dormant where no reset says otherwise (Sokar et al., ICML 2023). */
    private static final double DORMANT = 0.025;

    /**
     * What the next measurement of charges is compared with; part of a checkpoint.
     *
     * @param time Σ η since the last one
     * @param charges by Space, summed over units
     * @param rates dC/dt as it should be, the same way; empty where nothing is predicted
     */
    record State(double time, Map<String, Double> charges, Map<String, Double> rates) {
    }

    private final Watch asked;
    private final Recipe recipe;
    private final Learner learner;
    private final Objective objective;
    private Part fit;
    private Part seen;
    private final int batch;
    private final Seed seed;
    private final Device device;
    private final List<LinearSpace> mixing;
    private final Charges charges;
    private final Optional<Alignments> alignments;
    private final Optional<DormantUnits> dormant;
    private final List<Finding> findings = new ArrayList<>();
    private State state = new State(0, Map.of(), Map.of());
    private long nanos;

    /**
     * Prepares it.
     *
     * @param fit what is trained on
     * @param seen data that is not trained on
     * @param batch samples per step
     */
    Watcher(Learner learner, Recipe recipe, Objective objective, Part fit, Part seen, int batch) {
        this.asked = recipe.watch();
        this.recipe = recipe;
        this.learner = learner;
        this.objective = objective;
        this.fit = fit;
        this.seen = seen;
        this.batch = batch;
        this.seed = new Seed(recipe.seed()).split("watch");
        FlatWeights weights = learner.weights();
        this.device = weights.device();
        Symmetries symmetries = learner.symmetries();
        this.mixing = asked.isNone() ? List.of() : LinearSymmetries.of(learner.graph()).spaces();
        this.charges = Charges.of(symmetries);
        this.alignments = asks(Watch.Measured.ALIGNMENTS)
                ? Optional.of(new Alignments(symmetries, weights.views().keySet(), objective,
                        seed.split("alignments"), device))
                : Optional.empty();
        this.dormant = asks(Watch.Measured.DORMANT)
                ? Optional.of(new DormantUnits(symmetries, weights, Set.of(), device))
                : Optional.empty();
        alignments.filter(Alignments::isEmpty).ifPresent(a -> none(Watch.Measured.ALIGNMENTS,
                "there is no dense layer that reads or writes a hidden Space"));
        if (asks(Watch.Measured.CHARGES) && charges.names().isEmpty()) {
            none(Watch.Measured.CHARGES, "no Space has positive scalings that move trained Parameters alone");
        }
        if (asks(Watch.Measured.NOISE) && NoiseBalance.spaces(learner.graph(), mixing).isEmpty()) {
            none(Watch.Measured.NOISE, "no Space between two contractions has coordinates that mix freely");
        }
        if (asks(Watch.Measured.CHARGES) && !charges.names().isEmpty()) {
            unpredicted().ifPresent(why -> findings.add(new Finding(Finding.Severity.INFO, "charge-not-predicted",
                    "watch", "charges are measured, but how they should move is not: " + why)));
        }
    }

    private boolean asks(Watch.Measured one) {
        return asked.what().contains(one) || asked.dear().contains(one);
    }

    private void none(Watch.Measured what, String why) {
        findings.add(new Finding(Finding.Severity.INFO, "nothing-to-watch", "watch",
                what.word() + " say nothing here: " + why));
    }

    /** Why theory does not say how charges move; empty where it does. */
    private Optional<String> unpredicted() {
        if (!(recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd) || sgd.decoupled()) {
            return Optional.of("the law is of SGD");
        }
        return !recipe.constraints().isEmpty() ? Optional.of("constraints move weights by factors")
                : !recipe.remove().isNone() ? Optional.of("'remove' changes the decay or the weights")
                        : recipe.ham().isPresent() ? Optional.of("HAM multiplies weights") : Optional.empty();
    }

    /** Goes on with other data. */
    void on(Part trained, Part other) {
        fit = trained;
        seen = other;
    }

    /** What cannot be measured, or not compared. */
    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** Seconds that measuring has taken in this process. */
    double seconds() {
        return nanos / 1e9;
    }

    State state() {
        return state;
    }

    void restore(State kept) {
        state = kept;
    }

    /**
     * Measures what is due.
     *
     * @param at where training stands
     * @param steps steps done; 0 before the first
     * @param perEpoch steps of an epoch
     * @param rate η of the last step
     * @return the line to write, if anything is due
     */
    Optional<Metric> after(Metric.Point at, long steps, long perEpoch, double rate) {
        if (asked.isNone()) {
            return Optional.empty();
        }
        state = new State(state.time() + (steps == 0 ? 0 : effective(rate)), state.charges(), state.rates());
        boolean often = steps % asked.every() == 0 || steps == perEpoch * recipe.epochs();
        boolean seldom = steps % (asked.dearEvery() * perEpoch) == 0 || steps == perEpoch * recipe.epochs();
        if (!(often && !asked.what().isEmpty()) && !(seldom && !asked.dear().isEmpty())) {
            return Optional.empty();
        }
        long began = System.nanoTime();
        Map<String, Map<String, Map<String, Double>>> found = new LinkedHashMap<>();
        Graph now = learner.weights().writeBack(learner.graph());
        if (often) {
            cheap(now, steps > 0, found);
        }
        if (seldom) {
            dear(now, rate, found);
        }
        nanos += System.nanoTime() - began;
        return found.isEmpty() ? Optional.empty() : Optional.of(new Metric.Watch(at, found));
    }

    private static void put(Map<String, Map<String, Map<String, Double>>> all, String measure, String place,
            String number, double value) {
        if (Arrays.stream(Watch.Measured.values()).noneMatch(m -> m.writes().contains(measure))) {
            throw new IllegalArgumentException("nobody says that " + measure + " is written, so that nothing draws it");
        }
        all.computeIfAbsent(measure, m -> new LinkedHashMap<>()).computeIfAbsent(place, p -> new LinkedHashMap<>())
                .put(number, value);
    }

    private void cheap(Graph now, boolean gradients, Map<String, Map<String, Map<String, Double>>> found) {
        boolean distances = asked.what().contains(Watch.Measured.DISTANCES);
        boolean counts = asked.what().contains(Watch.Measured.COUNTS);
        if (distances || counts) {
            for (Closeness one : Closeness.of(learner.symmetries().on(now), mixing)) {
                if (distances) {
                    quantiles(one.distances().dead(), "distance-dead", one.name(), found);
                    quantiles(one.distances().twins(), "distance-twins", one.name(), found);
                    quantiles(one.distances().rank(), "distance-rank", one.name(), found);
                    if (one.distances().dead().isPresent()) {
                        put(found, "length", one.name(), Metric.Watch.ONLY, one.length());
                    }
                }
                if (counts) {
                    count(one.dead(), "dead", one.name(), found);
                    count(one.twins(), "twins", one.name(), found);
                    count(one.rank(), "rank", one.name(), found);
                    near(one, found);
                }
            }
        }
        if (asked.what().contains(Watch.Measured.RANKS)) {
            ranks(false, found);
        }
        if (gradients && asked.what().contains(Watch.Measured.BALANCE)) {
            charges.balance(now.replacing(learner.weights().split(learner.weights().gradients())))
                    .forEach((space, ratio) -> put(found, "balance", space, Metric.Watch.ONLY, ratio));
        }
    }

    private static void quantiles(Optional<Distances.Quantiles> some, String measure, String place,
            Map<String, Map<String, Map<String, Double>>> found) {
        some.ifPresent(q -> {
            put(found, measure, place, "least", q.minimum());
            put(found, measure, place, "median", q.median());
        });
    }

    private static void count(OptionalInt some, String measure, String place,
            Map<String, Map<String, Map<String, Double>>> found) {
        some.ifPresent(n -> put(found, measure, place, Metric.Watch.ONLY, n));
    }

    /** The shares of what {@link Closeness#NEAR} calls near. */
    private static void near(Closeness one, Map<String, Map<String, Map<String, Double>>> found) {
        one.distances().dead()
                .ifPresent(d -> put(found, "near-dead", one.name(), Metric.Watch.ONLY, one.nearlyDead()));
        one.distances().twins()
                .ifPresent(d -> put(found, "near-twins", one.name(), Metric.Watch.ONLY, one.nearlyTwins()));
        one.distances().rank()
                .ifPresent(d -> put(found, "near-lost", one.name(), Metric.Watch.ONLY, one.nearlyLost()));
    }

    private void ranks(boolean whole, Map<String, Map<String, Map<String, Double>>> found) {
        Ranks.of(learner.weights(), whole).forEach((name, ranks) -> {
            put(found, "stable-rank", name, Metric.Watch.ONLY, ranks.stable());
            ranks.effective().ifPresent(e -> put(found, "effective-rank", name, Metric.Watch.ONLY, e));
        });
    }

    private void dear(Graph now, double rate, Map<String, Map<String, Map<String, Double>>> found) {
        if (asked.dear().contains(Watch.Measured.RANKS)) {
            ranks(true, found);
        }
        if (asked.dear().contains(Watch.Measured.CHARGES)) {
            charges(now, rate, found);
        }
        alignments.ifPresent(a -> a.of(learner.values(), seen).forEach(
                (weight, numbers) -> numbers.forEach((name, value) -> put(found, "alignment", weight, name, value))));
        alignments.ifPresent(a -> a.pulls(learner.values(), fit).forEach((weight, numbers) -> {
            numbers.forEach((name, value) -> put(found, "pull", weight, name, value));
            put(found, "pull", weight, "decay", recipe.optimizer().decay());
        }));
        dormant.ifPresent(d -> d.scores(objective.input().name(), learner.values(), fit, seed.split("dormant"))
                .forEach((space, scores) -> put(found, "dormant", space, Metric.Watch.ONLY,
                        Arrays.stream(scores).filter(s -> s <= dormantAt()).count() / (double) scores.length)));
        if (asked.dear().contains(Watch.Measured.NOISE)) {
            try (LossGradients gradients = new LossGradients(learner.graph(), objective, fit, NOISE,
                    seed.split("noise"))) {
                NoiseBalance.agreement(now, mixing, gradients)
                        .forEach((space, cosine) -> put(found, "noise-cosine", space, Metric.Watch.ONLY, cosine));
            }
        }
        if (asked.dear().contains(Watch.Measured.OUTPUTS)) {
            double[] spectrum = learner.spectrum(
                    seen.select(IntStream.range(0, Math.min(SAMPLES, seen.size())).toArray()));
            put(found, "output-rank", objective.output(), Metric.Watch.ONLY,
                    Arrays.stream(spectrum).filter(s -> s > Closeness.NEAR * spectrum[0]).count());
        }
        if (asked.dear().contains(Watch.Measured.BREAKING)) {
            Breaking.of(learner.symmetries().on(now), mixing)
                    .forEach((space, distance) -> put(found, "breaking", space, Metric.Watch.ONLY, distance));
        }
    }

    private double dormantAt() {
        return recipe.remove().reset().map(Prevention.Reset::dormant).orElse(DORMANT);
    }

    /** η of plain SGD, η/(1 − μ) with momentum μ: how far a gradient that stays moves a weight per step in the long run. */
    private double effective(double rate) {
        return recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd ? rate / (1 - sgd.momentum()) : rate;
    }

    private void charges(Graph now, double rate, Map<String, Map<String, Map<String, Double>>> found) {
        Map<String, Double> sums = new LinkedHashMap<>();
        charges.of(now).forEach((space, units) -> {
            sums.put(space, Arrays.stream(units).sum());
            put(found, "charge", space, "sum", Arrays.stream(units).sum());
            put(found, "charge", space, "largest", Arrays.stream(units).map(Math::abs).max().orElse(0));
        });
        Map<String, Double> rates = rates(now, rate);
        if (state.time() > 0) {
            sums.forEach((space, sum) -> {
                double before = state.charges().getOrDefault(space, Double.NaN);
                put(found, "charge-rate", space, "measured", (sum - before) / state.time());
                put(found, "charge-rate", space, "predicted",
                        (state.rates().getOrDefault(space, Double.NaN) + rates.getOrDefault(space, Double.NaN)) / 2);
            });
        }
        state = new State(0, sums, rates);
    }

    /** dC/dt as it should be, at this moment. */
    private Map<String, Double> rates(Graph now, double rate) {
        Map<String, Double> rates = new LinkedHashMap<>();
        if (unpredicted().isPresent() || charges.names().isEmpty()) {
            return rates;
        }
        Charges.Step step = new Charges.Step(effective(rate), recipe.optimizer().decay(),
                name -> now.parameter(name).filter(t -> t.rank() > 1).isPresent(), batch, fit.size());
        try (LossGradients gradients = new LossGradients(learner.graph(), objective, fit, GRADIENTS,
                seed.split("charges"))) {
            charges.rates(now, charges.noise(now, gradients), step)
                    .forEach((space, units) -> rates.put(space, Arrays.stream(units).sum()));
        }
        return rates;
    }

    @Override
    public void close() {
        alignments.ifPresent(Alignments::close);
        dormant.ifPresent(DormantUnits::close);
    }
}
