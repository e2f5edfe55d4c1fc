package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The meet is no smaller than it must be: signed permutations that are in both are in it. */
class GroupMeetTest {
    /** All 720 permutations, and all 64 signs times a few of them. */
    private static List<double[][]> signedPermutations() {
        List<double[][]> all = new ArrayList<>();
        for (int p = 0; p < 720; p++) {
            List<Integer> left = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5));
            double[][] m = new double[6][6];
            for (int i = 0, code = p; i < 6; code /= 6 - i, i++) {
                m[left.remove(code % (6 - i))][i] = 1;
            }
            all.add(m);
            for (int signs = 1; p % 16 == 0 && signs < 64; signs++) {
                double[][] signed = Members.copy(m);
                for (int i = 0; i < 6; i++) {
                    for (int j = 0; j < 6; j++) {
                        signed[i][j] *= (signs >> j & 1) == 1 ? -1 : 1;
                    }
                }
                all.add(signed);
            }
        }
        return all;
    }

    /** Turns of a plane that permute its coordinates, and heads that change places in the opposite order, have no name. */
    private static boolean named(Group a, Group b) {
        boolean turns = Stream.of(a, b).anyMatch(g -> g.toString().contains("Rotation"));
        boolean overlap = a instanceof Group.Heads g && b instanceof Group.Heads h && g.size() != h.size();
        return a.equals(b) || !turns && !overlap;
    }

    @Test
    void whatIsInBothIsInTheMeet() {
        List<double[][]> matrices = signedPermutations();
        List<Group> groups = GroupTest.on(6).stream().filter(g -> !(g instanceof Group.Shift)).toList();
        List<BitSet> inside = groups.stream().map(g -> members(g, matrices)).toList();
        for (int i = 0; i < groups.size(); i++) {
            for (int j = 0; j < i; j++) {
                Group a = groups.get(i);
                Group b = groups.get(j);
                BitSet both = (BitSet) inside.get(i).clone();
                both.and(inside.get(j));
                if (named(a, b)) {
                    assertEquals(both, members(a.meet(b), matrices), () -> a + " and " + b + ": " + a.meet(b));
                }
            }
        }
    }

    private static BitSet members(Group group, List<double[][]> matrices) {
        BitSet inside = new BitSet();
        IntStream.range(0, matrices.size()).filter(k -> Members.contains(group, matrices.get(k))).forEach(inside::set);
        return inside;
    }
}
