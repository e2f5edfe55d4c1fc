package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of the table of equivalences (theory, 2), over random targets, λ and D, in float64. */
class SchemesTest {
    /** Relative to the target: what plain momentum reaches in {@link #STEPS} steps. */
    private static final double OPTIMUM = 1e-4;
    /** At balance the factored objective is the folded one, to rounding and what is left of imbalance. */
    private static final double OBJECTIVE = 1e-6;
    private static final int STEPS = 6000;
    private static final Kind KIND = new Kind.Sgd(0.9, false, 0, false);

    /** Momentum can carry several factors over zero at once, where they stay. */
    private static final Kind GRADIENT = new Kind.Sgd(0, false, 0, false);

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Tensor of(double[] values) {
        return Tensors.of(TensorData.of(values, values.length), Device.cpu());
    }

    private static double[] normals(RandomGenerator random, int n) {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextGaussian();
        }
        return values;
    }

    private static double[] doubles(Tensor tensor) {
        return Tensors.toData(tensor).toDoubles();
    }

    /** Minimises (c/2)·‖z − v‖² + λ·penalty from a balanced start, and checks the objective there. */
    private static double[] minimised(Scheme scheme, double[] v, double lambda, double curvature, double rate) {
        try (PointerScope scope = new PointerScope()) {
            Tensor target = of(v);
            try (Reparametrization form = new Reparametrization(new Whole(v.length), scheme, target, KIND, false,
                    lambda, new Start.Balanced(), new Seed(0), Device.cpu())) {
                for (int step = 0; step < STEPS; step++) {
                    try (PointerScope inner = new PointerScope()) {
                        Tensor gradient = form.entries().sub(target)
                                .mul(new org.bytedeco.pytorch.Scalar(curvature));
                        form.step(gradient, rate, 1);
                    }
                }
                form.snap();
                double folded = lambda * scheme.norm(form.entries()).orElseThrow().item_double();
                assertEquals(folded, form.penalty(), OBJECTIVE * Math.max(1, folded));
                return doubles(form.entries());
            }
        }
    }

    /** The minimum of (w − v)²/2 + λ·|w|^{2/D} that lies next to v: the largest root of its derivative, or 0. */
    private static double shrunk(double v, double lambda, int depth) {
        double size = Math.abs(v);
        double power = 2.0 / depth;
        DoubleUnaryOperator slope = w -> w - size + lambda * power * Math.pow(w, power - 1);
        // The derivative is convex in w > 0: its least value lies where its own derivative is 0.
        double lowest = depth == 2 ? 0 : Math.pow(lambda * power * (1 - power), 1 / (2 - power));
        if (lowest >= size || slope.applyAsDouble(lowest) >= 0) {
            return 0;
        }
        double low = lowest;
        double high = size;
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            if (slope.applyAsDouble(middle) < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return Math.copySign(high, v);
    }

    static Stream<List<Integer>> cases() {
        return Stream.of(2, 3, 4).flatMap(depth -> Stream.of(0, 1, 2).map(seed -> List.of(depth, seed)));
    }

    @ParameterizedTest @MethodSource("cases")
    void elementwiseFactorsShrinkEveryCoordinate(List<Integer> of) {
        int depth = of.getFirst();
        RandomGenerator random = new Seed(of.get(1)).split("elementwise").generator();
        double lambda = random.nextDouble(0.1, 0.8);
        double[] v = normals(random, 40);
        double[] found = minimised(new Elementwise(depth, v.length), v, lambda, 1, 0.05);
        for (int i = 0; i < v.length; i++) {
            assertClose(v[i], lambda, depth, Math.abs(v[i]), found[i], shrunk(v[i], lambda, depth));
        }
    }

    /** Near the λ at which a coordinate jumps to 0 convergence is slow: there either answer is let through. */
    private static void assertClose(double v, double lambda, int depth, double scale, double found, double expected) {
        double nearby = shrunk(v * 1.03, lambda, depth);
        double below = shrunk(v * 0.97, lambda, depth);
        if ((nearby == 0) != (below == 0)) {
            return;
        }
        assertEquals(expected, found, OPTIMUM * Math.max(scale, 1e-3));
        assertEquals(expected == 0, found == 0, "exact zeros");
    }

    @ParameterizedTest @MethodSource("cases")
    void gatesShrinkTheLengthOfEveryGroup(List<Integer> of) {
        int depth = of.getFirst();
        RandomGenerator random = new Seed(of.get(1)).split("gated").generator();
        double lambda = random.nextDouble(0.3, 1.5);
        int groups = 12;
        int size = 4;
        double[] v = normals(random, groups * size);
        boolean listed = of.get(1) == 1;
        int[] group = new int[v.length];
        for (int i = 0; i < v.length; i++) {
            group[i] = i / size;
        }
        double[] found;
        try (PointerScope scope = new PointerScope()) {
            Groups by = listed ? new Groups.Listed(group, Device.cpu())
                    : new Groups.Aligned(new long[] {groups, size}, new boolean[] {true, false});
            found = minimised(new Gated(depth, by), v, lambda, 1, 0.02);
        }
        for (int g = 0; g < groups; g++) {
            double length = length(v, g * size, size);
            double expected = shrunk(length, lambda, depth);
            for (int i = 0; i < size; i++) {
                int at = g * size + i;
                assertClose(length, lambda, depth, length, found[at], v[at] * expected / length);
            }
        }
    }

    private static double length(double[] v, int from, int size) {
        double sum = 0;
        for (int i = from; i < from + size; i++) {
            sum += v[i] * v[i];
        }
        return Math.sqrt(sum);
    }

    @ParameterizedTest @MethodSource("cases")
    void productsOfMatricesShrinkSingularValues(List<Integer> of) {
        int depth = of.getFirst();
        RandomGenerator random = new Seed(of.get(1)).split("ranked").generator();
        double lambda = random.nextDouble(0.2, 1);
        int rows = 5;
        int columns = 4;
        double[] v = normals(random, rows * columns);
        double[] found = minimised(new Ranked(depth, 1, rows, columns, columns), v, lambda, 1, 0.02);
        try (PointerScope scope = new PointerScope()) {
            var target = torch.linalg_svd(of(v).view(rows, columns), false, new StringViewOptional());
            double[] values = doubles(target.get1());
            for (double s : values) {
                double nearby = shrunk(s * 1.03, lambda, depth);
                if ((nearby == 0) != (shrunk(s * 0.97, lambda, depth) == 0)) {
                    return;
                }
            }
            double[] shrunk = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                shrunk[i] = shrunk(values[i], lambda, depth);
            }
            double[] expected = doubles(target.get0().mul(of(shrunk)).matmul(target.get2()));
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], found[i], OPTIMUM * values[0]);
            }
        }
    }

    /** (uw − v)² + γ(u² + w²): |uw| = max(|v| − γ, 0). */
    @ParameterizedTest @ValueSource(longs = {0, 1, 2, 3})
    void theScalarExample(long seed) {
        RandomGenerator random = new Seed(seed).split("scalar").generator();
        double gamma = random.nextDouble(0.1, 1);
        double[] v = normals(random, 20);
        double[] found = minimised(new Elementwise(2, v.length), v, 2 * gamma, 2, 0.02);
        for (int i = 0; i < v.length; i++) {
            if (Math.abs(Math.abs(v[i]) / gamma - 1) > 0.03) {
                assertEquals(Math.copySign(Math.max(Math.abs(v[i]) - gamma, 0), v[i]), found[i],
                        OPTIMUM * Math.max(1, Math.abs(v[i])));
            }
        }
    }

    /** Gradients of factors in closed form against those that autograd finds. */
    @ParameterizedTest @ValueSource(longs = {0, 1})
    void gradientsAreThoseOfTheProduct(long seed) {
        RandomGenerator random = new Seed(seed).split("pull").generator();
        try (PointerScope scope = new PointerScope()) {
            Groups groups = new Groups.Aligned(new long[] {4, 6}, new boolean[] {true, false});
            for (Scheme scheme : List.of(new Elementwise(2, 24), new Elementwise(3, 24), new Elementwise(4, 24),
                    new Ranked(2, 1, 4, 6, 3), new Ranked(3, 2, 3, 4, 2), new Ranked(4, 1, 4, 6, 4),
                    new Gated(2, groups), new Tucker(2, List.of(2L, 3L, 4L), List.of(2L, 2L, 3L)))) {
                Tensor factors = of(normals(random, (int) scheme.factors()));
                if (scheme instanceof Elementwise) {
                    scheme.balance(of(normals(random, 24)), factors.zero_());
                }
                Tensor gradient = of(normals(random, (int) scheme.coordinates()));
                Tensor found = torch.zeros_like(factors);
                scheme.pull(factors, gradient, found);
                Tensor leaf = factors.detach().clone();
                leaf.set_requires_grad(true);
                scheme.product(leaf).mul(gradient).sum().backward();
                double apart = found.sub(leaf.grad()).abs().max().item_double();
                assertTrue(apart < 1e-12, scheme + ": " + apart);
            }
        }
    }

    /** D − 1 gates that stay equal are one number: its gradient is that of any one of them. */
    @ParameterizedTest @ValueSource(ints = {3, 4})
    void theGradientOfAGateIsThatOfOneOfItsEquals(int depth) {
        RandomGenerator random = new Seed(depth).generator();
        try (PointerScope scope = new PointerScope()) {
            Groups groups = new Groups.Aligned(new long[] {4, 6}, new boolean[] {true, false});
            Gated scheme = new Gated(depth, groups);
            Tensor factors = of(normals(random, (int) scheme.factors()));
            Tensor gradient = of(normals(random, 24));
            Tensor found = torch.zeros_like(factors);
            scheme.pull(factors, gradient, found);
            Tensor leaf = factors.detach().clone();
            leaf.set_requires_grad(true);
            scheme.product(leaf).mul(gradient).sum().backward();
            Tensor one = leaf.grad().narrow(0, 24, 4).div(new org.bytedeco.pytorch.Scalar(depth - 1));
            assertEquals(0, found.narrow(0, 24, 4).sub(one).abs().max().item_double(), 1e-12);
            assertEquals(0, found.narrow(0, 0, 24).sub(leaf.grad().narrow(0, 0, 24)).abs().max().item_double(),
                    1e-12);
        }
    }

    /** A balanced start makes the weights again, and is balanced. */
    @ParameterizedTest @ValueSource(longs = {0, 1})
    void aBalancedStartMakesTheWeightsAgain(long seed) {
        RandomGenerator random = new Seed(seed).split("balance").generator();
        try (PointerScope scope = new PointerScope()) {
            Groups groups = new Groups.Aligned(new long[] {4, 6}, new boolean[] {true, false});
            for (Scheme scheme : List.of(new Elementwise(2, 24), new Elementwise(3, 24), new Elementwise(4, 24),
                    new Ranked(2, 1, 4, 6, 4), new Ranked(3, 2, 3, 4, 3), new Gated(2, groups), new Gated(4, groups),
                    new Tucker(2, List.of(2L, 3L, 4L), List.of(2L, 3L, 4L)))) {
                double[] z = normals(random, 24);
                Tensor factors = of(new double[(int) scheme.factors()]);
                scheme.balance(of(z), factors);
                double apart = scheme.product(factors).sub(of(z)).abs().max().item_double();
                assertTrue(apart < 1e-10, scheme + ": " + apart);
                if (!(scheme instanceof Tucker)) {
                    assertEquals(0, scheme.imbalance(factors), 1e-10, scheme.toString());
                    assertEquals(scheme.norm(of(z)).orElseThrow().item_double(),
                            scheme.penalty(factors).item_double(), 1e-9);
                }
            }
        }
    }

    /** A free start makes the weights again too, and is what lets every scheme but balanced ones change signs. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void aFreeStartMakesTheWeightsAgainAndCanChangeTheirSigns(int depth) {
        RandomGenerator random = new Seed(depth).split("free").generator();
        Groups groups = new Groups.Aligned(new long[] {4, 6}, new boolean[] {true, false});
        for (Scheme scheme : List.of(new Elementwise(depth, 24), new Gated(depth, groups),
                new Ranked(depth, 1, 4, 6, 4))) {
            try (PointerScope scope = new PointerScope()) {
                Tensor z = of(normals(random, 24));
                try (Reparametrization form = new Reparametrization(new Whole(24), scheme, z, GRADIENT, false, 1e-3,
                        new Start.Free(), new Seed(0), Device.cpu())) {
                    assertEquals(0, form.entries().sub(z).abs().max().item_double(), 1e-10);
                    for (int step = 0; step < STEPS; step++) {
                        try (PointerScope inner = new PointerScope()) {
                            form.step(form.entries().add(z), 0.05, 1);
                        }
                    }
                    double apart = form.entries().add(z).abs().max().item_double();
                    assertTrue(apart < 0.3 * z.abs().max().item_double(), scheme + ": " + apart);
                }
            }
        }
    }

    /** The published start has the intended spread, and no factor next to zero. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void thePublishedStartHasTheIntendedSpread(int depth) {
        RandomGenerator random = new Seed(depth).generator();
        try (PointerScope scope = new PointerScope()) {
            int n = 20_000;
            double[] z = normals(random, n);
            for (int i = 0; i < n; i++) {
                z[i] *= 0.1;
            }
            Elementwise scheme = new Elementwise(depth, n);
            Tensor factors = of(new double[(int) scheme.factors()]);
            scheme.start(of(z), factors, new Seed(depth));
            Tensor product = scheme.product(factors);
            assertEquals(0.1, Math.sqrt(product.mul(product).mean().item_double()), 1e-3);
            assertTrue(product.abs().min().item_double() > 1e-3);
        }
    }

    @ParameterizedTest @ValueSource(doubles = {0.5, 1})
    void aShiftedStartKeepsItsProduct(double beta) {
        RandomGenerator random = new Seed(3).generator();
        try (PointerScope scope = new PointerScope()) {
            Elementwise scheme = new Elementwise(2, 24);
            double[] x = normals(random, 24);
            Tensor factors = of(new double[(int) scheme.factors()]);
            scheme.shift(of(x), factors, beta);
            double[] all = doubles(factors);
            for (int i = 0; i < 24; i++) {
                double m = all[i];
                double w = all[(int) scheme.stride() + i];
                assertEquals(x[i], m * w, 1e-12);
                assertEquals(beta, m * m - w * w, 1e-10);
            }
        }
    }

    /** A core of small entries between large matrices is no zero: what counts is what a slice adds to the product. */
    @ParameterizedTest @ValueSource(ints = {1, 2, 3})
    void aTuckerSliceIsZeroWhereItsPartOfTheProductIs(int layers) {
        try (PointerScope scope = new PointerScope()) {
            Tucker scheme = new Tucker(layers, List.of(4L, 3L), List.of(3L, 3L));
            Tensor factors = of(new double[(int) scheme.factors()]);
            scheme.balance(of(normals(new Seed(9).generator(), 12)), factors);
            factors.narrow(0, 0, 9).fill_(new org.bytedeco.pytorch.Scalar(1e-4));
            factors.narrow(0, 9, factors.numel() - 9).mul_(new org.bytedeco.pytorch.Scalar(10));
            scheme.snap(factors);
            assertEquals(0, scheme.closed(factors));
            factors.narrow(0, 0, 3).mul_(new org.bytedeco.pytorch.Scalar(1e-20));
            scheme.snap(factors);
            assertEquals(1, scheme.closed(factors), "the first slice of the first axis");
        }
    }
}
