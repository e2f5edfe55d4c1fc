package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The largest and smallest eigenvalues of a symmetric map that only answers products: Lanczos with full reorthogonalization
 * and thick restarts (Wu and Simon, SIAM J. Matrix Anal. Appl. 22, 2000). The recurrences are in float64 on the host,
 * whatever the map computes in. From one start vector, of an eigenvalue with several eigenvectors one is found, unless the
 * basis fills the whole space.
 */
public final class Lanczos {
    /** Of the largest Ritz value: a shorter rest is rounding, and the basis spans an invariant space. */
    private static final double INVARIANT = 1e-12;
    /** Of a random vector: what is left of one outside the basis when nothing is. */
    private static final double NOTHING = 1e-9;
    /** Directions kept over a restart beyond those asked for; they speed the next round up. */
    private static final int SPARE = 3;

    /**
     * What to look for.
     *
     * @param top how many of the largest eigenvalues
     * @param bottom how many of the smallest
     * @param tolerance a pair is found when its residual is at most this share of |λ|…
     * @param floor …or this share of the largest |λ| seen; an eigenvalue near 0 cannot be told better than the map rounds
     * @param basis how many vectors are kept at once, each as long as the parameters
     * @param restarts how often the basis may be filled
     * @param seed of the start
     */
    public record Options(int top, int bottom, double tolerance, double floor, int basis, int restarts, Seed seed) {
        /** Checks the numbers. */
        public Options {
            if (top < 0 || bottom < 0 || top + bottom == 0 || restarts < 1 || !(tolerance >= 0) || !(floor >= 0)) {
                throw new CollapseException("Lanczos needs something to look for, a restart and tolerances from 0,"
                        + " found top " + top + ", bottom " + bottom + ", restarts " + restarts + ", tolerance "
                        + tolerance + ", floor " + floor);
            }
            if (basis < top + bottom + SPARE + 2) {
                throw new CollapseException("a basis for " + (top + bottom) + " eigenvalues needs at least "
                        + (top + bottom + SPARE + 2) + " vectors, found " + basis);
            }
        }

        /** The largest and smallest few, to 1e-4 of their size or 1e-6 of the largest. */
        public static Options of(int top, int bottom, Seed seed) {
            return new Options(top, bottom, 1e-4, 1e-6, 2 * (top + bottom) + 24, 100, seed);
        }
    }

    /**
     * What was found.
     *
     * @param top the largest eigenvalues, descending; fewer than asked for where the space has fewer dimensions
     * @param bottom the smallest eigenvalues, ascending
     * @param products how many products were asked for
     * @param converged whether every residual keeps its tolerance; if not, the residuals say how far each is off
     */
    public record Result(List<EigenPair> top, List<EigenPair> bottom, int products, boolean converged) {
        /** Copies the lists. */
        public Result {
            top = List.copyOf(top);
            bottom = List.copyOf(bottom);
        }
    }

    private final SymmetricOperator map;
    private final int length;
    private final Options options;
    private final RandomGenerator random;
    private final List<double[]> basis = new ArrayList<>();
    /** basisᵀ · map · basis. */
    private final double[][] projected;
    private int products;

    private Lanczos(SymmetricOperator map, int length, Options options) {
        this.map = map;
        this.length = length;
        this.options = options;
        random = options.seed().generator();
        projected = new double[options.basis()][options.basis()];
    }

    /**
     * Looks for eigenvalues.
     *
     * @param length how many numbers the map's vectors have
     * @throws CollapseException if the map gives numbers that are not finite, or the space is empty
     */
    public static Result of(SymmetricOperator map, int length, Options options) {
        return new Lanczos(map, length, options).run();
    }

    private Result run() {
        boolean more = add(map.draw(length, random));
        if (!more) {
            throw new CollapseException("the space that was asked about has no dimension");
        }
        for (int round = 1;; round++) {
            double[] rest = fill();
            int size = basis.size();
            SymmetricMatrix ritz = SymmetricMatrix.eigen(corner(size));
            double[] residuals = new double[size];
            double beta = Vectors.length(rest);
            for (int i = 0; i < size; i++) {
                residuals[i] = beta * Math.abs(ritz.vectors()[i][size - 1]);
            }
            boolean[] wanted = wanted(size, 0);
            if (beta == 0 || round == options.restarts() || met(ritz.values(), residuals, wanted)) {
                return result(ritz);
            }
            restart(ritz, residuals, rest, beta);
        }
    }

    /** Adds the part of v outside the basis, as a unit vector; false if there is none. */
    private boolean add(double[] v) {
        double before = Vectors.length(v);
        Vectors.orthogonalize(v, basis);
        double after = Vectors.length(v);
        if (!(after > NOTHING * before)) {
            return false;
        }
        Vectors.scale(v, 1 / after);
        basis.add(v);
        return true;
    }

    /** Fills the basis; returns what is left of the last product outside it, 0 if it spans all that can be reached. */
    private double[] fill() {
        while (true) {
            int last = basis.size() - 1;
            double[] product = map.times(basis.get(last));
            products++;
            double scale = Vectors.length(product);
            if (!Double.isFinite(scale)) {
                throw new CollapseException("a product with the curvature is not finite; the loss or its derivatives"
                        + " overflow at these weights");
            }
            for (int i = 0; i <= last; i++) {
                projected[i][last] = Vectors.dot(basis.get(i), product);
                projected[last][i] = projected[i][last];
                scale = Math.max(scale, Math.abs(projected[i][i]));
            }
            Vectors.orthogonalize(product, basis);
            boolean invariant = Vectors.length(product) <= INVARIANT * scale;
            if (basis.size() == options.basis()) {
                return invariant ? new double[length] : product;
            }
            if (!add(invariant ? map.draw(length, random) : product)) {
                return new double[length];
            }
        }
    }

    private double[][] corner(int size) {
        double[][] corner = new double[size][];
        for (int i = 0; i < size; i++) {
            corner[i] = Arrays.copyOf(projected[i], size);
        }
        return corner;
    }

    /** Which of the ascending Ritz values belong to those asked for, with some to spare on either side that is asked for. */
    private boolean[] wanted(int size, int spare) {
        boolean[] wanted = new boolean[size];
        int bottom = options.bottom() == 0 ? 0 : options.bottom() + spare;
        int top = options.top() == 0 ? 0 : options.top() + spare;
        for (int i = 0; i < size; i++) {
            wanted[i] = i < bottom || i >= size - top;
        }
        return wanted;
    }

    private double allowed(double value, double[] all) {
        double largest = Math.max(Math.abs(all[0]), Math.abs(all[all.length - 1]));
        return Math.max(options.tolerance() * Math.abs(value), options.floor() * largest);
    }

    private boolean met(double[] values, double[] residuals, boolean[] wanted) {
        for (int i = 0; i < values.length; i++) {
            if (wanted[i] && residuals[i] > allowed(values[i], values)) {
                return false;
            }
        }
        return true;
    }

    /** Keeps the wanted Ritz vectors and goes on from what the last product left. */
    private void restart(SymmetricMatrix ritz, double[] residuals, double[] rest, double beta) {
        int size = basis.size();
        boolean[] kept = wanted(size, options.top() > 0 && options.bottom() > 0 ? SPARE / 2 : SPARE);
        List<double[]> vectors = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            if (kept[i]) {
                vectors.add(Vectors.combination(basis, ritz.vectors()[i]));
                values.add(ritz.values()[i]);
            }
        }
        basis.clear();
        basis.addAll(vectors);
        for (double[] row : projected) {
            Arrays.fill(row, 0);
        }
        for (int i = 0; i < values.size(); i++) {
            projected[i][i] = values.get(i);
        }
        // What couples the kept vectors with the next one comes with the product of that one.
        Vectors.scale(rest, 1 / beta);
        if (!add(rest)) {
            throw new CollapseException("the rest of length " + beta + " beside Ritz residuals "
                    + Arrays.toString(residuals) + " lies in the kept vectors; the map is not symmetric");
        }
    }

    /** Pairs with residuals from products of their own. */
    private Result result(SymmetricMatrix ritz) {
        int size = basis.size();
        boolean[] wanted = wanted(size, 0);
        List<double[]> vectors = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            if (wanted[i]) {
                double[] v = Vectors.combination(basis, ritz.vectors()[i]);
                Vectors.scale(v, 1 / Vectors.length(v));
                vectors.add(v);
                places.add(i);
            }
        }
        double[][] images = map.times(vectors.toArray(new double[0][]));
        products += images.length;
        List<EigenPair> top = new ArrayList<>();
        List<EigenPair> bottom = new ArrayList<>();
        boolean converged = true;
        for (int k = 0; k < images.length; k++) {
            double[] v = vectors.get(k);
            double value = Vectors.dot(v, images[k]);
            Vectors.add(images[k], -value, v);
            EigenPair pair = new EigenPair(value, v, Vectors.length(images[k]));
            converged &= pair.residual() <= allowed(value, ritz.values());
            if (places.get(k) < options.bottom()) {
                bottom.add(pair);
            }
            if (places.get(k) >= size - options.top()) {
                top.add(0, pair);
            }
        }
        return new Result(top, bottom, products, converged);
    }
}
