package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Norms and rotary embeddings that exporters spell out as several nodes, recognised by what the nodes compute, not by
 * their names. Nodes inside one are not looked at on their own; a node whose result is also used elsewhere is not inside.
 */
final class Composites {
    /** Several nodes that are one operator. */
    sealed interface Composite permits Norm, Rotary {
    }

    /**
     * Division by the root of the mean square along the last axis.
     *
     * @param input what is normalised
     * @param centred whether the mean is subtracted first (layer norm), or not (RMS norm)
     * @param scale the parameter the result is multiplied with, if there is one
     */
    record Norm(String input, boolean centred, Optional<String> scale) implements Composite {
    }

    /**
     * Pairs of coordinates of the last axis are turned in their plane.
     *
     * @param input what is turned
     * @param angles the cosines and sines; equal for the two coordinates of a plane
     * @param interleaved whether coordinates 2j and 2j + 1 are a pair, not j and j + d/2
     */
    record Rotary(String input, List<String> angles, boolean interleaved) implements Composite {
    }

    private final Graph graph;
    private final Shapes shapes;
    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, Set<Node>> consumers = new HashMap<>();
    private final Set<String> shown = new HashSet<>();
    private final Map<Node, Composite> ends = new IdentityHashMap<>();
    private final Set<Node> inside = java.util.Collections.newSetFromMap(new IdentityHashMap<>());

    private Composites(Graph graph, Shapes shapes) {
        this.graph = graph;
        this.shapes = shapes;
    }

    /** Looks through a Graph. */
    static Composites of(Graph graph, Shapes shapes) {
        Composites found = new Composites(graph, shapes);
        for (Node node : graph.nodes()) {
            node.outputs().forEach(o -> found.producers.put(o, node));
            node.inputs().forEach(i -> found.consumers
                    .computeIfAbsent(i, k -> java.util.Collections.newSetFromMap(new IdentityHashMap<>())).add(node));
            node.attributes().values().forEach(a -> {
                if (a instanceof dev.orbifold.graph.Attribute.Subgraph subgraph) {
                    found.shown.addAll(subgraph.captured());
                }
            });
        }
        graph.outputs().forEach(o -> found.shown.add(o.name()));
        Rotaries rotaries = new Rotaries(found);
        for (Node node : graph.nodes()) {
            found.norm(node);
            rotaries.look(node);
        }
        return found;
    }

    /** The composite whose result a node makes. */
    Optional<Composite> endingIn(Node node) {
        return Optional.ofNullable(ends.get(node));
    }

    /** Whether a node is part of a composite, but not its end. */
    boolean consumes(Node node) {
        return inside.contains(node);
    }

    /** What is known of the values. */
    Shapes shapes() {
        return shapes;
    }

    /** The node that makes a value, if it is one of the operators. */
    Optional<Node> producer(String value, String... operators) {
        return Optional.ofNullable(producers.get(value))
                .filter(n -> n.domain().isEmpty() && List.of(operators).contains(n.opType()));
    }

    /** Takes nodes as one, unless a result in between is used elsewhere; whether it did. */
    boolean take(Node end, Composite composite, Set<Node> nodes) {
        for (Node node : nodes) {
            for (String output : node.outputs()) {
                boolean elsewhere = consumers.getOrDefault(output, Set.of()).stream()
                        .anyMatch(c -> c != end && !nodes.contains(c));
                if (shown.contains(output) || elsewhere) {
                    return false;
                }
            }
        }
        ends.put(end, composite);
        inside.addAll(nodes);
        return true;
    }

    /** A set of nodes that tells equal ones apart. */
    static Set<Node> nodes(Node... nodes) {
        Set<Node> set = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        set.addAll(Arrays.asList(nodes));
        return set;
    }

    /** c / √(mean(c²) + ε), with c the input or the input minus its mean. */
    private void norm(Node node) {
        if (!node.domain().isEmpty() || !node.opType().equals("Div") && !node.opType().equals("Mul")) {
            return;
        }
        for (int side = 0; side < 2; side++) {
            String value = node.input(side);
            Set<Node> path = nodes();
            Optional<Node> root = node.opType().equals("Div")
                    ? side == 0 ? producer(node.input(1), "Sqrt") : Optional.empty()
                    : reciprocal(node.input(1 - side), path);
            Optional<Node> square = root.flatMap(r -> {
                path.add(r);
                return meanSquare(r.input(0), path);
            }).filter(s -> s.input(0).equals(value));
            if (square.isPresent()) {
                normOf(node, value, path);
                return;
            }
        }
    }

    /** The root that a value is the reciprocal of. */
    private Optional<Node> reciprocal(String value, Set<Node> path) {
        return producer(value, "Reciprocal", "Div")
                .filter(r -> r.opType().equals("Reciprocal") || number(r.input(0)).map(x -> x == 1).orElse(false))
                .flatMap(r -> {
                    path.add(r);
                    return producer(r.input(r.opType().equals("Div") ? 1 : 0), "Sqrt");
                });
    }

    /** The node that squares, where a value is the mean of squares along the last axis, with or without an ε. */
    private Optional<Node> meanSquare(String value, Set<Node> path) {
        Optional<Node> add = producer(value, "Add");
        Optional<Node> mean = add.isEmpty() ? producer(value, "ReduceMean")
                : IntStream.of(0, 1).filter(i -> number(add.get().input(1 - i)).isPresent())
                        .mapToObj(i -> producer(add.get().input(i), "ReduceMean")).flatMap(Optional::stream)
                        .findFirst();
        if (mean.isEmpty() || !lastAxis(mean.get())) {
            return Optional.empty();
        }
        add.ifPresent(path::add);
        path.add(mean.get());
        Optional<Node> square = producer(mean.get().input(0), "Pow", "Mul").filter(s -> s.opType().equals("Mul")
                ? s.input(0).equals(s.input(1))
                : number(s.input(1)).map(p -> p == 2).orElse(false));
        square.ifPresent(path::add);
        return square;
    }

    private void normOf(Node division, String value, Set<Node> path) {
        Optional<Node> difference = producer(value, "Sub");
        Optional<Node> mean = difference.flatMap(d -> producer(d.input(1), "ReduceMean"))
                .filter(m -> lastAxis(m) && m.input(0).equals(difference.get().input(0)));
        String input = value;
        if (mean.isPresent()) {
            input = mean.get().input(0);
            path.add(mean.get());
            path.add(difference.get());
        }
        Set<Node> readers = consumers.getOrDefault(division.output(0), Set.of());
        Optional<Node> times = readers.size() == 1 && !shown.contains(division.output(0))
                ? readers.stream().filter(r -> r.opType().equals("Mul") && r.domain().isEmpty()).findFirst()
                : Optional.empty();
        Optional<String> scale = times
                .map(t -> t.input(t.input(0).equals(division.output(0)) ? 1 : 0))
                .filter(s -> graph.parameters().containsKey(s) && graph.parameters().get(s).elements() > 1
                        && graph.parameters().get(s).elements() == graph.parameters().get(s).dim(-1));
        if (scale.isPresent()) {
            path.add(division);
            take(times.get(), new Norm(input, mean.isPresent(), scale), path);
        } else {
            take(division, new Norm(input, mean.isPresent(), Optional.empty()), path);
        }
    }

    private boolean lastAxis(Node reduction) {
        Optional<long[]> axes = reduction.hasInput(1) ? shapes.constant(reduction.input(1)).map(TensorData::toLongs)
                : reduction.integers("axes");
        int rank = shapes.shape(reduction.input(0)).map(Shape::rank).orElse(0);
        return reduction.integer("keepdims", 1) != 0 && axes.isPresent() && axes.get().length == 1 && rank > 0
                && Math.floorMod(axes.get()[0], (long) rank) == rank - 1;
    }

    private Optional<Double> number(String value) {
        return shapes.constant(value).filter(t -> t.elements() == 1).map(t -> t.doubleAt(0));
    }

    /** The rank of a value; 0 where it is not known. */
    int rank(String value) {
        return shapes.shape(value).map(Shape::rank).orElse(0);
    }

    /** The size of a value's last axis, -1 where it is not known. */
    long last(String value) {
        int rank = rank(value);
        return rank == 0 ? -1 : shapes.shape(value).map(s -> s.dim(rank - 1).size()).orElse(-1L);
    }

    /** The content of an integer value, empty where it is not constant. */
    long[] longs(String value) {
        return shapes.constant(value).map(TensorData::toLongs).orElse(new long[0]);
    }
}
