package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** Makes units exactly dead where they are written. */
final class Planting {
    private Planting() {
    }

    /** Some units of every Space that can shrink, at least one of which stays. */
    static List<BitSet> choose(Symmetries symmetries, RandomGenerator random) {
        List<BitSet> chosen = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            BitSet units = new BitSet();
            int n = space.shrinkable() ? random.nextInt(0, Math.max(1, space.dimension() * 2 / 3)) : 0;
            while (units.cardinality() < n) {
                units.set(random.nextInt(space.dimension()));
            }
            chosen.add(units);
        }
        return chosen;
    }

    /** Zero weights and scales, but biases and shifts as they are: units that carry a constant. */
    static Graph constant(Symmetries symmetries, List<BitSet> units) {
        return zeroed(symmetries, units, slot -> !slot.parameter().endsWith(".bias"));
    }

    static Graph zeroed(Symmetries symmetries, List<BitSet> units) {
        return zeroed(symmetries, units, slot -> true);
    }

    /** The planted units say what the first unit that is not planted says, hidden by a random element of every Space. */
    static Graph repeated(Symmetries symmetries, List<BitSet> units, Seed seed) {
        GraphEdit edit = new GraphEdit(symmetries.graph());
        Axes axes = new Axes(symmetries);
        Map<String, TensorData> changed = new LinkedHashMap<>();
        for (Space space : symmetries.spaces()) {
            int first = units.get(space.id()).nextClearBit(0);
            for (Slot slot : space.slots()) {
                if (slot.role() != Slot.Role.READS) {
                    TensorData old =
                            changed.getOrDefault(slot.parameter(), axes.constant(slot.parameter()).orElseThrow());
                    changed.put(slot.parameter(), repeated(old, slot, units.get(space.id()), first));
                }
            }
        }
        changed.forEach(edit::parameter);
        // Groups of heads that are twins up to the order of their members are not looked for
        Symmetries after = Symmetries.of(edit.done());
        List<Space> outer = after.spaces().stream()
                .filter(s -> !s.kept().equals(java.util.Optional.of("the groups must stay equally large"))).toList();
        return Transform.random(after, outer, java.util.EnumSet.allOf(Transform.Kind.class), seed);
    }

    private static TensorData repeated(TensorData tensor, Slot slot, BitSet units, int first) {
        Map<Integer, Integer> source = new LinkedHashMap<>();
        for (int i = 0; i < slot.unit().length; i++) {
            if (slot.unit()[i] == first) {
                source.put(slot.leg()[i], i);
            }
        }
        int[] from = new int[slot.unit().length];
        for (int i = 0; i < from.length; i++) {
            from[i] = slot.unit()[i] >= 0 && units.get(slot.unit()[i]) ? source.getOrDefault(slot.leg()[i], i) : i;
        }
        return tensor.select(slot.axis(), from);
    }

    private static Graph zeroed(Symmetries symmetries, List<BitSet> units, Predicate<Slot> which) {
        GraphEdit edit = new GraphEdit(symmetries.graph());
        Axes axes = new Axes(symmetries);
        Map<String, TensorData> changed = new LinkedHashMap<>();
        for (Space space : symmetries.spaces()) {
            for (Slot slot : space.slots()) {
                if (slot.role() == Slot.Role.WRITES && which.test(slot)) {
                    TensorData old =
                            changed.getOrDefault(slot.parameter(), axes.constant(slot.parameter()).orElseThrow());
                    changed.put(slot.parameter(), zeroed(old, slot, units.get(space.id())));
                }
            }
        }
        changed.forEach(edit::parameter);
        return edit.done();
    }

    private static TensorData zeroed(TensorData tensor, Slot slot, BitSet units) {
        float[] values = tensor.toFloats();
        int inner = 1;
        for (int a = slot.axis() + 1; a < tensor.rank(); a++) {
            inner *= (int) tensor.dim(a);
        }
        for (int i = 0; i < values.length; i++) {
            int unit = slot.unit()[i / inner % slot.unit().length];
            if (unit >= 0 && units.get(unit)) {
                values[i] = 0;
            }
        }
        return TensorData.of(values, tensor.dims());
    }

    static List<BitSet> others(Symmetries symmetries, List<BitSet> units) {
        List<BitSet> others = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            BitSet keep = new BitSet();
            keep.set(0, space.dimension());
            keep.andNot(units.get(space.id()));
            others.add(keep);
        }
        return others;
    }
}
