package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes nearly dead units exactly dead: an approximation, whose error the caller measures. A unit's entries in a slot are
 * nearly zero if none exceeds the tolerance times the slot's largest entry; they become zero where that lets the unit go.
 */
final class NearZero {
    private NearZero() {
    }

    /** The Graph with nearly dead units set to zero; the Graph itself where there are none, or the tolerance is 0. */
    static Graph snap(Symmetries symmetries, ShrinkOptions options) {
        Graph graph = symmetries.graph();
        if (options.tolerance() == 0) {
            return graph;
        }
        List<BitSet> all = symmetries.spaces().stream().map(s -> {
            BitSet units = new BitSet();
            units.set(0, s.dimension());
            return options.keep(s, units).cardinality() == s.dimension() ? new BitSet() : units;
        }).toList();
        Graph trial = zeroed(symmetries, all, options.tolerance());
        if (trial == graph) {
            return graph;
        }
        DeadUnits dead = DeadUnits.of(Symmetries.of(trial));
        List<BitSet> leaving = symmetries.spaces().stream().map(s -> {
            BitSet units = dead.removable(s.id());
            units.andNot(options.keep(s, units));
            return units;
        }).toList();
        return zeroed(symmetries, leaving, options.tolerance());
    }

    private static Graph zeroed(Symmetries symmetries, List<BitSet> units, double tolerance) {
        Axes axes = new Axes(symmetries);
        Map<String, TensorData> changed = new LinkedHashMap<>();
        for (Space space : symmetries.spaces()) {
            for (Slot slot : space.slots()) {
                if (slot.role() != Slot.Role.FOLLOWS && !units.get(space.id()).isEmpty()) {
                    Optional<TensorData> tensor = Optional.ofNullable(changed.get(slot.parameter()))
                            .or(() -> axes.constant(slot.parameter()));
                    tensor.filter(t -> t.type() == DataType.FLOAT)
                            .flatMap(t -> zeroed(t, slot, units.get(space.id()), tolerance))
                            .ifPresent(t -> changed.put(slot.parameter(), t));
                }
            }
        }
        if (changed.isEmpty()) {
            return symmetries.graph();
        }
        GraphEdit edit = new GraphEdit(symmetries.graph());
        changed.forEach(edit::parameter);
        return edit.done();
    }

    private static Optional<TensorData> zeroed(TensorData tensor, Slot slot, BitSet units, double tolerance) {
        float[] values = tensor.toFloats();
        int length = slot.unit().length;
        int inner = 1;
        for (int a = slot.axis() + 1; a < tensor.rank(); a++) {
            inner *= (int) tensor.dim(a);
        }
        int unitCount = 1 + Arrays.stream(slot.unit()).max().orElse(0);
        double[] largest = new double[unitCount];
        double most = 0;
        for (int i = 0; i < values.length; i++) {
            int unit = slot.unit()[i / inner % length];
            if (unit >= 0) {
                largest[unit] = Math.max(largest[unit], Math.abs(values[i]));
                most = Math.max(most, Math.abs(values[i]));
            }
        }
        boolean changed = false;
        for (int i = 0; i < values.length; i++) {
            int unit = slot.unit()[i / inner % length];
            if (unit >= 0 && units.get(unit) && largest[unit] <= tolerance * most && values[i] != 0) {
                values[i] = 0;
                changed = true;
            }
        }
        return changed ? Optional.of(TensorData.of(values, tensor.dims())) : Optional.empty();
    }
}
