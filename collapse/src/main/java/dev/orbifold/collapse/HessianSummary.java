package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.List;

/**
 * The Hessian of the data loss as a whole: its largest eigenvalues, its trace, how its eigenvalues are spread.
 *
 * @param top the largest eigenvalues, descending
 * @param converged whether their residuals are as small as was asked for, 1e-3 of each
 * @param trace by Hutch++
 * @param density by stochastic Lanczos quadrature
 * @param products how many products with the Hessian it took
 */
public record HessianSummary(List<EigenPair> top, boolean converged, HutchPlusPlus trace, SpectralDensity density,
        int products) {
    private static final int TRACE = 30;
    private static final int STEPS = 30;
    private static final int RUNS = 2;
    private static final int RESTARTS = 4;

    /** Copies the list. */
    public HessianSummary {
        top = List.copyOf(top);
    }

    /** How many products it takes, without restarts. */
    static int products(int eigenvalues) {
        return 2 * eigenvalues + 24 + TRACE + RUNS * STEPS;
    }

    /**
     * Measures.
     *
     * @param eigenvalues how many of the largest
     */
    static HessianSummary of(LossCurvature curvature, int eigenvalues, Seed seed, Watcher watcher) {
        int[] done = {0};
        int all = products(eigenvalues);
        SymmetricOperator counted = vectors -> {
            double[][] products = curvature.times(vectors);
            done[0] += vectors.length;
            watcher.at("Hessian", Math.min(done[0], all), all);
            return products;
        };
        int length = curvature.dimension();
        Lanczos.Result found = Lanczos.of(counted, length, new Lanczos.Options(eigenvalues, 0, 1e-3, 1e-6,
                2 * eigenvalues + 24, RESTARTS, seed.split("top")));
        HutchPlusPlus trace = HutchPlusPlus.of(counted, length, TRACE, seed.split("trace"));
        SpectralDensity density = SpectralDensity.of(counted, length, STEPS, RUNS, seed.split("density"));
        return new HessianSummary(found.top(), found.converged(), trace, density, done[0]);
    }
}
