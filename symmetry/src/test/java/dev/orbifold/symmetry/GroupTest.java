package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The laws of the meet, on the whole family. */
class GroupTest {
    static final List<Group> ALL = List.of(new Group.Monomial(Group.Diagonal.SIGNS),
            new Group.Monomial(Group.Diagonal.POSITIVE), new Group.Monomial(Group.Diagonal.REAL),
            new Group.Permutation(), new Group.Trivial(), new Group.General(), new Group.Orthogonal(),
            new Group.OrthogonalFixingOnes(), new Group.RotationScaling(), new Group.Rotation(),
            new Group.Shift());

    @Test
    void theFamilyIsComplete() {
        assertEquals(Group.class.getPermittedSubclasses().length,
                ALL.stream().map(Group::getClass).distinct().count());
    }

    @Test
    void isometriesOfLargerGroups() {
        assertEquals(new Group.Rotation(), new Group.Orthogonal().meet(new Group.RotationScaling()));
        assertEquals(new Group.OrthogonalFixingOnes(), new Group.Orthogonal().meet(new Group.OrthogonalFixingOnes()));
        assertEquals(new Group.Monomial(Group.Diagonal.SIGNS),
                new Group.Orthogonal().meet(new Group.Monomial(Group.Diagonal.REAL)));
        assertEquals(new Group.Permutation(),
                new Group.OrthogonalFixingOnes().meet(new Group.Monomial(Group.Diagonal.REAL)));
    }

    @Test
    void meetIsASemilattice() {
        for (Group a : ALL) {
            assertEquals(a, a.meet(a));
            for (Group b : ALL) {
                assertEquals(a.meet(b), b.meet(a), () -> a + " and " + b);
                for (Group c : ALL) {
                    assertEquals(a.meet(b).meet(c), a.meet(b.meet(c)), () -> a + ", " + b + " and " + c);
                }
            }
        }
    }

    @Test
    void signsAndPositiveScalesShareOnlyPermutations() {
        assertEquals(new Group.Permutation(),
                new Group.Monomial(Group.Diagonal.SIGNS).meet(new Group.Monomial(Group.Diagonal.POSITIVE)));
        assertEquals(new Group.Monomial(Group.Diagonal.SIGNS),
                new Group.Monomial(Group.Diagonal.REAL).meet(new Group.Monomial(Group.Diagonal.SIGNS)));
    }
}
