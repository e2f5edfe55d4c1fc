package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Space;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuctionTest {
    private static final int INPUTS = 10;
    private static final int OUTPUTS = 3;

    /** A dense chain: INPUTS → w0 → w1 → OUTPUTS. */
    private static final Price CHAIN = w -> INPUTS * w[0] + w[0] * w[1] + w[1] * OUTPUTS;

    private static GateLayout layout(int... widths) {
        int[] offsets = new int[widths.length + 1];
        List<Space> spaces = new java.util.ArrayList<>();
        for (int s = 0; s < widths.length; s++) {
            offsets[s + 1] = offsets[s] + widths[s];
            spaces.add(new Space(s, "layer" + s, widths[s], new Group.Permutation(), List.of(), Optional.empty()));
        }
        return new GateLayout(spaces, offsets, List.of());
    }

    @Test
    void handComputed() {
        // Widths 2 and 2: cost 20 + 4 + 6 = 30. A unit of layer 0 saves 12, one of layer 1 saves 5.
        GateLayout layout = layout(2, 2);
        Auction auction = new Auction(layout, CHAIN, new int[] {1, 1}, 1, 0);
        // Ratios: 6/12 = 0.5, 7/12, 2/5 = 0.4, 9/5: unit 2 goes first, then unit 0 (now 6/11). With unit 0 gone the cost is
        // 14, and unit 2 fits again: 18.
        assertEquals(List.of(2), auction.lose(new double[] {6, 7, 2, 9}, new boolean[4], 29));
        assertEquals(List.of(0), auction.lose(new double[] {6, 7, 2, 9}, new boolean[4], 20));
        assertEquals(10 + 1 + 3, auction.floor());
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4, 5})
    void budgetIsMetAndLeastWidthsAreKept(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] widths = {random.nextInt(3, 40), random.nextInt(3, 40)};
        GateLayout layout = layout(widths);
        int[] least = {random.nextInt(1, widths[0]), random.nextInt(1, widths[1])};
        Auction auction = new Auction(layout, CHAIN, least, 1, 0);
        double[] value = random.doubles(layout.size()).toArray();
        boolean[] gone = new boolean[layout.size()];
        double budget = auction.floor() + random.nextDouble() * (CHAIN.at(widths) - auction.floor());
        List<Integer> lost = auction.lose(value, gone, budget);
        int[] left = widths.clone();
        lost.forEach(u -> left[layout.spaceOf(u)]--);
        assertTrue(CHAIN.at(left) <= budget, "seed " + seed);
        assertTrue(left[0] >= least[0] && left[1] >= least[1], "seed " + seed);
        for (int unit : lost) {
            left[layout.spaceOf(unit)]++;
            assertTrue(CHAIN.at(left) > budget, "unit " + unit + " need not have gone, seed " + seed);
            left[layout.spaceOf(unit)]--;
        }
    }

    @Test
    void sharesProtectWideSpacesOfSmallUnits() {
        // Layer 0: 4 units of value 1; layer 1: 40 units of value 0.1. Both carry 4 in all.
        GateLayout layout = layout(4, 40);
        double[] value = new double[44];
        java.util.Arrays.fill(value, 0, 4, 1);
        java.util.Arrays.fill(value, 4, 44, 0.1);
        int[] raw = left(layout, new Auction(layout, CHAIN, new int[] {1, 1}, 1, 0), value, 60);
        int[] shared = left(layout, new Auction(layout, CHAIN, new int[] {1, 1}, 1, 1), value, 60);
        assertTrue(raw[1] < shared[1], "raw " + raw[1] + ", shared " + shared[1]);
        assertTrue(raw[0] >= shared[0], "raw " + raw[0] + ", shared " + shared[0]);
    }

    private static int[] left(GateLayout layout, Auction auction, double[] value, double budget) {
        int[] left = layout.widths();
        auction.lose(value, new boolean[layout.size()], budget).forEach(u -> left[layout.spaceOf(u)]--);
        return left;
    }

    @Test
    void widthsStayMultiples() {
        GateLayout layout = layout(30, 17);
        Auction auction = new Auction(layout, CHAIN, new int[] {1, 1}, 8, 0);
        int[] left = layout.widths();
        auction.lose(new double[layout.size()], new boolean[layout.size()], 200)
                .forEach(u -> left[layout.spaceOf(u)]--);
        for (int s = 0; s < 2; s++) {
            assertTrue(left[s] % 8 == 0 || left[s] == layout.widths()[s], "width " + left[s]);
        }
    }

    @Test
    void unreachableBudgetGivesUpAllItMay() {
        GateLayout layout = layout(5, 5);
        Auction auction = new Auction(layout, CHAIN, new int[] {2, 2}, 1, 0);
        assertEquals(6, auction.lose(new double[10], new boolean[10], 0).size());
    }
}
