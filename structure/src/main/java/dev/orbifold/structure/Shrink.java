package dev.orbifold.structure;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Unshare;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A Graph made smaller by what has collapsed in it, and the proof that nothing else changed.
 *
 * @param before the Graph as it was given
 * @param after the smaller Graph; the same object where nothing could go
 * @param costBefore what the first costs
 * @param costAfter what the second costs
 * @param removed the Spaces that lost units, in all rounds together
 * @param equality the two compared by an independent runtime
 * @param findings what stayed and why, and other things the user should know
 */
public record Shrink(Graph before, Graph after, Cost costBefore, Cost costAfter, List<Quotient.Removed> removed,
        Equality equality, List<Finding> findings) {
    /** A removed reader can make its sources unread; more rounds than a network has layers are never needed. */
    private static final int MOST_ROUNDS = 1000;
    /** Samples the equality is measured on where no data are given. */
    public static final int SAMPLES = 256;

    /** Copies the lists. */
    public Shrink {
        removed = List.copyOf(removed);
        findings = List.copyOf(findings);
    }

    /** A Graph without its dead units, not yet compared with anything. */
    record Reduced(Graph graph, List<Quotient.Removed> removed, List<Finding> findings) {
    }

    /**
     * Takes out every dead unit the options allow, round by round until nothing more dies, and measures the difference on
     * random inputs.
     *
     * @param factory the independent runtime
     * @throws StructureException if a node cannot follow
     */
    public static Shrink lossless(Graph graph, ShrinkOptions options, Evaluator.Factory factory, Seed seed) {
        Reduced reduced = reduce(graph, options);
        return finished(graph, reduced, Equality.check(graph, reduced.graph, factory, seed, SAMPLES));
    }

    /**
     * Takes out every dead unit the options allow, and measures the difference on data.
     *
     * @param inputs batches, each with one tensor per graph input
     */
    public static Shrink lossless(Graph graph, ShrinkOptions options, Evaluator.Factory factory,
            List<Map<String, TensorData>> inputs) {
        Reduced reduced = reduce(graph, options);
        return finished(graph, reduced, Equality.check(graph, reduced.graph, factory, inputs));
    }

    private static Shrink finished(Graph graph, Reduced reduced, Equality equality) {
        return new Shrink(graph, reduced.graph, Cost.of(graph), Cost.of(reduced.graph), reduced.removed, equality,
                reduced.findings);
    }

    static Reduced reduce(Graph graph, ShrinkOptions options) {
        Unshare unshared = Unshare.of(graph);
        Symmetries first = Symmetries.of(unshared.graph());
        List<Finding> infinite = notFinite(first);
        if (!infinite.isEmpty()) {
            return new Reduced(graph, List.of(), infinite);
        }
        Graph current = LostRank.gathered(unshared.graph(), options);
        Set<Finding> findings = new LinkedHashSet<>();
        Map<String, Quotient.Removed> removed = new LinkedHashMap<>();
        HeadRank.Narrowed narrowed = HeadRank.of(current, options);
        findings.addAll(narrowed.findings());
        narrowed.removed().forEach(r -> removed.put(r.space(), r));
        current = narrowed.graph();
        for (int round = 0; round < MOST_ROUNDS; round++) {
            Symmetries symmetries = current == first.graph() ? first : Symmetries.of(current);
            if (round == 0) {
                findings.addAll(symmetries.findings());
                options.idle(symmetries).forEach(glob -> findings.add(new Finding(Finding.Severity.WARNING,
                        "exclude-fits-nothing", glob, "the pattern fits no Space and no parameter")));
            }
            Graph merged = merged(symmetries, options, findings);
            if (merged != current) {
                current = merged;
                symmetries = Symmetries.of(current);
            }
            Graph snapped = NearZero.snap(symmetries, options);
            Pass pass = Pass.of(snapped == current ? symmetries : Symmetries.of(snapped), options);
            if (pass.quotient().removed().isEmpty()) {
                findings.addAll(pass.findings());
                break;
            }
            findings.addAll(pass.quotient().findings());
            pass.quotient().removed().forEach(r -> removed.merge(r.space(), r,
                    (a, b) -> new Quotient.Removed(a.space(), a.from(), b.to())));
            current = pass.quotient().graph();
        }
        return removed.isEmpty() ? new Reduced(graph, List.of(), List.copyOf(findings))
                : new Reduced(Resharing.of(graph, unshared.graph(), current), List.copyOf(removed.values()),
                        List.copyOf(findings));
    }

    /** Weights that are not finite numbers: what they make of a zero is no zero, so nothing that looks collapsed is. */
    private static List<Finding> notFinite(Symmetries symmetries) {
        Set<String> parameters = new LinkedHashSet<>();
        symmetries.spaces().forEach(space -> space.slots().forEach(slot -> parameters.add(slot.parameter())));
        List<Finding> findings = new ArrayList<>();
        for (String name : parameters) {
            symmetries.graph().parameter(name).filter(t -> t.type().isReal())
                    .filter(t -> Arrays.stream(t.toDoubles()).anyMatch(x -> !Double.isFinite(x)))
                    .ifPresent(t -> findings.add(new Finding(Finding.Severity.WARNING, "weights-not-finite", name,
                            name + " holds values that are not finite numbers; nothing is taken out")));
        }
        return findings;
    }

    /** The Graph in which units that repeat another one are read by nothing, as far as the options let them go. */
    private static Graph merged(Symmetries symmetries, ShrinkOptions options, Set<Finding> findings) {
        Twins twins = Twins.of(symmetries);
        List<BitSet> leaving = symmetries.spaces().stream().map(space -> {
            BitSet seconds = new BitSet();
            boolean merges = space.shrinkable() && !twins.pairs().get(space.id()).isEmpty()
                    && Twins.mergeable(symmetries, space);
            List<Twins.Pair> strong = twins.pairs().get(space.id()).stream()
                    .filter(p -> merges && Twins.seen(symmetries, space, p)).toList();
            twins.pairs().get(space.id()).stream().filter(p -> merges && !strong.contains(p))
                    .forEach(p -> seconds.set(p.second()));
            strong.forEach(p -> findings.add(new Finding(Finding.Severity.INFO, "twins-told-apart", space.name(),
                    String.format(Locale.ROOT,
                            "units %d and %d of %s are alike but for %.0e, and what reads them cancels"
                                    + " so much of them that the outputs would show it; both stay",
                            p.first(), p.second(), space.name(), p.apart()))));
            seconds.andNot(options.keep(space, seconds));
            return seconds;
        }).toList();
        return twins.handedOver(symmetries, leaving);
    }

    /**
     * One round of taking out exact zeros, not compared with anything yet.
     *
     * @param graph the smaller Graph
     * @param keep per Space of the Graph before, by id, the units that stayed
     * @param findings what had to stay, and why
     */
    public record Round(Graph graph, List<BitSet> keep, List<Finding> findings) {
        /** Copies the lists. */
        public Round {
            keep = List.copyOf(keep);
            findings = List.copyOf(findings);
        }
    }

    /** Takes out every dead unit the options allow, once: units that only die with the round stay. */
    public static Round round(Graph graph, ShrinkOptions options) {
        Pass pass = Pass.of(Symmetries.of(graph), options);
        return new Round(pass.quotient().graph(), pass.keep(), pass.findings());
    }
}
