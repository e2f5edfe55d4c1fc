package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.Collectors;

/**
 * All symmetries of a Graph that have been shown to be symmetries: those that keep units apart and those that mix
 * coordinates, a random element of every Space applied and the outputs compared.
 *
 * @param units permutations, signs and scalings
 * @param mixing maps that mix coordinates
 * @param samples how many random inputs were compared
 * @param maxError the largest difference of an output, divided by the output's range; of the Spaces that hold
 * @param findings what was not understood, and one {@code symmetry-defect} per Space that does not hold
 */
public record Verified(Symmetries units, LinearSymmetries mixing, int samples, double maxError,
        List<Finding> findings) {
    /** Copies the list. */
    public Verified {
        findings = List.copyOf(findings);
    }

    /**
     * Infers and verifies.
     *
     * @param graph a Graph whose merged parameters have been un-shared ({@link Unshare})
     * @throws dev.orbifold.graph.GraphException if the Graph cannot be evaluated
     */
    public static Verified of(Graph graph, Evaluator.Factory factory, int samples, Seed seed) {
        Graph probe = Probe.of(graph, seed.split("probe"));
        Verified verified = proved(probe, factory, samples, seed);
        if (probe == graph) {
            return verified;
        }
        Symmetries units = verified.units();
        return new Verified(
                new Symmetries(graph, units.shapes(), units.spaces(), units.axes(), units.scalings(), units.findings()),
                new LinearSymmetries(graph, verified.mixing().spaces()), samples, verified.maxError(),
                verified.findings());
    }

    private static Verified proved(Graph graph, Evaluator.Factory factory, int samples, Seed seed) {
        Shapes shapes = Shapes.of(graph);
        // What the Graph says to random inputs is found out while its symmetries are inferred.
        ForkJoinTask<Symmetries> inferring =
                ForkJoinPool.commonPool().submit(() -> Symmetries.of(graph, shapes));
        Symmetries inferred;
        LinearSymmetries linear;
        Trial.Outcome<Record> outcome;
        try (Trial trial = new Trial(graph, shapes, factory, samples, seed.split("units").split("inputs"))) {
            linear = LinearSymmetries.of(graph, shapes);
            inferred = inferring.join();
            Symmetries exchanging = inferred;
            List<Record> spaces = new ArrayList<>(inferred.spaces());
            spaces.addAll(linear.spaces());
            outcome = trial.outcome(spaces, (motion, moving) -> {
                Verification.move(motion, exchanging, only(Space.class, moving), seed.split("units"));
                LinearTransform.add(motion, elements(only(LinearSpace.class, moving),
                        seed.split("mixing").split("element")));
            });
        }
        List<Space> wrong = only(Space.class, outcome.wrong());
        List<LinearSpace> unmixable = only(LinearSpace.class, outcome.wrong());
        Symmetries units =
                Verification.without(inferred, wrong, wrong.stream().map(Verification::defect).toList());
        List<Finding> findings = new ArrayList<>(units.findings());
        unmixable.forEach(s -> findings.add(defect(s)));
        return new Verified(units, linear.without(unmixable.stream().map(LinearSpace::id).collect(Collectors.toSet())),
                samples, outcome.error(), findings);
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

    /** The Graph moved by a random element of every Space, of the given kinds. */
    public Graph moved(Set<Transform.Kind> kinds, Seed seed) {
        Motion motion = new Motion(units.graph());
        if (kinds.contains(Transform.Kind.ROTATION)) {
            LinearTransform.add(motion, elements(mixing.spaces(), seed.split("mixing")));
        }
        Transform.add(motion, units, units.spaces().stream()
                .map(s -> Transform.element(units, s, kinds, seed.split("units").split(s.name()))).toList());
        return motion.onHeap();
    }
}
