package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which maps a norm's scale lets pass where it cannot be folded into weights, because what reads the norm's result is data:
 * queries and keys that are normalised before their product. A map R before the norm is a map R after it where the scale
 * commutes with R, that is where it is one number on all that R mixes.
 */
final class NormScales {
    /** Two numbers that differ by less than this share are one number in float32. */
    private static final double ROUNDING = 1e-6;

    private NormScales() {
    }

    /** Whether a scale commutes with whatever the spaces along an axis let pass. */
    static boolean commutes(Frames frames, Ref axis, double[] scale) {
        if (scale.length != frames.size(axis)) {
            return false;
        }
        for (Place place : Place.on(frames, axis)) {
            if ((frames.caps(place.leaf()) & Frames.BASIS) != 0) {
                continue;
            }
            Map<List<Integer>, Double> known = new HashMap<>();
            for (int i = 0; i < scale.length; i++) {
                int at = i;
                if (place.coordinate()[i] >= 0) {
                    Double first = known.putIfAbsent(place.besideIndex().stream().map(b -> b[at]).toList(), scale[i]);
                    if (first != null && Math.abs(first - scale[i]) > ROUNDING * Math.abs(first)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Whether the products of two scales, coordinate by coordinate, are one number that is not zero. */
    static boolean oneProduct(double[] first, double[] second) {
        if (first.length != second.length || first.length == 0) {
            return false;
        }
        double one = first[0] * second[0];
        double[] products = new double[first.length];
        Arrays.setAll(products, i -> first[i] * second[i]);
        return one != 0 && Arrays.stream(products).allMatch(p -> Math.abs(p - one) <= ROUNDING * Math.abs(one));
    }

    /** Says that a scale keeps coordinates apart. */
    static Finding finding(String scale, int dimension) {
        return new Finding(Finding.Severity.INFO, "scale-not-folded", scale, "the " + dimension
                + " coordinates that are normalised and scaled by " + scale
                + " are not mixed: its numbers differ, and what"
                + " reads the result is not weights of its own that they could be folded into");
    }
}
