package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Which matrices belong to a Group, by its definition. */
final class Members {
    /** float64 through products of a few well-conditioned matrices. */
    private static final double ROUNDING = 1e-9;

    private Members() {
    }

    static double[][] identity(int n) {
        double[][] m = new double[n][n];
        for (int i = 0; i < n; i++) {
            m[i][i] = 1;
        }
        return m;
    }

    static double[][] times(double[][] a, double[][] b) {
        int n = a.length;
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                int row = i;
                int column = j;
                c[i][j] = IntStream.range(0, n).mapToDouble(k -> a[row][k] * b[k][column]).sum();
            }
        }
        return c;
    }

    static double[][] transposed(double[][] m) {
        double[][] t = new double[m.length][m.length];
        for (int i = 0; i < m.length; i++) {
            for (int j = 0; j < m.length; j++) {
                t[j][i] = m[i][j];
            }
        }
        return t;
    }

    static boolean same(double[][] a, double[][] b) {
        return IntStream.range(0, a.length).allMatch(i -> IntStream.range(0, a.length)
                .allMatch(j -> Math.abs(a[i][j] - b[i][j]) <= ROUNDING * Math.max(1, Math.abs(a[i][j]))));
    }

    /** The definition of every Group, on matrices. */
    static boolean contains(Group group, double[][] m) {
        int n = m.length;
        return switch (group) {
            case Group.General g -> Math.abs(determinant(m)) > 1e-3;
            case Group.Orthogonal g -> same(times(transposed(m), m), identity(n));
            case Group.OrthogonalFixingOnes g -> contains(new Group.Orthogonal(), m)
                    && Arrays.stream(m).allMatch(row -> Math.abs(Arrays.stream(row).sum() - 1) <= ROUNDING);
            case Group.RotationScaling g -> Math.abs(m[0][0] - m[1][1]) <= ROUNDING
                    && Math.abs(m[0][1] + m[1][0]) <= ROUNDING && determinant(m) > 1e-3;
            case Group.Rotation g -> contains(new Group.RotationScaling(), m)
                    && contains(new Group.Orthogonal(), m);
            case Group.Monomial g -> monomial(m) && entries(m).allMatch(x -> switch (g.diagonal()) {
                case SIGNS -> Math.abs(Math.abs(x) - 1) <= ROUNDING;
                case POSITIVE -> x > 0;
                case REAL -> true;
            });
            case Group.Permutation g -> monomial(m) && entries(m).allMatch(x -> Math.abs(x - 1) <= ROUNDING);
            case Group.Shift g -> {
                double[][] still = identity(n);
                for (int i = 0; i < n - 1; i++) {
                    still[i][n - 1] = m[i][n - 1];
                }
                yield same(m, still);
            }
            case Group.Trivial g -> same(m, identity(n));
            case Group.Heads g -> heads(g, m);
            case Group.BlockSum g -> {
                double[][] rest = copy(m);
                boolean inside = true;
                int first = 0;
                for (Group.Block block : g.blocks()) {
                    inside &= contains(block.group(), taken(rest, first, first, block.size()));
                    first += block.size();
                }
                yield inside && entries(rest).findAny().isEmpty();
            }
        };
    }

    /** In every row and every column of blocks one that is not 0, an element of the inner Group. */
    private static boolean heads(Group.Heads heads, double[][] m) {
        Set<Integer> to = new HashSet<>();
        boolean inside = true;
        for (int from = 0; from < heads.count(); from++) {
            int blocks = 0;
            for (int head = 0; head < heads.count(); head++) {
                double[][] block = taken(copy(m), head * heads.size(), from * heads.size(), heads.size());
                if (entries(block).findAny().isPresent()) {
                    to.add(head);
                    blocks++;
                    inside &= contains(heads.inner(), block);
                }
            }
            inside &= blocks == 1;
        }
        return inside && to.size() == heads.count();
    }

    static double[][] copy(double[][] m) {
        return Arrays.stream(m).map(double[]::clone).toArray(double[][]::new);
    }

    /** A square block of a matrix, where zeros are left. */
    private static double[][] taken(double[][] m, int row, int column, int size) {
        double[][] block = new double[size][];
        for (int i = 0; i < size; i++) {
            block[i] = Arrays.copyOfRange(m[row + i], column, column + size);
            Arrays.fill(m[row + i], column, column + size, 0);
        }
        return block;
    }

    private static DoubleStream entries(double[][] m) {
        return Arrays.stream(m).flatMapToDouble(Arrays::stream).filter(x -> Math.abs(x) > ROUNDING);
    }

    private static boolean monomial(double[][] m) {
        return Stream.of(m, transposed(m)).allMatch(a -> Arrays.stream(a)
                .allMatch(row -> Arrays.stream(row).filter(x -> Math.abs(x) > ROUNDING).count() == 1));
    }

    private static double determinant(double[][] m) {
        double[][] a = Arrays.stream(m).map(double[]::clone).toArray(double[][]::new);
        double product = 1;
        for (int k = 0; k < a.length; k++) {
            int pivot = k;
            for (int i = k; i < a.length; i++) {
                pivot = Math.abs(a[i][k]) > Math.abs(a[pivot][k]) ? i : pivot;
            }
            double[] row = a[pivot];
            a[pivot] = a[k];
            a[k] = row;
            product *= pivot == k ? row[k] : -row[k];
            for (int i = k + 1; i < a.length && row[k] != 0; i++) {
                double factor = a[i][k] / row[k];
                for (int j = k; j < a.length; j++) {
                    a[i][j] -= factor * row[j];
                }
            }
        }
        return product;
    }
}
