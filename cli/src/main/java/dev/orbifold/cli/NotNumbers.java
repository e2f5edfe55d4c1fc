package dev.orbifold.cli;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.structure.Equality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What to say of a model whose outputs are not numbers, so that nothing can be shown of them. */
final class NotNumbers {
    /** How many parameters are named. */
    private static final int NAMES = 3;

    private NotNumbers() {
    }

    /** The Finding, with the parameters that hold what is not a number; empty where the outputs could be compared. */
    static Optional<Finding> finding(Graph graph, Equality equality) {
        if (!equality.isVoid()) {
            return Optional.empty();
        }
        List<String> found = new ArrayList<>();
        for (Map.Entry<String, TensorData> parameter : graph.parameters().entrySet()) {
            if (parameter.getValue().type().isReal()) {
                long count = Arrays.stream(parameter.getValue().toDoubles()).filter(v -> !Double.isFinite(v)).count();
                if (count > 0) {
                    found.add(parameter.getKey() + " (" + count + " of " + parameter.getValue().elements() + ")");
                }
            }
        }
        String where = found.isEmpty() ? "every weight is a number, so they become so on the way"
                : "weights that are not numbers: " + String.join(", ", found.subList(0, Math.min(NAMES, found.size())))
                        + (found.size() > NAMES ? " and " + (found.size() - NAMES) + " more parameters" : "");
        return Optional.of(new Finding(Finding.Severity.ERROR, "outputs-not-numbers", graph.name(),
                "outputs are not numbers, before as after, so that nothing shows whether they are equal; " + where));
    }
}
