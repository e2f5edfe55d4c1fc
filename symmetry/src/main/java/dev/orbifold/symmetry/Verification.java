package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The proof that found symmetries are symmetries: a random element of every Space applied, the outputs compared.
 *
 * @param samples how many random inputs were compared
 * @param maxError the largest difference of an output, divided by the output's range; of the Spaces that hold
 * @param symmetries the symmetries without the Spaces that do not hold
 * @param findings one {@code symmetry-defect} per Space that does not hold
 */
public record Verification(int samples, double maxError, Symmetries symmetries, List<Finding> findings) {
    /** Differences above this share of the output's range are no rounding of float32. */
    public static final double TOLERANCE = 1e-3;

    /** Copies the list. */
    public Verification {
        findings = List.copyOf(findings);
    }

    /**
     * Applies random elements and compares outputs; Spaces that change them are found by bisection and dropped.
     *
     * @throws dev.orbifold.graph.GraphException if the Graph cannot be evaluated
     */
    public static Verification check(Symmetries symmetries, Evaluator.Factory factory, int samples, Seed seed) {
        return new Check(symmetries, factory, samples, seed).run();
    }

    private static final class Check {
        private final Symmetries symmetries;
        private final Evaluator.Factory factory;
        private final int samples;
        private final Seed seed;
        private final Map<String, TensorData> inputs;
        private final Map<String, TensorData> expected;

        Check(Symmetries symmetries, Evaluator.Factory factory, int samples, Seed seed) {
            this.symmetries = symmetries;
            this.factory = factory;
            this.samples = samples;
            this.seed = seed;
            this.inputs = RandomInputs.of(symmetries.graph(), symmetries.shapes(), samples, seed.split("inputs"));
            this.expected = outputs(symmetries.graph());
        }

        Verification run() {
            List<Space> wrong = new ArrayList<>();
            double error = symmetries.spaces().isEmpty() ? 0 : error(symmetries.spaces());
            if (!(error <= TOLERANCE)) {
                bisect(symmetries.spaces(), wrong);
                List<Space> right = symmetries.spaces().stream().filter(s -> !wrong.contains(s)).toList();
                error = right.isEmpty() ? 0 : error(right);
            }
            List<Finding> findings = wrong.stream()
                    .map(s -> new Finding(Finding.Severity.ERROR, "symmetry-defect", s.name(), "exchanging the "
                            + s.dimension() + " units of " + s.name()
                            + " changes the outputs, so they are kept as they are; please report the model's operators"))
                    .toList();
            return new Verification(samples, error, wrong.isEmpty() ? symmetries : without(wrong, findings), findings);
        }

        private void bisect(List<Space> spaces, List<Space> wrong) {
            if (spaces.isEmpty() || error(spaces) <= TOLERANCE) {
                return;
            }
            if (spaces.size() == 1) {
                wrong.add(spaces.get(0));
                return;
            }
            bisect(spaces.subList(0, spaces.size() / 2), wrong);
            bisect(spaces.subList(spaces.size() / 2, spaces.size()), wrong);
        }

        private double error(List<Space> spaces) {
            Graph moved = Transform.random(symmetries, spaces, EnumSet.allOf(Transform.Kind.class),
                    seed.split("element"));
            Map<String, TensorData> actual = outputs(moved);
            double worst = 0;
            for (Map.Entry<String, TensorData> output : expected.entrySet()) {
                TensorData other = actual.get(output.getKey());
                worst = Math.max(worst,
                        other == null ? Double.POSITIVE_INFINITY : difference(output.getValue(), other));
            }
            return worst;
        }

        private Map<String, TensorData> outputs(Graph graph) {
            try (Evaluator evaluator = factory.open(graph)) {
                return evaluator.run(inputs);
            }
        }

        private Symmetries without(List<Space> wrong, List<Finding> findings) {
            Set<Integer> gone = new HashSet<>();
            wrong.forEach(s -> gone.add(s.id()));
            int[] ids = new int[symmetries.spaces().size()];
            List<Space> spaces = new ArrayList<>();
            for (Space s : symmetries.spaces()) {
                ids[s.id()] = gone.contains(s.id()) ? -1 : spaces.size();
                if (ids[s.id()] >= 0) {
                    spaces.add(new Space(ids[s.id()], s.name(), s.dimension(), s.group(), s.slots(), s.kept()));
                }
            }
            List<Scaling> scalings = symmetries.scalings().stream().filter(s -> ids[s.space()] >= 0)
                    .map(s -> new Scaling(ids[s.space()], s.diagonal(), s.powers())).toList();
            Map<String, List<Optional<AxisType>>> axes = new LinkedHashMap<>();
            symmetries.axes().forEach((value, types) -> axes.put(value,
                    types.stream().map(type -> type.map(t -> renumbered(t, ids))).toList()));
            List<Finding> all = new ArrayList<>(symmetries.findings());
            all.addAll(findings);
            return new Symmetries(symmetries.graph(), symmetries.shapes(), spaces, axes, scalings, all);
        }

        private static AxisType renumbered(AxisType type, int[] ids) {
            int[] space = type.space().clone();
            int[] unit = type.unit().clone();
            for (int i = 0; i < space.length; i++) {
                space[i] = space[i] < 0 ? -1 : ids[space[i]];
                unit[i] = space[i] < 0 ? -1 : unit[i];
            }
            return new AxisType(space, unit, type.leg());
        }
    }

    /**
     * The largest difference between two tensors of one shape, divided by the range of the first (by its largest
     * magnitude where it is constant).
     */
    public static double difference(TensorData first, TensorData second) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double worst = 0;
        for (long i = 0; i < first.elements(); i++) {
            double a = first.doubleAt(i);
            double b = second.doubleAt(i);
            low = Math.min(low, a);
            high = Math.max(high, a);
            double difference = a == b || Double.isNaN(a) && Double.isNaN(b) ? 0 : Math.abs(a - b);
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        double range = high > low ? high - low : Math.max(Math.abs(high), Double.MIN_NORMAL);
        return worst == 0 ? 0 : worst / range;
    }
}
