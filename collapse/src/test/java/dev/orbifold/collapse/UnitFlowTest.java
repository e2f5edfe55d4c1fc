package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class UnitFlowTest {
    /** Of the growth; steps turn by up to 0.15/16 rad. */
    private static final double TURNING = 0.04;
    private static final int FINER = 16;

    private static TensorData tensor(double[][] a, long... dims) {
        return TensorData.of(Arrays.stream(a).flatMapToDouble(Arrays::stream).toArray(), dims);
    }

    /** At its maximum a unit grows at the maximum less decay; where nothing is read it only decays, however much time there is. */
    @Test
    void growthIsWhatPullsLessDecay() {
        double[][] x = {{1, 0}, {-2, 0}};
        double[][] g = {{-3, 0}, {0, 1}, {-3, 0}, {0, 1}};
        try (UnitThreshold units =
                UnitThreshold.ofEach(tensor(x, 2, 2), tensor(g, 2, 2, 2), UnitThreshold.Slopes.RELU)) {
            double[][] in = {{2, 0}, {0, 1}};
            double[][] out = {{5, 0}, {1, 1}};
            UnitFlow.End end = UnitFlow.of(units, in, out, 0.4, 10, 1);
            assertEquals((1.5 - 0.4) * 10, end.grown()[0], 1e-6);
            assertEquals(-0.4 * 10, end.grown()[1], 1e-6, "nothing is read along the second axis");
            UnitFlow.End weaker = UnitFlow.of(units, in, out, 0.4, 10, 0.1);
            assertEquals((0.15 - 0.4) * 10, weaker.grown()[0], 1e-6);
            assertEquals(1.5, weaker.value()[0], 1e-6, "before g is multiplied");
        }
    }

    /** Gradient descent of one small ReLU unit, in plain arrays, grows and turns as the flow says. */
    @Test
    void trainingGrowsAsTheFlowSays() {
        int turned = 0;
        for (int instance = 0; instance < 8; instance++) {
            Random random = new Random(70 + instance);
            double[][] x = random.matrix(60, 2, 1);
            double[][] y = new double[60][1];
            double[][] g = new double[60][1];
            for (int i = 0; i < 60; i++) {
                y[i][0] = 2 * Math.max(0, x[i][0]) - Math.max(0, -x[i][0] + 0.5 * x[i][1]);
                g[i][0] = -y[i][0];
            }
            double[] a = random.vector(2);
            Vectors.scale(a, 1 / Vectors.length(a));
            double b = instance % 2 == 0 ? 1 : -1;
            double start = 1e-5;
            TwoLayer net = new TwoLayer("Relu", x, y, 0.5, new double[][] {{start * a[0]}, {start * a[1]}},
                    new double[][] {{start * b}});
            int steps = 1000;
            double rate = 0.005;
            for (int step = 0; step < steps; step++) {
                net.step(rate, 0.3);
            }
            double size = Math.sqrt(Math.hypot(net.u[0][0], net.u[1][0]) * Math.abs(net.w[0][0]));
            try (UnitThreshold units = UnitThreshold.ofEach(tensor(x, 60, 2), tensor(g, 1, 60, 1),
                    UnitThreshold.Slopes.RELU)) {
                UnitFlow.End end = UnitFlow.of(units, new double[][] {a}, new double[][] {{b}}, 0.3, steps * rate, 1,
                        FINER);
                double before = units.at(new double[][] {a}, new double[][] {{b}}).value()[0];
                assertEquals(Math.log(size / start), end.grown()[0], TURNING,
                        "instance " + instance);
                turned += end.value()[0] > before + 0.2 ? 1 : 0;
            }
        }
        assertTrue(turned >= 3, "units that turned a good deal: " + turned);
    }
}
