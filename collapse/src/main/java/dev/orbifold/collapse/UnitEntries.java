package dev.orbifold.collapse;

import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which of the parameters, as one vector [P], are weights of which unit of a Space. */
final class UnitEntries {
    /** An entry of a unit: where it is, in which Slot, at which leg. */
    private record Entry(int place, int slot, int leg) {
    }

    private final List<List<Entry>> units = new ArrayList<>();

    /**
     * Follows the Slots.
     *
     * @param parameters names of the parameters that the vector is made of; what the Space meets beside them is left out
     */
    UnitEntries(Graph graph, Space space, List<String> parameters) {
        this(graph, space.slots(), space.dimension(), parameters);
    }

    /** The same for Slots that meet some other number of units. */
    UnitEntries(Graph graph, List<Slot> slots, int dimension, List<String> parameters) {
        Map<String, Integer> offsets = new LinkedHashMap<>();
        int ambient = 0;
        for (String name : parameters) {
            offsets.put(name, ambient);
            ambient += Math.toIntExact(graph.parameter(name).orElseThrow().elements());
        }
        for (int unit = 0; unit < dimension; unit++) {
            units.add(new ArrayList<>());
        }
        for (int s = 0; s < slots.size(); s++) {
            Slot slot = slots.get(s);
            Integer offset = offsets.get(slot.parameter());
            if (offset == null) {
                continue;
            }
            long[] dims = graph.parameter(slot.parameter()).orElseThrow().dims();
            int inner = (int) Arrays.stream(dims).skip(slot.axis() + 1L).reduce(1, (a, b) -> a * b);
            int all = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
            for (int i = 0; i < all; i++) {
                int index = i / inner % slot.unit().length;
                if (slot.unit()[index] >= 0) {
                    units.get(slot.unit()[index]).add(new Entry(offset + i, s, slot.leg()[index]));
                }
            }
        }
        // In the same order for every unit, so that entries of two units correspond.
        units.forEach(u -> u.sort(Comparator.comparingInt(Entry::slot).thenComparingInt(Entry::leg)
                .thenComparingInt(Entry::place)));
    }

    /** The places of a unit's entries that a scaling multiplies, by powers above 0 (in) or below 0 (out). */
    int[] places(int unit, Scaling scaling, boolean in) {
        return units.get(unit).stream().filter(e -> {
            double power = scaling.powers().get(e.slot())[e.leg()];
            return in ? power > 0 : power < 0;
        }).mapToInt(Entry::place).toArray();
    }

    /** The entries of a unit in an order in which those of two units correspond. */
    double[] values(int unit, double[] theta) {
        return units.get(unit).stream().mapToDouble(e -> theta[e.place()]).toArray();
    }

    static double length(double[] theta, int[] places) {
        return Math.sqrt(Arrays.stream(places).mapToDouble(i -> theta[i] * theta[i]).sum());
    }
}
