package dev.orbifold.collapse;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Whether a unit will be alive after more training, with the gradients g at its own dead state held as they are now: the
 * size √(‖u‖‖w‖) that flow in the remaining time leads to ({@link UnitFlow}).
 *
 * <p>
 * Gradients shrink as training goes on, because units that grow explain what others would have. The interval goes from g
 * as it is to g so small that the median unit of the Space neither grows nor shrinks, which is where survivors end; at both
 * ends twice the standard error is added that g has from the samples it was measured on.
 *
 * @param space the name of the Space
 * @param unit which unit
 * @param size √(‖u‖‖w‖) now
 * @param low the logarithm of the size at the end, with small gradients
 * @param expected the same with gradients as they are
 * @param high the same, and the error on top
 * @param cut the logarithm of the size below which it counts as dead
 */
public record UnitFate(String space, int unit, double size, double low, double expected, double high,
        double cut) {
    /** Standard errors on either side. */
    private static final double ERRORS = 2;

    /** Stands for the logarithm of a size of 0, which files of numbers do not hold. */
    private static final double NOTHING = -1e6;

    /** What is said of units, and of which Spaces nothing is. */
    public record All(List<UnitFate> units, List<Finding> findings) {
        /** Copies the lists. */
        public All {
            units = List.copyOf(units);
            findings = List.copyOf(findings);
        }
    }

    /** Whether it is said to die: gradients as they are do not keep it. */
    public boolean dies() {
        return expected < cut;
    }

    /** Whether the interval holds both fates. */
    public boolean open() {
        return low < cut != high < cut;
    }

    /**
     * The fates of the units of all dense layers with a ReLU or the like.
     *
     * @param data of one size, at least two
     * @param decay wd, coupled
     * @param time what is left of training: the sum of the learning rates of its steps
     * @param dead below which share of the largest unit of its Space, as it is now, a unit counts as dead
     */
    public static All of(Symmetries symmetries, List<Examples> data, DataLoss loss, double decay, double time,
            double dead, Watcher watcher) {
        List<UnitFate> fates = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            for (Scaling scaling : symmetries.scalings(space)) {
                UnitSite.Found found = UnitSite.of(symmetries, space, scaling);
                if (found.site().isEmpty()) {
                    findings.add(new Finding(Finding.Severity.INFO, "fates-not-followed", space.name(),
                            "the fates of these units are not predicted, because " + found.reason()));
                } else {
                    fates.addAll(of(symmetries.graph(), space, found.site().get(), data, loss, decay, time, dead,
                            watcher));
                }
            }
        }
        return new All(fates, findings);
    }

    private static List<UnitFate> of(Graph graph, Space space, UnitSite site, List<Examples> data, DataLoss loss,
            double decay, double time, double dead, Watcher watcher) {
        double[] sizes = sizes(graph, site);
        double cut = Math.max(log(dead * Arrays.stream(sizes).max().orElse(0)), NOTHING + 1);
        double[][] in = site.inputs(graph);
        double[][] out = site.outputs(graph);
        // A unit with nothing on one side stays as it is.
        int[] living = IntStream.range(0, sizes.length).filter(u -> sizes[u] > 0).toArray();
        double[] high = new double[sizes.length];
        double[] value = new double[sizes.length];
        double[] low = new double[sizes.length];
        double[] expected = new double[sizes.length];
        Arrays.fill(high, NOTHING);
        Arrays.fill(low, NOTHING);
        Arrays.fill(expected, NOTHING);
        try (SiteData seen = new SiteData(graph, site, data, loss)) {
            TensorData x = seen.inputs();
            int chunk = UnitForecast.chunk(seen.gradients().elements(), sizes.length);
            for (int round = 0; round < 2; round++) {
                double share = round == 0 ? 1 : neutral(living, value, decay);
                for (int from = 0; from < living.length; from += chunk) {
                    int[] units = Arrays.copyOfRange(living, from, Math.min(from + chunk, living.length));
                    double[][] a = Arrays.stream(units).mapToObj(u -> in[u]).toArray(double[][]::new);
                    double[][] b = Arrays.stream(units).mapToObj(u -> out[u]).toArray(double[][]::new);
                    try (UnitThreshold each = UnitThreshold.ofEach(x, seen.gradientsWithout(units), site.slopes())) {
                        UnitFlow.End end = UnitFlow.of(each, a, b, decay, time, share);
                        for (int k = 0; k < units.length; k++) {
                            double size = log(sizes[units[k]]) + end.grown()[k];
                            double error = ERRORS * share * time * end.error()[k];
                            if (round == 0) {
                                expected[units[k]] = size;
                                high[units[k]] = size + error;
                                value[units[k]] = end.value()[k];
                            } else {
                                low[units[k]] = Math.min(size, expected[units[k]]) - error;
                            }
                        }
                    }
                    watcher.at(space.name(), round * living.length + from + units.length, 2 * living.length);
                }
            }
        }
        return IntStream.range(0, sizes.length)
                .mapToObj(u -> new UnitFate(space.name(), u, sizes[u], low[u], expected[u], high[u], cut))
                .toList();
    }

    /** What g is multiplied by for the median unit to stay as it is; 1 where that would have to grow. */
    private static double neutral(int[] living, double[] value, double decay) {
        double[] sorted = Arrays.stream(living).mapToDouble(u -> value[u]).sorted().toArray();
        double median = sorted.length == 0 ? 0 : sorted[sorted.length / 2];
        return median > decay ? decay / median : 1;
    }

    private static double log(double size) {
        return Math.max(NOTHING, Math.log(size));
    }

    /** √(‖u‖‖w‖) of every unit. */
    private static double[] sizes(Graph graph, UnitSite site) {
        double[][] in = site.inputs(graph);
        double[][] out = site.outputs(graph);
        return IntStream.range(0, in.length)
                .mapToDouble(u -> Math.sqrt(Vectors.length(in[u]) * Vectors.length(out[u]))).toArray();
    }

    /**
     * Which of the units that fates were predicted for are dead in a later state of the Graph.
     *
     * @param later the same Graph with other weights
     */
    public static boolean[] dead(List<UnitFate> fates, Symmetries later) {
        boolean[] dead = new boolean[fates.size()];
        for (Space space : later.spaces()) {
            for (Scaling scaling : later.scalings(space)) {
                UnitSite.of(later, space, scaling).site().ifPresent(site -> {
                    double[] sizes = sizes(later.graph(), site);
                    for (int i = 0; i < dead.length; i++) {
                        if (fates.get(i).space().equals(space.name())) {
                            dead[i] = log(sizes[fates.get(i).unit()]) < fates.get(i).cut();
                        }
                    }
                });
            }
        }
        return dead;
    }
}
