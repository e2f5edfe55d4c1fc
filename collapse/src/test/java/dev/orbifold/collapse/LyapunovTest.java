package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LyapunovTest {
    private static final CurvatureLaw.Normal NOISY = new CurvatureLaw.Normal(-0.1, 1);
    private static final Lyapunov.Bootstrap BOOTSTRAP = new Lyapunov.Bootstrap(0.95, 400, new Seed(6));

    /** The numbers of theory, 1.5, to the last digit given there. */
    @Test
    void theNoisyMirrorOfTheory() {
        assertEquals(0.1937, NOISY.critical(0).orElseThrow(), 5e-5);
        assertEquals(0.1980, NOISY.criticalToSecondOrder(0), 5e-5);
        // The series in η up to its sixth power gives 0.004974; theory rounds it up.
        assertEquals(0.00498, NOISY.exponent(0.1, 0), 1e-5);
        assertEquals(0.004974, NOISY.exponent(0.1, 0), 1e-6);
        assertEquals(-0.0007, NOISY.exponent(0.2, 0), 5e-5);
        assertEquals(-0.062, NOISY.exponent(0.4, 0), 5e-4);
    }

    /** E log|z| = −(γ + log 2)/2 for a standard normal z: the singularity in the middle of the integral. */
    @Test
    void theIntegralHoldsAtItsSingularity() {
        double eulerGamma = 0.577215664901532860607;
        CurvatureLaw.Normal law = new CurvatureLaw.Normal(1, 1);
        assertEquals(-(eulerGamma + Math.log(2)) / 2, law.exponent(1, 0), 1e-6);
        assertEquals(law.exponent(1, 0), new CurvatureLaw.Normal(0.3, 1).exponent(1, 0.7), 1e-9, "h and wd add up");
    }

    /** The distance to a mirror over many steps of SGD, with the same batches at every learning rate. */
    @Test
    void simulationSwitchesAtTheCriticalLearningRate() {
        for (CurvatureLaw.Normal law : new CurvatureLaw.Normal[] {NOISY, new CurvatureLaw.Normal(-0.06, 0.8)}) {
            RandomGenerator random = new Seed(11).generator();
            double[] h = new double[2_000_000];
            Arrays.setAll(h, i -> law.mean() + law.deviation() * random.nextGaussian());
            double low = 0.02;
            double high = 2;
            while (high - low > 1e-3 * high) {
                double middle = Math.sqrt(low * high);
                if (collapses(h, middle)) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            double predicted = law.critical(0).orElseThrow();
            assertEquals(predicted, (low + high) / 2, 0.03 * predicted);
        }
    }

    private static boolean collapses(double[] h, double rate) {
        double s = 1;
        double logs = 0;
        for (double one : h) {
            s *= 1 - rate * one;
            double size = Math.abs(s);
            // Kept within range; only the logarithm is followed.
            if (size < 1e-100 || size > 1e100) {
                logs += Math.log(size);
                s = 1;
            }
        }
        return logs + Math.log(Math.abs(s)) < 0;
    }

    @Test
    void criticalRatesAtTheEnds() {
        assertEquals(OptionalDouble.of(0), NOISY.critical(0.2), "decay alone holds it");
        assertEquals(OptionalDouble.empty(), new CurvatureLaw.Sampled(new double[] {-1, -1}).critical(0.5), "no noise");
        assertEquals(OptionalDouble.empty(), new CurvatureLaw.Normal(-2, 0.5).critical(0), "too little noise");
        double without = NOISY.critical(0).orElseThrow();
        assertTrue(NOISY.critical(0.05).orElseThrow() < without, "decay helps");
        RandomGenerator random = new Seed(2).generator();
        double[] h = new double[400_000];
        Arrays.setAll(h, i -> -0.1 + random.nextGaussian());
        // The mean of 4e5 draws is off by 0.0016, of 0.1.
        assertEquals(without, new CurvatureLaw.Sampled(h).critical(0).orElseThrow(), 0.06 * without);
        CurvatureLaw.Sampled sampled = new CurvatureLaw.Sampled(h);
        assertEquals(sampled.exponent(1e-3, 0.1), sampled.exponentToSecondOrder(1e-3, 0.1), 1e-8);
    }

    /** An interval of 95 % holds the truth in at least 85 of 100 sets of batches, and misses in some. */
    @Test
    void theIntervalHoldsTheTruth() {
        double truth = NOISY.exponent(0.3, 0);
        int held = 0;
        for (int set = 0; set < 100; set++) {
            RandomGenerator random = new Seed(50).split(set).generator();
            double[] h = new double[200];
            Arrays.setAll(h, i -> -0.1 + random.nextGaussian());
            Lyapunov found = Lyapunov.of(new CurvatureLaw.Sampled(h), 0.3, 0, BOOTSTRAP);
            assertTrue(found.low() <= found.value() && found.value() <= found.high());
            held += found.low() <= truth && truth <= found.high() ? 1 : 0;
        }
        assertTrue(held >= 85 && held < 100, "held " + held);
    }

    @Test
    void verdictsFollowTheInterval() {
        assertEquals(Lyapunov.Verdict.COLLAPSES, new Lyapunov(-1, -2, -0.5).verdict());
        assertEquals(Lyapunov.Verdict.ESCAPES, new Lyapunov(1, 0.5, 2).verdict());
        assertEquals(Lyapunov.Verdict.OPEN, new Lyapunov(1, -0.5, 2).verdict());
    }

    /** Blocks that are diagonal in one rotated frame have the exponents of their entries. */
    @Test
    void matricesThatCommuteHaveTheExponentsOfTheirEigenvalues() {
        double[][] q = new Random(4).orthonormal(2, 2);
        RandomGenerator random = new Seed(3).generator();
        double[] first = new double[50];
        double[] second = new double[50];
        double[][][] blocks = new double[50][2][2];
        for (int b = 0; b < 50; b++) {
            first[b] = -0.5 + 0.5 * random.nextGaussian();
            second[b] = 1 + 0.5 * random.nextGaussian();
            for (int i = 0; i < 2; i++) {
                Vectors.add(blocks[b][i], first[b] * q[0][i], q[0]);
                Vectors.add(blocks[b][i], second[b] * q[1][i], q[1]);
            }
        }
        double[] found = Lyapunov.exponents(blocks, 0.1, 0.01, 100_000, new Seed(1));
        // 1e5 steps of logarithms with a spread of 0.05.
        assertEquals(new CurvatureLaw.Sampled(first).exponent(0.1, 0.01), found[0], 1e-3);
        assertEquals(new CurvatureLaw.Sampled(second).exponent(0.1, 0.01), found[1], 1e-3);
        List<SymmetricOperator> maps = Arrays.stream(blocks).map(Random::map).toList();
        assertEquals(found[0], Lyapunov.exponent(maps, 2, 0.1, 0.01, 100_000, new Seed(5)), 1e-3, "never formed");
        Lyapunov top = Lyapunov.of(blocks, 0.1, 0.01, 2000, new Lyapunov.Bootstrap(0.95, 100, new Seed(8)));
        assertEquals(Lyapunov.Verdict.ESCAPES, top.verdict());
        assertTrue(top.low() < found[0] && found[0] < top.high());
    }

    /** Turning the plane by random signs of the off-diagonal mixes growth and decay: the mean block alone says otherwise. */
    @Test
    void noiseBetweenDirectionsMakesAProductCollapse() {
        double[][][] blocks = {{{-0.1, 3}, {3, -0.1}}, {{-0.1, -3}, {-3, -0.1}}};
        double[] found = Lyapunov.exponents(blocks, 0.2, 0, 50_000, new Seed(1));
        // In the frame (1, ±1)/√2 the factors are diagonal: 1 + η(0.1 ∓ 3).
        double expected = (Math.log(1.02 + 0.6) + Math.log(1.02 - 0.6)) / 2;
        assertTrue(expected < 0);
        assertEquals(expected, found[0], 0.02);
    }

    @Test
    void whatCannotBeAnsweredIsAnError() {
        assertThrows(CollapseException.class, () -> new CurvatureLaw.Sampled(new double[0]));
        assertThrows(CollapseException.class, () -> new CurvatureLaw.Normal(0, 0));
        assertThrows(CollapseException.class, () -> new Lyapunov.Bootstrap(1, 10, new Seed(0)));
        assertThrows(CollapseException.class, () -> Lyapunov.exponent(List.of(), 2, 0.1, 0, 100, new Seed(0)));
        assertThrows(CollapseException.class,
                () -> Lyapunov.exponents(new double[0][][], 0.1, 0, 100, new Seed(0)));
    }
}
