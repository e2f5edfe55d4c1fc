package dev.orbifold.cli;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What lies between the Spaces of a model: the parameters that read one Space and write another, in the Graph's order. */
final class Blocks {
    /** Where a Space meets a parameter; the Space is its place in {@link Listing#spaces}. */
    private record Meeting(int space, int axis, boolean writes, boolean sure) {
    }

    private final Map<String, List<Meeting>> meetings = new LinkedHashMap<>();

    private Blocks(Verified verified) {
        List<Space> units = verified.units().spaces();
        for (int s = 0; s < units.size(); s++) {
            for (Slot slot : units.get(s).slots()) {
                if (slot.role() != Slot.Role.FOLLOWS) {
                    add(slot.parameter(), new Meeting(s, slot.axis(), slot.role() == Slot.Role.WRITES, true));
                }
            }
        }
        List<LinearSpace> mixing = verified.mixing().spaces();
        for (int s = 0; s < mixing.size(); s++) {
            for (LinearSlot slot : mixing.get(s).slots()) {
                add(slot.parameter(), new Meeting(units.size() + s, slot.axis(), !slot.dual(), false));
            }
        }
    }

    private void add(String parameter, Meeting meeting) {
        meetings.computeIfAbsent(parameter, name -> new ArrayList<>()).add(meeting);
    }

    /** One object per parameter of two axes or more that meets a Space; Spaces are places in the list of Spaces. */
    static List<Map<String, Object>> of(Graph graph, Verified verified) {
        Blocks blocks = new Blocks(verified);
        List<Map<String, Object>> all = new ArrayList<>();
        Set<String> seen = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            for (String name : node.inputs()) {
                List<Meeting> met = blocks.meetings.getOrDefault(name, List.of());
                long[] shape = shape(graph, name);
                if (!met.isEmpty() && Arrays.stream(shape).filter(d -> d > 1).count() > 1 && seen.add(name)) {
                    all.add(block(name, node, shape, met));
                }
            }
        }
        return all;
    }

    private static Map<String, Object> block(String name, Node node, long[] shape, List<Meeting> met) {
        Set<Integer> reads = new TreeSet<>();
        Set<Integer> writes = new TreeSet<>();
        for (Meeting meeting : met) {
            (writes(meeting, met) ? writes : reads).add(meeting.space());
        }
        if (reads.isEmpty() && node.integer("group", 1) > 1) {
            // A depthwise convolution keeps every unit to itself.
            reads.addAll(writes);
        }
        Map<String, Object> block = new LinkedHashMap<>();
        block.put("parameter", name);
        block.put("node", node.label());
        block.put("shape", shape);
        block.put("reads", reads);
        block.put("writes", writes);
        return block;
    }

    /**
     * Whether the Space comes out along the axis. Which side of a product of two Spaces is dual does not say it (keys are dual
     * to queries, and both are written): what the units on the same or on the other axis say goes first.
     */
    private static boolean writes(Meeting meeting, List<Meeting> met) {
        if (meeting.sure()) {
            return meeting.writes();
        }
        for (Meeting other : met) {
            if (other.sure() && other.axis() == meeting.axis()) {
                return other.writes();
            }
        }
        return met.stream().filter(Meeting::sure).findFirst().map(other -> !other.writes()).orElse(meeting.writes());
    }

    private static long[] shape(Graph graph, String name) {
        return graph.parameter(name).or(() -> graph.nodes().stream()
                .filter(n -> n.opType().equals("Constant") && n.outputs().contains(name)).findFirst()
                .flatMap(n -> n.attribute("value"))
                .flatMap(a -> a instanceof Attribute.Tensor t ? Optional.of(t.value())
                        : Optional.empty()))
                .map(TensorData::dims).orElse(new long[0]);
    }
}
