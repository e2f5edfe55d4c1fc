package dev.orbifold.collapse;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Parts of a Graph: what leads to some of its values, from its inputs or from values that are given. */
final class Cut {
    private Cut() {
    }

    /**
     * The part that computes some values.
     *
     * @param given values in the middle that become inputs
     * @param wanted values that become the outputs, beside the Graph's own where these are asked for
     * @param own whether the Graph's own outputs are among them
     */
    static Graph of(Graph graph, List<String> given, List<String> wanted, boolean own) {
        Shapes shapes = Shapes.of(graph);
        List<ValueInfo> outputs = new ArrayList<>(own ? graph.outputs() : List.of());
        for (String name : wanted) {
            if (outputs.stream().noneMatch(o -> o.name().equals(name))) {
                outputs.add(new ValueInfo(name, Optional.empty(), Optional.empty()));
            }
        }
        Set<String> needed = new HashSet<>();
        outputs.forEach(o -> needed.add(o.name()));
        needed.removeAll(given);
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes().reversed()) {
            if (node.outputs().stream().anyMatch(needed::contains)) {
                nodes.addFirst(node);
                node.inputs().stream().filter(i -> !given.contains(i)).forEach(needed::add);
            }
        }
        List<ValueInfo> inputs = new ArrayList<>();
        graph.inputs().stream().filter(i -> needed.contains(i.name())).forEach(inputs::add);
        given.forEach(name -> inputs.add(new ValueInfo(name, shapes.type(name), shapes.shape(name))));
        return new Graph(graph.name(), graph.opsets(), inputs, outputs, nodes, graph.parameters(), List.of(),
                Graph.Origin.NONE);
    }
}
