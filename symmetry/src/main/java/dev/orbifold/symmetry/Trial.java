package dev.orbifold.symmetry;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A Graph on trial: what it says to random inputs, and how far a moved Graph is from that. */
final class Trial implements AutoCloseable {
    private final Evaluator.Variants variants;
    private final Map<String, TensorData> inputs;
    private final Map<String, TensorData> expected;

    /**
     * Runs the Graph as it is.
     *
     * @throws GraphException if it cannot be evaluated
     * @throws SymmetryException if it cannot be evaluated and has inputs that say how large something is
     */
    Trial(Graph graph, Shapes shapes, Evaluator.Factory factory, int samples, Seed seed) {
        this.inputs = RandomInputs.of(graph, shapes, samples, seed);
        this.variants = factory.variants(graph);
        this.expected = first(graph);
    }

    private Map<String, TensorData> first(Graph graph) {
        try {
            return variants.run(graph, inputs);
        } catch (GraphException e) {
            variants.close();
            List<String> sizes = SizeInputs.uses(graph);
            if (sizes.isEmpty()) {
                throw e;
            }
            throw new SymmetryException("no value could be drawn for the input "
                    + String.join(", or for the input ", sizes)
                    + ", that fits the rest of the model; make it a constant of the model (an initializer) with the value"
                    + " that you use. " + e.getMessage(), e);
        }
    }

    /**
     * Which Spaces hold.
     *
     * @param wrong Spaces that change the outputs
     * @param errors how far the outputs were off, for each of these
     * @param error the largest difference of an output, divided by the output's range, with all the others moved
     */
    record Outcome<T>(List<T> wrong, List<Double> errors, double error) {
    }

    /**
     * Moves all Spaces at once. If that changes the outputs, bisection finds the first Space with which it does; it is
     * taken out, until the rest holds together.
     *
     * @param moving a Motion by a random element of each of the given Spaces, the same ones every time
     */
    <T> Outcome<T> outcome(List<T> spaces, Function<List<T>, Motion> moving) {
        List<T> right = new ArrayList<>(spaces);
        List<T> wrong = new ArrayList<>();
        List<Double> errors = new ArrayList<>();
        double error = error(right, moving);
        while (!(error <= Verification.TOLERANCE)) {
            int holds = 0;
            int breaks = right.size();
            double broken = error;
            while (breaks - holds > 1) {
                int middle = (holds + breaks) / 2;
                double some = error(right.subList(0, middle), moving);
                if (some <= Verification.TOLERANCE) {
                    holds = middle;
                } else {
                    breaks = middle;
                    broken = some;
                }
            }
            errors.add(broken);
            wrong.add(right.remove(breaks - 1));
            error = error(right, moving);
        }
        return new Outcome<>(wrong, errors, error);
    }

    private <T> double error(List<T> spaces, Function<List<T>, Motion> moving) {
        if (spaces.isEmpty()) {
            return 0;
        }
        Motion motion = moving.apply(spaces);
        // Outside the heap, so that a runtime can read it where it is; gone as soon as it has.
        try (Arena memory = Arena.ofShared()) {
            return error(motion.apply(memory));
        }
    }

    /** How far the outputs of another Graph are off: the largest difference, divided by the output's range. */
    double error(Graph other) {
        Map<String, TensorData> actual = variants.run(other, inputs);
        double worst = 0;
        for (Map.Entry<String, TensorData> output : expected.entrySet()) {
            TensorData found = actual.get(output.getKey());
            worst = Math.max(worst, found == null ? Double.POSITIVE_INFINITY
                    : Verification.difference(output.getValue(), found));
        }
        return worst;
    }

    /** How many numbers of the Graph's own outputs are not finite. */
    long notFinite() {
        return expected.values().stream().filter(output -> output.type().isReal())
                .flatMapToDouble(output -> Arrays.stream(output.toDoubles())).filter(v -> !Double.isFinite(v)).count();
    }

    @Override
    public void close() {
        variants.close();
    }
}
