package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The maps allowed on a Space: a sealed family, closed under intersection ({@link #meet}). Maps that keep coordinates
 * apart (permutations, diagonals) come from {@link Symmetries}, maps that mix them from {@link LinearSymmetries},
 * translations from {@link Shifts}, and Groups of several parts ({@link #heads}, {@link #sum}) from the {@link Copies} of a
 * LinearSpace. These know on how many coordinates they act; equal ones are equal as records.
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
     * Heads × inner: blocks of equally many coordinates change places as wholes, and each goes through an element of its own of
     * an inner Group; the wreath product of the inner Group with the permutations of the heads (theory, 7).
     *
     * @param count how many heads, at least 2
     * @param size the coordinates of each, at least 2; head h has the coordinates from h·size
     * @param inner the maps of one head
     */
    record Heads(int count, int size, Group inner) implements Group {
        /**
         * Checks that {@link Group#heads} has no simpler name.
         *
         * @throws SymmetryException if it has, or if the inner Group does not act on that many coordinates
         */
        public Heads {
            if (count < 2 || size < 2 || !inner.equals(NormalForm.named(size, inner))) {
                throw new SymmetryException(count + " heads × " + inner + " on " + size
                        + " coordinates have a simpler name, which Group.heads gives");
            }
        }
    }

    /**
     * A direct sum: consecutive blocks of coordinates, each moved by an element of a Group of its own.
     *
     * @param blocks at least 2, in the order of their coordinates, no sums themselves and no two Trivial ones side by side
     */
    record BlockSum(List<Block> blocks) implements Group {
        /**
         * Copies the list; checks that {@link Group#sum} has no simpler name.
         *
         * @throws SymmetryException if it has, or if a Group does not act on as many coordinates as its block has
         */
        public BlockSum {
            blocks = List.copyOf(blocks);
            if (blocks.size() < 2 || !blocks.equals(NormalForm.flat(blocks))) {
                throw new SymmetryException("the sum of " + blocks + " has a simpler name, which Group.sum gives");
            }
        }
    }

    /**
     * One part of a {@link BlockSum}.
     *
     * @param size how many coordinates, at least 1
     * @param group the maps of them
     */
    record Block(int size, Group group) {
    }

    /**
     * Heads × inner by its simplest name: one head is its inner Group, heads of one coordinate are {@link Monomial} or a
     * {@link Permutation}.
     *
     * @throws SymmetryException if the inner Group does not act on that many coordinates, or translates
     */
    static Group heads(int count, int size, Group inner) {
        return NormalForm.heads(count, size, inner);
    }

    /**
     * The direct sum by its simplest name: sums within it are taken apart, Trivial neighbours put together, and a single block
     * is its Group.
     *
     * @throws SymmetryException if there is no block, or a Group does not act on as many coordinates as its block has, or
     *         translates
     */
    static Group sum(List<Block> blocks) {
        return NormalForm.sum(blocks);
    }

    /** The direct sum of copies of one Group. */
    static Group sum(int copies, int size, Group group) {
        return sum(Collections.nCopies(copies, new Block(size, group)));
    }

    /**
     * The largest Group of this family contained in both: associative, commutative and idempotent. What rotations of a
     * plane share with permutations and diagonals (the scalars, the quarter turns) has no name here and counts as Trivial. Of
     * heads neither of which are made of the other's whole ones, the larger stay where they are: that all of them might change
     * places in the opposite order has no name either.
     *
     * @throws SymmetryException if the two act on different numbers of coordinates
     */
    default Group meet(Group other) {
        return Meet.of(this, other);
    }

    /**
     * What the Group is called, such as {@code Monomial (positive)}; a Group of several parts says its parts, as in
     * {@code 4 heads × General on 32}.
     */
    default String name() {
        return GroupName.of(this);
    }

    /**
     * The dimension of the Group as a manifold, on n coordinates.
     *
     * @throws SymmetryException if the Group has several parts, and these have not n coordinates together
     */
    default int manifold(int n) {
        NormalForm.check(this, n);
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
            case Heads h -> h.count() * h.inner().manifold(h.size());
            case BlockSum b -> b.blocks().stream().mapToInt(block -> block.group().manifold(block.size())).sum();
        };
    }

    /**
     * A basis of the directions in which the Group leaves the identity, on n coordinates: none where it is discrete. Those of
     * {@link Shift} act on n + 1 coordinates, the last of which is 1.
     *
     * @throws SymmetryException if the Group acts on planes and n is not 2, or on n other coordinates
     */
    default Stream<Generator> generators(int n) {
        NormalForm.check(this, n);
        return Generator.all(this, n);
    }

    /**
     * The mirrors on n coordinates that can be counted, each by its orthonormal normals: signs of units, exchanges of pairs of
     * units or of whole heads, the half turn of a plane. None where every direction is one ({@link #mirror}).
     *
     * @throws SymmetryException if the Group has several parts, and these have not n coordinates together
     */
    default Stream<List<Normal>> mirrors(int n) {
        NormalForm.check(this, n);
        return Normal.all(this, n);
    }

    /**
     * The normals of a random mirror on n coordinates: a direction, or one of {@link #mirrors}; empty where there is none.
     *
     * @throws SymmetryException if the Group has several parts, and these have not n coordinates together
     */
    default Optional<List<Normal>> mirror(int n, Seed seed) {
        NormalForm.check(this, n);
        return Normal.random(this, n, seed);
    }
}
