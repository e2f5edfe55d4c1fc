package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.Collectors;

/**
 * All symmetries of a Graph that have been shown to be symmetries: those that keep units apart, those that mix coordinates
 * and translations, a random element of each applied and the outputs compared.
 *
 * @param units permutations, signs and scalings
 * @param mixing maps that mix coordinates
 * @param shifts translations
 * @param samples how many random inputs were compared
 * @param maxError the largest difference of an output, divided by the output's range; of the symmetries that hold
 * @param findings what was not understood, and one {@code symmetry-defect} per Space or shift that does not hold, or
 *            {@code symmetry-not-shown} where that may be rounding or numbers that are not finite, with what causes these
 */
public record Verified(Symmetries units, LinearSymmetries mixing, List<Shift> shifts, int samples, double maxError,
        List<Finding> findings) {
    /** Copies the lists. */
    public Verified {
        shifts = List.copyOf(shifts);
        findings = List.copyOf(findings);
    }

    /**
     * Infers and verifies.
     *
     * @param graph a Graph whose merged parameters have been un-shared ({@link Unshare})
     * @throws dev.orbifold.graph.GraphException if the Graph cannot be evaluated
     */
    public static Verified of(Graph graph, Evaluator.Factory factory, int samples, Seed seed) {
        return of(graph, Optional.empty(), factory, samples, seed);
    }

    /**
     * The same, of a Graph whose merged parameters were un-shared just now: what that inferred is not inferred again.
     *
     * @throws dev.orbifold.graph.GraphException if the Graph cannot be evaluated
     */
    public static Verified of(Unshare unshared, Evaluator.Factory factory, int samples, Seed seed) {
        return of(unshared.graph(), unshared.inferred(), factory, samples, seed);
    }

    private static Verified of(Graph graph, Optional<Symmetries> known, Evaluator.Factory factory, int samples,
            Seed seed) {
        Graph probe = Probe.of(graph, seed.split("probe"));
        // Which units can be exchanged may depend on constants, so that a probe is another Graph.
        Verified verified = proved(probe, probe == graph ? known : Optional.empty(), factory, samples, seed);
        if (probe == graph) {
            return verified;
        }
        Symmetries units = verified.units();
        // The contents of constants are among the shapes, and shifts read them.
        return new Verified(
                new Symmetries(graph, Shapes.of(graph), units.spaces(), units.axes(), units.scalings(),
                        units.findings()),
                new LinearSymmetries(graph, verified.mixing().spaces()), verified.shifts(), samples,
                verified.maxError(), verified.findings());
    }

    private static Verified proved(Graph graph, Optional<Symmetries> known, Evaluator.Factory factory, int samples,
            Seed seed) {
        Shapes shapes = known.map(Symmetries::shapes).orElseGet(() -> Shapes.of(graph));
        // What the Graph says to random inputs is found out while its symmetries are inferred.
        ForkJoinTask<Symmetries> inferring =
                ForkJoinPool.commonPool().submit(() -> known.orElseGet(() -> Symmetries.of(graph, shapes)));
        ForkJoinTask<Shifts> following = ForkJoinPool.commonPool().submit(() -> Shifts.of(graph, shapes));
        Symmetries inferred;
        LinearSymmetries linear;
        Shifts shifts;
        Trial.Outcome<Record> outcome;
        Doubts doubts;
        try (Trial trial = new Trial(graph, shapes, factory, samples, seed.split("units").split("inputs"))) {
            linear = LinearSymmetries.of(graph, shapes);
            inferred = inferring.join();
            shifts = following.join();
            Symmetries exchanging = inferred;
            List<Record> spaces = new ArrayList<>(inferred.spaces());
            spaces.addAll(linear.spaces());
            spaces.addAll(shifts.shifts());
            outcome = trial.outcome(spaces, moving -> {
                List<Shift> shifting = only(Shift.class, moving);
                Motion motion = new Motion(
                        shifting.isEmpty() ? graph : shifts.random(shifting, seed.split("shifts")));
                Verification.move(motion, exchanging, only(Space.class, moving), seed.split("units"));
                LinearTransform.add(motion, elements(only(LinearSpace.class, moving),
                        seed.split("mixing").split("element")));
                return motion;
            });
            doubts = Doubts.of(graph, trial, outcome, seed.split("rounding"));
        }
        List<Space> wrong = only(Space.class, outcome.wrong());
        List<LinearSpace> unmixable = only(LinearSpace.class, outcome.wrong());
        List<Shift> unshiftable = only(Shift.class, outcome.wrong());
        Symmetries units =
                Verification.without(inferred, wrong,
                        wrong.stream().map(s -> doubts.judged(s, Verification.defect(s))).toList());
        List<Finding> findings = new ArrayList<>(units.findings());
        findings.addAll(linear.findings());
        findings.addAll(shifts.findings());
        findings.addAll(doubts.causes());
        unmixable.forEach(s -> findings.add(doubts.judged(s, defect(s))));
        unshiftable.forEach(s -> findings.add(doubts.judged(s, defect(s))));
        return new Verified(units, linear.without(unmixable.stream().map(LinearSpace::id).collect(Collectors.toSet())),
                shifts.shifts().stream().filter(s -> !unshiftable.contains(s)).toList(), samples, outcome.error(),
                findings);
    }

    private static <T> List<T> only(Class<T> kind, List<Record> spaces) {
        return spaces.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static List<LinearTransform.Element> elements(List<LinearSpace> spaces, Seed seed) {
        return spaces.stream().map(s -> LinearTransform.element(s, seed.split(s.name()))).toList();
    }

    private static Finding defect(LinearSpace space) {
        return new Finding(Finding.Severity.ERROR, "symmetry-defect", space.name(),
                "mixing the " + space.dimension() + " coordinates of " + space.name()
                        + " changes the outputs, so they are kept as they are; please report the model's operators");
    }

    private static Finding defect(Shift shift) {
        return new Finding(Finding.Severity.ERROR, "symmetry-defect", shift.name(),
                "shifting the " + shift.dimension() + " numbers of " + shift.name()
                        + " that should not be seen changes the"
                        + " outputs, so they are kept as they are; please report the model's operators");
    }

    /** All copies of a LinearSpace with their one Group, heads × inner where whole heads change places. */
    public Copies copies(LinearSpace space) {
        return Copies.of(space, units.spaces());
    }

    /**
     * The Graph moved by a random element of every symmetry, of the given kinds. Shifts come first: what other parameters take
     * back of them depends on the weights, which are still as they were.
     */
    public Graph moved(Set<Transform.Kind> kinds, Seed seed) {
        Graph graph = units.graph();
        Motion motion = new Motion(kinds.contains(Transform.Kind.SHIFT) ? shifted(graph, seed.split("shifts")) : graph);
        if (kinds.contains(Transform.Kind.ROTATION)) {
            LinearTransform.add(motion, elements(mixing.spaces(), seed.split("mixing")));
        }
        Transform.add(motion, units, units.spaces().stream()
                .map(s -> Transform.element(units, s, kinds, seed.split("units").split(s.name()))).toList());
        return motion.onHeap();
    }

    private Graph shifted(Graph graph, Seed seed) {
        Set<String> held = shifts.stream().map(Shift::name).collect(Collectors.toSet());
        Shifts now = Shifts.of(graph, units.shapes());
        return now.random(now.shifts().stream().filter(s -> held.contains(s.name())).toList(), seed);
    }
}
