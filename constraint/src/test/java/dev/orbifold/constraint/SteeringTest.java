package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Space;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteeringTest {
    private static final Price CHAIN = w -> 10 * w[0] + w[0] * w[1] + w[1] * 3;
    private static final int PUSH = 20;

    private final GateLayout layout = layout(20, 30);
    private final Auction auction = new Auction(layout, CHAIN, new int[] {1, 1}, 1, 1);
    private final Gates gates = new Gates(layout.size(), 3);

    private static GateLayout layout(int first, int second) {
        List<Space> spaces = List.of(
                new Space(0, "first", first, new Group.Permutation(), List.of(), Optional.empty()),
                new Space(1, "second", second, new Group.Permutation(), List.of(), Optional.empty()));
        return new GateLayout(spaces, new int[] {0, first, first + second}, List.of());
    }

    private Steering steering(double most) {
        return new Steering(layout, auction, gates, new Steering.Options(0.9, most, PUSH));
    }

    private static float[] gradient(int size, RandomGenerator random) {
        float[] g = new float[size];
        for (int i = 0; i < size; i++) {
            g[i] = (float) random.nextGaussian();
        }
        return g;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4})
    void whatIsNotPushedFitsTheBudget(long seed) {
        Steering steering = steering(1);
        RandomGenerator random = new SplittableRandom(seed);
        steering.observe(gradient(layout.size(), random));
        double budget = 100 + 400 * random.nextDouble();
        steering.steer(budget, false);
        int[] left = layout.widths();
        for (int u = 0; u < layout.size(); u++) {
            left[layout.spaceOf(u)] -= steering.pushed(u) ? 1 : 0;
        }
        assertTrue(CHAIN.at(left) <= budget, "seed " + seed + ": " + CHAIN.at(left) + " above " + budget);
        steering.closePushed();
        assertArrayEquals(left, steering.widths(), "seed " + seed);
    }

    @Test
    void atMostAShareOfASpaceIsPushedUnlessItIsTheLastChoice() {
        Steering steering = steering(0.25);
        steering.observe(gradient(layout.size(), new SplittableRandom(1)));
        steering.steer(auction.floor(), false);
        int[] pushed = pushed(steering);
        assertTrue(pushed[0] <= 5 && pushed[1] <= 8, "pushed " + pushed[0] + " and " + pushed[1]);
        assertEquals(pushed[0] + pushed[1], steering.pushing());
        steering.steer(auction.floor(), true);
        assertArrayEquals(new int[] {19, 29}, pushed(steering));
    }

    private int[] pushed(Steering steering) {
        int[] pushed = new int[2];
        for (int u = 0; u < layout.size(); u++) {
            pushed[layout.spaceOf(u)] += steering.pushed(u) ? 1 : 0;
        }
        return pushed;
    }

    @Test
    void theUnitThatCarriesLeastGoesFirstAndIsReleasedWhenItRecovers() {
        Steering steering = steering(1);
        float[] gradient = new float[layout.size()];
        java.util.Arrays.fill(gradient, 1);
        gradient[7] = 0.01f;
        steering.observe(gradient);
        double oneLess = CHAIN.at(new int[] {19, 30});
        steering.steer(oneLess, false);
        assertTrue(steering.pushed(7), "unit 7 carries least");
        gradient[7] = 100;
        steering.observe(gradient);
        steering.steer(oneLess, false);
        assertFalse(steering.pushed(7), "unit 7 carries most");
    }

    @Test
    void aPushClosesInTheStepsItSays() {
        Steering steering = steering(1);
        steering.observe(gradient(layout.size(), new SplittableRandom(3)));
        steering.steer(auction.floor(), true);
        int steps = 0;
        while (steering.pushing() > 0) {
            gates.step(new float[layout.size()], 0.05, 0, steering.decay(0.05));
            steps++;
            assertTrue(steps <= PUSH + 1, steps + " steps");
        }
        assertEquals(PUSH, steps, 1);
        assertArrayEquals(new int[] {1, 1}, steering.widths());
    }

    @Test
    void theRunningMeanByHand() {
        Steering steering = steering(1);
        float[] gradient = new float[layout.size()];
        assertEquals(0, steering.value(0));
        gradient[0] = 2;
        steering.observe(gradient);
        gradient[0] = 3;
        steering.observe(gradient);
        // (0.9 · 0.1 · 4 + 0.1 · 9) / (1 − 0.9²)
        assertEquals((0.36 + 0.9) / 0.19, steering.value(0), 1e-12);
    }

    @Test
    void stateRestores() {
        Steering steering = steering(0.5);
        steering.observe(gradient(layout.size(), new SplittableRandom(4)));
        steering.steer(200, false);
        Steering other = steering(0.5);
        other.restore(steering.state());
        assertArrayEquals(steering.decay(0.1), other.decay(0.1));
        assertArrayEquals(steering.factors(), other.factors());
        assertArrayEquals(steering.state(), other.state());
        assertThrows(ConstraintException.class, () -> other.restore(new double[4]));
    }
}
