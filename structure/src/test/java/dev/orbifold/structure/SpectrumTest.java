package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpectrumTest {
    /** Share of the largest singular value: what two exact algorithms leave in doubles. */
    private static final double ROUNDING = 1e-10;

    /** Two heads of a product of a written and a read matrix; the second head may have lost rank, or be badly conditioned. */
    @ParameterizedTest @CsvSource({"5, 9, 11, 5, 1", "8, 30, 20, 8, 1", "8, 30, 20, 3, 1", "6, 4, 20, 4, 1",
            "6, 20, 20, 6, 1e-5"})
    void singularValuesAreThoseOfTheProduct(int n, int ins, int outs, int rank, double smallest) {
        RandomGenerator random = new Seed(n * 31L + rank).generator();
        DMatrixRMaj written = random(random, ins, 2 * n);
        DMatrixRMaj read = random(random, 2 * n, outs);
        for (int i = 0; i < ins; i++) {
            for (int c = n; c < 2 * n; c++) {
                boolean repeats = c - n >= rank;
                written.set(i, c,
                        repeats ? written.get(i, n) * (c - n + 2) : written.get(i, c) * (c == n + 1 ? smallest : 1));
            }
        }
        Graph graph = Graph.of("g", List.of(), List.of(), List.of(),
                Map.of("w", TensorData.of(written.data, ins, 2 * n), "r", TensorData.of(read.data, 2 * n, outs)));
        LinearSpace space = new LinearSpace(0, "s", n, 2, new Group.General(),
                List.of(slot("w", 1, false, n), slot("r", 0, true, n)), List.of());
        Spectrum spectrum = Spectrum.of(graph, space).orElseThrow();
        for (int copy = 0; copy < 2; copy++) {
            double[] expected = product(written, read, n, copy);
            assertArrayEquals(expected, spectrum.values().get(copy), ROUNDING * expected[0]);
        }
        assertEquals(Math.min(rank, ins), spectrum.rank(1));
        // Never said where a side has lost rank, or is nearly as flat as the share; said of random ones.
        assertEquals(rank == n && ins >= n, spectrum.full(1e-6));
        assertTrue(smallest == 1 || !spectrum.full(10 * smallest));
        for (int copy = 0; copy < 2; copy++) {
            assertTrue(spectrum.values().get(copy)[0] <= spectrum.bounds().get(copy));
        }
    }

    private static DMatrixRMaj random(RandomGenerator random, int rows, int columns) {
        DMatrixRMaj matrix = new DMatrixRMaj(rows, columns);
        Arrays.setAll(matrix.data, i -> random.nextGaussian());
        return matrix;
    }

    private static LinearSlot slot(String parameter, int axis, boolean dual, int n) {
        return new LinearSlot(parameter, axis, dual, IntStream.range(0, 2 * n).map(i -> i % n).toArray(),
                IntStream.range(0, 2 * n).map(i -> i / n).toArray(), List.of(), new int[2 * n]);
    }

    private static double[] product(DMatrixRMaj written, DMatrixRMaj read, int n, int copy) {
        DMatrixRMaj left = CommonOps_DDRM.extract(written, 0, written.numRows, copy * n, (copy + 1) * n);
        DMatrixRMaj right = CommonOps_DDRM.extract(read, copy * n, (copy + 1) * n, 0, read.numCols);
        DMatrixRMaj all = CommonOps_DDRM.mult(left, right, null);
        var svd = DecompositionFactory_DDRM.svd(all.numRows, all.numCols, false, false, false);
        svd.decompose(all);
        double[] sorted = Arrays.copyOf(svd.getSingularValues(), Math.min(all.numRows, all.numCols));
        double[] values = new double[n];
        double[] descending = Arrays.stream(sorted).boxed().sorted((a, b) -> Double.compare(b, a))
                .mapToDouble(v -> v).toArray();
        System.arraycopy(descending, 0, values, 0, Math.min(n, descending.length));
        return values;
    }
}
