package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Group.Block;
import java.util.ArrayList;
import java.util.List;

/** The simplest names of Groups of several parts, so that equal ones are equal as records. */
final class NormalForm {
    private NormalForm() {
    }

    /** A block of a sum, and its first coordinate. */
    record Placed(int first, int size, Group group) {
    }

    static Group heads(int count, int size, Group inner) {
        if (count < 1) {
            throw new SymmetryException("a Group of heads needs at least 1 of them, found " + count);
        }
        Group one = named(size, inner);
        if (count == 1) {
            return one;
        }
        if (size == 1) {
            return one instanceof Group.Trivial ? new Group.Permutation() : one;
        }
        return new Group.Heads(count, size, one);
    }

    static Group sum(List<Block> blocks) {
        List<Block> flat = flat(blocks);
        if (flat.isEmpty()) {
            throw new SymmetryException("a sum of Groups needs at least 1 block, found none");
        }
        return flat.size() == 1 ? flat.get(0).group() : new Group.BlockSum(flat);
    }

    /** Blocks with their simplest names, sums taken apart, Trivial neighbours put together. */
    static List<Block> flat(List<Block> blocks) {
        List<Block> flat = new ArrayList<>();
        for (Block block : blocks) {
            Group group = named(block.size(), block.group());
            List<Block> parts = group instanceof Group.BlockSum sum ? sum.blocks()
                    : List.of(new Block(block.size(), group));
            for (Block part : parts) {
                if (part.group() instanceof Group.Trivial && !flat.isEmpty()
                        && flat.getLast().group() instanceof Group.Trivial) {
                    flat.add(new Block(flat.removeLast().size() + part.size(), part.group()));
                } else {
                    flat.add(part);
                }
            }
        }
        return flat;
    }

    /**
     * The name of a Group on a known number of coordinates: on a single one every linear Group is a diagonal or Trivial.
     *
     * @throws SymmetryException if the Group translates, or does not act on that many coordinates
     */
    static Group named(int size, Group group) {
        if (size < 1) {
            throw new SymmetryException("a part of a Group needs at least 1 coordinate, found " + size);
        }
        check(group, size);
        return switch (group) {
            case Group.Shift s -> throw new SymmetryException("translations are no part of a Group of linear maps");
            case Group.Rotation r when size != 2 -> throw planes(size);
            case Group.RotationScaling r when size != 2 -> throw planes(size);
            case Group.General g when size == 1 -> new Group.Monomial(Group.Diagonal.REAL);
            case Group.Orthogonal o when size == 1 -> new Group.Monomial(Group.Diagonal.SIGNS);
            case Group.OrthogonalFixingOnes f when size == 1 -> new Group.Trivial();
            case Group.Permutation p when size == 1 -> new Group.Trivial();
            default -> group;
        };
    }

    private static SymmetryException planes(int size) {
        return new SymmetryException("a plane has 2 coordinates, found " + size);
    }

    /** Whether a Group has parts, and so a number of coordinates. */
    static boolean hasParts(Group group) {
        return group instanceof Group.Heads || group instanceof Group.BlockSum;
    }

    /** The number of coordinates of a Group with parts. */
    static int coordinates(Group group) {
        return switch (group) {
            case Group.Heads h -> Math.multiplyExact(h.count(), h.size());
            case Group.BlockSum b -> b.blocks().stream().mapToInt(Block::size).reduce(0, Math::addExact);
            default -> throw new SymmetryException(group + " acts on any number of coordinates");
        };
    }

    /**
     * Checks that a Group acts on n coordinates.
     *
     * @throws SymmetryException if it has parts, and these have another number
     */
    static void check(Group group, int n) {
        if (hasParts(group) && coordinates(group) != n) {
            throw new SymmetryException(group + " acts on " + coordinates(group) + " coordinates, found " + n);
        }
    }

    /** The blocks of a sum with their first coordinates. */
    static List<Placed> placed(Group.BlockSum sum) {
        List<Placed> placed = new ArrayList<>();
        int first = 0;
        for (Block block : sum.blocks()) {
            placed.add(new Placed(first, block.size(), block.group()));
            first += block.size();
        }
        return placed;
    }
}
