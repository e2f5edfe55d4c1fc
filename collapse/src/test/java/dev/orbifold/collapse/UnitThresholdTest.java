package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnitThresholdTest {
    /** Ascent stops where the gradient along the sphere is 1e-7 of the value. */
    private static final double ASCENT = 1e-6;

    /** Of the value: what the two ways of sliding may differ by. */
    private static final double FLOW = 0.02;

    private static TensorData tensor(double[][] a) {
        return TensorData.of(Arrays.stream(a).flatMapToDouble(Arrays::stream).toArray(), a.length, a[0].length);
    }

    /** A linear unit: ‖E[g xᵀ] a‖ has the largest singular value as its maximum, at ±a. */
    @Test
    void aLinearUnitHasTheLargestSingularValue() {
        Random random = new Random(1);
        double[][] x = random.matrix(50, 5, 1);
        double[][] g = random.matrix(50, 3, 1);
        double[][] gram = new double[3][3];
        double[][] moments = new double[3][5];
        for (int i = 0; i < 50; i++) {
            for (int o = 0; o < 3; o++) {
                Vectors.add(moments[o], g[i][o] / 50, x[i]);
            }
        }
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                gram[i][j] = Vectors.dot(moments[i], moments[j]);
            }
        }
        double planted = Math.sqrt(SymmetricMatrix.eigen(gram).values()[2]);
        try (UnitThreshold threshold = UnitThreshold.of(tensor(x), tensor(g), new UnitThreshold.Slopes(1, 1))) {
            List<UnitThreshold.Maximum> maxima = threshold.maxima(20, new Seed(2));
            assertEquals(2, maxima.size(), "a and −a");
            assertEquals(planted, maxima.get(0).value(), ASCENT * planted);
            assertEquals(planted, maxima.get(1).value(), ASCENT * planted);
            assertEquals(-1, Vectors.dot(maxima.get(0).input(), maxima.get(1).input()), ASCENT);
            assertEquals(20, maxima.stream().mapToInt(UnitThreshold.Maximum::starts).sum());
        }
    }

    /** Groups of data at right angles, each seen by its own half-space: their maxima are known and all are found. */
    @Test
    void everyLocalMaximumIsFound() {
        double[][] x = {{1, 0}, {-2, 0}};
        double[][] g = {{-3, 0}, {0, 1}};
        try (UnitThreshold threshold = UnitThreshold.of(tensor(x), tensor(g), UnitThreshold.Slopes.RELU)) {
            List<UnitThreshold.Maximum> maxima = threshold.maxima(40, new Seed(3));
            assertEquals(2, maxima.size());
            assertEquals(1.5, maxima.get(0).value(), ASCENT);
            assertArrayEquals(new double[] {1, 0}, maxima.get(0).input(), 1e-3);
            assertArrayEquals(new double[] {1, 0}, maxima.get(0).output(), ASCENT);
            assertEquals(1, maxima.get(1).value(), ASCENT);
            assertArrayEquals(new double[] {0, -1}, maxima.get(1).output(), ASCENT);
            assertEquals(40, maxima.get(0).starts() + maxima.get(1).starts());
            assertEquals(20, maxima.get(0).starts(), 13, "each has half of the circle");
            double[][] right = {{3, 1}};
            assertEquals(1.5, threshold.reached(right, new double[][] {{0.1, 1}}).get(0).value(), ASCENT,
                    "the out-weights turn");
            assertEquals(1, threshold.reached(right, new double[][] {{-1, 1e-9}}).get(0).value(), ASCENT,
                    "the in-weights turn away before out-weights of the wrong sign come round");
            assertEquals(0, threshold.reached(new double[][] {{0, 1}}, new double[][] {{1, 1}}).get(0).value(), ASCENT,
                    "nothing is read there");
        }
    }

    /**
     * Few samples make many kinks, on which single gradients point across. The flow itself, in steps a hundred times
     * shorter, is where each unit goes.
     */
    @Test
    void unitsSlideAlongKinksToWhereTheFlowGoes() {
        int n = 30;
        int d = 8;
        int m = 3;
        int units = 40;
        int wrong = 0;
        Random random = new Random(11);
        double[][] x = random.matrix(n, d, 1);
        double[][] g = random.matrix(n, m, 1);
        double[][] in = random.matrix(units, d, 1);
        double[][] out = random.matrix(units, m, 1);
        // One that no sample reaches rests from the start.
        for (double[] sample : x) {
            sample[0] = Math.abs(sample[0]);
        }
        in[3] = new double[] {-1, 0, 0, 0, 0, 0, 0, 0};
        double[] gradients = new double[units * n * m];
        for (int k = 0; k < units; k++) {
            for (int i = 0; i < n; i++) {
                System.arraycopy(g[i], 0, gradients, (k * n + i) * m, m);
            }
        }
        try (UnitThreshold threshold = UnitThreshold.ofEach(tensor(x), TensorData.of(gradients, units, n, m),
                UnitThreshold.Slopes.RELU)) {
            List<UnitThreshold.Maximum> reached = threshold.reached(in, out);
            assertEquals(0, threshold.unsettled());
            for (int k = 0; k < units; k++) {
                double flow = flow(x, g, in[k], out[k]);
                if (Math.abs(reached.get(k).value() - flow) > FLOW * flow) {
                    wrong++;
                }
            }
        }
        assertTrue(wrong <= units / 20, wrong + " of " + units + " units came elsewhere");
    }

    /** The value that small balanced weights come to: short steps of ȧ ∝ −∂(b·c)/∂a, ḃ ∝ −c(a), the highest on the way. */
    private static double flow(double[][] x, double[][] g, double[] in, double[] out) {
        double[] a = in.clone();
        double[] b = out.clone();
        double best = 0;
        for (int step = 0; step < 60_000; step++) {
            Vectors.scale(a, 1 / Vectors.length(a));
            Vectors.scale(b, 1 / Vectors.length(b));
            double[] upA = new double[a.length];
            double[] upB = new double[b.length];
            for (int i = 0; i < x.length; i++) {
                double z = Vectors.dot(x[i], a);
                if (z > 0) {
                    Vectors.add(upA, -Vectors.dot(g[i], b) / x.length, x[i]);
                    Vectors.add(upB, -z / x.length, g[i]);
                }
            }
            best = Math.max(best, Vectors.dot(b, upB));
            double size = Math.max(Vectors.length(upA), Vectors.length(upB));
            if (size == 0) {
                return best;
            }
            Vectors.add(a, 1e-3 / size, upA);
            Vectors.add(b, 1e-3 / size, upB);
        }
        return best;
    }

    /** The batches' curvatures are those of their own data, and their mean is the threshold. */
    @Test
    void batchesShareTheThreshold() {
        Random random = new Random(7);
        double[][] x = random.matrix(40, 3, 1);
        double[][] g = random.matrix(40, 2, 1);
        UnitThreshold.Slopes leaky = new UnitThreshold.Slopes(0.1, 1);
        try (UnitThreshold threshold = UnitThreshold.of(tensor(x), tensor(g), leaky)) {
            UnitThreshold.Maximum highest = threshold.maxima(10, new Seed(1)).get(0);
            CurvatureLaw.Sampled law = threshold.perBatch(highest, 8);
            assertEquals(5, law.values().length);
            assertEquals(-highest.value(), law.mean(), ASCENT);
            double first = 0;
            for (int i = 0; i < 8; i++) {
                double z = Vectors.dot(x[i], highest.input());
                first += Math.max(0.1 * z, z) * Vectors.dot(g[i], highest.output()) / 8;
            }
            assertEquals(first, law.values()[0], ASCENT);
            assertEquals(3, threshold.perBatch(highest, 11).values().length);
            assertThrows(CollapseException.class, () -> threshold.perBatch(highest, 41));
        }
    }

    /**
     * One ReLU unit and gradient descent from small balanced starts (theory, 1.6): above wd* all die; below it each lives or dies
     * as its own local maximum says, and some die far below wd*.
     */
    @Test
    void eachUnitFollowsItsOwnLocalMaximum() {
        int alive = 0;
        int early = 0;
        int judged = 0;
        for (int instance = 0; instance < 6; instance++) {
            Random random = new Random(40 + instance);
            double[][] x = random.matrix(60, 2, 1);
            double[][] y = new double[60][1];
            double[][] g = new double[60][1];
            for (int i = 0; i < 60; i++) {
                y[i][0] = 2 * Math.max(0, x[i][0]) - Math.max(0, -x[i][0] + 0.5 * x[i][1]);
                g[i][0] = -y[i][0];
            }
            double[][] a = new double[6][];
            double[][] b = new double[6][1];
            for (int k = 0; k < 6; k++) {
                a[k] = random.vector(2);
                b[k][0] = k % 2 == 0 ? 1 : -1;
                Vectors.scale(a[k], 1 / Vectors.length(a[k]));
            }
            try (UnitThreshold threshold = UnitThreshold.of(tensor(x), tensor(g), UnitThreshold.Slopes.RELU)) {
                double highest = threshold.maxima(30, new Seed(instance)).get(0).value();
                List<UnitThreshold.Maximum> reached = threshold.reached(a, b);
                for (int k = 0; k < 6; k++) {
                    double own = reached.get(k).value();
                    assertTrue(own <= highest * (1 + ASCENT), own + " above the highest, " + highest);
                    for (double share : new double[] {0.8, 0.95, 1.05}) {
                        double decay = share * highest;
                        boolean lives = lives(x, y, a[k], b[k], decay);
                        if (Math.abs(own - decay) > 0.01 * highest) {
                            assertEquals(own > decay, lives,
                                    "instance " + instance + ", unit " + k + ", own maximum " + own
                                            + ", decay " + decay);
                            judged++;
                        }
                        alive += lives && share == 0.95 ? 1 : 0;
                        early += !lives && share == 0.8 ? 1 : 0;
                        assertTrue(!lives || share < 1);
                    }
                }
            }
        }
        assertTrue(alive >= 6, "alive just below wd*: " + alive);
        assertTrue(early >= 6, "dead far below wd*: " + early);
        assertTrue(judged >= 90, "judged " + judged);
    }

    private static boolean lives(double[][] x, double[][] y, double[] a, double[] b, double decay) {
        double start = 1e-4;
        TwoLayer net = new TwoLayer("Relu", x, y, 0.5, new double[][] {{start * a[0]}, {start * a[1]}},
                new double[][] {{start * b[0]}});
        double before = 0;
        for (int step = 0; step < 20_000; step++) {
            if (step == 10_000) {
                before = Math.abs(net.w[0][0]);
            }
            net.step(0.02, decay);
        }
        return Math.abs(net.w[0][0]) > Math.max(1e-2, 0.9 * before) || Math.abs(net.w[0][0]) > 2 * before && before > 0;
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThrows(CollapseException.class, () -> UnitThreshold.of(tensor(new double[3][2]), tensor(new double[4][1]),
                UnitThreshold.Slopes.RELU));
        try (UnitThreshold threshold = UnitThreshold.of(tensor(new double[3][2]), tensor(new double[3][1]),
                UnitThreshold.Slopes.RELU)) {
            assertThrows(CollapseException.class, () -> threshold.reached(new double[1][2], new double[][] {{1}}));
            assertEquals(0, threshold.maxima(3, new Seed(0)).get(0).value(), "no gradient, no growth");
        }
    }
}
