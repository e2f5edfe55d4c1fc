package dev.orbifold.structure;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;

/**
 * What lies on its mirrors already, read off the weights alone.
 *
 * @param units per Space of units, by id
 * @param spectra per Space whose coordinates mix, in order; empty where one of its sides is no parameter
 * @param distances per Space, those of units first, how far it is from its mirrors
 * @param before what the Graph costs
 * @param after what it would cost once {@link Shrink} has taken out what can go
 * @param findings what shrinking would leave, and why
 */
public record Collapse(List<Units> units, List<Optional<Spectrum>> spectra, List<Distances> distances, Cost before,
        Cost after,
        List<Finding> findings) {
    /**
     * What has collapsed in a Space of units.
     *
     * @param dead units that no reader gets anything but a constant from
     * @param twins units that repeat another one, up to the Group
     * @param saving parameters that leave with these units, all other Spaces as they are; empty where costs are no
     *            products of widths
     */
    public record Units(int dead, int twins, OptionalLong saving) {
    }

    /** Copies the lists. */
    public Collapse {
        units = List.copyOf(units);
        spectra = List.copyOf(spectra);
        distances = List.copyOf(distances);
        findings = List.copyOf(findings);
    }

    /** Looks at every Space. */
    public static Collapse of(Graph graph, Verified verified) {
        ForkJoinTask<DeadUnits> following = ForkJoinPool.commonPool().submit(() -> DeadUnits.of(verified.units()));
        List<Optional<Gauge>> gauges = Gauge.all(verified.units());
        Twins twins = Twins.of(verified.units(), gauges);
        List<Optional<Spectrum>> spectra = verified.mixing().spaces().stream()
                .map(space -> Spectrum.bilinear(space) ? Spectrum.of(graph, space) : Optional.<Spectrum>empty())
                .toList();
        DeadUnits dead = following.join();
        List<Units> units = new ArrayList<>();
        Optional<MacModel> costs = costs(verified, dead.count() + twins.count());
        verified.units().spaces().forEach(space -> {
            int gone = dead.removable(space.id()).cardinality();
            int repeated = twins.pairs().get(space.id()).size();
            units.add(new Units(gone, repeated, saving(costs, space.id(), gone + repeated)));
        });
        List<Finding> left = new ArrayList<>(dead.findings());
        boolean nothing = dead.count() == 0 && twins.count() == 0
                && LostRank.gathered(graph, verified.mixing(), ShrinkOptions.DEFAULT) == graph;
        if (nothing) {
            HeadRank.Narrowed heads = HeadRank.of(graph, verified.mixing(), spectra, ShrinkOptions.DEFAULT);
            nothing = heads.graph() == graph;
            left.addAll(heads.findings());
        }
        Cost before = Cost.of(graph);
        Shrink.Reduced reduced = nothing ? new Shrink.Reduced(graph, List.of(), left)
                : Shrink.reduce(graph, ShrinkOptions.DEFAULT);
        return new Collapse(units, spectra, Distances.of(verified.units(), gauges, spectra), before,
                nothing ? before : Cost.of(reduced.graph()), reduced.findings());
    }

    private static Optional<MacModel> costs(Verified verified, int collapsed) {
        try {
            return collapsed == 0 ? Optional.empty() : Optional.of(MacModel.of(verified.units()));
        } catch (StructureException e) {
            return Optional.empty();
        }
    }

    private static OptionalLong saving(Optional<MacModel> costs, int space, int units) {
        if (units == 0) {
            return OptionalLong.of(0);
        }
        return costs.map(model -> {
            int[] widths = model.dimensions();
            long all = model.parameters(widths);
            widths[space] = Math.max(widths[space] - units, 1);
            return OptionalLong.of(all - model.parameters(widths));
        }).orElse(OptionalLong.empty());
    }
}
