package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The maps allowed on a Space: a sealed family, closed under intersection ({@link #meet}). Maps that keep coordinates
 * apart (permutations, diagonals) come from {@link Symmetries}, maps that mix them from {@link LinearSymmetries},
 * translations from {@link Shifts}.
 */
public sealed interface Group {
    /** Which diagonals a {@link Monomial} map may carry. */
    enum Diagonal {
        /** Only ±1. */
        SIGNS,
        /** Positive scales. */
        POSITIVE,
        /** Any real scale but zero. */
        REAL
    }

    /** All invertible maps, GL(n). */
    record General() implements Group {
    }

    /** Isometries, O(n). */
    record Orthogonal() implements Group {
    }

    /** Isometries that keep the vector of ones: what layer norm leaves, O(n − 1). */
    record OrthogonalFixingOnes() implements Group {
    }

    /** Rotations of a plane times positive scales: what a rotary embedding leaves of a pair of coordinates. */
    record RotationScaling() implements Group {
    }

    /** Rotations of a plane. */
    record Rotation() implements Group {
    }

    /** Permutations times diagonals. */
    record Monomial(Diagonal diagonal) implements Group {
    }

    /** Permutations alone. */
    record Permutation() implements Group {
    }

    /** Translations: any n numbers, added. */
    record Shift() implements Group {
    }

    /** The identity alone. */
    record Trivial() implements Group {
    }

    /**
     * The largest Group of this family contained in both: associative, commutative and idempotent. What rotations of a
     * plane share with permutations and diagonals (the scalars, the quarter turns) has no name here and counts as Trivial.
     */
    default Group meet(Group other) {
        if (equals(other)) {
            return this;
        }
        if (this instanceof Shift || other instanceof Shift) {
            return new Trivial();
        }
        if (this instanceof Trivial || other instanceof General) {
            return this;
        }
        if (other instanceof Trivial || this instanceof General) {
            return other;
        }
        return switch (this) {
            case Orthogonal o -> isometries(other);
            case Monomial m when other instanceof Monomial n -> diagonals(m, n);
            case Monomial m when other instanceof Permutation -> other;
            case Permutation p when other instanceof Monomial || other instanceof OrthogonalFixingOnes -> p;
            case OrthogonalFixingOnes f when other instanceof Monomial || other instanceof Permutation
                    -> new Permutation();
            case OrthogonalFixingOnes f when other instanceof Orthogonal -> f;
            case RotationScaling r when other instanceof Rotation -> other;
            case Rotation r when other instanceof RotationScaling -> r;
            default -> other instanceof Orthogonal ? isometries(this) : other instanceof OrthogonalFixingOnes
                    && this instanceof Monomial ? new Permutation() : new Trivial();
        };
    }

    private static Group diagonals(Monomial a, Monomial b) {
        return a.diagonal() == Diagonal.REAL ? b : b.diagonal() == Diagonal.REAL ? a : new Permutation();
    }

    private static Group isometries(Group other) {
        return switch (other) {
            case Monomial m when m.diagonal() == Diagonal.POSITIVE -> new Permutation();
            case Monomial m -> new Monomial(Diagonal.SIGNS);
            case RotationScaling r -> new Rotation();
            default -> other;
        };
    }

    /** The dimension of the Group as a manifold, on n coordinates. */
    default int manifold(int n) {
        return switch (this) {
            case General g -> n * n;
            case Orthogonal o -> n * (n - 1) / 2;
            case OrthogonalFixingOnes f -> (n - 1) * (n - 2) / 2;
            case RotationScaling r -> 2;
            case Rotation r -> 1;
            case Monomial m -> m.diagonal() == Diagonal.SIGNS ? 0 : n;
            case Shift s -> n;
            case Permutation p -> 0;
            case Trivial t -> 0;
        };
    }

    /**
     * A basis of the directions in which the Group leaves the identity, on n coordinates: none where it is discrete. Those of
     * {@link Shift} act on n + 1 coordinates, the last of which is 1.
     *
     * @throws SymmetryException if the Group acts on planes and n is not 2
     */
    default Stream<Generator> generators(int n) {
        return Generator.all(this, n);
    }

    /**
     * The mirrors on n coordinates that can be counted, each by its orthonormal normals: signs of units and exchanges of pairs,
     * the half turn of a plane. None where every direction is one ({@link #mirror}).
     */
    default Stream<List<Normal>> mirrors(int n) {
        return Normal.all(this, n);
    }

    /** The normals of a random mirror on n coordinates: a direction, or one of {@link #mirrors}; empty where there is none. */
    default Optional<List<Normal>> mirror(int n, Seed seed) {
        return Normal.random(this, n, seed);
    }
}
