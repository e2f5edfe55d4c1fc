package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.LinearTransform;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The point of an orbit at which gradient noise on both sides is the same, with gradients by hand. */
class NoiseBalanceTest {
    private static final int INPUTS = 4;
    private static final int UNITS = 3;
    private static final int OUTPUTS = 5;
    private static final int SAMPLES = 40;
    /** Where factors stand still to 1e-6, traces of both sides are equal to a few times that. */
    private static final double EQUAL = 1e-5;
    /** float32 weights after a random map of a general Group. */
    private static final double SAME = 1e-5;

    private static Factorization random(long seed, boolean rectified) {
        RandomGenerator random = new Seed(seed).generator();
        List<double[]> x = new ArrayList<>();
        List<double[]> targets = new ArrayList<>();
        for (int s = 0; s < SAMPLES; s++) {
            x.add(random.doubles(INPUTS).map(v -> random.nextGaussian()).toArray());
            targets.add(random.doubles(OUTPUTS).map(v -> random.nextGaussian()).toArray());
        }
        return new Factorization(x, targets, UNITS, rectified);
    }

    private static Graph graph(long seed, boolean rectified) {
        Net net = new Net(seed);
        String h = net.op("MatMul", net.input(INPUTS), net.weights("w", 1, 0, INPUTS, UNITS));
        h = rectified ? net.op("Relu", h) : h;
        return net.done(net.op("MatMul", h, net.weights("u", 0.2, 0, UNITS, OUTPUTS)), OUTPUTS);
    }

    private static Balance balanced(Graph graph, SampleGradients gradients) {
        return NoiseBalance.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces(), gradients);
    }

    private static void assertSameFunction(Graph before, Graph after) {
        double error = Equality.check(before, after, OnnxRuntime.factory(1), new Seed(1), 8).maxError();
        assertTrue(error < SAME, "outputs moved by " + error);
    }

    /** Σ over samples of (g − ḡ)(g − ḡ)ᵀ, over rows of u, or columns of w. */
    private static DMatrixRMaj covariance(Graph graph, SampleGradients gradients, String name) {
        boolean w = name.equals("w");
        List<DMatrixRMaj> all = new ArrayList<>();
        gradients.each(graph, sample -> all.add(new DMatrixRMaj(w ? INPUTS : UNITS, w ? UNITS : OUTPUTS, true,
                sample.get(name).toDoubles())));
        DMatrixRMaj mean = new DMatrixRMaj(w ? INPUTS : UNITS, w ? UNITS : OUTPUTS);
        all.forEach(g -> CommonOps_DDRM.addEquals(mean, 1.0 / all.size(), g));
        DMatrixRMaj sum = new DMatrixRMaj(UNITS, UNITS);
        for (DMatrixRMaj g : all) {
            CommonOps_DDRM.subtractEquals(g, mean);
            if (w) {
                CommonOps_DDRM.multAddTransA(g, g, sum);
            } else {
                CommonOps_DDRM.multAddTransB(g, g, sum);
            }
        }
        return sum;
    }

    /** Σ x xᵀ over columns of w, or rows of u. */
    private static DMatrixRMaj gram(Graph graph, String name) {
        boolean w = name.equals("w");
        DMatrixRMaj matrix = new DMatrixRMaj(w ? INPUTS : UNITS, w ? UNITS : OUTPUTS, true,
                graph.parameters().get(name).toDoubles());
        return w ? CommonOps_DDRM.multTransA(matrix, matrix, null) : CommonOps_DDRM.multTransB(matrix, matrix, null);
    }

    /** Covariance of gradients on one side and k times the weights of the other: equal on both sides at the fixed point. */
    private static DMatrixRMaj pull(Graph graph, SampleGradients gradients, String name, double k) {
        return CommonOps_DDRM.add(1.0 / SAMPLES, covariance(graph, gradients, name), k,
                gram(graph, name.equals("w") ? "u" : "w"), null);
    }

    /** The fixed point with decay, Tr[ΣA] = k·θᵀAθ (theory, 4), of every unit, and as matrices where coordinates mix. */
    @ParameterizedTest @CsvSource({"1,true,0.1", "2,true,3", "3,true,50", "4,false,0.1", "5,false,3", "6,false,50"})
    void decayAndNoiseMeetAtTheFixedPoint(long seed, boolean rectified, double k) {
        Graph graph = graph(seed, rectified);
        SampleGradients gradients = random(seed, rectified);
        Balance balance =
                NoiseBalance.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces(), gradients, k);
        assertSameFunction(graph, balance.graph());
        DMatrixRMaj in = pull(balance.graph(), gradients, "w", k);
        DMatrixRMaj out = pull(balance.graph(), gradients, "u", k);
        double largest = CommonOps_DDRM.elementMaxAbs(in);
        for (int a = 0; a < UNITS; a++) {
            for (int b = 0; b < UNITS; b++) {
                if (!rectified || a == b) {
                    assertEquals(in.get(a, b), out.get(a, b), EQUAL * largest, a + ", " + b);
                }
            }
        }
        assertTrue(
                Math.abs(pull(graph, gradients, "w", k).get(0, 0) / pull(graph, gradients, "u", k).get(0, 0) - 1)
                        > 1e-2,
                "it was not there at the start");
    }

    /** Decay alone leads to the least weights. */
    @ParameterizedTest @ValueSource(booleans = {true, false})
    void muchDecayIsTheBalanceOfWeights(boolean rectified) {
        Graph graph = graph(7, rectified);
        Symmetries units = Symmetries.of(graph);
        Balance weights = Balance.of(units, LinearSymmetries.of(graph).spaces());
        Balance decayed = NoiseBalance.of(units, LinearSymmetries.of(graph).spaces(), random(7, rectified), 1e9);
        assertEquals(weights.after(), decayed.after(), EQUAL * weights.after());
        assertThrows(StructureException.class, () -> NoiseBalance.of(units, List.of(), random(7, rectified), -1));
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3})
    void everyRectifiedUnitHasTheSameNoiseOnBothSides(long seed) {
        Graph graph = graph(seed, true);
        SampleGradients gradients = random(seed, true);
        Balance balance = balanced(graph, gradients);
        assertSameFunction(graph, balance.graph());
        DMatrixRMaj in = covariance(balance.graph(), gradients, "w");
        DMatrixRMaj out = covariance(balance.graph(), gradients, "u");
        DMatrixRMaj before = covariance(graph, gradients, "w");
        for (int u = 0; u < UNITS; u++) {
            assertEquals(in.get(u, u), out.get(u, u), EQUAL * in.get(u, u), "unit " + u);
            assertTrue(Math.abs(before.get(u, u) / in.get(u, u) - 1) > 1e-2, "it was not there at the start");
        }
        Balance.Moved noise = balance.noise().getFirst();
        assertEquals(noise.after().in(), noise.after().out(), EQUAL * noise.after().in());
    }

    @ParameterizedTest @ValueSource(longs = {4, 5, 6})
    void theTwoSidesAgreeOnlyWhereTheyAreBalanced(long seed) {
        SampleGradients gradients = random(seed, false);
        Graph graph = LinearTransform.random(graph(seed, false), LinearSymmetries.of(graph(seed, false)).spaces(),
                new Seed(seed));
        List<Double> before = List.copyOf(
                NoiseBalance.agreement(graph, LinearSymmetries.of(graph).spaces(), gradients).values());
        Graph after = balanced(graph, gradients).graph();
        List<Double> then = List.copyOf(
                NoiseBalance.agreement(after, LinearSymmetries.of(after).spaces(), gradients).values());
        assertEquals(1, before.size());
        assertTrue(before.getFirst() < 0.99, "they differed: " + before);
        assertEquals(1, then.getFirst(), EQUAL);
        assertTrue(NoiseBalance.agreement(graph(seed, true), LinearSymmetries.of(graph(seed, true)).spaces(), gradients)
                .isEmpty(), "units do not mix");
    }

    /** The matrices, not only their traces: W Γ_W Wᵀ = Uᵀ Γ_U U (theory, 4), from two points of one orbit. */
    @ParameterizedTest @ValueSource(longs = {4, 5, 6})
    void aProductReachesTheMatrixEquilibriumFromEverywhere(long seed) {
        Graph graph = graph(seed, false);
        SampleGradients gradients = random(seed, false);
        List<double[]> ends = new ArrayList<>();
        for (long start : List.of(1, 2)) {
            Graph moved = LinearTransform.random(graph, LinearSymmetries.of(graph).spaces(), new Seed(start));
            Balance balance = balanced(moved, gradients);
            assertSameFunction(moved, balance.graph());
            DMatrixRMaj in = covariance(balance.graph(), gradients, "w");
            DMatrixRMaj out = covariance(balance.graph(), gradients, "u");
            double largest = CommonOps_DDRM.elementMaxAbs(in);
            assertArrayEquals(in.data, out.data, EQUAL * largest);
            ends.add(new double[] {CommonOps_DDRM.trace(in), balance.after()});
        }
        assertArrayEquals(ends.get(0), ends.get(1), EQUAL * ends.get(0)[0]);
    }

    @Test
    void withoutSamplesThereIsNoNoise() {
        assertThrows(StructureException.class, () -> balanced(graph(1, true), (graph, sample) -> {
        }));
    }
}
