package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The gap bounds the distance to the minimum everywhere, and closes at the minimum. */
class DualityGapTest {
    private static final int SAMPLES = 50;
    private static final int FEATURES = 12;
    private static final int OUTPUTS = 3;
    /** Plain momentum in float64 comes so close to the minimum of these small problems, relative to the objective. */
    private static final double CLOSED = 1e-6;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Tensor normals(RandomGenerator random, long... dims) {
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensors.of(TensorData.of(values, dims), Device.cpu());
    }

    private static Tensor targets(DualityGap.Loss loss, Tensor scores) {
        return switch (loss) {
            case SQUARED -> scores;
            case LOGISTIC -> scores.gt(new Scalar(0)).to(scores.scalar_type());
            case SOFTMAX -> torch.one_hot(scores.argmax(new org.bytedeco.pytorch.LongOptional(1), false), OUTPUTS)
                    .to(scores.scalar_type());
        };
    }

    private static Tensor gradient(DualityGap.Loss loss, Tensor z, Tensor y) {
        return switch (loss) {
            case SQUARED -> z.sub(y).mul(new Scalar(2.0 / z.numel()));
            case LOGISTIC -> z.sigmoid().sub(y).div(new Scalar(z.numel()));
            case SOFTMAX -> z.softmax(1).sub(y).div(new Scalar(z.size(0)));
        };
    }

    @ParameterizedTest @EnumSource
    void itClosesAtTheMinimumAndBoundsTheDistanceBefore(DualityGap.Loss loss) {
        RandomGenerator random = new Seed(loss.ordinal()).generator();
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(random, SAMPLES, FEATURES);
            Tensor truth = normals(random, OUTPUTS, FEATURES);
            Tensor y = targets(loss, x.matmul(truth.t()).add(normals(random, SAMPLES, OUTPUTS)));
            long n = OUTPUTS * FEATURES;
            for (Scheme scheme : List.of(new Elementwise(2, n),
                    new Gated(2, new Groups.Aligned(new long[] {OUTPUTS, FEATURES}, new boolean[] {false, true})),
                    new Ranked(2, 1, OUTPUTS, FEATURES, OUTPUTS))) {
                Tensor bias = normals(random, OUTPUTS).mul(new Scalar(0));
                double lambda = 0.2 * DualityGap.largestLambda(loss, x, y, bias, scheme);
                Tensor start = normals(random, n).mul(new Scalar(0.3));
                try (Reparametrization form = new Reparametrization(new Whole(n), scheme, start,
                        new Kind.Sgd(0.95, false, 0), false, lambda, new Start.Free(),
                        new Seed(0), Device.cpu())) {
                    double[] gaps = new double[4];
                    double[] objectives = new double[4];
                    for (int stage = 0; stage < 4; stage++) {
                        for (int step = 0; step < (stage == 3 ? 12_000 : 10); step++) {
                            try (PointerScope inner = new PointerScope()) {
                                Tensor z = x.matmul(form.entries().view(OUTPUTS, FEATURES).t());
                                form.step(gradient(loss, z, y).t().matmul(x).reshape(-1), 0.1, 1);
                            }
                        }
                        DualityGap gap = DualityGap.of(loss, x, y, form.entries().view(OUTPUTS, FEATURES), bias, false,
                                scheme, lambda);
                        gaps[stage] = gap.gap();
                        objectives[stage] = gap.objective();
                    }
                    String where = loss + " " + scheme + ": " + java.util.Arrays.toString(gaps);
                    assertTrue(gaps[3] < CLOSED * objectives[3], where);
                    for (int stage = 0; stage < 3; stage++) {
                        assertTrue(gaps[stage] >= objectives[stage] - objectives[3] - gaps[3], where);
                    }
                }
            }
        }
    }

    @ParameterizedTest @EnumSource
    void fromTheLargestLambdaOnNothingIsBest(DualityGap.Loss loss) {
        RandomGenerator random = new Seed(9).generator();
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(random, SAMPLES, FEATURES);
            Tensor y = targets(loss, normals(random, SAMPLES, OUTPUTS));
            Scheme scheme = new Elementwise(2, OUTPUTS * FEATURES);
            Tensor none = normals(random, OUTPUTS, FEATURES).mul(new Scalar(0));
            Tensor bias = normals(random, OUTPUTS).mul(new Scalar(0));
            double most = DualityGap.largestLambda(loss, x, y, bias, scheme);
            assertEquals(0, DualityGap.of(loss, x, y, none, bias, false, scheme, most * (1 + 1e-9)).gap(), 1e-12);
            assertTrue(DualityGap.of(loss, x, y, none, bias, false, scheme, most * 0.9).gap() > 1e-4);
            assertThrows(ConstraintException.class, () -> DualityGap.of(loss, x, y, none, bias, false,
                    new Elementwise(3, OUTPUTS * FEATURES), 1));
        }
    }
}
