package dev.orbifold.certificate;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Dense linear algebra in float64 on libtorch's tensors. Results belong to the caller's pointer scope. */
final class Algebra {
    private Algebra() {
    }

    /** A matrix with the given columns. */
    static Tensor columns(List<double[]> columns, int rows) {
        Tensor transposed = Tensors.empty(ScalarType.Double, Device.cpu(), columns.size(), rows);
        MemorySegment memory = Tensors.segment(transposed);
        for (int c = 0; c < columns.size(); c++) {
            MemorySegment.copy(columns.get(c), 0, memory, ValueLayout.JAVA_DOUBLE, 8L * c * rows, rows);
        }
        return transposed.t();
    }

    /** The columns of a matrix. */
    static double[][] columns(Tensor matrix) {
        double[][] columns = new double[(int) matrix.size(1)][];
        double[] all = Tensors.toData(matrix.t()).toDoubles();
        int rows = (int) matrix.size(0);
        for (int c = 0; c < columns.length; c++) {
            columns[c] = java.util.Arrays.copyOfRange(all, c * rows, (c + 1) * rows);
        }
        return columns;
    }

    static double[] values(Tensor vector) {
        return Tensors.toData(vector).toDoubles();
    }

    static Tensor of(double[] values, long... dims) {
        return Tensors.of(TensorData.of(values, dims), Device.cpu());
    }

    /** An upper triangle with the same singular values and right singular vectors, where that is smaller. */
    static Tensor triangle(Tensor a) {
        return a.size(0) > a.size(1) ? torch.linalg_qr(a, "r").get1() : a;
    }

    /**
     * An orthonormal basis of what a matrix takes to zero.
     *
     * @param threshold singular values up to here are zero
     * @return columns × dimension
     */
    static Tensor nullSpace(Tensor a, double threshold) {
        Tensor triangle = triangle(a);
        T_TensorTensorTensor_T svd = torch.linalg_svd(triangle, true, new StringViewOptional());
        int rank = above(svd.get1(), threshold);
        long all = a.size(1);
        return svd.get2().narrow(0, rank, all - rank).t();
    }

    /** How many of the singular values, sorted downwards, are above a threshold. */
    static int above(Tensor singular, double threshold) {
        int n = 0;
        for (double s : values(singular)) {
            n += s > threshold ? 1 : 0;
        }
        return n;
    }

    /** The largest singular value, 0 for an empty matrix. */
    static double norm(Tensor a) {
        if (a.numel() == 0) {
            return 0;
        }
        double[] singular = values(torch.linalg_svdvals(triangle(a)));
        return singular.length == 0 ? 0 : singular[0];
    }

    /** The length of every column. */
    static Tensor lengths(Tensor a) {
        return a.mul(a).sum(new long[] {0}, true, new org.bytedeco.pytorch.ScalarTypeOptional()).sqrt();
    }

    /** The columns divided by their lengths; zeros stay. */
    static Tensor unit(Tensor columns) {
        return columns.div(lengths(columns).add(new Scalar(Double.MIN_NORMAL)));
    }

    /** The columns of several matrices side by side. */
    static Tensor beside(Tensor... parts) {
        return torch.cat(new TensorVector(parts), 1);
    }

    /** The rows of several matrices, one below the other. */
    static Tensor below(Tensor... parts) {
        return torch.cat(new TensorVector(parts), 0);
    }

    /** The identity times a number. */
    static Tensor diagonal(int n, double value) {
        Tensor result = Tensors.empty(ScalarType.Double, Device.cpu(), n, n);
        try (PointerScope inner = new PointerScope()) {
            result.zero_();
            result.fill_diagonal_(new Scalar(value));
        }
        return result;
    }
}
