package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The Group of an axis on which several Spaces of units lie one behind the other, as a concatenation leaves them: a sum. */
final class AxisGroup {
    private final Symmetries symmetries;
    private final String parameter;
    private final int axis;

    AxisGroup(Symmetries symmetries, String parameter, int axis) {
        this.symmetries = symmetries;
        this.parameter = parameter;
        this.axis = axis;
    }

    /** The direct sum over runs of indices of one Slot; Trivial where there is none. */
    Group of(int size) {
        int[] owner = new int[size];
        Arrays.fill(owner, -1);
        List<Group.Block> found = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            List<Slot> here = space.slots().stream().filter(s -> s.parameter().equals(parameter) && s.axis() == axis)
                    .toList();
            if (here.size() == 1) {
                int[] unit = here.get(0).unit();
                int first = 0;
                while (first < size && unit[first] < 0) {
                    first++;
                }
                if (isWhole(here.get(0), first, space.dimension())) {
                    Arrays.fill(owner, first, first + space.dimension(), found.size());
                    found.add(new Group.Block(space.dimension(), group(space, here.get(0))));
                }
            }
        }
        List<Group.Block> blocks = new ArrayList<>();
        for (int i = 0; i < size;) {
            Group.Block block = owner[i] < 0 ? new Group.Block(1, new Group.Trivial()) : found.get(owner[i]);
            blocks.add(block);
            i += block.size();
        }
        return Group.sum(blocks);
    }

    /** Whether a Slot is a run of indices, every unit once. */
    private static boolean isWhole(Slot slot, int first, int dimension) {
        int[] all = Arrays.stream(slot.unit()).filter(u -> u >= 0).sorted().toArray();
        return all.length == dimension && Arrays.stream(all).distinct().count() == dimension
                && Arrays.stream(slot.unit(), first, first + dimension).allMatch(u -> u >= 0);
    }

    /** Permutations times what the Space's scalings do to this Slot. */
    private Group group(Space space, Slot slot) {
        boolean signs = false;
        boolean scales = false;
        int place = space.slots().indexOf(slot);
        int leg = Arrays.stream(slot.leg()).max().orElse(0);
        for (Scaling scaling : symmetries.scalings(space)) {
            double power = Math.abs(scaling.powers().get(place)[leg]);
            signs |= power % 2 == 1 && scaling.diagonal() != Group.Diagonal.POSITIVE;
            scales |= power != 0 && scaling.diagonal() != Group.Diagonal.SIGNS;
        }
        return !signs && !scales ? new Group.Permutation()
                : new Group.Monomial(!scales ? Group.Diagonal.SIGNS : signs ? Group.Diagonal.REAL
                        : Group.Diagonal.POSITIVE);
    }
}
