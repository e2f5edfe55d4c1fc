package dev.orbifold.collapse;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where the units of a Space lie in a Graph: between the values x that its weights read and the values y that the weights
 * reading it make.
 *
 * @param x values that come in, made of inputs of the Graph by what the Space has no part in
 * @param before values that come to where in-weights first act; x itself where no weight of the Space stands before
 * @param y values that readers of the Space make
 */
record BranchParts(List<String> x, List<String> before, List<String> y) {
    /**
     * Follows values.
     *
     * @param all parameters that the Space meets
     * @param in those of its in-weights
     * @param out those that read it
     * @throws UnitBranches.Inseparable if what the units say reaches an output of the Graph unread
     */
    static BranchParts of(Graph graph, Set<String> all, Set<String> in, Set<String> out) {
        Set<String> fed = new HashSet<>();
        graph.inputs().stream().map(ValueInfo::name).filter(name -> !graph.parameters().containsKey(name))
                .forEach(fed::add);
        Set<String> reading = new HashSet<>(out);
        List<Node> readers = new ArrayList<>();
        for (Node node : graph.nodes()) {
            boolean live = node.inputs().stream().anyMatch(fed::contains);
            if (live) {
                fed.addAll(node.outputs());
            }
            if (node.inputs().stream().anyMatch(reading::contains)) {
                if (live) {
                    readers.add(node);
                } else {
                    reading.addAll(node.outputs());
                }
            }
        }
        List<String> y = readers.stream().map(node -> node.output(0)).toList();
        Set<String> space = behind(graph, all, readers);
        Set<String> moving = behind(graph, in, readers);
        for (ValueInfo output : graph.outputs()) {
            if (moving.contains(output.name())) {
                throw new UnitBranches.Inseparable("the output " + output.name() + " shows them");
            }
        }
        return new BranchParts(entering(graph, space, fed, readers), entering(graph, moving, fed, readers), y);
    }

    /** What depends on parameters, up to the readers. */
    private static Set<String> behind(Graph graph, Set<String> parameters, List<Node> readers) {
        Set<String> behind = new HashSet<>(parameters);
        Set<String> made = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (!readers.contains(node) && node.inputs().stream().anyMatch(behind::contains)) {
                behind.addAll(node.outputs());
                made.addAll(node.outputs());
            }
        }
        return made;
    }

    /** Values from the Graph's inputs that nodes of a part, or readers, take from outside of it. */
    private static List<String> entering(Graph graph, Set<String> part, Set<String> fed, List<Node> readers) {
        Set<String> entering = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            if (readers.contains(node) || node.outputs().stream().anyMatch(part::contains)) {
                node.inputs().stream().filter(i -> fed.contains(i) && !part.contains(i)).forEach(entering::add);
            }
        }
        return List.copyOf(entering);
    }
}
