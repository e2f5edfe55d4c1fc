package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatesTest {
    /** Gradient descent runs until the objective is flat to rounding; what is left is the step size. */
    private static final double OPTIMUM = 1e-4;

    @Test
    void startOpen() {
        Gates gates = new Gates(3, 3);
        for (int i = 0; i < 3; i++) {
            assertEquals(1, gates.product(i));
            assertFalse(gates.closed(i));
        }
        assertEquals(4, gates.products().length);
        assertEquals(1f, gates.products()[3]);
    }

    @ParameterizedTest @ValueSource(ints = {1, 5})
    void otherDepthsAreRefused(int depth) {
        assertThrows(ConstraintException.class, () -> new Gates(2, depth));
    }

    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void decayAloneClosesInTheTimeItSays(int depth) {
        Gates gates = new Gates(1, depth);
        double rate = 0.1;
        double wd = 0.5;
        int expected = (int) Math.ceil(Math.log(Gates.ZERO) / (depth * Math.log1p(-rate * wd)));
        int steps = 0;
        while (!gates.closed(0)) {
            gates.step(new float[1], rate, 0, new double[] {wd});
            steps++;
        }
        assertEquals(expected, steps, 1);
    }

    @Test
    void closedStaysClosed() {
        Gates gates = new Gates(1, 3);
        gates.close(0);
        gates.step(new float[] {-5}, 0.1, 0.9, new double[1]);
        assertTrue(gates.closed(0));
        assertEquals(0, gates.product(0));
    }

    /**
     * Theory, 2: with decay γ on both factors, (ω·p − v)² + γ(ω² + p²) has its optimum at |ω p| = max(|v| − γ, 0).
     */
    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void twoFactorsSoftThreshold(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        double v = 2 * random.nextDouble();
        double strength = random.nextDouble();
        Gates gates = new Gates(1, 2);
        double omega = v;
        double rate = 0.02;
        for (int i = 0; i < 20_000; i++) {
            double residual = 2 * (omega * gates.product(0) - v);
            double gradientOmega = residual * gates.product(0) + 2 * strength * omega;
            gates.step(new float[] {(float) (residual * omega)}, rate, 0, new double[] {2 * strength});
            omega -= rate * gradientOmega;
        }
        assertEquals(Math.max(v - strength, 0), Math.abs(omega * gates.product(0)), OPTIMUM, "seed " + seed);
    }

    @Test
    void stateRestores() {
        Gates gates = new Gates(4, 3);
        gates.step(new float[] {1, 2, 3, 4}, 0.01, 0.9, new double[] {1, 0, 0, 2});
        Gates other = new Gates(4, 3);
        other.restore(gates.state());
        gates.step(new float[] {1, 1, 1, 1}, 0.01, 0.9, new double[4]);
        other.step(new float[] {1, 1, 1, 1}, 0.01, 0.9, new double[4]);
        for (int i = 0; i < 4; i++) {
            assertEquals(gates.product(i), other.product(i));
        }
        assertThrows(ConstraintException.class, () -> gates.restore(new double[3]));
    }
}
