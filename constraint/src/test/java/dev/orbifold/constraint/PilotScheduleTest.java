package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.function.LongToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** λ rises while accuracy holds and the budget is exceeded, and is gone at the end. */
class PilotScheduleTest {
    private static final double FIRST = 1e-5;
    /** Powers of rounded numbers. */
    private static final double ROUNDING = 1e-9;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Reparametrization form(double size) {
        Tensor w = Tensors.of(TensorData.of(new double[] {size, -size, size}, 3), Device.cpu());
        return new Reparametrization(new Whole(3), new Elementwise(2, 3), w, new Kind.Sgd(0, false, 0), false, 0,
                new Start.Shifted(1), new Seed(0), Device.cpu());
    }

    /** λ after each step of a training in which weights keep a share of their start. */
    private static double[] run(long steps, double kept, LongToDoubleFunction loss, LongToDoubleFunction accuracy) {
        try (PointerScope scope = new PointerScope(); Reparametrization start = form(1);
                Reparametrization now = form(kept)) {
            PilotSchedule schedule = new PilotSchedule(0.5, FIRST, steps, start.sizes());
            double[] lambda = new double[(int) steps];
            for (int step = 0; step < steps; step++) {
                schedule.after(step, loss.applyAsDouble(step), accuracy.applyAsDouble(step), now);
                lambda[step] = schedule.lambda();
            }
            return lambda;
        }
    }

    @ParameterizedTest @ValueSource(longs = {20, 100, 1000})
    void itRisesTenThousandfoldAndGoes(long steps) {
        double[] lambda = run(steps, 1, s -> 1, s -> 90);
        int half = (int) steps / 2;
        for (int step = 1; step < half; step++) {
            assertTrue(lambda[step] >= lambda[step - 1]);
        }
        assertEquals(1e4 * FIRST, lambda[half - 1], ROUNDING);
        for (int step = half; step < steps; step++) {
            assertTrue(lambda[step] < lambda[step - 1] || lambda[step] == 0);
        }
        assertEquals(0.5 * lambda[half - 1], lambda[(int) (0.7 * steps) - 1], 0.01 * lambda[half - 1]);
        assertEquals(0, lambda[(int) (0.9 * steps)], ROUNDING);
    }

    @Test
    void itStaysWhereTheBudgetIsMetOrTheAccuracyFell() {
        assertEquals(FIRST, run(100, 0.4, s -> 1, s -> 90)[49]);
        double[] fell = run(100, 1, s -> 1, s -> s < 20 ? 90 : 88.5);
        assertTrue(fell[19] > FIRST);
        assertEquals(fell[19], fell[49]);
        assertTrue(run(100, 1, s -> 1, s -> s < 20 ? 90 : 89.5)[49] > fell[49], "half a point is noise");
    }

    @Test
    void aRegressionGoesByItsLoss() {
        double[] rose = run(100, 1, s -> s < 20 ? 1 : 1.1, s -> Double.NaN);
        assertEquals(rose[19], rose[49]);
        assertTrue(run(100, 1, s -> s < 20 ? 1 : 1.01, s -> Double.NaN)[49] > rose[49]);
    }

    @ParameterizedTest @ValueSource(longs = {1, 33, 49, 50, 80})
    void itContinuesWhereItStopped(long stop) {
        long steps = 100;
        try (PointerScope scope = new PointerScope(); Reparametrization form = form(1)) {
            LongToDoubleFunction accuracy = s -> 80 + 5 * Math.sin(s);
            PilotSchedule whole = new PilotSchedule(0.5, FIRST, steps, form.sizes());
            PilotSchedule second = new PilotSchedule(0.5, 1, steps, form.sizes().mul(new Scalar(3)));
            for (long step = 0; step < steps; step++) {
                if (step == stop) {
                    second.restore(whole.state());
                }
                whole.after(step, 1, accuracy.applyAsDouble(step), form);
                if (step >= stop) {
                    second.after(step, 1, accuracy.applyAsDouble(step), form);
                    assertArrayEquals(whole.state(), second.state(), "step " + step);
                }
            }
        }
    }

    @Test
    void whatIsOutOfRangeIsRefused() {
        try (PointerScope scope = new PointerScope(); Reparametrization form = form(1)) {
            assertThrows(ConstraintException.class, () -> new PilotSchedule(0, FIRST, 10, form.sizes()));
            assertThrows(ConstraintException.class, () -> new PilotSchedule(1.1, FIRST, 10, form.sizes()));
            assertThrows(ConstraintException.class, () -> new PilotSchedule(0.5, 0, 10, form.sizes()));
        }
    }
}
