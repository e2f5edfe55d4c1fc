package dev.orbifold.certificate;

import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.global.torch;

/** An orthonormal basis that grows: how many new directions does a set of columns bring? */
final class Basis {
    /**
     * What is left of a unit column after projection counts as a direction above this. Columns are exact to about 1e-12;
     * independent tangents of networks have been seen down to 1e-4.
     */
    private static final double NEW = 1e-7;

    private Tensor basis;

    Basis(int rows) {
        basis = Algebra.of(new double[0], rows, 0);
    }

    int dimension() {
        return (int) basis.size(1);
    }

    /** rows × dimension, orthonormal columns. */
    Tensor columns() {
        return basis;
    }

    /** What is left of columns beside the basis. */
    Tensor outside(Tensor columns) {
        return columns.sub(basis.matmul(basis.t().matmul(columns)));
    }

    /** Adds unit columns and says by how much the dimension grew. */
    int add(Tensor columns) {
        if (columns.size(1) == 0) {
            return 0;
        }
        Tensor left = outside(outside(columns));
        T_TensorTensorTensor_T svd = torch.linalg_svd(left, false, new StringViewOptional());
        int fresh = Algebra.above(svd.get1(), NEW);
        if (fresh > 0) {
            Tensor directions = outside(svd.get0().narrow(1, 0, fresh));
            Tensor orthonormal = torch.linalg_qr(directions, "reduced").get0();
            basis = Algebra.beside(basis, orthonormal);
        }
        return fresh;
    }
}
