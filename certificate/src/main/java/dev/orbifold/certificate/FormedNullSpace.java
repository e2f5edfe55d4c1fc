package dev.orbifold.certificate;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** The null space of a Jacobian that was formed, by its {@link Kernel}. */
final class FormedNullSpace implements NullSpace {
    /** A unit column that is no closer than this to the null space is not in it. */
    private static final double OUTSIDE = 1e-6;
    /** A unit column whose image is smaller than this share of the norm is in the null space: rounding is 1e-15. */
    private static final double TAKEN = 1e-12;

    /** A family of this many directions takes 200 MB at the largest size that is formed. */
    private static final int SOUGHT = 3000;

    private final int size;
    private final Kernel kernel;

    /**
     * Computes it.
     *
     * @param jacobian rows × columns
     * @param candidates directions that are probably in it; they only make the search quicker
     */
    FormedNullSpace(Tensor jacobian, List<List<double[]>> candidates, Seed seed) {
        size = (int) jacobian.size(1);
        Tensor triangle = Algebra.triangle(jacobian);
        double norm = Kernel.largest(triangle, seed.split("norm"));
        Basis known = new Basis(size);
        candidates.forEach(columns -> known.add(taken(triangle, norm, columns)));
        kernel = Kernel.of(triangle, norm, known.columns(), seed.split("kernel"));
    }

    /** Unit columns of those that the matrix takes to zero without doubt. */
    private Tensor taken(Tensor triangle, double norm, List<double[]> columns) {
        if (columns.isEmpty()) {
            return Algebra.of(new double[0], size, 0);
        }
        Tensor all = Algebra.unit(Algebra.columns(columns, size));
        return some(all, Algebra.values(Algebra.lengths(triangle.matmul(all))), TAKEN * norm);
    }

    /** The columns whose number is not above a bound. */
    private static Tensor some(Tensor columns, double[] numbers, double bound) {
        long[] kept = IntStream.range(0, numbers.length).filter(c -> numbers[c] <= bound).asLongStream().toArray();
        return columns.index_select(1, Tensors.of(Device.cpu(), kept, kept.length));
    }

    @Override
    public int sought() {
        return SOUGHT;
    }

    @Override
    public int coordinates() {
        return kernel.dimension();
    }

    @Override
    public Tensor exact(List<double[]> columns) {
        if (columns.isEmpty() || kernel.dimension() == 0) {
            return none();
        }
        Tensor all = Algebra.unit(Algebra.columns(columns, size));
        Tensor inside = kernel.directions().t().matmul(all);
        return some(inside, Algebra.values(Algebra.lengths(all.sub(kernel.directions().matmul(inside)))), OUTSIDE);
    }

    @Override
    public Tensor within(List<double[]> family) {
        if (family.isEmpty() || kernel.dimension() == 0) {
            return none();
        }
        Basis span = new Basis(size);
        span.add(Algebra.unit(Algebra.columns(family, size)));
        Tensor columns = span.columns();
        Tensor inside = kernel.directions().t().matmul(columns);
        Tensor outside = columns.sub(kernel.directions().matmul(inside));
        return Algebra.unit(inside.matmul(Algebra.nullSpace(outside.contiguous(), OUTSIDE)));
    }

    @Override
    public Tensor supported(BitSet entries) {
        if (entries.isEmpty() || kernel.dimension() == 0) {
            return none();
        }
        long[] others = IntStream.range(0, size).filter(e -> !entries.get(e)).asLongStream().toArray();
        return Algebra.nullSpace(
                kernel.directions().index_select(0, Tensors.of(Device.cpu(), others, others.length)), OUTSIDE);
    }

    private Tensor none() {
        return Algebra.of(new double[0], kernel.dimension(), 0);
    }

    @Override
    public Tensor beside(Basis basis) {
        int left = kernel.dimension() - basis.dimension();
        if (left == 0) {
            return Algebra.of(new double[0], size, 0);
        }
        // The singular values of an orthonormal basis are ones, then zeros.
        Tensor other = Algebra.nullSpace(basis.columns().t().contiguous(), 0.5);
        return kernel.directions().matmul(other.narrow(1, 0, left));
    }

    @Override
    public double largestZero() {
        return kernel.largestZero();
    }

    @Override
    public double smallestNonZero() {
        return kernel.smallestNonZero();
    }
}
