package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Groups say what they are called, those of several parts by their parts. */
class GroupNameTest {
    private static final Group PLANES = Group.sum(4, 2, new Group.RotationScaling());

    @Test
    void diagonalsAreInTheName() {
        assertEquals("SignedPermutation", new Group.Monomial(Group.Diagonal.SIGNS).name());
        assertEquals("Monomial (positive)", new Group.Monomial(Group.Diagonal.POSITIVE).name());
        assertEquals("Monomial (real)", new Group.Monomial(Group.Diagonal.REAL).name());
    }

    @Test
    void groupsOfSeveralPartsSayTheParts() {
        assertEquals("4 heads × General on 32", Group.heads(4, 32, new Group.General()).name());
        assertEquals("4 × RotationScaling on 2", PLANES.name());
        assertEquals("2 heads × (4 × RotationScaling on 2)", Group.heads(2, 8, PLANES).name());
        assertEquals("(3 heads × OrthogonalFixing(1) on 4) ⊕ 2 × Permutation on 3 ⊕ Trivial on 2",
                Group.sum(List.of(new Group.Block(12, Group.heads(3, 4, new Group.OrthogonalFixingOnes())),
                        new Group.Block(3, new Group.Permutation()), new Group.Block(3, new Group.Permutation()),
                        new Group.Block(2, new Group.Trivial()))).name());
    }
}
