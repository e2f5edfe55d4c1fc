package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
        Symmetries inferred = Symmetries.of(graph);
        Verification units = Verification.check(inferred, factory, samples, seed.split("units"));
        Mixed mixed = new Mixed(LinearSymmetries.of(graph, inferred.shapes()), inferred, factory, samples,
                seed.split("mixing"));
        List<Finding> findings = new ArrayList<>(units.symmetries().findings());
        mixed.run();
        findings.addAll(mixed.inferred.findings());
        findings.addAll(mixed.findings);
        return new Verified(units.symmetries(), mixed.right(), samples, Math.max(units.maxError(), mixed.error),
                findings);
    }

    /** The Graph moved by a random element of every Space, of the given kinds. */
    public Graph moved(Set<Transform.Kind> kinds, Seed seed) {
        Graph moved = Transform.random(units, units.spaces(), kinds, seed.split("units"));
        return kinds.contains(Transform.Kind.ROTATION)
                ? LinearTransform.random(moved, mixing.spaces(), seed.split("mixing"))
                : moved;
    }

    private static final class Mixed {
        private final LinearSymmetries inferred;
        private final Evaluator.Factory factory;
        private final Seed seed;
        private final Map<String, TensorData> inputs;
        private final Map<String, TensorData> expected;
        private final Set<Integer> wrong = new HashSet<>();
        private final List<Finding> findings = new ArrayList<>();
        private double error;

        Mixed(LinearSymmetries inferred, Symmetries units, Evaluator.Factory factory, int samples, Seed seed) {
            this.inferred = inferred;
            this.factory = factory;
            this.seed = seed;
            this.inputs = inferred.spaces().isEmpty() ? Map.of()
                    : RandomInputs.of(units.graph(), units.shapes(), samples, seed.split("inputs"));
            this.expected = inferred.spaces().isEmpty() ? Map.of() : outputs(inferred.graph());
        }

        void run() {
            error = error(inferred.spaces());
            if (!(error <= Verification.TOLERANCE)) {
                bisect(inferred.spaces());
                error = error(right().spaces());
            }
        }

        LinearSymmetries right() {
            return inferred.without(wrong);
        }

        private void bisect(List<LinearSpace> spaces) {
            if (spaces.isEmpty() || error(spaces) <= Verification.TOLERANCE) {
                return;
            }
            if (spaces.size() == 1) {
                LinearSpace space = spaces.get(0);
                wrong.add(space.id());
                findings.add(new Finding(Finding.Severity.ERROR, "symmetry-defect", space.name(),
                        "mixing the " + space.dimension() + " coordinates of " + space.name()
                                + " changes the outputs, so they are kept as they are; please report the model's"
                                + " operators"));
                return;
            }
            bisect(spaces.subList(0, spaces.size() / 2));
            bisect(spaces.subList(spaces.size() / 2, spaces.size()));
        }

        private double error(List<LinearSpace> spaces) {
            if (spaces.isEmpty()) {
                return 0;
            }
            Map<String, TensorData> actual =
                    outputs(LinearTransform.random(inferred.graph(), spaces, seed.split("element")));
            double worst = 0;
            for (Map.Entry<String, TensorData> output : expected.entrySet()) {
                TensorData other = actual.get(output.getKey());
                worst = Math.max(worst, other == null ? Double.POSITIVE_INFINITY
                        : Verification.difference(output.getValue(), other));
            }
            return worst;
        }

        private Map<String, TensorData> outputs(Graph graph) {
            try (Evaluator evaluator = factory.open(graph)) {
                return evaluator.run(inputs);
            }
        }
    }
}
