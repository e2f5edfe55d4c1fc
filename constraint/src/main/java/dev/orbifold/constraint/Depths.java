package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;

/** What holds for the number of factors everywhere. */
final class Depths {
    /** No gain beyond, and unstable above 6 (arXiv 2502.02496, 2509.23898). */
    static final int MOST = 4;
    private static final double NOTHING = 1e-2;

    private Depths() {
    }

    static void check(int depth) {
        if (depth < 2 || depth > MOST) {
            throw new ConstraintException(
                    "a constraint has 2, 3 or 4 factors; asked for depth " + depth + " (there is no gain beyond 4)");
        }
    }

    /** The root mean square of numbers; 1e-2 where all are 0. */
    static double usual(Tensor z) {
        double square = z.mul(z).mean().item_double();
        return square > 0 ? Math.sqrt(square) : NOTHING;
    }

    /** The size below which a factor of D counts as zero when all of its cell's are. */
    static double zero(int depth) {
        return Math.pow(Scheme.ZERO, 1.0 / depth);
    }
}
