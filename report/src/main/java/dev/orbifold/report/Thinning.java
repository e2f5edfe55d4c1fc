package dev.orbifold.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Fewer points that draw the same line: of every stretch of the horizontal axis the first, the lowest, the highest and the
 * last one stay, so that no peak is lost (M4; Jugel et al., VLDB 2014, doi:10.14778/2732951.2732953).
 */
final class Thinning {
    /** Stretches of the axis, about two to a pixel of the widest chart's half. */
    private static final int STRETCHES = 480;

    private Thinning() {
    }

    /** The points, (x, y) with x not falling, or at most 4 of every stretch where there are more than that. */
    static List<double[]> of(List<double[]> points) {
        if (points.size() <= 4 * STRETCHES) {
            return points;
        }
        double from = points.getFirst()[0];
        double span = points.getLast()[0] - from;
        List<double[]> kept = new ArrayList<>();
        for (int begin = 0, end; begin < points.size(); begin = end) {
            long stretch = stretch(points.get(begin)[0], from, span);
            end = begin + 1;
            while (end < points.size() && stretch(points.get(end)[0], from, span) == stretch) {
                end++;
            }
            keep(points, begin, end, kept);
        }
        return kept;
    }

    private static long stretch(double x, double from, double span) {
        return span > 0 ? Math.min(STRETCHES - 1L, (long) ((x - from) / span * STRETCHES)) : 0;
    }

    private static void keep(List<double[]> points, int begin, int end, List<double[]> kept) {
        int low = begin;
        int high = begin;
        for (int i = begin; i < end; i++) {
            low = points.get(i)[1] < points.get(low)[1] ? i : low;
            high = points.get(i)[1] > points.get(high)[1] ? i : high;
        }
        for (int i = begin; i < end; i++) {
            if (i == begin || i == low || i == high || i == end - 1) {
                kept.add(points.get(i));
            }
        }
    }
}
