package dev.orbifold.collapse;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * The fates of the units of one Space, each at the nearest point of its own mirror, where it is taken out: along the
 * direction that it would turn to while it is small (theory, 1.6), or along the one it has.
 */
final class UnitForecast {
    /** Numbers of gradients that are held at once, in float64. */
    private static final long HELD = 8_000_000;
    /** Starts of the search for the largest threshold of a new unit. */
    private static final int STARTS = 8;
    /** How small a unit is made, a power of two: what it adds is then below a millionth. */
    private static final double SMALL = 0x1p-10;

    /**
     * What was found.
     *
     * @param fresh the weight decay above which a new unit dies whatever its direction; empty where it was not looked for
     */
    record Result(List<Prediction> predictions, OptionalDouble fresh, List<Finding> findings) {
    }

    private UnitForecast() {
    }

    /** At the maximum that each unit's own direction leads to. */
    static Result separated(Graph graph, Space space, String name, UnitSite site, Prediction.Kind kind,
            List<Examples> data,
            DataLoss loss, ForecastOptions options, Watcher watcher) {
        List<Prediction> predictions = new ArrayList<>();
        try (SiteData seen = new SiteData(graph, site, data, loss)) {
            TensorData x = seen.inputs();
            int batch = Math.toIntExact(x.dim(0) / data.size());
            double fresh;
            TensorData present = seen.gradients();
            try (UnitThreshold all = UnitThreshold.roughly(x, present, site.slopes())) {
                fresh = all.maxima(STARTS, options.seed().split(space.name())).get(0).value();
            }
            double[][] in = site.inputs(graph);
            double[][] out = site.outputs(graph);
            Tally tally = new Tally(name);
            int chunk = chunk(present.elements(), space.dimension());
            for (int from = 0; from < space.dimension(); from += chunk) {
                int[] units = IntStream.range(from, Math.min(from + chunk, space.dimension())).toArray();
                double[][] starts = new double[units.length][];
                double[][] ends = new double[units.length][];
                for (int k = 0; k < units.length; k++) {
                    Seed own = options.seed().split(space.name()).split(units[k]);
                    tally.dead += Vectors.length(in[units[k]]) == 0 || Vectors.length(out[units[k]]) == 0 ? 1 : 0;
                    starts[k] = orRandom(in[units[k]], own.split("in"));
                    ends[k] = orRandom(out[units[k]], own.split("out"));
                }
                try (UnitThreshold each =
                        UnitThreshold.ofEach(x, seen.gradientsWithout(units), site.slopes())) {
                    List<UnitThreshold.Maximum> reached = each.reached(starts, ends);
                    tally.unsettled += each.unsettled();
                    for (int k = 0; k < units.length; k++) {
                        double distance = Math.hypot(Vectors.length(in[units[k]]), Vectors.length(out[units[k]]));
                        predictions.add(Prediction.of(name, "unit " + units[k], kind, new int[] {units[k]},
                                distance, -reached.get(k).value(), 0, each.perBatch(reached.get(k), k, batch),
                                options));
                    }
                }
                watcher.at(name, predictions.size(), space.dimension());
            }
            return new Result(predictions, OptionalDouble.of(Math.max(0, fresh)), tally.findings());
        }
    }

    /** How many units with gradients of their own are looked at together. */
    static int chunk(long gradients, int units) {
        return (int) Math.clamp(HELD / Math.max(1, gradients), 1, units);
    }

    private static double[] orRandom(double[] direction, Seed seed) {
        return Vectors.length(direction) > 0 ? direction : Vectors.normal(direction.length, seed.generator());
    }

    /**
     * The same for units that anything stands between the weights of, one after the other.
     *
     * @param most how many units: those that are nearest to their mirrors
     * @throws UnitBranches.Inseparable if a unit cannot be; the message says why
     */
    static Result branched(Space space, String name, UnitBranches branches, List<Examples> data, int most,
            ForecastOptions options,
            Watcher watcher) {
        double[] distances = IntStream.range(0, space.dimension()).mapToDouble(
                unit -> Math.hypot(Vectors.length(branches.input(unit)), Vectors.length(branches.output(unit))))
                .toArray();
        int[] units = MirrorForecast.nearest(distances, most);
        List<Prediction> predictions = new ArrayList<>();
        Tally tally = new Tally(name);
        for (int unit : units) {
            watcher.at(name, predictions.size(), units.length);
            Seed own = options.seed().split(space.name()).split(unit);
            double[] a = branches.input(unit);
            double[] b = branches.output(unit);
            tally.dead += Vectors.length(a) == 0 || Vectors.length(b) == 0 ? 1 : 0;
            a = unitLength(orRandom(a, own.split("in")));
            b = unitLength(orRandom(b, own.split("out")));
            UnitPulls.Point reached;
            double[] h;
            try (UnitBranch branch = branches.unit(unit)) {
                branches.feed(branch, unit, data);
                UnitAscent.End end = UnitAscent.of(branch, new double[][] {a}, new double[][] {b}, true);
                tally.unsettled += end.unsettled();
                reached = end.point();
                h = branches.perBatch(branch, unit, data, reached);
                Vectors.scale(h, -1);
            }
            predictions.add(Prediction.of(name, "unit " + unit, Prediction.Kind.UNIT, new int[] {unit},
                    distances[unit], -reached.value()[0], 0, new CurvatureLaw.Sampled(h), options));
        }
        watcher.at(name, units.length, units.length);
        return new Result(predictions, OptionalDouble.empty(), tally.findings());
    }

    private static double[] unitLength(double[] v) {
        double[] unit = v.clone();
        Vectors.scale(unit, 1 / Vectors.length(v));
        return unit;
    }

    /** What happened on the way to units' maxima. */
    private static final class Tally {
        private final String space;
        private int unsettled;
        private int dead;

        Tally(String space) {
            this.space = space;
        }

        List<Finding> findings() {
            List<Finding> findings = new ArrayList<>();
            if (unsettled > 0) {
                findings.add(new Finding(Finding.Severity.WARNING, "direction-unsettled", space, unsettled
                        + " units were still finding more to say when the search for their direction ended: their wd* is"
                        + " too low"));
            }
            if (dead > 0) {
                findings.add(new Finding(Finding.Severity.INFO, "on-mirror", space, dead
                        + " units have in- or out-weights of 0 and so no direction; a random one was taken"));
            }
            return findings;
        }
    }

    /**
     * Along each unit's own direction, from gradients alone: with in-weights u and out-weights w made small, and g the gradient
     * by w, they grow together at the rate −w·g/(‖u‖‖w‖) − wd. Whatever stands between the weights, as long as it commutes with
     * positive scales.
     *
     * @param most how many units: those that are nearest to their mirrors
     */
    static Result own(Graph graph, Space space, String name, Scaling scaling, LossCurvature curvature, int most,
            ForecastOptions options, Watcher watcher) {
        double[] theta = LossCurvature.flat(graph, curvature.parameters());
        UnitEntries entries = new UnitEntries(graph, space, curvature.parameters());
        if (entries.places(0, scaling, true).length == 0 || entries.places(0, scaling, false).length == 0) {
            return new Result(List.of(), OptionalDouble.empty(), List.of(new Finding(Finding.Severity.INFO,
                    "scale-unseen", name,
                    "the outputs do not depend on the scale of these units' weights, so that weight"
                            + " decay shrinks them whatever the loss is; there is no mirror to judge")));
        }
        List<Prediction> predictions = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        int dead = 0;
        double[] distances = IntStream.range(0, space.dimension())
                .mapToDouble(unit -> Math.hypot(UnitEntries.length(theta, entries.places(unit, scaling, true)),
                        UnitEntries.length(theta, entries.places(unit, scaling, false))))
                .toArray();
        int[] units = MirrorForecast.nearest(distances, most);
        int done = 0;
        for (int unit : units) {
            watcher.at(name, done++, units.length);
            int[] in = entries.places(unit, scaling, true);
            int[] out = entries.places(unit, scaling, false);
            double u = UnitEntries.length(theta, in);
            double w = UnitEntries.length(theta, out);
            if (u == 0 || w == 0) {
                dead++;
                continue;
            }
            double[] near = theta.clone();
            Arrays.stream(in).forEach(i -> near[i] *= SMALL);
            Arrays.stream(out).forEach(i -> near[i] *= SMALL);
            curvature.moveTo(near);
            double[] h = new double[curvature.batches()];
            for (int b = 0; b < h.length; b++) {
                double[] gradient = curvature.gradientOfBatch(b);
                h[b] = Arrays.stream(out).mapToDouble(i -> near[i] * gradient[i]).sum() / (u * w * SMALL * SMALL);
            }
            CurvatureLaw.Sampled law = new CurvatureLaw.Sampled(h);
            predictions.add(Prediction.of(name, "unit " + unit, Prediction.Kind.UNIT, new int[] {unit},
                    Math.hypot(u, w), law.mean(), 0, law, options));
        }
        watcher.at(name, units.length, units.length);
        if (dead > 0) {
            findings.add(new Finding(Finding.Severity.INFO, "on-mirror", name,
                    dead + " units lie on their mirror and have no direction; they are not judged"));
        }
        return new Result(predictions, OptionalDouble.empty(), findings);
    }
}
