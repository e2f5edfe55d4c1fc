package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The assignment found is the cheapest of all permutations. */
class AssignmentTest {
    private static final int CASES = 200;
    private static final int LARGEST = 6;
    /** Sums of at most six doubles of size 1 in another order. */
    private static final double ROUNDING = 1e-12;

    @Test
    void aCaseByHand() {
        assertArrayEquals(new int[] {1, 0, 2}, Assignment.of(new double[][] {{4, 1, 3}, {2, 0, 5}, {3, 2, 2}}));
        assertArrayEquals(new int[0], Assignment.of(new double[0][0]));
    }

    @Test
    void itIsTheCheapestOfAll() {
        for (int seed = 0; seed < CASES; seed++) {
            RandomGenerator random = new Seed(seed).generator();
            int n = random.nextInt(1, LARGEST + 1);
            boolean ties = random.nextBoolean();
            double[][] cost = new double[n][n];
            for (double[] row : cost) {
                for (int c = 0; c < n; c++) {
                    row[c] = ties ? random.nextInt(3) : random.nextGaussian();
                }
            }
            int[] columns = Assignment.of(cost);
            assertEquals(n, IntStream.of(columns).distinct().count(), "seed " + seed);
            double found = IntStream.range(0, n).mapToDouble(r -> cost[r][columns[r]]).sum();
            assertEquals(cheapest(cost, 0, new boolean[n]), found, ROUNDING, "seed " + seed);
        }
    }

    @Test
    void aPlantedPermutationIsFoundAmongMany() {
        int n = 300;
        RandomGenerator random = new Seed(1).generator();
        double[][] cost = new double[n][n];
        for (int r = 0; r < n; r++) {
            for (int c = 0; c < n; c++) {
                cost[r][c] = (r * 7 + 3) % n == c ? 0 : 1 + random.nextDouble();
            }
        }
        int[] columns = Assignment.of(cost);
        assertTrue(IntStream.range(0, n).allMatch(r -> columns[r] == (r * 7 + 3) % n));
    }

    private static double cheapest(double[][] cost, int row, boolean[] taken) {
        if (row == cost.length) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int c = 0; c < cost.length; c++) {
            if (!taken[c]) {
                taken[c] = true;
                best = Math.min(best, cost[row][c] + cheapest(cost, row + 1, taken));
                taken[c] = false;
            }
        }
        return best;
    }
}
