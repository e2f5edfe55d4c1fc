package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.List;

/** What a Group is called, in lists for people and in results. */
final class GroupName {
    private GroupName() {
    }

    static String of(Group group) {
        return switch (group) {
            case Group.General g -> "General";
            case Group.Orthogonal g -> "Orthogonal";
            case Group.OrthogonalFixingOnes g -> "OrthogonalFixing(1)";
            case Group.RotationScaling g -> "RotationScaling";
            case Group.Rotation g -> "Rotation";
            case Group.Monomial m -> switch (m.diagonal()) {
                case SIGNS -> "SignedPermutation";
                case POSITIVE -> "Monomial (positive)";
                case REAL -> "Monomial (real)";
            };
            case Group.Permutation g -> "Permutation";
            case Group.Shift g -> "Shift";
            case Group.Trivial g -> "Trivial";
            case Group.Heads g -> g.count() + " heads × " + part(g.size(), g.inner());
            case Group.BlockSum g -> sum(g.blocks());
        };
    }

    /** A Group within another: with its number of coordinates, or in brackets, where that follows from its parts. */
    private static String part(int size, Group group) {
        return group instanceof Group.Heads || group instanceof Group.BlockSum ? "(" + of(group) + ")"
                : of(group) + " on " + size;
    }

    /** Equal neighbours are counted, such as {@code 4 × RotationScaling on 2}. */
    private static String sum(List<Group.Block> blocks) {
        List<String> terms = new ArrayList<>();
        for (int from = 0, to = 0; from < blocks.size(); from = to) {
            Group.Block block = blocks.get(from);
            while (to < blocks.size() && blocks.get(to).equals(block)) {
                to++;
            }
            terms.add((to - from > 1 ? to - from + " × " : "") + part(block.size(), block.group()));
        }
        return String.join(" ⊕ ", terms);
    }
}
