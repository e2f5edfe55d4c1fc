package dev.orbifold.structure;

import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Transform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The element of one Space that brings the units of a second checkpoint nearest to those of a first. A pair of units may
 * be scaled so that both have the same norm, or stay as it is, and its signs are free; who is paired with whom is an
 * optimal {@link Assignment}.
 */
final class UnitMatch {
    private final Gauge first;
    private final Gauge second;
    private final double[][] wanted;
    private final double[][] given;
    private final int units;
    private final int scalings;
    private final List<double[]> signs;

    private UnitMatch(Gauge first, Gauge second, int units, List<Scaling> scalings) {
        this.first = first;
        this.second = second;
        this.units = units;
        this.scalings = scalings.size();
        wanted = IntStream.range(0, units).mapToObj(first::magnitudes).toArray(double[][]::new);
        given = IntStream.range(0, units).mapToObj(second::magnitudes).toArray(double[][]::new);
        signs = signs(scalings);
    }

    /**
     * Matches the units of a Space.
     *
     * @param space the Space of the second checkpoint
     * @param scalings its scalings
     */
    static Transform.Element of(Gauge first, Gauge second, Space space, List<Scaling> scalings) {
        return new UnitMatch(first, second, space.dimension(), scalings).element(space);
    }

    private static List<double[]> signs(List<Scaling> scalings) {
        List<double[]> all = new ArrayList<>();
        double[] ones = new double[scalings.size()];
        Arrays.fill(ones, 1);
        all.add(ones);
        for (int s = 0; s < scalings.size(); s++) {
            if (scalings.get(s).diagonal() != Group.Diagonal.POSITIVE) {
                for (double[] before : List.copyOf(all)) {
                    double[] flipped = before.clone();
                    flipped[s] = -1;
                    all.add(flipped);
                }
            }
        }
        return all;
    }

    private Transform.Element element(Space space) {
        double[][] cost = new double[units][units];
        double[][] squaresFirst = squares(first);
        double[][] squaresSecond = squares(second);
        for (int from = 0; from < units; from++) {
            for (int to = 0; to < units; to++) {
                cost[from][to] = pair(from, to, squaresFirst[to], squaresSecond[from]).cost();
            }
        }
        int[] permutation = Assignment.of(cost);
        List<double[]> factors = new ArrayList<>();
        for (int s = 0; s < scalings; s++) {
            factors.add(new double[units]);
        }
        for (int from = 0; from < units; from++) {
            int to = permutation[from];
            double[] best = pair(from, to, squaresFirst[to], squaresSecond[from]).factors();
            for (int s = 0; s < scalings; s++) {
                factors.get(s)[from] = best[s];
            }
        }
        return new Transform.Element(space, permutation, factors);
    }

    private double[][] squares(Gauge gauge) {
        return IntStream.range(0, units).mapToObj(u -> IntStream.range(0, gauge.groups())
                .mapToDouble(g -> gauge.group(g).squares(u)).toArray())
                .toArray(double[][]::new);
    }

    private record Pair(double cost, double[] factors) {
    }

    /** The squared distance of two units that the best factors leave. */
    private Pair pair(int from, int to, double[] squaresFirst, double[] squaresSecond) {
        double[] dots = IntStream.range(0, first.groups())
                .mapToDouble(g -> Twins.dot(first.entries(g, to), second.entries(g, from))).toArray();
        double[] scale = new double[scalings];
        for (int s = 0; s < scalings; s++) {
            double ratio = given[from][s] / wanted[to][s];
            scale[s] = Double.isFinite(ratio) && ratio > 0 ? ratio : 1;
        }
        Pair best = new Pair(Double.POSITIVE_INFINITY, scale);
        for (double[] sign : signs) {
            double[] scaled = sign.clone();
            Arrays.setAll(scaled, s -> sign[s] * scale[s]);
            for (double[] factors : List.of(sign, scaled)) {
                double cost = 0;
                for (int g = 0; g < dots.length; g++) {
                    double factor = second.factor(g, factors);
                    cost += squaresFirst[g] + factor * (factor * squaresSecond[g] - 2 * dots[g]);
                }
                if (cost < best.cost()) {
                    best = new Pair(cost, factors);
                }
            }
        }
        return best;
    }
}
