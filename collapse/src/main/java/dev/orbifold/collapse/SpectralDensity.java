package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the eigenvalues of a symmetric map are spread, by stochastic Lanczos quadrature (Ghorbani, Krishnan and Xiao, ICML 2019):
 * every run from a random vector gives a Gauss quadrature of the density, exact for polynomials up to degree 2·steps − 1 in
 * that vector's own spectral measure; the runs are averaged.
 *
 * @param nodes places on the axis of eigenvalues, of all runs
 * @param weights the share of all eigenvalues at each node; they sum to 1
 * @param runs how many random vectors
 */
public record SpectralDensity(double[] nodes, double[] weights, int runs) {
    /** Of the largest node: a shorter rest is rounding, and the run has seen all that its vector reaches. */
    private static final double INVARIANT = 1e-12;
    private static final int DRAWN = 160;

    /**
     * Estimates a density.
     *
     * @param length how many numbers the map's vectors have
     * @param steps products per run; what is further apart than about the spectrum's width over this is told apart
     * @param runs how many random vectors
     */
    public static SpectralDensity of(SymmetricOperator map, int length, int steps, int runs, Seed seed) {
        if (steps < 1 || runs < 1) {
            throw new CollapseException("a density needs at least a step and a run, found " + steps + " and " + runs);
        }
        List<double[]> nodes = new ArrayList<>();
        List<double[]> weights = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            SymmetricMatrix ritz = SymmetricMatrix.eigen(
                    tridiagonal(map, map.draw(length, seed.split(run).generator()), steps));
            nodes.add(ritz.values());
            weights.add(Arrays.stream(ritz.vectors()).mapToDouble(v -> v[0] * v[0] / runs).toArray());
        }
        return new SpectralDensity(nodes.stream().flatMapToDouble(Arrays::stream).toArray(),
                weights.stream().flatMapToDouble(Arrays::stream).toArray(), runs);
    }

    /** Lanczos from a vector, with full reorthogonalization. */
    private static double[][] tridiagonal(SymmetricOperator map, double[] start, int steps) {
        List<double[]> basis = new ArrayList<>();
        List<Double> diagonal = new ArrayList<>();
        List<Double> beside = new ArrayList<>();
        double[] v = start;
        double scale = 0;
        double beta = Vectors.length(v);
        while (basis.size() < steps && beta > INVARIANT * scale) {
            Vectors.scale(v, 1 / beta);
            basis.add(v);
            double[] next = map.times(v);
            double alpha = Vectors.dot(v, next);
            diagonal.add(alpha);
            scale = Math.max(scale, Vectors.length(next));
            Vectors.orthogonalize(next, basis);
            beta = Vectors.length(next);
            beside.add(beta);
            v = next;
        }
        int n = basis.size();
        double[][] t = new double[n][n];
        for (int i = 0; i < n; i++) {
            t[i][i] = diagonal.get(i);
            if (i + 1 < n) {
                t[i][i + 1] = beside.get(i);
                t[i + 1][i] = beside.get(i);
            }
        }
        return t;
    }

    /** The mean of λᵏ over all eigenvalues. */
    public double moment(int k) {
        return IntStream.range(0, nodes.length).mapToDouble(i -> weights[i] * Math.pow(nodes[i], k)).sum();
    }

    /** The share of eigenvalues up to a value. */
    public double upTo(double value) {
        return IntStream.range(0, nodes.length).filter(i -> nodes[i] <= value).mapToDouble(i -> weights[i]).sum();
    }

    /**
     * The density between the ends of the spectrum, to be drawn: every node widened by a hundredth of the range.
     *
     * @return values, and the density at each
     */
    public double[][] drawn() {
        double low = Arrays.stream(nodes).min().orElse(0);
        double range = Math.max(Arrays.stream(nodes).max().orElse(0) - low, Double.MIN_NORMAL);
        double[] at =
                IntStream.rangeClosed(0, DRAWN).mapToDouble(i -> low + range * (i * 1.06 / DRAWN - 0.03)).toArray();
        return new double[][] {at, density(at, range / 100)};
    }

    /**
     * The density at values, every node widened to a normal distribution.
     *
     * @param at where
     * @param width the standard deviation of each, in the unit of eigenvalues
     */
    public double[] density(double[] at, double width) {
        if (!(width > 0)) {
            throw new CollapseException("the width of a density must be above 0, found " + width);
        }
        double height = 1 / (width * Math.sqrt(2 * Math.PI));
        return Arrays.stream(at).map(x -> IntStream.range(0, nodes.length).mapToDouble(i -> {
            double z = (x - nodes[i]) / width;
            return weights[i] * height * Math.exp(-z * z / 2);
        }).sum()).toArray();
    }
}
