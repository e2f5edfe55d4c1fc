package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Reals;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;

/**
 * Everything that meets one copy of a Space on one side: a matrix M with a row per coordinate and a column per vector,
 * kept vector by vector.
 */
final class Side {
    /**
     * The largest ratio of two pivots for which squares will do. Rounding of M Mᵀ costs its factor this ratio's square
     * times 1e-16, which then is far below the rounding of float32 weights, 6e-8.
     */
    private static final double CONDITION = 1e3;
    /** Vectors that are added to M Mᵀ together. */
    private static final int TOGETHER = 8;

    private final int n;
    private final List<double[]> vectors = new ArrayList<>();
    /** Σ x² of all that meets the copy, biases included. */
    private double squares;

    private Side(int n) {
        this.n = n;
    }

    /** The side of a copy; empty where a slot's parameter is missing or nothing but biases meets it. */
    static Optional<Side> of(Graph graph, LinearSpace space, int copy, boolean dual) {
        Side side = new Side(space.dimension());
        for (LinearSlot slot : space.slots()) {
            Optional<TensorData> tensor = graph.parameter(slot.parameter());
            if (slot.dual() != dual) {
                continue;
            }
            if (tensor.isEmpty()) {
                return Optional.empty();
            }
            if (tensor.get().rank() > 1) {
                side.collect(tensor.get(), slot, copy);
            } else {
                for (int i = 0; i < slot.coordinate().length; i++) {
                    double x = slot.coordinate()[i] >= 0 && slot.copy()[i] == copy ? tensor.get().doubleAt(i) : 0;
                    side.squares += x * x;
                }
            }
        }
        return side.vectors.isEmpty() ? Optional.empty() : Optional.of(side);
    }

    private void collect(TensorData tensor, LinearSlot slot, int copy) {
        int size = slot.coordinate().length;
        int inner = Gauge.inner(tensor, slot.axis());
        int outer = Math.toIntExact(tensor.elements() / ((long) size * inner));
        Map<Integer, int[]> rows = new LinkedHashMap<>();
        int low = size;
        int high = -1;
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0 && slot.copy()[i] == copy) {
                int[] places = rows.computeIfAbsent(slot.row()[i], r -> filled(n));
                places[slot.coordinate()[i]] = i;
                low = Math.min(low, i);
                high = Math.max(high, i);
            }
        }
        if (high < 0) {
            return;
        }
        Reals reals = new Reals();
        double[] read = new double[(high - low + 1) * inner];
        for (int o = 0; o < outer; o++) {
            reals.read(tensor, ((long) o * size + low) * inner, read, 0, read.length);
            for (int[] places : rows.values()) {
                for (int first = 0; first < inner; first += TOGETHER) {
                    add(places, read, low, inner, first, Math.min(TOGETHER, inner - first));
                }
            }
        }
    }

    private static int[] filled(int n) {
        int[] places = new int[n];
        Arrays.fill(places, -1);
        return places;
    }

    private void add(int[] places, double[] read, int low, int inner, int first, int count) {
        double[][] own = new double[count][n];
        for (int c = 0; c < n; c++) {
            int at = (places[c] - low) * inner + first;
            for (int k = 0; k < count && places[c] >= 0; k++) {
                own[k][c] = read[at + k];
            }
        }
        vectors.addAll(Arrays.asList(own));
        for (double[] vector : own) {
            squares += Twins.dot(vector, vector);
        }
    }

    /** The Frobenius norm of all that meets the copy, biases included. */
    double norm() {
        return Math.sqrt(squares);
    }

    /** A square matrix R with RᵀR = M Mᵀ, up to rounding below that of float32 weights. */
    DMatrixRMaj triangle() {
        DMatrixRMaj gram = gram();
        return cholesky(gram.data) ? transposed(gram) : orthogonalised();
    }

    /** M Mᵀ on and below the diagonal. */
    private DMatrixRMaj gram() {
        DMatrixRMaj gram = new DMatrixRMaj(n, n);
        double[] none = new double[n];
        for (int at = 0; at < vectors.size(); at += TOGETHER) {
            double[][] v = new double[TOGETHER][];
            for (int k = 0; k < TOGETHER; k++) {
                v[k] = at + k < vectors.size() ? vectors.get(at + k) : none;
            }
            for (int i = 0; i < n; i++) {
                add(v, i, gram.data, i * n);
            }
        }
        return gram;
    }

    private static void add(double[][] v, int i, double[] gram, int row) {
        double[] v0 = v[0];
        double[] v1 = v[1];
        double[] v2 = v[2];
        double[] v3 = v[3];
        double[] v4 = v[4];
        double[] v5 = v[5];
        double[] v6 = v[6];
        double[] v7 = v[7];
        double a0 = v0[i];
        double a1 = v1[i];
        double a2 = v2[i];
        double a3 = v3[i];
        double a4 = v4[i];
        double a5 = v5[i];
        double a6 = v6[i];
        double a7 = v7[i];
        for (int j = 0; j <= i; j++) {
            gram[row + j] += a0 * v0[j] + a1 * v1[j] + a2 * v2[j] + a3 * v3[j]
                    + (a4 * v4[j] + a5 * v5[j] + a6 * v6[j] + a7 * v7[j]);
        }
    }

    /** Replaces a positive matrix by its factor L, LLᵀ; false, and the matrix spoilt, where its condition is too bad. */
    private boolean cholesky(double[] a) {
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i * n + j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i * n + k] * a[j * n + k];
                }
                if (i > j) {
                    a[i * n + j] = sum / a[j * n + j];
                } else {
                    double pivot = Math.sqrt(sum);
                    least = Math.min(least, pivot);
                    most = Math.max(most, pivot);
                    // Also where the pivot is no number.
                    if (!(least * CONDITION >= most && least > 0)) {
                        return false;
                    }
                    a[i * n + i] = pivot;
                }
            }
            Arrays.fill(a, i * n + i + 1, (i + 1) * n, 0);
        }
        return true;
    }

    private static DMatrixRMaj transposed(DMatrixRMaj matrix) {
        return CommonOps_DDRM.transpose(matrix, null);
    }

    /** R of the QR factorisation of Mᵀ, which holds however bad the condition is. */
    private DMatrixRMaj orthogonalised() {
        DMatrixRMaj tall = new DMatrixRMaj(Math.max(vectors.size(), n), n);
        for (int r = 0; r < vectors.size(); r++) {
            System.arraycopy(vectors.get(r), 0, tall.data, r * n, n);
        }
        var qr = DecompositionFactory_DDRM.qr(tall.numRows, tall.numCols);
        // It says false where a column is exactly zero once the others are taken out; R is right all the same.
        qr.decompose(tall);
        return qr.getR(null, true);
    }
}
