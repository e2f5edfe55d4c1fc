package dev.orbifold.constraint;

/** What holds for the number of factors everywhere. */
final class Depths {
    /** No gain beyond, and unstable above 6 (arXiv 2502.02496, 2509.23898). */
    static final int MOST = 4;

    private Depths() {
    }

    static void check(int depth) {
        if (depth < 2 || depth > MOST) {
            throw new ConstraintException(
                    "a constraint has 2, 3 or 4 factors; asked for depth " + depth + " (there is no gain beyond 4)");
        }
    }

    /** The size below which a factor of D counts as zero when all of its cell's are. */
    static double zero(int depth) {
        return Math.pow(Scheme.ZERO, 1.0 / depth);
    }
}
