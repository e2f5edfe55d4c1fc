package dev.orbifold.certificate;

import dev.orbifold.graph.Seed;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The null space of a matrix by a rank-revealing factorization: QR, then inverse iteration with a block on the triangle, made
 * regular by a small multiple of the identity. Costs a few products of the size of the matrix, where a singular value
 * decomposition costs many; singular values far below the square root of the precision are told apart, which the Gram
 * matrix could not.
 *
 * @param directions columns × nullity, orthonormal
 * @param norm the largest singular value
 * @param largestZero the largest singular value counted as zero, as a share of the norm
 * @param smallestNonZero the smallest one counted as not zero, as a share of the norm; infinite where there is none
 */
record Kernel(Tensor directions, double norm, double largestZero, double smallestNonZero) {
    /**
     * Singular values below this share of the largest are zero. Those of worked examples are below 3e-16 where they are zero
     * and above 3e-8 where they are not (theory, 7).
     */
    static final double ZERO = 1e-11;
    /** What regularizes the triangle: above its rounding errors, far below the smallest singular values that count. */
    private static final double REGULAR = 1e-13;
    private static final int ITERATIONS = 3;
    private static final int BLOCK = 32;
    private static final int POWER = 30;

    int dimension() {
        return (int) directions.size(1);
    }

    /**
     * Computes it.
     *
     * @param triangle a matrix with the singular values and right singular vectors in question
     * @param norm its largest singular value
     * @param known orthonormal columns it takes to zero; only what is beside them has to be searched for
     */
    static Kernel of(Tensor triangle, double norm, Tensor known, Seed seed) {
        int n = (int) triangle.size(1);
        Tensor found = known;
        double zero = 0;
        for (int block = BLOCK;; block *= 2) {
            int left = n - (int) found.size(1);
            if (left == 0) {
                return new Kernel(found, norm, zero, Double.POSITIVE_INFINITY);
            }
            int size = Math.min(block, left);
            Tensor x = smallest(triangle, norm, found, size, seed.split(block));
            T_TensorTensorTensor_T svd = torch.linalg_svd(Algebra.triangle(triangle.matmul(x)), true,
                    new StringViewOptional());
            double[] singular = Algebra.values(svd.get1());
            int rank = Algebra.above(svd.get1(), ZERO * norm);
            zero = rank < singular.length ? Math.max(zero, singular[rank] / norm) : zero;
            Tensor fresh = x.matmul(svd.get2().narrow(0, rank, size - rank).t());
            found = Algebra.beside(found, fresh);
            if (rank > 0) {
                return new Kernel(found, norm, zero, singular[rank - 1] / norm);
            }
        }
    }

    /** Nearly the right singular vectors of the smallest singular values, beside directions that are left out. */
    private static Tensor smallest(Tensor triangle, double norm, Tensor without, int size, Seed seed) {
        int n = (int) triangle.size(1);
        Tensor regular = Algebra.triangle(Algebra.below(triangle, Algebra.diagonal(n, REGULAR * norm),
                without.t().mul(new Scalar(norm))));
        Tensor transposed = regular.t();
        Tensor x = orthonormal(beside(normal(n, size, seed), without));
        for (int i = 0; i < ITERATIONS; i++) {
            Tensor half = torch.linalg_solve_triangular(transposed, x, false);
            x = orthonormal(beside(torch.linalg_solve_triangular(regular, half, true), without));
        }
        return x;
    }

    private static Tensor orthonormal(Tensor x) {
        return torch.linalg_qr(x, "reduced").get0();
    }

    private static Tensor beside(Tensor x, Tensor without) {
        return x.sub(without.matmul(without.t().matmul(x)));
    }

    private static Tensor normal(int rows, int columns, Seed seed) {
        return Algebra.of(Vectors.normal(Math.multiplyExact(rows, columns), seed), rows, columns);
    }

    /** The largest singular value, by powers of the Gram matrix on a vector. */
    static double largest(Tensor triangle, Seed seed) {
        Tensor v = normal((int) triangle.size(1), 1, seed);
        double norm = 0;
        for (int i = 0; i < POWER; i++) {
            try (PointerScope inner = new PointerScope()) {
                double length = v.norm().item_double();
                v.div_(new Scalar(length));
                Tensor image = triangle.matmul(v);
                norm = image.norm().item_double();
                v.copy_(triangle.t().matmul(image));
            }
            if (norm == 0) {
                return 1;
            }
        }
        return norm;
    }
}
