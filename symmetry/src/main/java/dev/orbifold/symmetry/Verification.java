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
 * @param findings one {@code symmetry-defect} per Space that does not hold, or {@code symmetry-not-shown} where that may be
 *            rounding or numbers that are not finite, with what causes these
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
        try (Trial trial = new Trial(symmetries.graph(), symmetries.shapes(), factory, samples, seed.split("inputs"))) {
            Trial.Outcome<Space> outcome = trial.outcome(symmetries.spaces(),
                    spaces -> {
                        Motion motion = new Motion(symmetries.graph());
                        move(motion, symmetries, spaces, seed);
                        return motion;
                    });
            Doubts doubts = Doubts.of(symmetries.graph(), trial, outcome, seed.split("rounding"));
            List<Finding> findings = new ArrayList<>(doubts.causes());
            outcome.wrong().forEach(space -> findings.add(doubts.judged(space, defect(space))));
            return new Verification(samples, outcome.error(), without(symmetries, outcome.wrong(), findings), findings);
        }
    }

    /** Adds a random element of each of the Spaces to a Motion. */
    static void move(Motion motion, Symmetries symmetries, List<Space> spaces, Seed seed) {
        Transform.add(motion, symmetries, spaces.stream().map(s -> Transform.element(symmetries, s,
                EnumSet.allOf(Transform.Kind.class), seed.split("element").split(s.name()))).toList());
    }

    /** The Finding that a Space of units does not hold. */
    static Finding defect(Space space) {
        return new Finding(Finding.Severity.ERROR, "symmetry-defect", space.name(), "exchanging the "
                + space.dimension() + " units of " + space.name()
                + " changes the outputs, so they are kept as they are; please report the model's operators");
    }

    /** The symmetries without some of their Spaces, and with further Findings. */
    static Symmetries without(Symmetries symmetries, List<Space> wrong, List<Finding> findings) {
        if (wrong.isEmpty()) {
            return symmetries;
        }
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
                .map(s -> new Scaling(ids[s.space()], s.diagonal(), s.powers(), s.centres())).toList();
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

    /**
     * The largest difference between two tensors of one shape, divided by the range of the first's finite numbers (by their
     * largest magnitude where it is constant); infinite where a number of one is not finite and differs from the other's.
     */
    public static double difference(TensorData first, TensorData second) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double worst = 0;
        for (long i = 0; i < first.elements(); i++) {
            double a = first.doubleAt(i);
            double b = second.doubleAt(i);
            if (Double.isFinite(a)) {
                low = Math.min(low, a);
                high = Math.max(high, a);
            }
            double difference = a == b || Double.isNaN(a) && Double.isNaN(b) ? 0 : Math.abs(a - b);
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        if (worst == 0 || Double.isInfinite(worst)) {
            return worst;
        }
        return worst / (high > low ? high - low : Math.max(Math.abs(high), Double.MIN_NORMAL));
    }
}
