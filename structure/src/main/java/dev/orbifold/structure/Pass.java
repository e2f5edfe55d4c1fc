package dev.orbifold.structure;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * One pass over a Graph: find what is dead, fold what it carries, take it out.
 *
 * @param quotient what is left
 * @param keep per Space, by id, the units that stayed
 * @param findings what had to stay, and why
 */
record Pass(Quotient quotient, List<BitSet> keep, List<Finding> findings) {
    /** Does one pass; the Graph itself comes back where nothing could go. */
    static Pass of(Symmetries symmetries, ShrinkOptions options) {
        DeadUnits dead = DeadUnits.of(symmetries);
        List<BitSet> keep = keep(dead, options);
        Graph folded = BiasFold.apply(dead, leaving(symmetries, keep));
        if (folded != symmetries.graph()) {
            dead = DeadUnits.of(Symmetries.of(folded));
            keep = keep(dead, options);
        }
        List<Finding> findings = new ArrayList<>(dead.findings());
        Quotient quotient = taken(dead.symmetries(), keep, findings);
        return new Pass(quotient, keep, findings);
    }

    /** Takes out what can be; a Space that some node cannot follow keeps all its units, with a Finding that says why. */
    private static Quotient taken(Symmetries symmetries, List<BitSet> keep, List<Finding> findings) {
        try {
            return Quotient.of(symmetries, keep);
        } catch (StructureException together) {
            boolean found = false;
            for (Space space : symmetries.spaces()) {
                List<BitSet> alone = all(symmetries);
                alone.set(space.id(), keep.get(space.id()));
                try {
                    Quotient.of(symmetries, alone);
                } catch (StructureException e) {
                    found = true;
                    keep.set(space.id(), all(symmetries).get(space.id()));
                    findings.add(new Finding(Finding.Severity.WARNING, "node-does-not-follow", space.name(),
                            "no unit is taken out: " + e.getMessage()));
                }
            }
            if (!found) {
                throw together;
            }
            return Quotient.of(symmetries, keep);
        }
    }

    private static List<BitSet> keep(DeadUnits dead, ShrinkOptions options) {
        List<BitSet> keep = new ArrayList<>();
        for (Space space : dead.symmetries().spaces()) {
            keep.add(options.keep(space, dead.removable(space.id())));
        }
        return keep;
    }

    private static List<BitSet> all(Symmetries symmetries) {
        return leaving(symmetries, symmetries.spaces().stream().map(s -> new BitSet()).toList());
    }

    /** The units of every Space that are not kept. */
    private static List<BitSet> leaving(Symmetries symmetries, List<BitSet> keep) {
        List<BitSet> leaving = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            BitSet out = new BitSet();
            out.set(0, space.dimension());
            out.andNot(keep.get(space.id()));
            leaving.add(out);
        }
        return leaving;
    }
}
