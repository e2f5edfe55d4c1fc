package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** D-gating against the group lasso it equals for D = 2 (theory, 2): loss 1/(2n)·SSE + λ Σ‖w_j‖, wd = 2λ/D. */
class GroupLassoTest {
    private static final int SAMPLES = 60;
    private static final int GROUPS = 8;
    private static final int WIDE = 3;
    private static final int FEATURES = GROUPS * WIDE;
    private static final int ACTIVE = 3;
    /** Both solvers run until they stand still; gradients of gates are passed in float32. */
    private static final double SAME = 1e-3;

    private final double[][] gram = new double[FEATURES][FEATURES];
    private final double[] correlation = new double[FEATURES];

    private void draw(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        double[] truth = new double[FEATURES];
        for (int f = 0; f < ACTIVE * WIDE; f++) {
            truth[f] = random.nextGaussian();
        }
        for (int i = 0; i < SAMPLES; i++) {
            double[] x = new double[FEATURES];
            double y = random.nextGaussian();
            for (int f = 0; f < FEATURES; f++) {
                x[f] = random.nextGaussian();
                y += x[f] * truth[f];
            }
            for (int f = 0; f < FEATURES; f++) {
                correlation[f] += x[f] * y / SAMPLES;
                for (int k = 0; k < FEATURES; k++) {
                    gram[f][k] += x[f] * x[k] / SAMPLES;
                }
            }
        }
    }

    /** ∇ of the loss: XᵀX/n·w − Xᵀy/n. */
    private double[] gradient(double[] w) {
        double[] gradient = new double[FEATURES];
        for (int f = 0; f < FEATURES; f++) {
            gradient[f] = -correlation[f];
            for (int k = 0; k < FEATURES; k++) {
                gradient[f] += gram[f][k] * w[k];
            }
        }
        return gradient;
    }

    /** Proximal gradient descent: w ← shrink(w − t∇, tλ) group by group. */
    private double[] proximal(double lambda) {
        double[] w = new double[FEATURES];
        double t = 0.2;
        for (int step = 0; step < 1000; step++) {
            double[] g = gradient(w);
            for (int j = 0; j < GROUPS; j++) {
                double norm = 0;
                for (int f = j * WIDE; f < (j + 1) * WIDE; f++) {
                    w[f] -= t * g[f];
                    norm += w[f] * w[f];
                }
                double kept = Math.max(0, 1 - t * lambda / Math.max(Math.sqrt(norm), 1e-300));
                for (int f = j * WIDE; f < (j + 1) * WIDE; f++) {
                    w[f] *= kept;
                }
            }
        }
        return w;
    }

    /** Gradient descent on ω and γ with decay 2λ/D on both. */
    private double[] gated(double lambda, int depth) {
        RandomGenerator random = new SplittableRandom(5);
        Gates gates = new Gates(GROUPS, depth);
        double[] omega = random.doubles(FEATURES, -0.5, 0.5).toArray();
        double wd = 2 * lambda / depth;
        double[] decay = new double[GROUPS];
        java.util.Arrays.fill(decay, wd);
        double[] w = new double[FEATURES];
        int steps = 8000;
        for (int step = 0; step <= steps; step++) {
            for (int f = 0; f < FEATURES; f++) {
                w[f] = omega[f] * gates.product(f / WIDE);
            }
            double[] g = gradient(w);
            float[] gateGradient = new float[GROUPS];
            double rate = 0.05;
            for (int f = 0; f < FEATURES; f++) {
                gateGradient[f / WIDE] += (float) (g[f] * omega[f]);
                omega[f] -= rate * (g[f] * gates.product(f / WIDE) + wd * omega[f]);
            }
            gates.step(gateGradient, rate, 0, decay);
        }
        return w;
    }

    private static int zeroGroups(double[] w) {
        int zero = 0;
        for (int j = 0; j < GROUPS; j++) {
            boolean all = true;
            for (int f = j * WIDE; f < (j + 1) * WIDE; f++) {
                all &= w[f] == 0;
            }
            zero += all ? 1 : 0;
        }
        return zero;
    }

    @ParameterizedTest @ValueSource(longs = {1, 2})
    void twoFactorsAreTheGroupLasso(long seed) {
        draw(seed);
        double lambda = 0.35;
        double[] expected = proximal(lambda);
        double[] found = gated(lambda, 2);
        for (int f = 0; f < FEATURES; f++) {
            assertEquals(expected[f], found[f], SAME, "feature " + f + ", seed " + seed);
        }
        assertTrue(zeroGroups(expected) > 0 && zeroGroups(expected) < GROUPS, "the case must be one that selects");
        assertEquals(zeroGroups(expected), zeroGroups(found), "seed " + seed);
    }

    /** With the same bias on the survivors deeper gates leave less: λ‖w‖^{2/3} grows steeper towards zero. */
    @Test
    void threeFactorsAreSparserAtTheSameLambda() {
        draw(3);
        double lambda = 0.15;
        int two = zeroGroups(gated(lambda, 2));
        int three = zeroGroups(gated(lambda, 3));
        assertTrue(three > two, "D = 2 has " + two + " zero groups, D = 3 has " + three);
        assertTrue(three <= GROUPS - ACTIVE, "the truth has " + (GROUPS - ACTIVE) + " zero groups, found " + three);
    }
}
