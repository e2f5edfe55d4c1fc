package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShrinkOptionsTest {
    private static final Space TEN = space(10, Optional.empty());

    private static Space space(int dimension, Optional<String> kept) {
        Slot slot = new Slot("layer1.conv.weight", 0, Slot.Role.WRITES, new int[dimension], new int[dimension], 1);
        return new Space(0, "layer1.conv", dimension, new Group.Permutation(), List.of(slot), kept);
    }

    private static BitSet units(int... units) {
        BitSet set = new BitSet();
        for (int u : units) {
            set.set(u);
        }
        return set;
    }

    @Test
    void deadUnitsGo() {
        assertEquals(units(0, 2, 3, 4, 5, 6, 7, 8), ShrinkOptions.DEFAULT.keep(TEN, units(1, 9)));
    }

    @Test
    void someDeadUnitsStayForTheMultiple() {
        assertEquals(units(0, 1, 2, 3, 4, 5, 6, 7), ShrinkOptions.DEFAULT.withRoundTo(4).keep(TEN, units(1, 3, 8, 9)));
        assertEquals(10, ShrinkOptions.DEFAULT.withRoundTo(8).keep(TEN, units(0)).cardinality(),
                "9 rounds up to 16, which is more than there are");
    }

    @Test
    void aLayerNeverVanishes() {
        BitSet all = new BitSet();
        all.set(0, 10);
        assertEquals(1, ShrinkOptions.DEFAULT.keep(TEN, all).cardinality());
        assertEquals(3, ShrinkOptions.DEFAULT.withMinWidth(3).keep(TEN, all).cardinality());
        assertEquals(10, ShrinkOptions.DEFAULT.withMinWidth(30).keep(TEN, all).cardinality());
    }

    @Test
    void excludedAndKeptSpacesKeepAllUnits() {
        for (String glob : List.of("layer1.*", "*conv", "layer?.conv", "layer1.conv.weight")) {
            assertEquals(10, ShrinkOptions.DEFAULT.withExclude(List.of(glob)).keep(TEN, units(1)).cardinality(), glob);
        }
        assertFalse(ShrinkOptions.DEFAULT.withExclude(List.of("layer1", "conv", "layer1.conv.bias")).excludes(TEN));
        assertTrue(ShrinkOptions.DEFAULT.keep(space(10, Optional.of("graph output")), units(1)).get(1));
    }

    @Test
    void valuesOutOfRangeAreRefused() {
        assertThrows(StructureException.class, () -> ShrinkOptions.DEFAULT.withMinWidth(0));
        assertThrows(StructureException.class, () -> ShrinkOptions.DEFAULT.withRoundTo(0));
        assertThrows(StructureException.class, () -> ShrinkOptions.DEFAULT.withTolerance(Double.NaN));
    }
}
