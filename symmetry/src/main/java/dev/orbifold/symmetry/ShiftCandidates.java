package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Which parameters are worth following: those that are added somewhere, directly or rearranged, and the tables. */
final class ShiftCandidates {
    private final Set<String> added = new LinkedHashSet<>();
    private final Set<String> otherwise = new LinkedHashSet<>();

    ShiftCandidates(ShiftFacts facts) {
        Map<String, String> roots = new HashMap<>();
        for (Node node : facts.graph().nodes()) {
            for (int i = 0; i < node.inputs().size(); i++) {
                String name = node.input(i);
                String root = facts.isTensor(name) ? name : roots.getOrDefault(name, "");
                if (root.isEmpty()) {
                    continue;
                }
                boolean carries = node.domain().isEmpty() && i == 0 && carries(node) && !facts.raises(node);
                if (carries) {
                    node.outputs().forEach(o -> roots.put(o, root));
                }
                if (node.domain().isEmpty() && adds(node, i) && facts.isWeight(root)) {
                    added.add(root);
                } else if (!carries) {
                    otherwise.add(root);
                }
            }
        }
    }

    /** Their names, in the order in which they are read. */
    Set<String> all() {
        return added;
    }

    /** Whether a parameter is only ever added, so that moving it changes no other shift. */
    boolean onlyAdded(String parameter) {
        return !otherwise.contains(parameter);
    }

    private static boolean carries(Node node) {
        return ShiftFacts.arranges(node) || node.opType().equals("Expand") || node.opType().equals("Slice");
    }

    private static boolean adds(Node node, int input) {
        return switch (node.opType()) {
            case "Add", "Sub", "Sum", "Concat" -> true;
            case "Conv", "Gemm", "BatchNormalization", "LayerNormalization", "InstanceNormalization" -> input == 2;
            case "Gather" -> input == 0;
            default -> false;
        };
    }
}
