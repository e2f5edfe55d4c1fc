package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How far a product moves when its factors take a step. */
class SteepnessTest {
    private static final double STEP = 1e-6;
    /** First order in the step, and float64's rounding of a difference. */
    private static final double SLACK = 1e-3;
    private static final int DRAWS = 200;

    static Stream<Scheme> products() {
        return Stream.of(new Ranked(2, 1, 6, 4, 4), new Ranked(3, 1, 6, 4, 4), new Ranked(4, 1, 6, 4, 3),
                new Ranked(3, 2, 4, 3, 3),
                new Tucker(1, List.of(4L, 6L), List.of(4L, 4L)),
                new Tucker(2, List.of(2L, 3L, 4L), List.of(2L, 3L, 4L)));
    }

    private static Tensor normals(RandomGenerator random, int n, double scale) {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = scale * random.nextGaussian();
        }
        return Tensors.of(TensorData.of(values, n), Device.cpu());
    }

    /** ‖z(f − ηJᵀg) − z(f)‖ ≤ η·steepness·‖g‖ for every g, and some g comes near. */
    @ParameterizedTest @MethodSource("products")
    void boundsEveryMoveAndIsNotFarAboveTheLargest(Scheme scheme) {
        RandomGenerator random = new Seed(3).generator();
        try (PointerScope scope = new PointerScope()) {
            int n = (int) scheme.coordinates();
            Tensor factors = torch.zeros(new long[] {scheme.factors()},
                    new org.bytedeco.pytorch.TensorOptions(torch.ScalarType.Double));
            Tensor z = normals(random, n, 1.5);
            scheme.free(z, factors, Optional.empty());
            Tensor at = scheme.product(factors).clone();
            double steepness = scheme.steepness(factors);
            double largest = 0;
            Tensor into = torch.zeros_like(factors);
            // Power iteration: the direction that is moved most.
            Tensor g = normals(random, n, 1);
            for (int i = 0; i < DRAWS; i++) {
                g = g.div(g.norm());
                scheme.pull(factors, g, into);
                Tensor moved = scheme.product(factors.sub(into.mul(new org.bytedeco.pytorch.Scalar(STEP)))).sub(at)
                        .div(new org.bytedeco.pytorch.Scalar(-STEP));
                largest = Math.max(largest, moved.norm().item_double());
                g = moved;
            }
            assertTrue(largest <= steepness * (1 + SLACK), scheme + ": " + largest + " above " + steepness);
            assertTrue(largest > steepness / (2 * scheme.depth()), scheme + ": " + largest + " far below " + steepness);
        }
    }

    /** Single entries and gates take the rate as it is named. */
    @org.junit.jupiter.api.Test
    void othersTakeTheRateAsItIs() {
        try (PointerScope scope = new PointerScope()) {
            for (Scheme scheme : List.of(new Elementwise(2, 24), new Elementwise(3, 24))) {
                Tensor factors = torch.zeros(new long[] {scheme.factors()},
                        new org.bytedeco.pytorch.TensorOptions(torch.ScalarType.Double));
                scheme.free(normals(new Seed(1).generator(), 24, 2), factors, Optional.empty());
                assertEquals(1, scheme.steepness(factors));
            }
        }
    }
}
