package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Coordinates whose zeros are final: ½‖w − target‖² from there on, with a momentum and a decay. */
class SurvivorsTest {
    private static final Kind SGD = new Kind.Sgd(0.9, false, 0.1);
    private static final int N = 6;
    /** Float32 sums in another order. */
    private static final double ROUNDING = 1e-6;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Tensor of(float... values) {
        return Tensors.of(Device.cpu(), values, values.length);
    }

    private static Tensor target() {
        return of(1, -2, 3, 4, -5, 6);
    }

    private static Reparametrization form(Scheme scheme, Chart chart) {
        return new Reparametrization(chart, scheme, of(0, -1, 2, 0, -3, 1), SGD, true, 0,
                new Start.Balanced(), new Seed(1), Device.cpu());
    }

    private static void step(Reparametrization form) {
        try (PointerScope scope = new PointerScope()) {
            form.step(form.entries().sub(target()), 0.05, 1);
        }
    }

    private static float[] entries(Reparametrization form) {
        try (PointerScope scope = new PointerScope()) {
            return Tensors.toData(form.entries()).toFloats();
        }
    }

    /** Heavy ball with the decay in the gradient, by hand, of what is not zero. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void whatIsLeftMovesAsPlainWeightsDo(int depth) {
        try (PointerScope scope = new PointerScope();
                Reparametrization form = form(new Elementwise(depth, N), new Whole(N))) {
            form.release();
            assertFalse(form.fuses());
            double[] w = {0, -1, 2, 0, -3, 1};
            double[] m = new double[N];
            double[] t = {1, -2, 3, 4, -5, 6};
            for (int s = 0; s < 20; s++) {
                step(form);
                for (int i = 0; i < N; i++) {
                    if (i != 0 && i != 3) {
                        m[i] = 0.9 * m[i] + w[i] - t[i] + 0.1 * w[i];
                        w[i] -= 0.05 * m[i];
                    }
                }
            }
            float[] found = entries(form);
            for (int i = 0; i < N; i++) {
                assertEquals(w[i], found[i], 20 * ROUNDING * Math.max(1, Math.abs(w[i])), "entry " + i);
            }
            assertEquals(0f, found[0]);
            assertEquals(2, form.closed());
            form.settle();
            assertTrue(form.scheme().imbalance(form.factors()) < ROUNDING);
        }
    }

    /** A group is a cell: where it was zero it stays, however its gradient pulls. */
    @Test
    void groupsThatWereZeroStayZero() {
        try (PointerScope scope = new PointerScope()) {
            Groups groups = new Groups.Aligned(new long[] {3, 2}, new boolean[] {true, false});
            Reparametrization form =
                    new Reparametrization(new Whole(N), new Gated(2, groups), of(0, 0, 2, 0, -3, 1), SGD,
                            true, 0, new Start.Balanced(), new Seed(1), Device.cpu());
            try (form) {
                form.release();
                for (int s = 0; s < 5; s++) {
                    step(form);
                }
                float[] found = entries(form);
                assertEquals(0f, found[0]);
                assertEquals(0f, found[1]);
                assertEquals(1, form.closed());
            }
        }
    }

    /** Ties are about differences: what is free in them is no weight, so that factors go on. */
    @Test
    void tiesKeepTheirFactors() {
        try (PointerScope scope = new PointerScope()) {
            Chart chart = new Differences(1, N, 1);
            Reparametrization form = form(new Elementwise(2, chart.coordinates()), chart);
            try (form) {
                float[] before = Tensors.toData(form.factors()).toFloats();
                form.release();
                step(form);
                assertFalse(java.util.Arrays.equals(before, Tensors.toData(form.factors()).toFloats()));
            }
        }
    }

    @Test
    void aCheckpointRestoresWhatWasReleased() {
        try (PointerScope scope = new PointerScope(); Reparametrization one = form(new Elementwise(3, N), new Whole(N));
                Reparametrization two = form(new Elementwise(3, N), new Whole(N))) {
            step(one);
            step(one);
            one.release();
            step(one);
            Map<String, byte[]> kept = new HashMap<>();
            one.sections()
                    .forEach((name, bytes) -> kept.put(name, bytes.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)));
            two.release();
            two.restore(name -> MemorySegment.ofArray(kept.get(name)), 3);
            for (int s = 0; s < 3; s++) {
                step(one);
                step(two);
            }
            assertArrayEquals(entries(one), entries(two));
        }
    }

    @Test
    void anExcessOfOneMovesSmallWeightsAsFastAsPlainOnes() {
        try (PointerScope scope = new PointerScope()) {
            Reparametrization form = new Reparametrization(new Whole(N), new Elementwise(3, N),
                    target().mul(new Scalar(1e-3)), new Kind.Sgd(0, false, 0), true, 0,
                    new Start.Free(java.util.Optional.of(1.0)), new Seed(1), Device.cpu());
            try (form) {
                float[] before = entries(form);
                form.step(of(1, 1, 1, 1, 1, 1), 1e-2, 1);
                float[] after = entries(form);
                for (int i = 0; i < N; i++) {
                    // |w| is at most 6e-3 beside 1: the first step is η to a few percent.
                    assertEquals(-1e-2, after[i] - before[i], 1e-3);
                }
            }
        }
    }
}
