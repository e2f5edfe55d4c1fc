package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Why heads stay wider than the rank of their products that a scan lists. */
final class HeadRankFindings {
    private HeadRankFindings() {
    }

    /**
     * One Finding per Space that stays wider than its listed rank.
     *
     * @param before the Graph the spectra are those of
     * @param after the narrower Graph
     * @param spectra per Space its spectrum, where it has one
     * @param used per Space that was looked at how many coordinates its heads need, biases included
     */
    static List<Finding> of(Graph before, Graph after, List<Optional<Spectrum>> spectra,
            Map<LinearSpace, Integer> used, ShrinkOptions options) {
        List<Spectrum> lost = spectra.stream().flatMap(Optional::stream)
                .filter(s -> s.rank() < s.space().dimension() && !LostRank.bottleneck(before, s.space()))
                .filter(s -> s.space().slots().stream()
                        .noneMatch(slot -> options.excludes(s.space().name(), slot.parameter())))
                .toList();
        List<LinearSpace> now = lost.isEmpty() || after == before ? List.of() : LinearSymmetries.of(after).spaces();
        List<Finding> findings = new ArrayList<>();
        for (Spectrum spectrum : lost) {
            LinearSpace space = spectrum.space();
            int n = space.dimension();
            int needed = used.getOrDefault(space, n);
            int width = now.stream().filter(s -> same(s, space)).mapToInt(LinearSpace::dimension).findFirst()
                    .orElse(after == before ? n : needed);
            String rank = "the products of its weights have rank " + spectrum.rank() + " of " + n;
            if (!HeadRank.candidate(before, space)) {
                findings.add(stays(space, rank + ", but all coordinates stay: " + (isFloat(before, space)
                        ? "weights do not write and read all of them"
                        : "only weights of type float32 are narrowed")));
            } else if (width > options.width(needed, n)) {
                findings.add(stays(space, rank + ", but " + width + " coordinates stay: they lie on an axis that other"
                        + " weights need as wide, such as one reshape for queries, keys and values"));
            }
            if (spectrum.rank() < needed && used.containsKey(space)) {
                findings.add(new Finding(Finding.Severity.INFO, "rank-of-biases", space.name(), rank
                        + ", and with its biases " + needed + ": a bias can need a coordinate that no weight needs"));
            }
        }
        return findings;
    }

    private static Finding stays(LinearSpace space, String message) {
        return new Finding(Finding.Severity.WARNING, "rank-stays", space.name(), message);
    }

    private static boolean isFloat(Graph graph, LinearSpace space) {
        return space.slots().stream().allMatch(
                s -> graph.parameter(s.parameter()).map(t -> t.type() == DataType.FLOAT).orElse(false));
    }

    /** Whether two Spaces, of the wider and of the narrower Graph, meet the same sides of the same parameters. */
    private static boolean same(LinearSpace a, LinearSpace b) {
        return a.slots().size() == b.slots().size() && a.slots().stream().allMatch(x -> b.slots().stream()
                .anyMatch(y -> equal(x, y)));
    }

    private static boolean equal(LinearSlot x, LinearSlot y) {
        return x.parameter().equals(y.parameter()) && x.axis() == y.axis() && x.dual() == y.dual();
    }
}
