package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final double ROUNDING = 1e-12;

    @Test
    void constantsStay() {
        assertEquals(0.3, new Schedule.Constant(0.3).at(0.7));
    }

    @Test
    void cosineMeetsItsEndsAndItsMiddle() {
        Schedule cosine = new Schedule.Cosine(1, 0.2);
        assertEquals(1, cosine.at(0), ROUNDING);
        assertEquals(0.6, cosine.at(0.5), ROUNDING);
        assertEquals(0.2, cosine.at(1), ROUNDING);
        assertEquals(0.2, cosine.at(7), ROUNDING);
        assertEquals(0.6, cosine.at(50, 100), ROUNDING);
    }

    @Test
    void oneCycleRisesToItsPeakAndFalls() {
        Schedule cycle = Schedule.OneCycle.to(1);
        assertEquals(0.04, cycle.at(0), ROUNDING);
        assertEquals(0.52, cycle.at(0.15), ROUNDING);
        assertEquals(1, cycle.at(0.3), ROUNDING);
        assertEquals(4e-6, cycle.at(1), ROUNDING);
        for (int i = 0; i < 100; i++) {
            double a = i / 100.0;
            double b = (i + 1) / 100.0;
            assertTrue(b <= 0.3 ? cycle.at(a) < cycle.at(b) : a < 0.3 || cycle.at(a) > cycle.at(b), "at " + a);
        }
        assertThrows(EngineException.class, () -> new Schedule.OneCycle(0, 1, 0, 1));
    }

    @Test
    void warmUpIsALineThatTheOtherScheduleFollows() {
        Schedule warm = new Schedule.WarmUp(0.2, new Schedule.Cosine(1, 0));
        assertEquals(0, warm.at(0), ROUNDING);
        assertEquals(0.5, warm.at(0.1), ROUNDING);
        assertEquals(1, warm.at(0.2), ROUNDING);
        assertEquals(0.5, warm.at(0.6), ROUNDING);
        assertEquals(0, warm.at(1), ROUNDING);
    }
}
