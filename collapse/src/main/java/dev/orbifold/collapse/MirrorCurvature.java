package dev.orbifold.collapse;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Mirror;
import java.util.List;

/**
 * The curvature of the data loss across a mirror, at a point of it: the smallest eigenvalue of OᵀHO. With the weight decay wd
 * the mirror attracts there iff λ_min + wd &gt; 0 (Ziyin, arXiv 2309.16932; theory, 1.3).
 *
 * @param lowest λ_min(OᵀHO)
 * @param residual ‖OᵀHO v − λv‖: an eigenvalue lies that near
 * @param direction the direction [P] of the parameters in which the mirror is left first, of length 1
 * @param coupling ‖(I − OOᵀ) H d‖ for that direction d; 0 at a point of the mirror up to rounding (theory, 1.2), so that
 *            anything else says that the point is not on it
 * @param products how many products with H it took
 * @param converged whether the residual is as small as was asked for
 */
public record MirrorCurvature(double lowest, double residual, double[] direction, double coupling, int products,
        boolean converged) {
    /** The weight decay from which on the mirror attracts: wd* = max(0, −λ_min), known to ± the residual. */
    public double threshold() {
        return Math.max(0, -lowest);
    }

    /** What is asked for by default: λ_min to 1e-3 of itself, or 1e-6 of the largest curvature. */
    public static Lanczos.Options options(Seed seed) {
        return new Lanczos.Options(0, 1, 1e-3, 1e-6, 24, 100, seed);
    }

    /**
     * The curvature across a subspace.
     *
     * @param hessian H on the parameters, at a point where the subspace's coordinates are 0
     * @param options with one eigenvalue at the bottom
     */
    public static MirrorCurvature of(SymmetricOperator hessian, Subspace subspace, Lanczos.Options options) {
        if (options.bottom() < 1) {
            throw new CollapseException("the threshold is made of the smallest eigenvalue; ask Lanczos for one at the"
                    + " bottom");
        }
        Lanczos.Result found = Lanczos.of(subspace.block(hessian), subspace.coordinates(), options);
        EigenPair lowest = found.bottom().get(0);
        double[] direction = subspace.lift(lowest.vector());
        double[] image = hessian.times(direction);
        Vectors.add(image, -1, subspace.lift(subspace.lower(image)));
        return new MirrorCurvature(lowest.value(), lowest.residual(), direction, Vectors.length(image),
                found.products() + 1, found.converged());
    }

    /**
     * The curvature across a mirror of units at its point nearest to a Graph's weights; leaves the Hessian at that point.
     *
     * @param curvature of the loss of that Graph
     * @param graph the Graph; what is not a parameter of the curvature must lie on the mirror already (running means of a
     *            channel before batch norm, taken in evaluation mode), which {@link #coupling} tells
     */
    public static MirrorCurvature of(LossCurvature curvature, Mirror mirror, Graph graph, Lanczos.Options options) {
        Subspace subspace = Columns.of(mirror, graph, curvature.parameters());
        double[] theta = LossCurvature.flat(graph, curvature.parameters());
        Vectors.add(theta, -1, subspace.lift(subspace.lower(theta)));
        curvature.moveTo(theta);
        return of(curvature, subspace, options);
    }

    /**
     * What each batch alone says of the curvature along some directions, for {@link Lyapunov}: dᵢᵀ H_b dⱼ.
     *
     * @param directions orthonormal, each [P]; the lowest of a subspace as a rule
     * @return batch × direction × direction, symmetric up to rounding
     */
    public static double[][][] perBatch(LossCurvature curvature, List<double[]> directions) {
        double[][][] blocks = new double[curvature.batches()][directions.size()][directions.size()];
        double[][] all = directions.toArray(new double[0][]);
        for (int b = 0; b < blocks.length; b++) {
            double[][] images = curvature.ofBatch(b).times(all);
            for (int i = 0; i < all.length; i++) {
                for (int j = 0; j < all.length; j++) {
                    blocks[b][i][j] = Vectors.dot(all[i], images[j]);
                }
            }
        }
        return blocks;
    }
}
