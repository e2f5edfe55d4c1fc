package dev.orbifold.constraint;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which gate multiplies which entries: one gate per unit of every gated Space, all gates in one vector, Space after
 * Space, followed by a constant 1 for entries that no gate touches.
 *
 * <p>
 * A gate acts where its unit is written: on weights, biases, embeddings. Where a batch or instance norm stands between a
 * weight and the unit's readers, the norm undoes any scale of the weight, so its own scale and shift are gated instead,
 * both together: then a closed gate makes the unit exactly 0 (theory, 1, last row of the table of mirrors).
 *
 * @param spaces the gated Spaces
 * @param offsets where each Space's gates start in the vector; one more entry holds their number
 * @param gated the gated parameter axes
 */
public record GateLayout(List<Space> spaces, int[] offsets, List<GatedAxis> gated) {
    /**
     * One axis of one parameter and the gate of each of its indices.
     *
     * @param parameter the parameter's name
     * @param axis the axis
     * @param gate the position in the vector of gates per index of the axis
     */
    public record GatedAxis(String parameter, int axis, int[] gate) {
    }

    /** The Spaces that can shrink and that the filter accepts, with a gate on every unit. */
    public static GateLayout of(Symmetries symmetries, Predicate<Space> included) {
        List<Space> spaces = new ArrayList<>();
        Set<String> normed = behindNorms(symmetries.graph());
        List<List<Slot>> writers = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            if (!space.shrinkable() || space.dimension() < 2 || !included.test(space)) {
                continue;
            }
            List<Slot> all = space.slots().stream().filter(s -> s.role() == Slot.Role.WRITES).toList();
            List<Slot> open = all.stream().filter(s -> !normed.contains(s.parameter())).toList();
            if (!all.isEmpty()) {
                spaces.add(space);
                writers.add(open.isEmpty() ? all : open);
            }
        }
        int[] offsets = new int[spaces.size() + 1];
        for (int s = 0; s < spaces.size(); s++) {
            offsets[s + 1] = offsets[s] + spaces.get(s).dimension();
        }
        int constant = offsets[spaces.size()];
        Map<String, GatedAxis> gated = new LinkedHashMap<>();
        for (int s = 0; s < spaces.size(); s++) {
            for (Slot slot : writers.get(s)) {
                GatedAxis axis = gated.computeIfAbsent(slot.parameter() + "\n" + slot.axis(), k -> {
                    int[] gate = new int[slot.unit().length];
                    Arrays.fill(gate, constant);
                    return new GatedAxis(slot.parameter(), slot.axis(), gate);
                });
                for (int i = 0; i < slot.unit().length; i++) {
                    if (slot.unit()[i] >= 0) {
                        axis.gate()[i] = offsets[s] + slot.unit()[i];
                    }
                }
            }
        }
        return new GateLayout(List.copyOf(spaces), offsets, List.copyOf(gated.values()));
    }

    /** The number of gates. */
    public int size() {
        return offsets[spaces.size()];
    }

    /** The Space, as an index into {@link #spaces}, whose gate stands at a position of the vector. */
    public int spaceOf(int gate) {
        int at = Arrays.binarySearch(offsets, gate);
        if (at < 0) {
            return -at - 2;
        }
        while (offsets[at + 1] == offsets[at]) {
            at++;
        }
        return at;
    }

    /** The widths of all gated Spaces. */
    public int[] widths() {
        return spaces.stream().mapToInt(Space::dimension).toArray();
    }

    private static final Set<String> NORMS = Set.of("BatchNormalization", "InstanceNormalization");
    private static final Set<String> LINEAR = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    private static Set<String> behindNorms(Graph graph) {
        Map<String, List<Node>> readers = new HashMap<>();
        for (Node node : graph.nodes()) {
            node.inputs().forEach(i -> readers.computeIfAbsent(i, k -> new ArrayList<>()).add(node));
        }
        Set<String> outputs = new HashSet<>();
        graph.outputs().forEach(o -> outputs.add(o.name()));
        Set<String> found = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (!LINEAR.contains(node.opType())) {
                continue;
            }
            List<Node> next = readers.getOrDefault(node.output(0), List.of());
            List<String> operands = new ArrayList<>(node.inputs());
            if (next.size() == 1 && next.getFirst().opType().equals("Add")) {
                Node add = next.getFirst();
                operands.addAll(add.inputs());
                next = readers.getOrDefault(add.output(0), List.of());
            }
            boolean normed = !next.isEmpty() && next.stream().allMatch(n -> NORMS.contains(n.opType()))
                    && !outputs.contains(node.output(0));
            if (normed) {
                operands.stream().filter(o -> isWeight(graph, o)).forEach(found::add);
            }
        }
        return found;
    }

    private static boolean isWeight(Graph graph, String name) {
        return graph.parameters().containsKey(name);
    }
}
