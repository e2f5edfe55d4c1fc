package dev.orbifold.structure;

import java.util.Arrays;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;

/**
 * The product of two sides in as few coordinates as its rank: with L (n × a) what writes and R (n × b) what reads, and the singular
 * value decomposition LᵀR = U S Vᵀ cut after its rank, new sides S^½ Uᵀ and S^½ Vᵀ. They are L and R behind one map each,
 * S^−½ Vᵀ Rᵀ and S^−½ Uᵀ Lᵀ. Two sides that have both lost a rank up to an error ε have a product that has lost it up to ε² (its
 * Schur complement), so that this finds ranks which neither side shows alone.
 *
 * @param written the map of what writes, rank × n
 * @param read the map of what reads, rank × n
 */
record Balanced(DMatrixRMaj written, DMatrixRMaj read) {
    /**
     * Cuts a product.
     *
     * @param written n × a
     * @param read n × b
     * @param share singular values up to this share of the largest do not count
     * @param below the rank that would be no news
     * @return empty where the product's rank is not below
     * @throws StructureException if singular values do not converge
     */
    static Optional<Balanced> of(DMatrixRMaj written, DMatrixRMaj read, double share, int below) {
        DMatrixRMaj left = triangle(written);
        DMatrixRMaj right = triangle(read);
        DMatrixRMaj small = CommonOps_DDRM.multTransA(left, right, null);
        var svd = DecompositionFactory_DDRM.svd(small.numRows, small.numCols, true, true, true);
        if (!svd.decompose(small)) {
            throw new StructureException("the singular values of a product did not converge");
        }
        DMatrixRMaj u = svd.getU(null, false);
        DMatrixRMaj s = svd.getW(null);
        DMatrixRMaj v = svd.getV(null, false);
        SingularOps_DDRM.descendingOrder(u, false, s, v, false);
        double[] values = new double[Math.min(s.numRows, s.numCols)];
        Arrays.setAll(values, i -> s.get(i, i));
        int rank = (int) Arrays.stream(values).filter(x -> x > share * values[0]).count();
        return rank >= below ? Optional.empty()
                : Optional.of(new Balanced(map(right, v, values, rank), map(left, u, values, rank)));
    }

    /** A factor T (n × m, m ≤ n) with M = T Q for orthonormal rows Q. */
    private static DMatrixRMaj triangle(DMatrixRMaj matrix) {
        DMatrixRMaj across = CommonOps_DDRM.transpose(matrix, null);
        var qr = DecompositionFactory_DDRM.qr(across.numRows, across.numCols);
        if (qr.decompose(across)) {
            return CommonOps_DDRM.transpose(qr.getR(null, true), null);
        }
        // Columns that are all zero stop the Householder reflections of the factorisation; singular vectors they do not.
        var svd = DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, true, false, true);
        if (!svd.decompose(matrix.copy())) {
            throw new StructureException("the singular values of one side of a product did not converge");
        }
        return CommonOps_DDRM.mult(svd.getU(null, false), svd.getW(null), null);
    }

    /** S^−½ Xᵀ Tᵀ, for the first columns of X. */
    private static DMatrixRMaj map(DMatrixRMaj triangle, DMatrixRMaj vectors, double[] values, int rank) {
        DMatrixRMaj first = CommonOps_DDRM.extract(vectors, 0, vectors.numRows, 0, rank);
        DMatrixRMaj map = CommonOps_DDRM.multTransAB(first, triangle, null);
        for (int r = 0; r < rank; r++) {
            for (int c = 0; c < map.numCols; c++) {
                map.set(r, c, map.get(r, c) / Math.sqrt(values[r]));
            }
        }
        return map;
    }
}
