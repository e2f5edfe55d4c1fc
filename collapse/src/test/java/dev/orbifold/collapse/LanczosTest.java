package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanczosTest {
    /** What 64-bit sums over a few hundred numbers lose. */
    private static final double ROUNDING = 1e-10;
    /** The same beside an eigenvalue of 1e6. */
    private static final double LARGEST = 1e-8;

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4, 5})
    void plantedEigenvaluesAreFoundAtBothEnds(long seed) {
        Random random = new Random(seed);
        int n = 200;
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = i < 4 ? -5 - i : i < 10 ? 20 + 3 * i : random.uniform(-1, 1);
        }
        double[][] a = random.symmetric(values);
        Lanczos.Options options = new Lanczos.Options(6, 4, 1e-8, 1e-12, 30, 200, new Seed(seed));
        Lanczos.Result found = Lanczos.of(Random.map(a), n, options);
        assertTrue(found.converged());
        for (int i = 0; i < 6; i++) {
            assertEquals(20 + 3 * (9 - i), found.top().get(i).value(), 1e-7);
        }
        for (int i = 0; i < 4; i++) {
            EigenPair pair = found.bottom().get(i);
            assertEquals(-8 + i, pair.value(), 1e-7);
            assertEquals(1, Vectors.length(pair.vector()), ROUNDING);
            double[] rest = Random.map(a).times(pair.vector());
            Vectors.add(rest, -pair.value(), pair.vector());
            assertEquals(Vectors.length(rest), pair.residual(), ROUNDING, "the residual is that of the vector");
        }
    }

    /** Eigenvalues 1 apart at the end of a long spectrum need restarts with a short basis. */
    @Test
    void restartsGoOn() {
        double[] values = new double[1000];
        Arrays.setAll(values, i -> i + 1);
        SymmetricOperator map = Random.diagonal(values);
        Lanczos.Options once = new Lanczos.Options(0, 2, 1e-6, 0, 20, 1, new Seed(1));
        Lanczos.Result early = Lanczos.of(map, 1000, once);
        assertFalse(early.converged());
        assertTrue(early.bottom().get(0).residual() > 1e-3, "a poor pair says so");
        Lanczos.Result found = Lanczos.of(map, 1000, new Lanczos.Options(0, 2, 1e-6, 0, 20, 500, new Seed(1)));
        assertTrue(found.converged());
        assertEquals(1, found.bottom().get(0).value(), 1e-6);
        assertEquals(2, found.bottom().get(1).value(), 1e-6);
        assertTrue(found.top().isEmpty());
    }

    @Test
    void aBasisThatFillsTheSpaceFindsEveryCopyOfAnEigenvalue() {
        Lanczos.Options options = Lanczos.Options.of(3, 3, new Seed(4));
        Lanczos.Result found =
                Lanczos.of(Random.map(new Random(9).symmetric(new double[] {1, 1, 2, 2, 2})), 5, options);
        assertEquals(List.of(2L, 2L, 2L), found.top().stream().map(p -> Math.round(p.value())).toList());
        assertEquals(List.of(1L, 1L, 2L), found.bottom().stream().map(p -> Math.round(p.value())).toList());
        Lanczos.Result nothing = Lanczos.of(Random.diagonal(new double[2]), 2, options);
        assertEquals(List.of(0.0, 0.0), nothing.top().stream().map(EigenPair::value).toList());
        assertTrue(nothing.converged());
    }

    @Test
    void whatCannotBeAnsweredIsAnError() {
        assertThrows(CollapseException.class, () -> new Lanczos.Options(0, 0, 0, 0, 20, 1, new Seed(0)));
        assertThrows(CollapseException.class, () -> new Lanczos.Options(10, 0, 0, 0, 12, 1, new Seed(0)));
        SymmetricOperator broken = Random.diagonal(new double[] {1, Double.NaN, 2});
        assertThrows(CollapseException.class, () -> Lanczos.of(broken, 3, Lanczos.Options.of(1, 0, new Seed(0))));
    }

    @Test
    void theTraceOfAMapOfLowRankIsExact() {
        double[] values = new double[60];
        values[0] = 7;
        values[1] = -2;
        values[2] = 1;
        HutchPlusPlus found = HutchPlusPlus.of(Random.map(new Random(3).symmetric(values)), 60, 30, new Seed(2));
        assertEquals(6, found.trace(), ROUNDING);
        assertEquals(0, found.standardError(), ROUNDING);
        HutchPlusPlus whole = HutchPlusPlus.of(Random.diagonal(new double[] {1, 2, 3}), 3, 12, new Seed(2));
        assertEquals(6, whole.trace(), ROUNDING);
        assertEquals(0, whole.standardError());
        assertEquals(3, whole.products());
    }

    /** Over many seeds the error is what the standard error says; and it is smaller than Hutchinson's. */
    @Test
    void theStandardErrorOfATraceIsHonest() {
        double[] values = new double[100];
        Arrays.setAll(values, i -> 1 / (1.0 + i));
        double truth = Arrays.stream(values).sum();
        SymmetricOperator map = Random.map(new Random(8).symmetric(values));
        double squares = 0;
        double stated = 0;
        int runs = 300;
        for (int run = 0; run < runs; run++) {
            HutchPlusPlus found = HutchPlusPlus.of(map, 100, 60, new Seed(run));
            squares += Math.pow(found.trace() - truth, 2) / runs;
            stated += found.standardError() * found.standardError() / runs;
            assertEquals(60, found.products());
        }
        // 300 squares with a relative spread of √2: the mean is known to 8 %.
        assertEquals(1, squares / stated, 0.3);
        // Hutchinson with 60 signs: variance 2·Σ_{i≠j} a_ij² / 60, close to 2·Σλ²/60.
        double hutchinson = 2 * Arrays.stream(values).map(v -> v * v).sum() / 60;
        assertTrue(squares < hutchinson / 3, squares + " against " + hutchinson);
    }

    @Test
    void theDensityOfAUniformSpectrum() {
        int n = 2000;
        double[] values = new double[n];
        Arrays.setAll(values, i -> (i + 0.5) / n);
        SpectralDensity density = SpectralDensity.of(Random.diagonal(values), n, 40, 8, new Seed(1));
        // Eight vectors of 2000 numbers: a share is known to about √(¼·2/16000) = 0.006.
        assertEquals(1, density.moment(0), ROUNDING);
        assertEquals(0.5, density.moment(1), 0.02);
        assertEquals(1 / 3.0, density.moment(2), 0.02);
        assertEquals(0.25, density.upTo(0.25), 0.04);
        assertEquals(1, density.density(new double[] {0.5}, 0.08)[0], 0.1);
        assertEquals(0, density.density(new double[] {1.5}, 0.05)[0], 1e-6);
    }

    @Test
    void theDensityShowsPeaksWithTheirShares() {
        double[] values = new double[1000];
        Arrays.fill(values, 0, 700, 0);
        Arrays.fill(values, 700, 950, 1);
        Arrays.fill(values, 950, 1000, 4);
        SpectralDensity density = SpectralDensity.of(Random.diagonal(values), 1000, 10, 10, new Seed(1));
        assertEquals(30, density.nodes().length, "three places are all that each run sees");
        assertEquals(0.7, density.upTo(0.5), 0.03);
        assertEquals(0.95, density.upTo(2), 0.02);
        assertThrows(CollapseException.class, () -> density.density(new double[1], 0));
    }

    @Test
    void smallSymmetricMatricesAreDiagonalized() {
        double[] values = {-3, -1e-9, 0, 2, 2, 1e6};
        double[][] a = new Random(2).symmetric(values);
        SymmetricMatrix eigen = SymmetricMatrix.eigen(a);
        for (int i = 0; i < 6; i++) {
            assertEquals(values[i], eigen.values()[i], LARGEST);
            double[] rest = Random.map(a).times(eigen.vectors()[i]);
            Vectors.add(rest, -eigen.values()[i], eigen.vectors()[i]);
            assertEquals(0, Vectors.length(rest), LARGEST);
        }
    }
}
