package dev.orbifold.graph;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Checks that a Graph is one: every value made once, before it is read. */
final class GraphCheck {
    private GraphCheck() {
    }

    /**
     * Checks names and order.
     *
     * @param elsewhere names of values that exist without an input, parameter or node: sparse initializers
     * @throws GraphException naming the first value that is missing, made twice or read too early
     */
    static void check(Graph graph, Set<String> elsewhere) {
        Set<String> known = new HashSet<>(elsewhere);
        known.addAll(graph.parameters().keySet());
        for (ValueInfo input : graph.inputs()) {
            if (!known.add(input.name())) {
                throw new GraphException("the graph input '" + input.name() + "' is there twice");
            }
        }
        Map<String, Node> makers = new HashMap<>();
        for (Node node : graph.nodes()) {
            for (String output : node.outputs()) {
                if (output.isEmpty()) {
                    continue;
                }
                Node other = makers.put(output, node);
                if (other != null || known.contains(output)) {
                    throw new GraphException("the value '" + output + "' is made twice: by " + node.label() + " and by "
                            + (other == null ? "an input or initializer" : other.label()));
                }
            }
        }
        for (Node node : graph.nodes()) {
            node.inputs().forEach(input -> read(input, node, known, makers));
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Subgraph s) {
                    s.captured().forEach(input -> read(input, node, known, makers));
                }
            }
            known.addAll(node.outputs());
        }
        for (ValueInfo output : graph.outputs()) {
            if (!known.contains(output.name())) {
                throw new GraphException("no node makes the graph output '" + output.name() + "'");
            }
        }
    }

    private static void read(String input, Node node, Set<String> known, Map<String, Node> makers) {
        if (input.isEmpty() || known.contains(input)) {
            return;
        }
        Node maker = makers.get(input);
        if (maker == null) {
            throw new GraphException(
                    node.label() + " reads '" + input + "', which no input, initializer or node provides");
        }
        throw new GraphException(node.label() + " reads '" + input + "' before " + maker.label()
                + " makes it: the nodes form a cycle or are out of order");
    }
}
