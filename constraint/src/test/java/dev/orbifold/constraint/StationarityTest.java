package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At optima known in closed form nothing is left over, beside them something is. */
class StationarityTest {
    /** Rounding of float64 through roots and singular values. */
    private static final double ROUNDING = 1e-10;
    /** A tenth of the weights more leaves at least so much. */
    private static final double AWAY = 0.02;
    private static final double LAMBDA = 0.7;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Tensor of(double... values) {
        return Tensors.of(TensorData.of(values, values.length), Device.cpu());
    }

    private static Tensor normals(int n, int seed) {
        RandomGenerator random = new Seed(seed).generator();
        double[] values = new double[n];
        Arrays.setAll(values, i -> random.nextGaussian());
        return of(values);
    }

    private static Stationarity at(Scheme scheme, Tensor z, Tensor gradient, double lambda) {
        Tensor factors = torch.zeros_like(z).resize_(scheme.factors()).zero_();
        scheme.balance(z, factors);
        return Stationarity.of(scheme, factors, gradient, lambda);
    }

    /** The optimum z of ‖z − v‖²/2 + λ·Ω(z) is stationary, a little more than it is not. */
    private static void assertStationaryOnlyAt(Scheme scheme, Tensor v, UnaryOperator<Tensor> optimum) {
        Tensor z = optimum.apply(v);
        assertTrue(z.norm().item_double() > 0, "an optimum that is 0 would say little");
        assertEquals(0, at(scheme, z, z.sub(v), LAMBDA).relative(), ROUNDING, scheme.toString());
        Tensor more = z.mul(new Scalar(1.1));
        assertTrue(at(scheme, more, more.sub(v), LAMBDA).relative() > AWAY, scheme.toString());
    }

    private static Tensor thresholded(Tensor sizes) {
        return sizes.sub(new Scalar(LAMBDA)).clamp_min(Scalars.ZERO);
    }

    @Test
    void theLassoIsStationaryAtItsOptimum() {
        try (PointerScope scope = new PointerScope()) {
            Scheme scheme = new Elementwise(2, 40);
            assertStationaryOnlyAt(scheme, normals(40, 1), v -> v.sign().mul(thresholded(v.abs())));
            Tensor zeros = torch.zeros_like(normals(40, 1));
            assertTrue(at(scheme, zeros, normals(40, 1), LAMBDA).relative() > AWAY,
                    "gradients above λ pull zeros away");
            assertEquals(0, at(scheme, zeros, normals(40, 1), 10).relative(), "gradients below λ do not");
        }
    }

    @Test
    void theGroupLassoIsStationaryAtItsOptimum() {
        try (PointerScope scope = new PointerScope()) {
            Groups groups = new Groups.Aligned(new long[] {10, 2}, new boolean[] {true, false});
            assertStationaryOnlyAt(new Gated(2, groups), normals(20, 2), v -> {
                Tensor length = groups.total(v.mul(v)).sqrt();
                return v.mul(groups.spread(thresholded(length).div(length)));
            });
        }
    }

    private static Tensor shrunk(Tensor v, long rank) {
        var svd = torch.linalg_svd(v.view(2, 6, 5), false, new StringViewOptional());
        Tensor values = thresholded(svd.get1());
        values.narrow(1, rank, values.size(1) - rank).zero_();
        return torch.bmm(svd.get0().mul(values.unsqueeze(1)), svd.get2()).reshape(-1);
    }

    /** Of a matrix that may have no more than rank 2, what would raise the rank counts for nothing. */
    @Test
    void singularValuesAreStationaryAtTheirOptimum() {
        try (PointerScope scope = new PointerScope()) {
            Tensor v = normals(60, 3);
            assertStationaryOnlyAt(new Ranked(2, 2, 6, 5, 5), v, x -> shrunk(x, 5));
            assertStationaryOnlyAt(new Ranked(2, 2, 6, 5, 2), v, x -> shrunk(x, 2));
            Tensor cut = shrunk(v, 2);
            assertTrue(at(new Ranked(2, 2, 6, 5, 5), cut, cut.sub(v), LAMBDA).relative() > AWAY,
                    "where more rank is allowed, it is missed");
        }
    }

    /** Where factors are balanced, ∂/∂factors vanishes exactly where nothing is left over, whatever D. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void itVanishesWithTheGradientOfTheFactors(int depth) {
        try (PointerScope scope = new PointerScope()) {
            Tensor z = normals(12, 4);
            double power = 2.0 / depth;
            Tensor balancing = z.sign().mul(z.abs().pow(new Scalar(power - 1))).mul(new Scalar(-LAMBDA * power));
            for (Scheme scheme : List.<Scheme>of(new Elementwise(depth, 12), new Ranked(depth, 1, 4, 3, 3))) {
                Tensor factors = torch.zeros_like(z).resize_(scheme.factors()).zero_();
                scheme.balance(z, factors);
                Tensor gradient = balancing;
                if (scheme instanceof Ranked) {
                    var svd = torch.linalg_svd(z.view(4, 3), false, new StringViewOptional());
                    gradient = svd.get0().mul(svd.get1().pow(new Scalar(power - 1)).mul(new Scalar(-LAMBDA * power)))
                            .matmul(svd.get2()).reshape(-1);
                }
                Tensor pulled = torch.zeros_like(factors);
                scheme.pull(factors, gradient, pulled);
                double own = pulled.add(factors.mul(new Scalar(2 * LAMBDA / depth))).norm().item_double();
                assertEquals(0, own, ROUNDING, "planted so");
                assertEquals(0, Stationarity.of(scheme, factors, gradient, LAMBDA).relative(), ROUNDING);
                assertTrue(Stationarity.of(scheme, factors, gradient.mul(new Scalar(1.1)), LAMBDA).relative() > AWAY);
            }
        }
    }

    /** z = (2, 0), g = (−0.5, 0.3), λ = 0.2, by hand. */
    @Test
    void byHand() {
        try (PointerScope scope = new PointerScope()) {
            Stationarity two = at(new Elementwise(2, 2), of(2, 0), of(-0.5, 0.3), 0.2);
            assertEquals(Math.sqrt(0.09 + 0.01), two.left(), ROUNDING);
            assertEquals(Math.sqrt(0.08), two.pull(), ROUNDING);
            Stationarity three = at(new Elementwise(3, 2), of(2, 0), of(-0.5, 0.3), 0.2);
            double pull = 0.2 * 2 / 3 / Math.cbrt(2);
            assertEquals(0.5 - pull, three.left(), ROUNDING);
            assertEquals(pull, three.pull(), ROUNDING);
            assertEquals(Math.hypot(0.5, 0.3), at(new Elementwise(2, 2), of(2, 0), of(-0.5, 0.3), 0).relative(),
                    ROUNDING, "without λ it is the gradient itself");
        }
    }

    @Test
    void tuckersFactorsAreStationaryWhereTheirGradientVanishes() {
        try (PointerScope scope = new PointerScope()) {
            Tucker scheme = new Tucker(1, List.of(4L, 3L), List.of(4L, 3L));
            Tensor factors = torch.zeros_like(normals((int) scheme.factors(), 5));
            scheme.balance(normals(12, 6), factors);
            Tensor none = torch.zeros_like(normals(12, 6));
            assertEquals(1, Stationarity.of(scheme, factors, none, LAMBDA).relative(), ROUNDING,
                    "nothing holds against the decay");
            assertEquals(0, Stationarity.of(scheme, factors.zero_(), normals(12, 7), LAMBDA).relative());
        }
    }
}
