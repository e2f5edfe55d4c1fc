package dev.orbifold.symmetry;

/**
 * The maps allowed on a Space: a sealed family, closed under intersection ({@link #meet}). Two families are implemented,
 * permutations and monomial maps (a permutation times a diagonal); the continuous ones (General, Orthogonal, …) belong
 * between Monomial and the top of this lattice.
 */
public sealed interface Group permits Group.Monomial, Group.Permutation, Group.Trivial {
    /** Which diagonals a {@link Monomial} map may carry. */
    enum Diagonal {
        /** Only ±1. */
        SIGNS,
        /** Positive scales. */
        POSITIVE,
        /** Any real scale but zero. */
        REAL
    }

    /** Permutations times diagonals. */
    record Monomial(Diagonal diagonal) implements Group {
    }

    /** Permutations alone. */
    record Permutation() implements Group {
    }

    /** The identity alone. */
    record Trivial() implements Group {
    }

    /** The largest Group contained in both: associative, commutative and idempotent. */
    default Group meet(Group other) {
        return switch (this) {
            case Trivial trivial -> trivial;
            case Permutation permutation -> other instanceof Trivial ? other : permutation;
            case Monomial(Diagonal diagonal) -> switch (other) {
                case Monomial(Diagonal second) when diagonal == second || second == Diagonal.REAL -> this;
                case Monomial(Diagonal second) when diagonal == Diagonal.REAL -> new Monomial(second);
                case Monomial m -> new Permutation();
                case Permutation p -> p;
                case Trivial t -> t;
            };
        };
    }
}
