package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What training would do near the mirrors of a Graph, from its weights, data and loss: one {@link Prediction} per mirror
 * looked at, and the Hessian as a whole. For plain SGD with coupled decay, from where the weights are.
 *
 * @param spaces per Space and kind of mirror
 * @param hessian if it was asked for
 * @param loss the mean data loss at these weights
 * @param findings what limits what is said
 */
public record Forecast(List<SpaceForecast> spaces, Optional<HessianSummary> hessian, double loss,
        List<Finding> findings) {
    /** Multiply-adds of one pass over the data up to which the graphs of all batches are kept for products. */
    private static final double KEPT = 1e10;
    /** What a product with the Hessian takes, in gradients, and the search for the directions of a Space's units. */
    private static final double PRODUCT = 4.5;
    private static final double SEARCH = 20;
    /** Fewer batches make poor intervals. */
    private static final int FEW = 8;

    /** Copies the lists. */
    public Forecast {
        spaces = List.copyOf(spaces);
        findings = List.copyOf(findings);
    }

    /**
     * Looks at all mirrors.
     *
     * @param symmetries of the Graph, which is their own
     * @param mixing its Spaces whose coordinates mix
     * @param whole the model as it is, where shared weights are one: what the Hessian as a whole is of
     * @param data batches of one size, S: at least two, so that their spread is seen
     * @throws CollapseException if there are fewer batches, they differ in size, or the loss is not a number
     */
    public static Forecast of(Symmetries symmetries, List<LinearSpace> mixing, Graph whole, List<Examples> data,
            DataLoss loss, ForecastOptions options, Watcher watcher) {
        check(whole, data);
        return new Maker(symmetries, whole, data, loss, options, watcher).make(mixing);
    }

    private static void check(Graph graph, List<Examples> data) {
        graph.inputs().forEach(input -> {
            TensorData given = data.isEmpty() ? null : data.get(0).inputs().get(input.name());
            if (given != null && input.type().filter(t -> t != given.type()).isPresent()) {
                throw new CollapseException("the input " + input.name() + " takes " + input.type().get()
                        + " and the data are " + given.type() + "; forecasts are made of models in float32");
            }
        });
        Set<Long> sizes = data.stream().map(d -> d.targets().dim(0)).collect(java.util.stream.Collectors.toSet());
        if (data.size() < 2 || sizes.size() > 1) {
            throw new CollapseException("the spread of curvature needs at least two batches of one size, found "
                    + data.size() + " of sizes " + sizes);
        }
    }

    private static final class Maker {
        private final Symmetries symmetries;
        private final Graph graph;
        private final Graph whole;
        private final List<Examples> data;
        private final DataLoss loss;
        private final ForecastOptions options;
        private final Watcher watcher;
        private final List<String> wanted = new ArrayList<>();
        private final java.util.function.DoubleConsumer expectation;
        private String now = "";
        private final LossCurvature.Method method;
        private final List<SpaceForecast> spaces = new ArrayList<>();
        private final List<Finding> findings = new ArrayList<>();

        Maker(Symmetries symmetries, Graph whole, List<Examples> data, DataLoss loss, ForecastOptions options,
                Watcher watcher) {
            this.symmetries = symmetries;
            this.graph = symmetries.graph();
            this.whole = whole;
            this.data = data;
            this.loss = loss;
            this.options = options;
            // Says which of how many Spaces it is.
            this.watcher = (what, done, all) -> watcher.at(what + now, done, all);
            this.expectation = watcher::expect;
            double pass = (double) Cost.of(graph).macs() * data.size() * data.get(0).targets().dim(0);
            method = pass <= KEPT ? LossCurvature.Method.EXACT_KEPT : LossCurvature.Method.EXACT;
        }

        /** Of one Space, where each unit takes passes of its own. */
        private int most() {
            boolean few = options.units() == 0 && method == LossCurvature.Method.EXACT;
            return few ? ForecastOptions.FEW : options.units() == 0 ? Integer.MAX_VALUE : options.units();
        }

        /** Guesses how long it will take, from the gradient of one batch. */
        private void expect(LossCurvature curvature, List<LinearSpace> mixing) {
            curvature.gradientOfBatch(0);
            long begun = System.nanoTime();
            curvature.gradientOfBatch(0);
            double pass = (System.nanoTime() - begun) * 1e-9 * data.size();
            double product = PRODUCT * pass;
            double all = options.eigenvalues() == 0 ? 0 : HessianSummary.products(options.eigenvalues()) * product;
            double mirror = (MirrorForecast.STEPS + 2) * product;
            for (Space space : symmetries.spaces()) {
                if (!options.spaces().test(space.name())) {
                    continue;
                }
                int units = Math.min(most(), space.dimension());
                for (Scaling scaling : symmetries.scalings(space)) {
                    if (!scaling.affine()) {
                        boolean separated = UnitSite.of(symmetries, space, scaling).site().isPresent();
                        boolean positive = scaling.diagonal() == Group.Diagonal.POSITIVE;
                        all += separated ? SEARCH * pass : units * (positive ? alone(space, scaling, pass) : mirror);
                    }
                }
                all += (exchanged(space) ? Math.min(options.pairs(), space.dimension() / 2) : 0) * mirror;
            }
            all += mixing.stream().filter(s -> options.spaces().test(s.name())).mapToInt(LinearSpace::copies).sum()
                    * mirror;
            expectation.accept(all);
        }

        /** Of one unit, in seconds: at its own maximum, or along its own direction. */
        private double alone(Space space, Scaling scaling, double pass) {
            try (UnitBranches branches = new UnitBranches(symmetries, space, scaling, loss)) {
                return branches.seconds(data);
            } catch (UnitBranches.Inseparable e) {
                return 2 * pass;
            }
        }

        private static boolean exchanged(Space space) {
            return space.group() instanceof Group.Monomial || space.group() instanceof Group.Permutation;
        }

        Forecast make(List<LinearSpace> mixing) {
            wanted.addAll(symmetries.spaces().stream().map(Space::name).filter(options.spaces()).toList());
            wanted.addAll(mixing.stream().map(LinearSpace::name).filter(options.spaces()).toList());
            MirrorForecast mirrors = new MirrorForecast(graph, data, loss, method, options, watcher);
            Optional<HessianSummary> hessian = Optional.empty();
            double value;
            try (LossCurvature curvature = curvature(whole)) {
                value = curvature.loss();
                if (!Double.isFinite(value)) {
                    throw new CollapseException("the loss of the model on the data is " + value
                            + "; nothing can be said about mirrors there");
                }
                Kinks.of(graph, curvature.parameters()).ifPresent(findings::add);
                expect(curvature, mixing);
                if (options.eigenvalues() > 0) {
                    hessian = Optional.of(HessianSummary.of(curvature, options.eigenvalues(),
                            options.seed().split("hessian"), watcher));
                }
            }
            oneClass().ifPresent(findings::add);
            if (data.size() < FEW) {
                findings.add(new Finding(Finding.Severity.WARNING, "few-batches", graph.name(), data.size()
                        + " batches tell little about how curvature varies; intervals are rough: take more samples or"
                        + " smaller batches"));
            }
            if (graph.nodes().stream().map(Node::opType).anyMatch("BatchNormalization"::equals)) {
                findings.add(new Finding(Finding.Severity.INFO, "running-statistics", graph.name(),
                        "batch norms use their running statistics here, training uses those of each batch"));
            }
            for (Space space : symmetries.spaces()) {
                if (options.spaces().test(space.name())) {
                    at(space.name());
                    units(space, mirrors);
                }
            }
            for (LinearSpace space : mixing) {
                if (options.spaces().test(space.name())) {
                    at(space.name());
                    List<Prediction> found = mirrors.rotations(space);
                    add(space.name(), Prediction.Kind.ROTATION, SpaceForecast.Method.BLOCK_HESSIAN, -1, found,
                            OptionalDouble.empty());
                    mirrors.kinked(space.name(), Prediction.Kind.ROTATION.collapse()).ifPresent(findings::add);
                }
            }
            if (spaces.isEmpty()) {
                findings.add(new Finding(Finding.Severity.WARNING, "no-mirrors", graph.name(),
                        "no mirror was looked at: the model has none that this knows, or none of the Spaces named"));
            }
            return new Forecast(spaces, hessian, value, findings);
        }

        private void at(String space) {
            now = " (" + (wanted.indexOf(space) + 1) + " of " + wanted.size() + ")";
        }

        private void add(String space, Prediction.Kind kind, SpaceForecast.Method how, long mirrors,
                List<Prediction> found, OptionalDouble fresh) {
            if (!found.isEmpty()) {
                spaces.add(new SpaceForecast(space, kind, how, mirrors, found, fresh));
                long overshot = found.stream().filter(p -> p.verdict() == Lyapunov.Verdict.ESCAPES
                        && options.decay() > p.threshold()).count();
                if (overshot > 0) {
                    findings.add(new Finding(Finding.Severity.WARNING, "steps-overshoot", space, overshot
                            + " of these mirrors repel only because steps overshoot, although weight decay is above"
                            + " their wd*: the learning rate times decay and curvature is too large for training to"
                            + " settle anywhere"));
                }
            }
        }

        private void units(Space space, MirrorForecast mirrors) {
            List<Scaling> scalings = symmetries.scalings(space);
            for (int s = 0; s < scalings.size(); s++) {
                Scaling scaling = scalings.get(s);
                String name = space.name() + (s == 0 ? "" : " " + (s + 1));
                boolean positive = scaling.diagonal() == Group.Diagonal.POSITIVE;
                if (scaling.affine()) {
                    findings.add(new Finding(Finding.Severity.INFO, "affine-signs", name,
                            "the signs of these units come with a correction of biases: their mirror does not pass"
                                    + " through 0, decay does not lead to it, and it is not judged"));
                    continue;
                }
                Prediction.Kind kind = positive ? Prediction.Kind.UNIT : Prediction.Kind.SIGN;
                UnitSite.Found found = UnitSite.of(symmetries, space, scaling);
                UnitForecast.Result result;
                SpaceForecast.Method how = SpaceForecast.Method.OWN_MAXIMUM;
                if (found.site().isPresent()) {
                    result = UnitForecast.separated(graph, space, name, found.site().get(), kind, data, loss, options,
                            watcher);
                } else if (positive) {
                    Optional<UnitForecast.Result> branched = branched(space, name, scaling);
                    if (branched.isPresent()) {
                        result = branched.get();
                    } else {
                        how = SpaceForecast.Method.OWN_DIRECTION;
                        try (LossCurvature curvature = curvature(graph)) {
                            result = UnitForecast.own(graph, space, name, scaling, curvature, most(), options, watcher);
                        }
                    }
                } else {
                    how = SpaceForecast.Method.BLOCK_HESSIAN;
                    result = new UnitForecast.Result(mirrors.signs(symmetries, space, name, s, most()),
                            OptionalDouble.empty(), beforeNorm(scaling, space, name));
                    mirrors.kinked(name, kind.collapse()).ifPresent(findings::add);
                }
                findings.addAll(result.findings());
                add(name, kind, how, space.dimension(), result.predictions(), result.fresh());
            }
            long pairs = (long) space.dimension() * (space.dimension() - 1) / 2;
            if (exchanged(space) && options.pairs() > 0 && pairs > 0) {
                add(space.name(), Prediction.Kind.PAIR, SpaceForecast.Method.BLOCK_HESSIAN, pairs,
                        mirrors.pairs(symmetries, space), OptionalDouble.empty());
                mirrors.kinked(space.name(), Prediction.Kind.PAIR.collapse()).ifPresent(findings::add);
            }
        }

        /** Mirrors before a norm whose statistics follow the scaling: in training it takes the scale back. */
        private List<Finding> beforeNorm(Scaling scaling, Space space, String name) {
            boolean follows = IntStream.range(0, space.slots().size())
                    .anyMatch(i -> space.slots().get(i).role() == Slot.Role.FOLLOWS
                            && Arrays.stream(scaling.powers().get(i)).anyMatch(p -> p != 0));
            return !follows ? List.of()
                    : List.of(new Finding(Finding.Severity.WARNING, "before-batch-norm", name,
                            "these mirrors lie before a batch norm and are judged with its running statistics, as if it"
                                    + " were frozen; in training a norm gives a channel its scale back however small its"
                                    + " weights are, and one that is said to attract may not"));
        }

        /** At units' own maxima, whatever stands between their weights; empty, and a Finding, where they do not come apart. */
        private Optional<UnitForecast.Result> branched(Space space, String name, Scaling scaling) {
            try (UnitBranches branches = new UnitBranches(symmetries, space, scaling, loss)) {
                return Optional.of(UnitForecast.branched(space, name, branches, data, most(), options, watcher));
            } catch (UnitBranches.Inseparable e) {
                findings.add(new Finding(Finding.Severity.INFO, "own-direction", name,
                        "what single units add to what reads them is not separated here, because " + e.getMessage()
                                + "; each is judged along the direction it has, not at the maximum that it would turn"
                                + " to"));
                return Optional.empty();
            }
        }

        private LossCurvature curvature(Graph graph) {
            List<String> parameters;
            try (Program program = Program.compile(graph, Device.cpu())) {
                parameters = program.trainable();
            }
            return LossCurvature.of(graph, parameters, data, loss, Mode.EVALUATION, method, Device.cpu(),
                    DataType.FLOAT);
        }

        private Optional<Finding> oneClass() {
            if (data.stream().anyMatch(d -> d.targets().type().isReal())) {
                return Optional.empty();
            }
            long[] classes = data.stream().flatMapToLong(d -> LongStream.of(d.targets().toLongs())).distinct()
                    .toArray();
            return classes.length > 1 ? Optional.empty()
                    : Optional.of(new Finding(Finding.Severity.WARNING, "one-class", graph.name(),
                            "all samples are of class " + classes[0] + ": every mirror is judged by what that class"
                                    + " alone asks for; take data of all classes"));
        }
    }
}
