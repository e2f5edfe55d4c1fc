package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The proof that found shifts are symmetries: random ones applied, the outputs compared, wrong ones found by bisection. */
final class ShiftVerification {
    private final Shifts shifts;
    private final Evaluator.Factory factory;
    private final Seed seed;
    private final Map<String, TensorData> inputs;
    private final Map<String, TensorData> expected;
    private final List<Shift> wrong = new ArrayList<>();
    private double error;

    private ShiftVerification(Shifts shifts, Shapes shapes, Evaluator.Factory factory, int samples, Seed seed) {
        this.shifts = shifts;
        this.factory = factory;
        this.seed = seed;
        boolean none = shifts.shifts().isEmpty();
        this.inputs = none ? Map.of() : RandomInputs.of(shifts.graph(), shapes, samples, seed.split("inputs"));
        this.expected = none ? Map.of() : outputs(shifts.graph());
    }

    /** Verifies all shifts of a Graph. */
    static ShiftVerification of(Shifts shifts, Shapes shapes, Evaluator.Factory factory, int samples, Seed seed) {
        ShiftVerification check = new ShiftVerification(shifts, shapes, factory, samples, seed);
        check.error = check.error(shifts.shifts());
        if (!(check.error <= Verification.TOLERANCE)) {
            check.bisect(shifts.shifts());
            check.error = check.error(check.right());
        }
        return check;
    }

    /** The shifts that hold. */
    List<Shift> right() {
        return shifts.shifts().stream().filter(s -> !wrong.contains(s)).toList();
    }

    /** The largest difference of an output where the shifts that hold are applied, over the output's range. */
    double error() {
        return error;
    }

    /** What was not worked out, and one {@code symmetry-defect} per shift that does not hold. */
    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>(shifts.findings());
        wrong.forEach(s -> findings.add(new Finding(Finding.Severity.ERROR, "symmetry-defect", s.name(),
                "shifting the " + s.dimension() + " numbers of " + s.name() + " that should not be seen changes the"
                        + " outputs, so they are kept as they are; please report the model's operators")));
        return findings;
    }

    private void bisect(List<Shift> some) {
        if (some.isEmpty() || error(some) <= Verification.TOLERANCE) {
            return;
        }
        if (some.size() == 1) {
            wrong.add(some.get(0));
            return;
        }
        bisect(some.subList(0, some.size() / 2));
        bisect(some.subList(some.size() / 2, some.size()));
    }

    private double error(List<Shift> some) {
        if (some.isEmpty()) {
            return 0;
        }
        Map<String, TensorData> actual = outputs(shifts.random(some, seed.split("element")));
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
