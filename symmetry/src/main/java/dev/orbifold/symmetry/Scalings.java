package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the diagonal maps of a Space off the scale relations of one of its units. */
final class Scalings {
    private Scalings() {
    }

    /**
     * The independent diagonal maps.
     *
     * @param ranks per Slot, per leg: which coordinate of the unit the entries belong to
     * @param reads per Slot whether it reads the Space; there exponents come out negative
     * @param turning where signs turn an activation about another number than 0
     */
    static List<Scaling> of(int space, ScaleSystem system, List<int[]> ranks, List<Boolean> reads,
            List<Centres.Turning> turning) {
        List<Scaling> scalings = new ArrayList<>();
        List<double[]> covered = new ArrayList<>();
        for (double[] exponents : system.magnitudes()) {
            List<double[]> powers = powers(exponents, ranks);
            if (acts(powers)) {
                boolean real = system.allowsSigns(exponents);
                if (real) {
                    covered.add(exponents);
                }
                scalings.add(new Scaling(space, real ? Group.Diagonal.REAL : Group.Diagonal.POSITIVE,
                        oriented(powers, reads), real ? turned(exponents, turning) : List.of()));
            }
        }
        Map<Integer, BitSet> pivots = new HashMap<>();
        covered.forEach(exponents -> independent(pivots, powers(exponents, ranks)));
        for (double[] flips : system.signs()) {
            List<double[]> powers = powers(flips, ranks);
            if (acts(powers) && independent(pivots, powers)) {
                scalings.add(new Scaling(space, Group.Diagonal.SIGNS, powers, turned(flips, turning)));
            }
        }
        return scalings;
    }

    private static List<Centre> turned(double[] exponents, List<Centres.Turning> turning) {
        return turning.stream().filter(t -> Math.abs(exponents[t.rank()]) % 2 == 1).map(Centres.Turning::centre)
                .toList();
    }

    private static List<double[]> powers(double[] exponents, List<int[]> ranks) {
        return ranks.stream().map(legs -> Arrays.stream(legs).mapToDouble(r -> exponents[r]).toArray()).toList();
    }

    private static List<double[]> oriented(List<double[]> powers, List<Boolean> reads) {
        double direction = 0;
        for (int slot = 0; slot < powers.size(); slot++) {
            double first = Arrays.stream(powers.get(slot)).filter(p -> p != 0).findFirst().orElse(0);
            boolean reader = reads.get(slot);
            direction = reader && first != 0 ? -first : direction == 0 ? first : direction;
            if (reader && first != 0) {
                break;
            }
        }
        return direction > 0 ? powers
                : powers.stream().map(p -> Arrays.stream(p).map(x -> x == 0 ? 0 : -x).toArray()).toList();
    }

    private static boolean acts(List<double[]> powers) {
        return powers.stream().anyMatch(p -> Arrays.stream(p).anyMatch(x -> x != 0));
    }

    /** Adds the signs a scaling flips to an echelon form modulo 2; false if they were in its span. */
    private static boolean independent(Map<Integer, BitSet> pivots, List<double[]> powers) {
        BitSet row = new BitSet();
        int at = 0;
        for (double[] slot : powers) {
            for (double power : slot) {
                row.set(at++, Math.abs(power) % 2 == 1);
            }
        }
        while (!row.isEmpty()) {
            int column = row.nextSetBit(0);
            BitSet pivot = pivots.get(column);
            if (pivot == null) {
                pivots.put(column, row);
                return true;
            }
            row.xor(pivot);
        }
        return false;
    }
}
