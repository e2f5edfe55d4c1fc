package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A direction in which a Group leaves the identity: a matrix A with exp(tA) in the Group for every t, given by its entries that
 * are not 0.
 *
 * @param row the entries' rows
 * @param column their columns
 * @param value their values
 */
public record Generator(int[] row, int[] column, double[] value) {
    private static Generator of(double... entries) {
        int count = entries.length / 3;
        return new Generator(IntStream.range(0, count).map(e -> (int) entries[3 * e]).toArray(),
                IntStream.range(0, count).map(e -> (int) entries[3 * e + 1]).toArray(),
                IntStream.range(0, count).mapToDouble(e -> entries[3 * e + 2]).toArray());
    }

    /** A times a vector. */
    public double[] times(double[] x) {
        double[] y = new double[x.length];
        for (int e = 0; e < value.length; e++) {
            y[row[e]] += value[e] * x[column[e]];
        }
        return y;
    }

    /**
     * A basis of the Group's Lie algebra, as many as {@link Group#manifold}.
     *
     * @throws SymmetryException if the Group acts on planes and n is not 2
     */
    static Stream<Generator> all(Group group, int n) {
        return switch (group) {
            case Group.General g -> IntStream.range(0, n * n).mapToObj(e -> of(e / n, e % n, 1));
            case Group.Orthogonal o -> pairs(n).map(p -> of(p[0], p[1], 1, p[1], p[0], -1));
            // (e_i − e_j) + (e_j − e_k) + (e_k − e_i) = 0: the turns i-j, j-k and k-i together keep the ones.
            case Group.OrthogonalFixingOnes f -> pairs(n - 1).map(p -> of(p[0], p[1], 1, p[1], p[0], -1, p[1], n - 1,
                    1, n - 1, p[1], -1, n - 1, p[0], 1, p[0], n - 1, -1));
            case Group.RotationScaling r -> Stream.of(of(0, 0, 1, 1, 1, 1), turn(n));
            case Group.Rotation r -> Stream.of(turn(n));
            case Group.Monomial m when m.diagonal() == Group.Diagonal.SIGNS -> Stream.empty();
            case Group.Monomial m -> IntStream.range(0, n).mapToObj(u -> of(u, u, 1));
            case Group.Shift s -> IntStream.range(0, n).mapToObj(c -> of(c, n, 1));
            case Group.Permutation p -> Stream.empty();
            case Group.Trivial t -> Stream.empty();
            case Group.Heads h -> IntStream.range(0, h.count()).boxed()
                    .flatMap(k -> all(h.inner(), h.size()).map(g -> g.from(k * h.size())));
            case Group.BlockSum b -> NormalForm.placed(b).stream()
                    .flatMap(p -> all(p.group(), p.size()).map(g -> g.from(p.first())));
        };
    }

    /** The same on the coordinates from a first one on. */
    private Generator from(int first) {
        return new Generator(Arrays.stream(row).map(i -> first + i).toArray(),
                Arrays.stream(column).map(i -> first + i).toArray(), value);
    }

    private static Generator turn(int n) {
        if (n != 2) {
            throw new SymmetryException("a plane has 2 coordinates, found " + n);
        }
        return of(0, 1, -1, 1, 0, 1);
    }

    private static Stream<int[]> pairs(int n) {
        return IntStream.range(0, Math.max(n, 0)).boxed()
                .flatMap(i -> IntStream.range(i + 1, n).mapToObj(j -> new int[] {i, j}));
    }

    @Override
    public String toString() {
        return "Generator" + Arrays.toString(row) + Arrays.toString(column) + Arrays.toString(value);
    }
}
