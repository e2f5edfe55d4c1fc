package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Effective and stable ranks of matrices whose singular values are known. */
class RanksTest {
    /** Squares of singular values in float64, of float32 entries. */
    private static final double ROUNDING = 1e-5;
    /** What the power iteration may leave of the largest singular value, squared. */
    private static final double ITERATION = 0.02;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Tensor diagonal(int rows, int columns, double... values) {
        float[] entries = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            entries[i * columns + i] = (float) values[i];
        }
        return Tensors.of(TensorData.of(entries, rows, columns), Device.cpu());
    }

    @Test
    void theyCountWhatIsEqualAndWeighWhatIsNot() {
        try (PointerScope scope = new PointerScope()) {
            Ranks even = Ranks.of(diagonal(4, 7, 2, 2, 2), false);
            assertEquals(3, even.stable(), ROUNDING);
            assertEquals(3, even.effective().orElseThrow(), ROUNDING);
            Ranks tall = Ranks.of(diagonal(7, 4, 3, 1), false);
            assertEquals(10 / 9.0, tall.stable(), ROUNDING);
            double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
            assertEquals(Math.exp(entropy), tall.effective().orElseThrow(), ROUNDING);
            assertEquals(new Ranks(0, OptionalDouble.of(0)), Ranks.of(diagonal(3, 3), false));
        }
    }

    @Test
    void ofLargeWeightsTheStableRankComesFromAnIteration() {
        int rows = Ranks.SMALL + 22;
        RandomGenerator random = new Seed(2).generator();
        double[] entries = new double[rows * 200];
        Arrays.setAll(entries, i -> random.nextGaussian());
        try (PointerScope scope = new PointerScope()) {
            float[] values = new float[entries.length];
            for (int i = 0; i < values.length; i++) {
                // One direction stands out, as in trained weights.
                values[i] = (float) (entries[i] + 3 * Math.sin(i / 200) * Math.cos(i % 200));
            }
            Tensor matrix = Tensors.of(TensorData.of(values, rows, 200), Device.cpu());
            Ranks some = Ranks.of(matrix, false);
            Ranks all = Ranks.of(matrix, true);
            assertEquals(OptionalDouble.empty(), some.effective());
            assertEquals(1, some.stable() / all.stable(), ITERATION);
            assertTrue(all.effective().orElseThrow() > 10 * all.stable(), "many directions, one of which is large");
        }
    }
}
