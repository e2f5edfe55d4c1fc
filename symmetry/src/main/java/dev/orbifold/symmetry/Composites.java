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
     * Coordinates j and j + d/2 of the last axis are turned in their plane by constant angles.
     *
     * @param input what is turned
     * @param angles the cosines and sines; equal for the two coordinates of a plane
     */
    record Rotary(String input, List<String> angles) implements Composite {
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
        for (Node node : graph.nodes()) {
            found.norm(node);
            found.rotary(node);
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

    private Optional<Node> producer(String value, String... operators) {
        return Optional.ofNullable(producers.get(value))
                .filter(n -> n.domain().isEmpty() && List.of(operators).contains(n.opType()));
    }

    /** Takes nodes as one, unless a result in between is used elsewhere. */
    private void take(Node end, Composite composite, Set<Node> nodes) {
        for (Node node : nodes) {
            for (String output : node.outputs()) {
                boolean elsewhere = consumers.getOrDefault(output, Set.of()).stream()
                        .anyMatch(c -> c != end && !nodes.contains(c));
                if (shown.contains(output) || elsewhere) {
                    return;
                }
            }
        }
        ends.put(end, composite);
        inside.addAll(nodes);
    }

    private static Set<Node> nodes(Node... nodes) {
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

    /** x·cos + (−second half, first half of x)·sin. */
    private void rotary(Node node) {
        if (!node.opType().equals("Add") || !node.domain().isEmpty()) {
            return;
        }
        for (int side = 0; side < 2; side++) {
            Optional<Node> plain = producer(node.input(side), "Mul");
            Optional<Node> turned = producer(node.input(1 - side), "Mul");
            if (plain.isEmpty() || turned.isEmpty()) {
                return;
            }
            for (int factor = 0; factor < 2; factor++) {
                Optional<Node> halves = producer(turned.get().input(factor), "Concat");
                if (halves.isPresent() && turn(node, plain.get(), turned.get().input(1 - factor),
                        nodes(turned.get(), halves.get()), halves.get())) {
                    return;
                }
            }
        }
    }

    private boolean turn(Node end, Node plain, String sine, Set<Node> turned, Node halves) {
        if (halves.inputs().size() != 2) {
            return false;
        }
        Optional<Node> minus = producer(halves.input(0), "Neg");
        if (minus.isEmpty()) {
            return false;
        }
        String second = minus.get().input(0);
        String first = halves.input(1);
        for (int side = 0; side < 2; side++) {
            String x = plain.input(side);
            String cosine = plain.input(1 - side);
            int rank = shapes.shape(x).map(Shape::rank).orElse(0);
            long size = rank == 0 ? -1 : shapes.shape(x).orElseThrow().dim(rank - 1).size();
            if (size <= 0 || size % 2 != 0
                    || Math.floorMod(halves.integer("axis", 0), (long) rank) != rank - 1
                    || !repeats(cosine, size, rank) || !repeats(sine, size, rank)) {
                continue;
            }
            Set<Node> path = nodes(plain, minus.get());
            path.addAll(turned);
            if (isPart(first, x, 0, size / 2, rank, path) && isPart(second, x, size / 2, size, rank, path)) {
                take(end, new Rotary(x, List.of(cosine, sine)), path);
                return ends.containsKey(end);
            }
        }
        return false;
    }

    /** Whether the second half of a value's last axis equals the first, however it is computed. */
    private boolean repeats(String value, long size, int rank) {
        int own = shapes.shape(value).map(Shape::rank).orElse(Integer.MAX_VALUE);
        if (own > rank) {
            return false;
        }
        if (own == 0 || shapes.shape(value).orElseThrow().dim(own - 1).size() == 1) {
            return true;
        }
        if (shapes.shape(value).orElseThrow().dim(own - 1).size() != size) {
            return false;
        }
        Optional<TensorData> constant = shapes.constant(value);
        if (constant.isPresent()) {
            double[] x = constant.get().toDoubles();
            int half = Math.toIntExact(size / 2);
            return IntStream.range(0, x.length).allMatch(i -> i % size < half || x[i] == x[i - half]);
        }
        Node node = producers.get(value);
        if (node == null || !node.domain().isEmpty()) {
            return false;
        }
        return switch (node.opType()) {
            case "Cos", "Sin", "Cast", "Identity" -> repeats(node.input(0), size, rank);
            case "Mul" -> repeats(node.input(0), size, rank) && repeats(node.input(1), size, rank);
            case "Unsqueeze" -> keepsLast(node) && repeats(node.input(0), size, rank);
            case "Gather" -> Math.floorMod(node.integer("axis", 0), rankOf(node.input(0))) < rankOf(node.input(0)) - 1
                    && repeats(node.input(0), size, rank);
            case "Concat" -> node.inputs().size() == 2 && node.input(0).equals(node.input(1))
                    && Math.floorMod(node.integer("axis", 0), (long) own) == own - 1;
            default -> false;
        };
    }

    /** Whether the last axis is none of those added. */
    private boolean keepsLast(Node unsqueeze) {
        long[] axes =
                unsqueeze.hasInput(1) ? longs(unsqueeze.input(1)) : unsqueeze.integers("axes").orElse(new long[0]);
        long rank = rankOf(unsqueeze.input(0)) + axes.length;
        return axes.length > 0 && Arrays.stream(axes).allMatch(a -> Math.floorMod(a, rank) != rank - 1);
    }

    private long rankOf(String value) {
        return shapes.shape(value).map(Shape::rank).orElse(1);
    }

    /** Whether a value is the given range of the last axis of another. */
    private boolean isPart(String value, String whole, long from, long to, int rank, Set<Node> path) {
        Optional<Node> split = producer(value, "Split").filter(s -> s.input(0).equals(whole)
                && Math.floorMod(s.integer("axis", 0), (long) rank) == rank - 1 && s.outputs().size() == 2);
        if (split.isPresent()) {
            path.add(split.get());
            long half = shapes.shape(value).map(s -> s.dim(rank - 1).size()).orElse(-1L);
            return half == to - from && split.get().outputs().indexOf(value) == (from == 0 ? 0 : 1);
        }
        Optional<Node> slice = producer(value, "Slice").filter(s -> s.input(0).equals(whole) && s.hasInput(2));
        if (slice.isEmpty()) {
            return false;
        }
        path.add(slice.get());
        long[] starts = longs(slice.get().input(1));
        long[] ends2 = longs(slice.get().input(2));
        long[] axes = slice.get().hasInput(3) ? longs(slice.get().input(3)) : new long[] {0};
        boolean plain = !slice.get().hasInput(4) || Arrays.equals(longs(slice.get().input(4)), new long[] {1});
        return plain && starts.length == 1 && ends2.length == 1 && axes.length == 1
                && Math.floorMod(axes[0], (long) rank) == rank - 1
                && bound(starts[0], 2 * Math.max(to - from, 1)) == from
                && bound(ends2[0], 2 * Math.max(to - from, 1)) == to;
    }

    private static long bound(long index, long size) {
        return Math.clamp(index < 0 ? index + size : index, 0, size);
    }

    private long[] longs(String value) {
        return shapes.constant(value).map(TensorData::toLongs).orElse(new long[0]);
    }
}
