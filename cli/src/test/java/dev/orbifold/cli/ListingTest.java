package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.symmetry.Group;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static final Group PLANES = Group.sum(4, 2, new Group.RotationScaling());

    @Test
    void groupsOfSeveralPartsSayTheParts() {
        assertEquals("4 heads × General on 32", Listing.name(Group.heads(4, 32, new Group.General())));
        assertEquals("4 × RotationScaling on 2", Listing.name(PLANES));
        assertEquals("2 heads × (4 × RotationScaling on 2)", Listing.name(Group.heads(2, 8, PLANES)));
        assertEquals("(3 heads × OrthogonalFixing(1) on 4) ⊕ 2 × Permutation on 3 ⊕ Trivial on 2",
                Listing.name(Group.sum(List.of(
                        new Group.Block(12, Group.heads(3, 4, new Group.OrthogonalFixingOnes())),
                        new Group.Block(3, new Group.Permutation()), new Group.Block(3, new Group.Permutation()),
                        new Group.Block(2, new Group.Trivial())))));
    }
}
