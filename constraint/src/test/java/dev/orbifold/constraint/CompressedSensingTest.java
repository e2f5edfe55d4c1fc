package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lasso by two factors against coordinate descent, a solver that shares nothing with it. */
class CompressedSensingTest {
    /** Relative objective gap to coordinate descent. */
    private static final double GAP = 1e-5;
    /** Where |correlation|/λ is within this of 1 a coordinate may be zero or not. */
    private static final double UNDECIDED = 1e-3;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private record Data(double[][] columns, double[] y) {
        int samples() {
            return y.length;
        }

        Tensor x() {
            double[] all = new double[samples() * columns.length];
            for (int j = 0; j < columns.length; j++) {
                for (int i = 0; i < samples(); i++) {
                    all[i * columns.length + j] = columns[j][i];
                }
            }
            return Tensors.of(TensorData.of(all, samples(), columns.length), Device.cpu());
        }

        Tensor targets() {
            return Tensors.of(TensorData.of(y, y.length), Device.cpu());
        }

        double largest() {
            double most = 0;
            for (double[] column : columns) {
                most = Math.max(most, Math.abs(dot(column, y)));
            }
            return most;
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Gaussian equations, a tenth of the unknowns not 0, noise of 1e-2. */
    private static Data sensing(int equations, int unknowns, long seed) {
        RandomGenerator random = new Seed(seed).generator();
        double[][] columns = new double[unknowns][equations];
        double[] y = new double[equations];
        for (int i = 0; i < equations; i++) {
            y[i] = 1e-2 * random.nextGaussian();
        }
        for (double[] column : columns) {
            double x = random.nextInt(10) == 0 ? random.nextGaussian() : 0;
            for (int i = 0; i < equations; i++) {
                column[i] = random.nextGaussian() / Math.sqrt(equations);
                y[i] += x * column[i];
            }
        }
        return new Data(columns, y);
    }

    private static double objective(Data data, double[] w, double lambda) {
        double[] residual = residual(data, w);
        double sum = 0;
        for (double x : w) {
            sum += Math.abs(x);
        }
        return dot(residual, residual) / 2 + lambda * sum;
    }

    private static double[] residual(Data data, double[] w) {
        double[] residual = data.y().clone();
        for (int j = 0; j < w.length; j++) {
            if (w[j] != 0) {
                for (int i = 0; i < residual.length; i++) {
                    residual[i] -= w[j] * data.columns()[j][i];
                }
            }
        }
        return residual;
    }

    /** Coordinate descent over all coordinates now and then, over those not 0 in between, until nothing moves. */
    private static double[] coordinateDescent(Data data, double lambda) {
        double[] w = new double[data.columns().length];
        double[] residual = data.y().clone();
        double[] squares = new double[w.length];
        for (int j = 0; j < w.length; j++) {
            squares[j] = dot(data.columns()[j], data.columns()[j]);
        }
        double moved = 1;
        while (moved > 1e-10) {
            moved = sweep(data, lambda, w, residual, squares, false);
            for (int i = 0; i < 500 && sweep(data, lambda, w, residual, squares, true) > 1e-11; i++) {
                continue;
            }
        }
        return w;
    }

    private static double sweep(Data data, double lambda, double[] w, double[] residual, double[] squares,
            boolean active) {
        double moved = 0;
        for (int j = 0; j < w.length; j++) {
            if (active && w[j] == 0) {
                continue;
            }
            double along = dot(data.columns()[j], residual) + squares[j] * w[j];
            double next = Math.signum(along) * Math.max(0, Math.abs(along) - lambda) / squares[j];
            double change = next - w[j];
            if (change != 0) {
                for (int i = 0; i < residual.length; i++) {
                    residual[i] -= change * data.columns()[j][i];
                }
                w[j] = next;
                moved = Math.max(moved, Math.abs(change));
            }
        }
        return moved;
    }

    @Test
    void fortyThousandUnknownsAndAHundredEquations() {
        compare(sensing(100, 40_000, 0));
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void moreEquationsThanUnknowns(long seed) {
        compare(sensing(120, 80, seed));
    }

    private static void compare(Data data) {
        double lambda = 0.1 * data.largest();
        double[] expected = coordinateDescent(data, lambda);
        List<VariableProjection.State> states = new ArrayList<>();
        double[] found;
        try (PointerScope scope = new PointerScope()) {
            int n = data.columns().length;
            found = Tensors.toData(VariableProjection.solve(new VariableProjection.Problem(data.x(), data.targets(),
                    new Groups.Aligned(new long[] {n}, new boolean[] {true}), lambda), 2000, 1e-8, states::add))
                    .toDoubles();
        }
        double best = objective(data, expected, lambda);
        double reached = objective(data, found, lambda);
        assertTrue(Math.abs(reached - best) <= GAP * best, reached + " against " + best);
        VariableProjection.State last = states.getLast();
        assertEquals(reached, last.objective(), 1e-7 * best);
        assertTrue(last.objective() - last.gap() <= best * (1 + 1e-12), "the gap bounds the distance to the minimum");
        double[] residual = residual(data, expected);
        for (int j = 0; j < found.length; j++) {
            double ratio = Math.abs(dot(data.columns()[j], residual)) / lambda;
            if (Math.abs(ratio - 1) > UNDECIDED) {
                assertEquals(0, Math.abs(expected[j]));
                assertEquals(0, Math.abs(found[j]), "coordinate " + j + " with ratio " + ratio);
            }
        }
    }
}
