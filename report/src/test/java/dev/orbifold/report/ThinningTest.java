package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fewer points, the same line. */
class ThinningTest {
    private static final int MOST = 1920;

    private static List<double[]> noise(long seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        List<double[]> points = new ArrayList<>();
        double x = 0;
        for (int i = 0; i < size; i++) {
            x += random.nextInt(4) == 0 ? 0 : random.nextDouble() * (i % 1000 == 0 ? 50 : 1);
            points.add(new double[] {x, random.nextInt(500) == 0 ? 10 * random.nextGaussian() : random.nextDouble()});
        }
        return points;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void theEndsAndThePeaksStay(long seed) {
        List<double[]> points = noise(seed, 30_000);
        List<double[]> kept = Thinning.of(points);
        assertTrue(kept.size() <= MOST && kept.size() > MOST / 4, "seed " + seed + ": " + kept.size());
        assertSame(points.getFirst(), kept.getFirst());
        assertSame(points.getLast(), kept.getLast());
        Set<double[]> all = new HashSet<>(kept);
        List<double[]> inOrder = points.stream().filter(all::contains).toList();
        assertEquals(inOrder, kept, "seed " + seed + ": points of the line, in its order");
        // Within any column of pixels, the line reaches from the same lowest to the same highest point.
        double from = points.getFirst()[0];
        double span = points.getLast()[0] - from;
        for (int column = 0; column < 480; column++) {
            double left = from + span * column / 480;
            double right = from + span * (column + 1) / 480;
            assertEquals(extremes(points, left, right), extremes(kept, left, right), "seed " + seed + ": " + column);
        }
    }

    private static List<Double> extremes(List<double[]> points, double left, double right) {
        List<Double> ys = points.stream().filter(point -> point[0] >= left && point[0] < right).map(point -> point[1])
                .sorted().toList();
        return ys.isEmpty() ? List.of() : List.of(ys.getFirst(), ys.getLast());
    }

    @Test
    void fewPointsAndOnePlaceStayAsTheyAre() {
        List<double[]> few = noise(4, MOST);
        assertSame(few, Thinning.of(few));
        List<double[]> place = IntStream.range(0, 5000).mapToObj(i -> new double[] {3, i * 7919 % 5000}).toList();
        assertEquals(List.of(0.0, 4999.0), extremes(Thinning.of(place), 3, 4));
        assertTrue(Thinning.of(place).size() <= 4);
    }
}
