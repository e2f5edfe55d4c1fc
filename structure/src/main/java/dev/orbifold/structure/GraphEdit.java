package dev.orbifold.structure;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An edit of a Graph in the making: nodes and parameters replaced one by one, names kept apart, and what nobody needs any
 * more taken out at the end. What was not touched stays the same objects.
 */
final class GraphEdit {
    /** One place where a node reads a value. */
    private record Use(int node, int input) {
    }

    private final Graph graph;
    private final List<Node> nodes;
    private final Map<String, TensorData> parameters;
    private final Map<Use, TensorData> constants = new LinkedHashMap<>();
    private final Map<Integer, Node> after = new HashMap<>();
    private final Set<String> names = new HashSet<>();

    GraphEdit(Graph graph) {
        this.graph = graph;
        nodes = new ArrayList<>(graph.nodes());
        parameters = new LinkedHashMap<>(graph.parameters());
        names.addAll(parameters.keySet());
        graph.inputs().forEach(i -> names.add(i.name()));
        graph.outputs().forEach(o -> names.add(o.name()));
        for (Node node : nodes) {
            names.addAll(node.inputs());
            names.addAll(node.outputs());
            names.addAll(captured(node));
        }
    }

    int size() {
        return graph.nodes().size();
    }

    Node node(int index) {
        return nodes.get(index);
    }

    void node(int index, Node changed) {
        nodes.set(index, changed);
    }

    /** Puts one node directly behind another. */
    void insertAfter(int index, Node added) {
        after.put(index, added);
    }

    /** A name that is not taken, made from one that is. */
    String fresh(String name) {
        int n = 2;
        while (!names.add(name + "_" + n)) {
            n++;
        }
        return name + "_" + n;
    }

    /** Replaces a parameter, or the tensor of a Constant node, for all who read it. */
    void parameter(String name, TensorData content) {
        if (parameters.containsKey(name)) {
            parameters.put(name, content);
            return;
        }
        for (int n = 0; n < nodes.size(); n++) {
            Node node = nodes.get(n);
            if (node.opType().equals("Constant") && node.output(0).equals(name)) {
                nodes.set(n, new Node(node.name(), node.opType(), node.domain(), node.inputs(), node.outputs(),
                        Map.of("value", new Attribute.Tensor(content))));
                return;
            }
        }
        throw new StructureException("parameter " + name + " is neither an initializer nor a Constant node's output");
    }

    /** Adds a parameter under a name that {@link #fresh} gave. */
    void add(String name, TensorData content) {
        parameters.put(name, content);
    }

    /** Gives one reader of a constant another content; others who read it keep theirs unless they are told the same. */
    void constant(int node, int input, TensorData content) {
        constants.put(new Use(node, input), content);
    }

    /** Adds a constant input at a place the node left empty so far. */
    void addInput(int index, int input, String name, TensorData content) {
        String fresh = fresh(name);
        add(fresh, content);
        input(index, input, fresh);
    }

    private void input(int index, int input, String name) {
        List<String> inputs = new ArrayList<>(nodes.get(index).inputs());
        while (inputs.size() <= input) {
            inputs.add("");
        }
        inputs.set(input, name);
        nodes.set(index, nodes.get(index).withInputs(inputs));
    }

    /** The edited Graph, without nodes and initializers that the edit left without a reader. */
    Graph done() {
        settleConstants();
        List<Node> all = new ArrayList<>();
        for (int n = 0; n < nodes.size(); n++) {
            all.add(nodes.get(n));
            if (after.containsKey(n)) {
                all.add(after.get(n));
            }
        }
        Set<String> usedBefore = used(graph.nodes());
        Set<String> usedNow = used(all);
        for (boolean changed = true; changed;) {
            Set<String> now = usedNow;
            changed = all.removeIf(node -> node.outputs().stream().noneMatch(now::contains)
                    && node.outputs().stream().anyMatch(usedBefore::contains));
            usedNow = used(all);
        }
        Set<String> now = usedNow;
        parameters.keySet().removeIf(name -> usedBefore.contains(name) && !now.contains(name));
        Set<String> values = new HashSet<>();
        all.forEach(node -> values.addAll(node.outputs()));
        List<ValueInfo> declared = graph.declared().stream()
                .filter(d -> values.contains(d.name()) || parameters.containsKey(d.name())).toList();
        return graph.withNodes(all).withParameters(parameters)
                .withDeclared(declared.size() == graph.declared().size() ? graph.declared() : declared);
    }

    private void settleConstants() {
        Map<String, List<Use>> uses = new HashMap<>();
        Set<String> captured = new HashSet<>();
        graph.outputs().forEach(o -> captured.add(o.name()));
        for (int n = 0; n < nodes.size(); n++) {
            Node node = nodes.get(n);
            captured.addAll(captured(node));
            for (int i = 0; i < node.inputs().size(); i++) {
                uses.computeIfAbsent(node.input(i), k -> new ArrayList<>()).add(new Use(n, i));
            }
        }
        Map<String, Map<TensorData, String>> made = new HashMap<>();
        constants.forEach((use, content) -> {
            String name = nodes.get(use.node).input(use.input);
            boolean agreed = parameters.containsKey(name) && graph.parameters().containsKey(name)
                    && !captured.contains(name)
                    && uses.getOrDefault(name, List.of()).stream().allMatch(other -> constants.containsKey(other)
                            && content.equals(constants.getOrDefault(other, content)));
            if (agreed) {
                parameters.put(name, content);
            } else {
                String own = made.computeIfAbsent(name, k -> new HashMap<>()).computeIfAbsent(content, k -> {
                    String fresh = fresh(name);
                    parameters.put(fresh, content);
                    return fresh;
                });
                input(use.node, use.input, own);
            }
        });
    }

    private Set<String> used(List<Node> in) {
        Set<String> used = new HashSet<>();
        graph.outputs().forEach(o -> used.add(o.name()));
        for (Node node : in) {
            used.addAll(node.inputs());
            used.addAll(captured(node));
        }
        return used;
    }

    private static Set<String> captured(Node node) {
        Set<String> captured = new HashSet<>();
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Subgraph subgraph) {
                captured.addAll(subgraph.captured());
            }
        }
        return captured;
    }
}
