package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NullSpaceTest {
    /** float64 through an elimination of some twenty numbers. */
    private static final double ROUNDING = 1e-10;

    /** Relations that some planted solutions obey, of one, two and many numbers. */
    private static List<Form> relations(RandomGenerator random, double[][] solutions, int n, int many) {
        List<Form> relations = new ArrayList<>();
        int d = solutions.length;
        for (int k = 0; k < many; k++) {
            // A random row, made orthogonal to the solutions, which are orthogonal to each other.
            double[] row = random.doubles(n).map(x -> random.nextGaussian()).toArray();
            for (int s = 0; s < d; s++) {
                double[] v = solutions[s];
                double along = IntStream.range(0, n).mapToDouble(i -> row[i] * v[i]).sum()
                        / Arrays.stream(v).map(x -> x * x).sum();
                for (int i = 0; i < n; i++) {
                    row[i] -= along * v[i];
                }
            }
            relations.add(new Form(IntStream.range(0, n).toArray(), row));
        }
        return relations;
    }

    @ParameterizedTest @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7})
    void theBasisIsOrthonormalSolvesAllAndMissesNothing(long seed) {
        RandomGenerator random = new Seed(seed).generator();
        int n = 12 + random.nextInt(8);
        // c[0] = 0; c[1] = c[2] = −c[3]/2; the rest has d solutions with disjoint supports.
        List<Form> relations = new ArrayList<>(List.of(new Form(new int[] {0}, new double[] {3}),
                new Form(new int[] {1, 2}, new double[] {1, -1}), new Form(new int[] {2, 3}, new double[] {2, 1})));
        double[][] solutions = new double[3][n];
        solutions[0][1] = 1;
        solutions[0][2] = 1;
        solutions[0][3] = -2;
        for (int i = 4; i < n; i++) {
            solutions[1 + i % 2][i] = random.nextGaussian();
        }
        boolean dense = seed % 2 == 0;
        if (dense) {
            relations.addAll(relations(random, solutions, n, n));
        }
        NullSpace space = new NullSpace(n);
        relations.forEach(space::add);
        NullSpace.Basis basis = space.basis();
        assertEquals(dense ? 3 : n - 3, basis.dimension());
        double[][] columns = new double[basis.dimension()][];
        for (int k = 0; k < columns.length; k++) {
            double[] z = new double[basis.dimension()];
            z[k] = 1;
            columns[k] = Arrays.stream(basis.forms()).mapToDouble(f -> f.at(z)).toArray();
            for (Form relation : relations) {
                assertEquals(0, relation.at(columns[k]), ROUNDING, () -> "seed " + seed);
            }
            for (int j = 0; j <= k; j++) {
                double[] other = columns[j];
                double[] own = columns[k];
                assertEquals(j == k ? 1 : 0, IntStream.range(0, n).mapToDouble(i -> own[i] * other[i]).sum(), ROUNDING,
                        () -> "seed " + seed);
            }
        }
    }

    @ParameterizedTest @ValueSource(doubles = {1, -1, 2})
    void aLoopOfRatiosThatDoesNotCloseLeavesNothing(double last) {
        NullSpace space = new NullSpace(3);
        space.add(new Form(new int[] {0, 1}, new double[] {1, -1}));
        space.add(new Form(new int[] {1, 2}, new double[] {1, -1}));
        space.add(new Form(new int[] {0, 2}, new double[] {1, -last}));
        assertEquals(last == 1 ? 1 : 0, space.basis().dimension());
    }
}
