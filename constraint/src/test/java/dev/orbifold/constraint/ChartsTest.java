package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Coordinates of constraints: there and back, adjoint, and exact where they are 0. */
class ChartsTest {
    /** Rounding of float64 sums over a few dozen numbers. */
    private static final double ROUNDING = 1e-12;

    /** A chart by name, made inside the caller's scope. */
    record Case(String name, Supplier<Chart> chart) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static List<Columns.Column> columns(RandomGenerator random, int entries, int count) {
        List<Columns.Column> columns = new ArrayList<>();
        for (int c = 0; c < count; c++) {
            int[] rows = random.ints(0, entries).distinct().limit(3).toArray();
            columns.add(new Columns.Column(rows, random.doubles(3, -1, 1).toArray()));
        }
        return columns;
    }

    static List<Case> cases() {
        Device cpu = Device.cpu();
        ScalarType type = ScalarType.Double;
        RandomGenerator random = new Seed(4).generator();
        List<Columns.Column> sparse = columns(random, 24, 7);
        return List.of(new Case("whole", () -> new Whole(24)),
                new Case("chosen", () -> Chosen.of(24, new long[] {3, 1, 20}, cpu)),
                new Case("pairs", () -> Classes.of(24, List.of(new int[] {0, 5}, new int[] {3, 2}), type, cpu)),
                new Case("classes",
                        () -> Classes.of(24, List.of(new int[] {0, 5, 7, 9}, new int[] {3, 2}, new int[] {1, 4, 6, 8},
                                new int[] {23}), type, cpu)),
                new Case("sums", () -> new Sums(4, 6, type, cpu)),
                new Case("differences", () -> new Differences(2, 4, 3)),
                new Case("span", () -> Span.of(Columns.of(24, sparse), type, cpu)));
    }

    private static Tensor normals(RandomGenerator random, long n) {
        double[] values = new double[(int) n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensors.of(TensorData.of(values, n), Device.cpu());
    }

    private static double apart(Tensor a, Tensor b) {
        return a.numel() == 0 ? 0 : a.sub(b).abs().max().item_double();
    }

    @ParameterizedTest @MethodSource("cases")
    void entriesComeBack(Case of) {
        try (PointerScope scope = new PointerScope()) {
            Chart chart = of.chart().get();
            Tensor w = normals(new Seed(1).generator(), chart.entries());
            Tensor z = chart.coordinates(w);
            Tensor r = chart.rest(w);
            assertEquals(chart.coordinates(), z.numel());
            assertEquals(chart.rest(), r.numel());
            assertEquals(0, apart(w, chart.join(z, r)), ROUNDING);
            assertEquals(0, apart(z, chart.coordinates(chart.join(z, r))), ROUNDING);
        }
    }

    @ParameterizedTest @MethodSource("cases")
    void pullingIsTheAdjointOfJoining(Case of) {
        try (PointerScope scope = new PointerScope()) {
            Chart chart = of.chart().get();
            RandomGenerator random = new Seed(2).generator();
            Tensor z = normals(random, chart.coordinates());
            Tensor r = normals(random, chart.rest());
            Tensor g = normals(random, chart.entries());
            double there = chart.join(z, r).mul(g).sum().item_double();
            double back = chart.pulledCoordinates(g).mul(z).sum().item_double()
                    + chart.pulledRest(g).mul(r).sum().item_double();
            assertEquals(there, back, ROUNDING * 100);
        }
    }

    @ParameterizedTest @MethodSource("cases")
    void coordinatesOfZeroStayZero(Case of) {
        try (PointerScope scope = new PointerScope()) {
            Chart chart = of.chart().get();
            RandomGenerator random = new Seed(3).generator();
            Tensor z = normals(random, chart.coordinates()).zero_();
            Tensor w = chart.join(z, normals(random, chart.rest()));
            assertEquals(0, chart.coordinates(w).abs().max().item_double(), ROUNDING);
        }
    }

    @Test
    void tiesAndPiecesAreEqualToTheLastBit() {
        try (PointerScope scope = new PointerScope()) {
            Chart ties = Classes.of(9, List.of(new int[] {0, 5, 7}, new int[] {3, 2}), ScalarType.Double, Device.cpu());
            double[] w = Tensors.toData(ties.join(normals(new Seed(5).generator(), ties.coordinates()).zero_(),
                    normals(new Seed(5).generator(), ties.rest()))).toDoubles();
            assertEquals(w[0], w[5]);
            assertEquals(w[0], w[7]);
            assertEquals(w[3], w[2]);
            Chart pieces = new Differences(1, 8, 1);
            Tensor z = normals(new Seed(6).generator(), 7);
            z.narrow(0, 2, 3).zero_();
            double[] p = Tensors.toData(pieces.join(z, normals(new Seed(7).generator(), 1))).toDoubles();
            assertTrue(p[2] == p[3] && p[3] == p[4] && p[4] == p[5] && p[5] != p[6]);
        }
    }

    @Test
    void dependentColumnsAreOneCondition() {
        Columns columns = Columns.of(4, List.of(new Columns.Column(new int[] {0, 1}, new double[] {1, -1}),
                new Columns.Column(new int[] {1, 2}, new double[] {1, -1}),
                new Columns.Column(new int[] {0, 2}, new double[] {3, -3})));
        assertEquals(1, columns.dependent());
        assertEquals(2, columns.blocks().getFirst().width());
    }

    @Test
    void badColumnsAreRefusedWithTheReason() {
        assertMessage("row 9", () -> Columns.of(4, List.of(new Columns.Column(new int[] {9}, new double[] {1}))));
        assertMessage("is 0", () -> Columns.of(4, List.of(new Columns.Column(new int[] {1}, new double[] {0}))));
        assertMessage("NaN",
                () -> Columns.of(4, List.of(new Columns.Column(new int[] {1}, new double[] {Double.NaN}))));
        assertMessage("no columns", () -> Columns.of(4, List.of()));
        assertMessage("in two classes",
                () -> Classes.of(4, List.of(new int[] {0, 1}, new int[] {1, 2}), ScalarType.Double, Device.cpu()));
        assertMessage("named twice", () -> Chosen.of(4, new long[] {1, 1}, Device.cpu()));
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable refused) {
        String message = assertThrows(ConstraintException.class, refused).getMessage();
        assertTrue(message.contains(part), message);
    }
}
