package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rewrites a Graph to an equivalent one without arithmetic on constants.
 *
 * <p>
 * Integers that come out the same for every input become initializers. Real numbers become Constant nodes, so that they
 * are not taken for weights; what is computed from weights stays as it is, so that they can be trained. Identity, and
 * Dropout outside training, are taken out where no graph output or subgraph asks for their name. What nobody reads any
 * more goes.
 */
public final class Folding {
    private final Graph graph;
    private final Shapes shapes;
    private final Set<String> pinned = new HashSet<>();
    private final Map<String, String> renamed = new HashMap<>();
    private final Map<String, TensorData> parameters;

    private Folding(Graph graph) {
        this.graph = graph;
        this.shapes = Shapes.of(graph);
        this.parameters = new LinkedHashMap<>(graph.parameters());
        graph.outputs().forEach(output -> pinned.add(output.name()));
        graph.nodes().forEach(node -> pinned.addAll(captured(node)));
    }

    /**
     * Folds.
     *
     * @throws GraphException if the Graph contradicts itself
     */
    public static Graph fold(Graph graph) {
        return new Folding(graph).fold();
    }

    private Graph fold() {
        Set<String> trained = trained();
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Optional<Node> kept = fold(node, trained);
            kept.ifPresent(nodes::add);
        }
        List<Node> live = live(nodes);
        Set<String> read = new HashSet<>(pinned);
        live.forEach(node -> read.addAll(node.inputs()));
        Set<String> readBefore = new HashSet<>();
        graph.nodes().forEach(node -> readBefore.addAll(node.inputs()));
        parameters.keySet().removeIf(name -> !read.contains(name)
                && (readBefore.contains(name) || !graph.parameters().containsKey(name)));
        Set<String> made = new HashSet<>();
        live.forEach(node -> made.addAll(node.outputs()));
        return graph.withNodes(live).withParameters(parameters)
                .withDeclared(graph.declared().stream().filter(info -> made.contains(info.name())).toList());
    }

    /** Values computed from real-valued initializers; shapes of weights are not among them. */
    private Set<String> trained() {
        Set<String> trained = new HashSet<>();
        graph.parameters().forEach((name, data) -> {
            if (data.type().isReal()) {
                trained.add(name);
            }
        });
        for (Node node : graph.nodes()) {
            boolean shapeOnly = node.opType().equals("Shape") || node.opType().equals("Size");
            if (!shapeOnly && node.inputs().stream().anyMatch(trained::contains)) {
                trained.addAll(node.outputs());
            }
        }
        trained.remove("");
        return trained;
    }

    private Optional<Node> fold(Node node, Set<String> trained) {
        Node read = node.inputs().stream().anyMatch(renamed::containsKey)
                ? node.withInputs(node.inputs().stream().map(i -> renamed.getOrDefault(i, i)).toList())
                : node;
        if (!node.domain().isEmpty() || node.opType().equals("Constant")) {
            return Optional.of(read);
        }
        if (passes(node) && !pinned.contains(node.output(0))) {
            renamed.put(node.output(0), read.input(0));
            return Optional.empty();
        }
        boolean constant = node.outputs().stream().allMatch(o -> shapes.constant(o).isPresent())
                && node.outputs().stream().noneMatch(trained::contains) && !node.outputs().isEmpty()
                && captured(node).isEmpty();
        if (!constant) {
            return Optional.of(read);
        }
        boolean real = node.outputs().stream().anyMatch(o -> shapes.constant(o).orElseThrow().type().isReal());
        boolean output = graph.outputs().stream().anyMatch(o -> node.outputs().contains(o.name()));
        if ((real || output) && node.outputs().size() == 1) {
            TensorData value = shapes.constant(node.output(0)).orElseThrow();
            return Optional.of(Node.of(node.name(), "Constant", List.of(), node.outputs(),
                    Map.of("value", new Attribute.Tensor(value))));
        }
        if (real || output) {
            return Optional.of(read);
        }
        node.outputs().forEach(o -> parameters.put(o, shapes.constant(o).orElseThrow()));
        return Optional.empty();
    }

    /** Whether the node hands on its first input unchanged. */
    private boolean passes(Node node) {
        if (node.opType().equals("Identity")) {
            return true;
        }
        if (!node.opType().equals("Dropout")) {
            return false;
        }
        boolean training = node.hasInput(2)
                && shapes.constant(node.input(2)).map(t -> t.elements() != 1 || t.longAt(0) != 0).orElse(true);
        return !training && (node.output(1).isEmpty() || !isRead(node.output(1)));
    }

    private boolean isRead(String value) {
        return pinned.contains(value) || graph.nodes().stream().anyMatch(n -> n.inputs().contains(value));
    }

    private List<Node> live(List<Node> nodes) {
        Set<String> needed = new HashSet<>();
        graph.outputs().forEach(output -> needed.add(output.name()));
        List<Node> kept = new ArrayList<>();
        for (Node node : nodes.reversed()) {
            if (node.outputs().isEmpty() || node.outputs().stream().anyMatch(needed::contains)) {
                kept.add(node);
                needed.addAll(node.inputs());
                needed.addAll(captured(node));
            }
        }
        return List.copyOf(kept.reversed());
    }

    private static List<String> captured(Node node) {
        List<String> names = new ArrayList<>();
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Subgraph s) {
                names.addAll(s.captured());
            }
        }
        return names;
    }
}
