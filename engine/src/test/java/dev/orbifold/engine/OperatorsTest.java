package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator of the table on random shapes and attributes. */
class OperatorsTest {
    /** Makes the i-th random case of an operator. */
    @FunctionalInterface
    interface Generator {
        OperatorCase make(RandomGenerator random, int i);
    }

    /**
     * @param count how many cases
     */
    record Cases(int count, Generator generator) {
    }

    private static final Map<String, Cases> CASES = cases();
    /** Random: its own test is in ProgramTest. */
    private static final Set<String> ELSEWHERE = Set.of("Dropout");

    private static Map<String, Cases> cases() {
        Map<String, Cases> cases = new TreeMap<>();
        ElementwiseCases.register(cases);
        LayerCases.register(cases);
        ShapeCases.register(cases);
        return cases;
    }

    static Stream<String> operators() {
        return CASES.keySet().stream();
    }

    @ParameterizedTest @MethodSource("operators")
    void agreesWithOnnxRuntimeAndFiniteDifferences(String operator) {
        Cases cases = CASES.get(operator);
        List<String> failures = new ArrayList<>();
        for (int i = 0; i < cases.count(); i++) {
            Seed seed = new Seed(11).split(operator).split(i);
            OperatorCase one = cases.generator().make(seed.generator(), i).seeded(i);
            try {
                one.check();
            } catch (AssertionError | RuntimeException e) {
                failures.add(one + "\n    " + e.getMessage());
            }
        }
        if (!failures.isEmpty()) {
            fail(failures.size() + " of " + cases.count() + " cases fail:\n" + String.join("\n", failures));
        }
    }

    @Test
    void coversEveryOperator() {
        Set<String> missing = new TreeSet<>(Operators.names());
        missing.removeAll(CASES.keySet());
        missing.removeAll(ELSEWHERE);
        assertEquals(Set.of(), missing);
    }
}
