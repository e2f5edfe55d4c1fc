package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * How many of a bilinear Space's coordinates its two sides use together: the singular values of what writes it times
 * what reads it, such as W_q W_kᵀ of a head, per copy, largest first. Invariant under the Space's Group.
 *
 * @param space the Space
 * @param values per copy the singular values
 */
public record Spectrum(LinearSpace space, List<double[]> values) {
    /** What is smaller than this share of the largest singular value is rounding of float32 weights. */
    private static final double ROUNDING = 1e-6;

    /** Copies the list. */
    public Spectrum {
        values = List.copyOf(values);
    }

    /**
     * The spectrum of a Space whose both sides are parameters; empty where one side is missing, or where
     * another axis of a parameter says which copy it is.
     */
    public static Optional<Spectrum> of(Graph graph, LinearSpace space) {
        if (space.slots().stream().anyMatch(s -> !s.along().isEmpty())) {
            return Optional.empty();
        }
        List<double[]> values = new ArrayList<>();
        for (int copy = 0; copy < space.copies(); copy++) {
            Optional<DMatrixRMaj> left = side(graph, space, copy, false);
            Optional<DMatrixRMaj> right = side(graph, space, copy, true);
            if (left.isEmpty() || right.isEmpty()) {
                return Optional.empty();
            }
            values.add(product(left.get(), right.get()));
        }
        return Optional.of(new Spectrum(space, values));
    }

    /** The numerical rank of a copy. */
    public int rank(int copy) {
        double[] v = values.get(copy);
        return (int) Arrays.stream(v).filter(x -> x > ROUNDING * v[0]).count();
    }

    /** The largest rank of all copies: the width that would do. */
    public int rank() {
        int most = 0;
        for (int copy = 0; copy < values.size(); copy++) {
            most = Math.max(most, rank(copy));
        }
        return most;
    }

    /** Everything that meets a copy on one side: one row per coordinate. */
    private static Optional<DMatrixRMaj> side(Graph graph, LinearSpace space, int copy, boolean dual) {
        List<double[]> columns = new ArrayList<>();
        for (LinearSlot slot : space.slots()) {
            Optional<TensorData> tensor = graph.parameter(slot.parameter());
            if (slot.dual() != dual) {
                continue;
            }
            if (tensor.isEmpty()) {
                return Optional.empty();
            }
            if (tensor.get().rank() == 1) {
                continue;
            }
            collect(tensor.get(), slot, space.dimension(), copy, columns);
        }
        if (columns.isEmpty()) {
            return Optional.empty();
        }
        DMatrixRMaj matrix = new DMatrixRMaj(space.dimension(), columns.size());
        for (int c = 0; c < columns.size(); c++) {
            for (int r = 0; r < space.dimension(); r++) {
                matrix.set(r, c, columns.get(c)[r]);
            }
        }
        return Optional.of(matrix);
    }

    private static void collect(TensorData tensor, LinearSlot slot, int n, int copy, List<double[]> columns) {
        double[] values = tensor.toDoubles();
        int size = slot.coordinate().length;
        int inner = 1;
        for (int a = slot.axis() + 1; a < tensor.rank(); a++) {
            inner *= Math.toIntExact(tensor.dim(a));
        }
        int outer = values.length / (size * inner);
        int rows = 1 + Arrays.stream(slot.row()).max().orElse(0);
        double[][] here = new double[rows * outer * inner][n];
        boolean any = false;
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0 && slot.copy()[i] == copy) {
                any = true;
                for (int o = 0; o < outer; o++) {
                    for (int k = 0; k < inner; k++) {
                        here[(slot.row()[i] * outer + o) * inner + k][slot.coordinate()[i]] =
                                values[(o * size + i) * inner + k];
                    }
                }
            }
        }
        if (any) {
            columns.addAll(Arrays.asList(here));
        }
    }

    /** Singular values of LᵀR by way of the small factors of both: L = Q_l R_l, so they are those of R_l R_rᵀ. */
    private static double[] product(DMatrixRMaj left, DMatrixRMaj right) {
        DMatrixRMaj small = new DMatrixRMaj(left.numRows, right.numRows);
        CommonOps_DDRM.mult(triangle(left), transposed(triangle(right)), small);
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(small.numRows, small.numCols, false, false, true);
        if (!svd.decompose(small)) {
            throw new StructureException("the singular values of a product did not converge");
        }
        double[] values = Arrays.copyOf(svd.getSingularValues(), Math.min(small.numRows, small.numCols));
        Arrays.sort(values);
        for (int i = 0; i < values.length / 2; i++) {
            double swap = values[i];
            values[i] = values[values.length - 1 - i];
            values[values.length - 1 - i] = swap;
        }
        return values;
    }

    /** R of the QR factorisation of the transpose: RᵀR = M Mᵀ. */
    private static DMatrixRMaj triangle(DMatrixRMaj matrix) {
        DMatrixRMaj tall = transposed(matrix);
        var qr = DecompositionFactory_DDRM.qr(tall.numRows, tall.numCols);
        // False says that a column is zero once others are taken out of it, which is what is looked for: R is right all the same
        qr.decompose(tall);
        return qr.getR(null, true);
    }

    private static DMatrixRMaj transposed(DMatrixRMaj matrix) {
        return CommonOps_DDRM.transpose(matrix, null);
    }
}
