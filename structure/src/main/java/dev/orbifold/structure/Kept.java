package dev.orbifold.structure;

import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which indices of every axis stay when only some units of every Space do. */
final class Kept {
    private final Axes axes;
    private final List<BitSet> units;
    /** Indices that go, by parameter and axis, as the slots say. */
    private final Map<String, Map<Integer, BitSet>> gone = new HashMap<>();

    Kept(Axes axes, List<BitSet> units) {
        this.axes = axes;
        this.units = units;
        for (Space space : axes.symmetries().spaces()) {
            for (Slot slot : space.slots()) {
                BitSet out = new BitSet();
                for (int i = 0; i < slot.unit().length; i++) {
                    if (slot.unit()[i] >= 0 && !units.get(space.id()).get(slot.unit()[i])) {
                        out.set(i);
                    }
                }
                if (!out.isEmpty()) {
                    gone.computeIfAbsent(slot.parameter(), k -> new TreeMap<>())
                            .computeIfAbsent(slot.axis(), k -> new BitSet()).or(out);
                }
            }
        }
    }

    /** Parameters that shrink, and along which axes which indices go. */
    Map<String, Map<Integer, BitSet>> shrinkingParameters() {
        return gone;
    }

    /** The indices of an axis that stay, ascending; empty where all of them do. */
    Optional<int[]> indices(String value, int axis) {
        Optional<AxisType> type = axes.type(value, axis);
        if (type.isEmpty()) {
            return Optional.empty();
        }
        int[] stay = new int[type.get().space().length];
        int n = 0;
        for (int i = 0; i < stay.length; i++) {
            int space = type.get().space()[i];
            if (space < 0 || units.get(space).get(type.get().unit()[i])) {
                stay[n++] = i;
            }
        }
        return n == stay.length ? Optional.empty() : Optional.of(Arrays.copyOf(stay, n));
    }

    /** Whether the axis shrinks. */
    boolean shrinks(String value, int axis) {
        return indices(value, axis).isPresent();
    }

    /** Whether any axis of the value shrinks. */
    boolean shrinks(String value) {
        for (int a = 0; a < axes.types(value).size(); a++) {
            if (shrinks(value, a)) {
                return true;
            }
        }
        return false;
    }

    /** The new length of an axis, or -1 where the old one is not a known number. */
    int size(String value, int axis) {
        return indices(value, axis).map(i -> i.length).orElseGet(() -> axes.size(value, axis));
    }

    /** Every index of an axis that stays, listed even where all do. */
    int[] all(String value, int axis) {
        return indices(value, axis).orElseGet(() -> {
            int[] every = new int[Math.max(axes.size(value, axis), 0)];
            Arrays.setAll(every, i -> i);
            return every;
        });
    }
}
