package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
    @ParameterizedTest @ValueSource(ints = {1, 2, 3, 4, 7, 20, 39, 54, 400, 5000})
    void theLastChoiceIsMadeBeforeTheConstrainedPhaseEnds(int steps) {
        Plan plan = Plan.of(steps, 1, 0.1);
        assertEquals(steps, plan.steps());
        assertTrue(plan.begin() <= plan.end() && plan.chosen() < plan.end() && plan.end() <= steps, plan.toString());
        boolean chosen = false;
        for (long step = plan.chosen(); step < plan.end(); step++) {
            chosen |= step % plan.steerEvery() == 0;
        }
        assertTrue(chosen, "no choice in the last steps of " + plan);
    }

    @ParameterizedTest @ValueSource(ints = {20, 400, 5000})
    void theRateRisesThenFallsToNothing(int steps) {
        Plan plan = Plan.of(steps, 2, 0.1);
        double highest = 0;
        for (long step = 0; step < plan.steps(); step++) {
            double rate = plan.rateAt(step);
            assertTrue(rate >= 0 && rate <= 0.1, "rate " + rate + " at " + step);
            assertTrue(step >= plan.warm() || rate >= highest, "falls during warm-up at " + step);
            assertTrue(step <= plan.warm() || rate <= plan.rateAt(step - 1), "rises after warm-up at " + step);
            highest = Math.max(highest, rate);
        }
        assertEquals(0.1, highest, 1e-3);
        assertTrue(plan.rateAt(plan.steps() - 1) < 0.002, "at the end " + plan.rateAt(plan.steps() - 1));
    }

    @Test
    void theBudgetFallsToTheTargetAndByHand() {
        Budget budget = new Budget(1000, 10, 10, 110);
        assertEquals(1000, budget.at(0), 1e-9);
        assertEquals(1000, budget.at(10), 1e-9);
        // Halfway: 10 · 100^(1/4)
        assertEquals(10 * Math.sqrt(10), budget.at(60), 1e-9);
        assertEquals(10, budget.at(110));
        assertEquals(10, budget.at(5000));
        for (long step = 1; step <= 120; step++) {
            assertTrue(budget.at(step) <= budget.at(step - 1), "rises at " + step);
        }
    }
}
