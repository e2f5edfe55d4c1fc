package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Group.Block;
import dev.orbifold.symmetry.Group.Diagonal;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Intersections of Groups. An element of a sum and of anything else keeps the blocks of the sum, so the other is cut at their
 * borders first ({@link #cut}), and then blocks meet one by one. An element of two Groups of heads permutes the heads of both,
 * hence also the smallest unions of whole heads of either, and these are heads themselves.
 */
final class Meet {
    private Meet() {
    }

    static Group of(Group a, Group b) {
        boolean parts = NormalForm.hasParts(a) || NormalForm.hasParts(b);
        if (NormalForm.hasParts(a) && NormalForm.hasParts(b)) {
            NormalForm.check(a, NormalForm.coordinates(b));
        }
        if (a.equals(b)) {
            return a;
        }
        if (a instanceof Group.Shift || b instanceof Group.Shift) {
            return new Group.Trivial();
        }
        if (a instanceof Group.Trivial || b instanceof Group.General) {
            return a;
        }
        if (b instanceof Group.Trivial || a instanceof Group.General) {
            return b;
        }
        return parts ? ofParts(a, b) : simple(a, b);
    }

    private static Group simple(Group a, Group b) {
        return switch (a) {
            case Group.Orthogonal o -> isometries(b);
            case Group.Monomial m when b instanceof Group.Monomial n -> diagonals(m, n);
            case Group.Monomial m when b instanceof Group.Permutation -> b;
            case Group.Permutation p when b instanceof Group.Monomial || b instanceof Group.OrthogonalFixingOnes -> p;
            case Group.OrthogonalFixingOnes f when b instanceof Group.Monomial || b instanceof Group.Permutation
                    -> new Group.Permutation();
            case Group.OrthogonalFixingOnes f when b instanceof Group.Orthogonal -> f;
            case Group.RotationScaling r when b instanceof Group.Rotation -> b;
            case Group.Rotation r when b instanceof Group.RotationScaling -> r;
            default -> b instanceof Group.Orthogonal ? isometries(a) : b instanceof Group.OrthogonalFixingOnes
                    && a instanceof Group.Monomial ? new Group.Permutation() : new Group.Trivial();
        };
    }

    private static Group diagonals(Group.Monomial a, Group.Monomial b) {
        return a.diagonal() == Diagonal.REAL ? b : b.diagonal() == Diagonal.REAL ? a : new Group.Permutation();
    }

    private static Group isometries(Group other) {
        return switch (other) {
            case Group.Monomial m when m.diagonal() == Diagonal.POSITIVE -> new Group.Permutation();
            case Group.Monomial m -> new Group.Monomial(Diagonal.SIGNS);
            case Group.RotationScaling r -> new Group.Rotation();
            default -> other;
        };
    }

    private static Group ofParts(Group a, Group b) {
        if (a instanceof Group.BlockSum || b instanceof Group.BlockSum) {
            int n = NormalForm.coordinates(NormalForm.hasParts(a) ? a : b);
            return sums(List.of(new Block(n, NormalForm.named(n, a))), List.of(new Block(n, NormalForm.named(n, b))));
        }
        if (a instanceof Group.Heads first && b instanceof Group.Heads second) {
            return heads(first, second);
        }
        Group.Heads heads = (Group.Heads) (a instanceof Group.Heads ? a : b);
        Group other = NormalForm.named(NormalForm.coordinates(heads), heads == a ? b : a);
        // Every head of an element is an isometry, a monomial map, a permutation if the element is.
        return Group.heads(heads.count(), heads.size(), heads.inner().meet(other));
    }

    /** Heads that are unions of whole heads of both; inside, the larger of two that overlap stay where they are. */
    private static Group heads(Group.Heads a, Group.Heads b) {
        int n = a.count() * a.size();
        int union = a.size() / gcd(a.size(), b.size()) * b.size();
        Group first = Group.heads(union / a.size(), a.size(), a.inner());
        Group second = Group.heads(union / b.size(), b.size(), b.inner());
        if (union > a.size() && union > b.size()) {
            if (a.size() > b.size()) {
                first = Group.sum(union / a.size(), a.size(), a.inner());
            } else {
                second = Group.sum(union / b.size(), b.size(), b.inner());
            }
        }
        return Group.heads(n / union, union, first.meet(second));
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** Two sums over the same coordinates: both are cut until their borders agree, and then meet block by block. */
    private static Group sums(List<Block> a, List<Block> b) {
        List<Block> first = cut(a, borders(b));
        List<Block> second = cut(b, borders(first));
        while (!borders(first).equals(borders(second))) {
            first = cut(first, borders(second));
            second = cut(second, borders(first));
        }
        List<Block> met = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            met.add(new Block(first.get(i).size(), first.get(i).group().meet(second.get(i).group())));
        }
        return Group.sum(met);
    }

    /** Where blocks end. */
    private static SortedSet<Integer> borders(List<Block> blocks) {
        SortedSet<Integer> borders = new TreeSet<>();
        int end = 0;
        for (Block block : blocks) {
            end += block.size();
            borders.add(end);
        }
        return borders;
    }

    /** What is left of a sum of maps that keep what lies between borders: at least these are borders of the result. */
    private static List<Block> cut(List<Block> blocks, SortedSet<Integer> borders) {
        List<Block> result = new ArrayList<>();
        int first = 0;
        for (Block block : blocks) {
            int start = first;
            int end = first + block.size();
            SortedSet<Integer> inside = new TreeSet<>();
            borders.stream().filter(x -> x > start && x < end).forEach(x -> inside.add(x - start));
            if (inside.isEmpty() && !(block.group() instanceof Group.BlockSum)) {
                result.add(block);
            } else {
                inside.add(block.size());
                result.addAll(cut(block, inside));
            }
            first = end;
        }
        return result;
    }

    private static List<Block> cut(Block block, SortedSet<Integer> borders) {
        return switch (block.group()) {
            case Group.BlockSum sum -> cut(sum.blocks(), borders);
            case Group.Heads heads -> cut(heads, borders);
            case Group.Rotation r -> pieces(borders, new Group.Trivial());
            case Group.RotationScaling r -> pieces(borders, new Group.Trivial());
            default -> pieces(borders, block.group());
        };
    }

    private static List<Block> pieces(SortedSet<Integer> borders, Group group) {
        List<Block> pieces = new ArrayList<>();
        int first = 0;
        for (int border : borders) {
            pieces.add(new Block(border - first, NormalForm.named(border - first, group)));
            first = border;
        }
        return pieces;
    }

    /** A head that a border cuts stays where it is, because no other has its parts on the same sides; the rest is heads. */
    private static List<Block> cut(Group.Heads heads, SortedSet<Integer> borders) {
        List<Block> result = new ArrayList<>();
        int whole = 0;
        for (int h = 0; h < heads.count(); h++) {
            int start = h * heads.size();
            SortedSet<Integer> inside = new TreeSet<>();
            borders.subSet(start + 1, start + heads.size()).forEach(x -> inside.add(x - start));
            if (!inside.isEmpty() || borders.contains(start)) {
                add(result, heads, whole);
                whole = 0;
            }
            if (inside.isEmpty()) {
                whole++;
            } else {
                inside.add(heads.size());
                result.addAll(cut(List.of(new Block(heads.size(), heads.inner())), inside));
            }
        }
        add(result, heads, whole);
        return result;
    }

    private static void add(List<Block> result, Group.Heads heads, int count) {
        if (count > 0) {
            result.add(new Block(count * heads.size(), Group.heads(count, heads.size(), heads.inner())));
        }
    }
}
