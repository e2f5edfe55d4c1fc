package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * A Graph moved along the orbits of its scalings to where SGD takes it by its noise and its weight decay (Ziyin et al.,
 * NeurIPS 2024, arXiv 2402.07193; theory, 4): Tr[ΣA] = k·θᵀAθ for every generator A of a scaling, Σ being the covariance of
 * per-sample gradients and k = 2·wd·S/η. Without decay this says of a unit E‖g_in‖² = E‖g_out‖², of a product UW whose
 * coordinates mix W Γ_W Wᵀ = Uᵀ Γ_U U; with nothing but decay it is the {@link Balance} of weights.
 *
 * <p>
 * Where weights move by a map, gradients move by its inverse transpose. So what balances the gradients, as {@link Balance}
 * balances weights, tells how to move the weights, the other way; decay adds k times the squares of the weights, which move
 * against gradients. For units this needs no second measurement, because the
 * variance of every entry follows. Maps of coordinates take the covariances of whole rows, which are measured anew after every
 * move; where there are several such Spaces they move together by half of that, because those that share a parameter would
 * overshoot.
 */
public final class NoiseBalance {
    /** Factors that move by less than this share of their size stand still. */
    private static final double STILL = 1e-6;
    private static final int MOST_SWEEPS = 100;

    private NoiseBalance() {
    }

    /**
     * The variances of gradients.
     *
     * @param roots the Graph with the standard deviation of every entry's gradient in the place of its parameter
     * @param grams per Space whose coordinates mix
     */
    private record Noise(Graph roots, List<CoordinateBalance.Grams> grams) {
    }

    /** {@link #of(Symmetries, List, SampleGradients, double)} without weight decay. */
    public static Balance of(Symmetries units, List<LinearSpace> mixing, SampleGradients gradients) {
        return of(units, mixing, gradients, 0);
    }

    /**
     * Balances the gradients of a Graph, and its weights.
     *
     * @param units the symmetries that keep units apart, of the Graph
     * @param mixing the Spaces whose coordinates mix
     * @param gradients of its loss on data
     * @param k 2·wd·S/η, how much weight decay counts beside noise: wd of the penalty (wd/2)·‖θ‖² on all that is moved, S samples
     *        in a batch, η the learning rate; 0 for no decay
     * @return the moved Graph; its {@link Balance#noise} are the roots of Tr Σ on both sides of every Space
     * @throws StructureException if a parameter is of half precision, or gradients are not finite
     */
    public static Balance of(Symmetries units, List<LinearSpace> mixing, SampleGradients gradients, double k) {
        if (!(k >= 0 && Double.isFinite(k))) {
            throw new StructureException("decay counts 0 or more beside noise, found " + k);
        }
        List<UnitBalance> scaled = UnitBalance.all(units);
        List<CoordinateBalance> mixed = CoordinateBalance.all(units.graph(), mixing);
        Balance.requireFloat(units.graph());
        List<Finding> findings = new ArrayList<>(Balance.left(units, mixing));
        Set<String> met = Balance.met(scaled, mixed);
        Graph start = Balance.converted(units.graph(), DataType.FLOAT, DataType.DOUBLE, Set.of());
        Noise first = measured(start, met, mixed, gradients);
        for (UnitBalance one : scaled) {
            Balance.open(one.space().name(), one.sides(first.roots()).open(), "units' gradients", findings);
        }
        double step = mixed.size() > 1 ? 0.5 : 1;
        Graph graph = start;
        Noise noise = first;
        int sweeps = 0;
        double largest = Double.POSITIVE_INFINITY;
        while (largest > STILL && sweeps < MOST_SWEEPS) {
            Settled still = settled(scaled, graph, noise.roots(), k);
            graph = still.graph();
            largest = still.largest();
            if (!mixed.isEmpty() && largest > STILL) {
                noise = measured(graph, met, mixed, gradients);
            }
            for (int m = 0; m < mixed.size(); m++) {
                CoordinateBalance.Best best = mixed.get(m)
                        .best(k == 0 ? noise.grams().get(m) : noise.grams().get(m).with(mixed.get(m).grams(graph), k),
                                -step);
                graph = mixed.get(m).moved(graph, best.maps());
                largest = Math.max(largest, best.largest());
            }
            noise = measured(graph, met, mixed, gradients);
            sweeps++;
        }
        if (largest > STILL) {
            findings.add(new Finding(Finding.Severity.WARNING, "balance-unfinished", units.graph().name(),
                    "after " + sweeps + " measurements of the gradients factors still move by " + largest
                            + " of their size; balance the result again to go on"));
        }
        Graph rounded = Balance.converted(graph, DataType.DOUBLE, DataType.FLOAT, Balance.doubles(units.graph()));
        return new Balance(rounded, Balance.moved(scaled, mixed, start, graph), Balance.norm(start, met),
                Balance.norm(graph, met), sweeps, noises(scaled, mixed, first, noise), findings);
    }

    /** A Graph with its units balanced, and by how much a logarithm of a factor moved in the first round. */
    private record Settled(Graph graph, double largest) {
    }

    /** The Spaces that {@link #agreement} measures: those whose maps scale, and which meet no Constant node. */
    public static List<LinearSpace> spaces(Graph graph, List<LinearSpace> mixing) {
        return CoordinateBalance.all(graph, mixing).stream().map(CoordinateBalance::space).toList();
    }

    /**
     * Per Space whose coordinates mix the cosine between the covariances of gradients on its two sides, the least of its
     * copies: 1 at the noise equilibrium, for a product UW that of W Γ_W Wᵀ and Uᵀ Γ_U U (theory, 4). Spaces without any noise
     * on one side are left out.
     *
     * @param gradients of the Graph's loss on data
     * @throws StructureException if a parameter is of half precision, or gradients are not finite
     */
    public static Map<String, Double> agreement(Graph graph, List<LinearSpace> mixing, SampleGradients gradients) {
        List<CoordinateBalance> mixed = CoordinateBalance.all(graph, mixing);
        Map<String, Double> cosines = new LinkedHashMap<>();
        if (mixed.isEmpty()) {
            return cosines;
        }
        Graph doubles = Balance.converted(graph, DataType.FLOAT, DataType.DOUBLE, Set.of());
        Noise noise = measured(doubles, Balance.met(List.of(), mixed), mixed, gradients);
        for (int m = 0; m < mixed.size(); m++) {
            CoordinateBalance.Grams grams = noise.grams().get(m);
            double least = Double.POSITIVE_INFINITY;
            for (int c = 0; c < grams.primal().length; c++) {
                least = Math.min(least, cosine(grams.primal()[c].data, grams.dual()[c].data));
            }
            if (Double.isFinite(least)) {
                cosines.put(mixed.get(m).space().name(), least);
            }
        }
        return cosines;
    }

    private static double cosine(double[] a, double[] b) {
        double product = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            first += a[i] * a[i];
            second += b[i] * b[i];
        }
        return product / Math.sqrt(first * second);
    }

    /** Scales units until the variances of all entries, which scale inversely, are balanced; these are exact meanwhile. */
    private static Settled settled(List<UnitBalance> scaled, Graph start, Graph variances, double k) {
        Graph graph = start;
        Graph roots = variances;
        double first = 0;
        double largest = Double.POSITIVE_INFINITY;
        for (int round = 0; largest > STILL / 10 && round < Balance.MOST_SWEEPS; round++) {
            largest = 0;
            for (UnitBalance one : scaled) {
                double[] logs = one.logarithms(roots, graph, k);
                roots = one.moved(roots, logs);
                graph = one.moved(graph, Arrays.stream(logs).map(x -> -x).toArray());
                largest = Math.max(largest, Arrays.stream(logs).map(Math::abs).max().orElse(0));
            }
            first = round == 0 ? largest : first;
        }
        return new Settled(graph, first);
    }

    private static List<Balance.Moved> noises(List<UnitBalance> scaled, List<CoordinateBalance> mixed, Noise before,
            Noise after) {
        List<Balance.Moved> all = new ArrayList<>(Balance.moved(scaled, List.of(), before.roots(), after.roots()));
        for (int m = 0; m < mixed.size(); m++) {
            LinearSpace space = mixed.get(m).space();
            all.add(new Balance.Moved(space.name(), space.copies() * space.dimension(),
                    Balance.norms(before.grams().get(m)), Balance.norms(after.grams().get(m))));
        }
        return all;
    }

    /** Running sums over samples. */
    private record Sums(GradientMoments entries, List<CoordinateBalance.Grams> grams) {
    }

    private static Noise measured(Graph graph, Set<String> met, List<CoordinateBalance> mixed,
            SampleGradients gradients) {
        Sums sums = new Sums(new GradientMoments(), new ArrayList<>());
        Map<String, TensorData> none = new LinkedHashMap<>();
        for (String name : met) {
            graph.parameter(name).ifPresent(
                    t -> none.put(name, TensorData.of(new double[Math.toIntExact(t.elements())], t.dims())));
        }
        Graph empty = graph.replacing(none);
        gradients.each(graph, sample -> {
            Map<String, TensorData> own = new LinkedHashMap<>(sample);
            own.keySet().retainAll(none.keySet());
            sums.entries().add(own);
            Graph moved = empty.replacing(own);
            for (int m = 0; m < mixed.size(); m++) {
                CoordinateBalance.Grams found = mixed.get(m).grams(moved);
                if (sums.grams().size() == m) {
                    sums.grams().add(found);
                } else {
                    add(sums.grams().get(m).primal(), 1, found.primal());
                    add(sums.grams().get(m).dual(), 1, found.dual());
                }
            }
        });
        return noise(empty, mixed, sums);
    }

    /** Covariances from sums: E[gg] − E[g]E[g]. */
    private static Noise noise(Graph empty, List<CoordinateBalance> mixed, Sums sums) {
        double n = sums.entries().samples();
        Graph mean = empty.replacing(sums.entries().means());
        for (int m = 0; m < mixed.size(); m++) {
            CoordinateBalance.Grams of = mixed.get(m).grams(mean);
            CoordinateBalance.Grams sum = sums.grams().get(m);
            scale(sum.primal(), 1 / n);
            scale(sum.dual(), 1 / n);
            add(sum.primal(), -1, of.primal());
            add(sum.dual(), -1, of.dual());
        }
        return new Noise(empty.replacing(sums.entries().deviations()), List.copyOf(sums.grams()));
    }

    private static void add(DMatrixRMaj[] to, double factor, DMatrixRMaj[] what) {
        for (int c = 0; c < to.length; c++) {
            CommonOps_DDRM.addEquals(to[c], factor, what[c]);
        }
    }

    private static void scale(DMatrixRMaj[] grams, double factor) {
        for (DMatrixRMaj gram : grams) {
            CommonOps_DDRM.scale(factor, gram);
        }
    }
}
