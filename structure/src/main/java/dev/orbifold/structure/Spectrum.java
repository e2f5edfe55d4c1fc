package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
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
 * @param bounds per copy the Frobenius norms of both sides multiplied, biases included: no singular value is larger
 */
public record Spectrum(LinearSpace space, List<double[]> values, List<Double> bounds) {
    /** What is smaller than this share of the largest singular value is rounding of float32 weights. */
    private static final double ROUNDING = 1e-6;

    /** A product of two sides. */
    private record Product(double[] values, double bound) {
    }

    /** Copies the lists. */
    public Spectrum {
        values = List.copyOf(values);
        bounds = List.copyOf(bounds);
    }

    /**
     * The spectrum of a Space whose both sides are parameters; empty where one side is missing, or where
     * another axis of a parameter says which copy it is.
     */
    public static Optional<Spectrum> of(Graph graph, LinearSpace space) {
        if (space.slots().stream().anyMatch(s -> !s.along().isEmpty())) {
            return Optional.empty();
        }
        List<Optional<Product>> found = IntStream.range(0, space.copies()).parallel().mapToObj(copy -> {
            Optional<Side> left = Side.of(graph, space, copy, false);
            Optional<Side> right = Side.of(graph, space, copy, true);
            return left.isEmpty() || right.isEmpty() ? Optional.<Product>empty()
                    : Optional.of(product(left.get(), right.get()));
        }).toList();
        return found.stream().anyMatch(Optional::isEmpty) ? Optional.empty()
                : Optional
                        .of(new Spectrum(space, found.stream().flatMap(Optional::stream).map(Product::values).toList(),
                                found.stream().flatMap(Optional::stream).map(Product::bound).toList()));
    }

    /** A Space between two contractions; a normalised stream is read through norms, its products mean nothing alone. */
    static boolean bilinear(LinearSpace space) {
        return space.folds().isEmpty() && switch (space.group()) {
            case Group.General g -> true;
            default -> false;
        };
    }

    /**
     * Whether the two sides of every copy have a rank as large as the dimension beyond doubt, biases included: with P = LᵀR,
     * σ_min(P) ≤ σ_min(L)·‖R‖ and σ_max(L) ≤ ‖L‖, so that σ_min(L)/σ_max(L) ≥ σ_min(P)/(‖L‖‖R‖), and the same for R.
     *
     * @param share the ratio to the largest singular value below which a coordinate does not count
     */
    boolean full(double share) {
        for (int copy = 0; copy < values.size(); copy++) {
            double[] v = values.get(copy);
            if (v.length < space.dimension() || !(v[v.length - 1] > share * bounds.get(copy))) {
                return false;
            }
        }
        return true;
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

    /** Singular values of LᵀR by way of the small factors of both: L = Q_l R_l, so they are those of R_l R_rᵀ. */
    private static Product product(Side left, Side right) {
        DMatrixRMaj second = right.triangle();
        DMatrixRMaj small = new DMatrixRMaj(second.numRows, second.numRows);
        CommonOps_DDRM.multTransB(left.triangle(), second, small);
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
        return new Product(values, left.norm() * right.norm());
    }
}
