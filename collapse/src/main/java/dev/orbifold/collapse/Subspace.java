package dev.orbifold.collapse;

import dev.orbifold.symmetry.Normal;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A linear subspace of the parameters, by a map O with OᵀO = I on its coordinates: what a mirror takes to zero (theory, 1).
 * O is given as what it does, never stored as a matrix.
 */
public interface Subspace {
    /** P, how many numbers the parameters have. */
    int ambient();

    /** How many coordinates v has. They may be more than the subspace has dimensions; those that Oᵀ gives then fill it. */
    int coordinates();

    /** O v [P], for v in the image of Oᵀ. */
    double[] lift(double[] v);

    /** Oᵀ w, for w [P]. */
    double[] lower(double[] w);

    /** OᵀHO for a symmetric H on the parameters. */
    default SymmetricOperator block(SymmetricOperator hessian) {
        return new SymmetricOperator() {
            @Override
            public double[][] times(double[][] vectors) {
                double[][] lifted = new double[vectors.length][];
                for (int k = 0; k < lifted.length; k++) {
                    lifted[k] = lift(vectors[k]);
                }
                double[][] products = hessian.times(lifted);
                for (int k = 0; k < lifted.length; k++) {
                    products[k] = lower(products[k]);
                }
                return products;
            }

            @Override
            public double[] draw(int length, RandomGenerator random) {
                return lower(Vectors.normal(ambient(), random));
            }
        };
    }

    /**
     * The span of orthonormal columns that hold few numbers each.
     *
     * @param ambient P
     * @param columns unit vectors over the P numbers, at right angles to one another
     */
    static Subspace of(int ambient, List<Normal> columns) {
        List<Normal> own = List.copyOf(columns);
        return new Subspace() {
            @Override
            public int ambient() {
                return ambient;
            }

            @Override
            public int coordinates() {
                return own.size();
            }

            @Override
            public double[] lift(double[] v) {
                double[] w = new double[ambient];
                for (int c = 0; c < v.length; c++) {
                    Columns.add(w, v[c], own.get(c));
                }
                return w;
            }

            @Override
            public double[] lower(double[] w) {
                double[] v = new double[own.size()];
                for (int c = 0; c < v.length; c++) {
                    v[c] = Columns.dot(own.get(c), w);
                }
                return v;
            }
        };
    }

    /**
     * What a product of reflections that commute takes to its negative, in the coordinates of the parameters themselves: O is
     * then the projection ½(I − R).
     *
     * @param ambient P
     * @param reflections each by its normals
     */
    static Subspace ofReflections(int ambient, List<List<Normal>> reflections) {
        List<List<Normal>> own = reflections.stream().map(List::copyOf).toList();
        return new Subspace() {
            @Override
            public int ambient() {
                return ambient;
            }

            @Override
            public int coordinates() {
                return ambient;
            }

            @Override
            public double[] lift(double[] v) {
                return v.clone();
            }

            @Override
            public double[] lower(double[] w) {
                double[] moved = w.clone();
                for (List<Normal> normals : own) {
                    normals.forEach(n -> Columns.add(moved, -2 * Columns.dot(n, moved), n));
                }
                double[] half = Vectors.difference(w, moved);
                Vectors.scale(half, 0.5);
                return half;
            }
        };
    }
}
