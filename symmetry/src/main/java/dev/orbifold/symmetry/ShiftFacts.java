package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** What the rules for shifts ask about a Graph, whichever parameter is shifted. */
final class ShiftFacts {
    /** A tensor that does not depend on the inputs; its elements are read where they are needed. */
    record Constant(int[] dims, Supplier<double[]> values) {
    }

    /** Operators that hand a parameter on as it is or rearranged. */
    private static final Set<String> ARRANGING = Set.of("Identity", "Cast", "Reshape", "Flatten", "Squeeze",
            "Unsqueeze", "Transpose");
    /** Operators whose biases have a number for each unit, so that a single one has a single unit. */
    private static final Set<String> PER_UNIT = Set.of("Conv", "ConvTranspose", "BatchNormalization",
            "InstanceNormalization");

    private final Graph graph;
    private final Shapes shapes;
    private final Composites composites;
    private final boolean trainable;
    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, Integer> reads = new HashMap<>();
    private final Map<String, Integer> order = new HashMap<>();
    private final Map<String, Boolean> fixed = new HashMap<>();
    private final Set<String> shown = new HashSet<>();

    ShiftFacts(Graph graph, Shapes shapes, boolean trainable) {
        this.graph = graph;
        this.shapes = shapes;
        this.trainable = trainable;
        this.composites = Composites.of(graph, shapes);
        graph.outputs().forEach(o -> shown.add(o.name()));
        for (Node node : graph.nodes()) {
            node.outputs().forEach(o -> producers.put(o, node));
            node.inputs().forEach(i -> reads.merge(i, 1, Integer::sum));
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Subgraph subgraph) {
                    shown.addAll(subgraph.captured());
                }
            }
        }
        for (int n = graph.nodes().size() - 1; n >= 0; n--) {
            Node node = graph.nodes().get(n);
            int at = arranges(node) ? order.getOrDefault(node.output(0), n) : n;
            node.inputs().forEach(i -> order.merge(i, at, Math::min));
        }
    }

    Graph graph() {
        return graph;
    }

    Composites composites() {
        return composites;
    }

    /** Whether running statistics may not move, so that what moves are weights alone. */
    boolean trainable() {
        return trainable;
    }

    /** The number of the first node that computes with a value. */
    int order(String value) {
        return order.getOrDefault(value, Integer.MAX_VALUE);
    }

    Optional<Node> producer(String value) {
        return Optional.ofNullable(producers.get(value));
    }

    /** Whether a value is read at one place, and is neither shown nor captured. */
    boolean readOnce(String value) {
        return reads.getOrDefault(value, 0) == 1 && !shown.contains(value);
    }

    /** The nodes that read a value. */
    List<Node> readers(String value) {
        return graph.nodes().stream().filter(n -> n.inputs().contains(value)).toList();
    }

    boolean isShown(String value) {
        return shown.contains(value);
    }

    /** Whether a node only rearranges the elements of its first input. */
    static boolean arranges(Node node) {
        return node.domain().isEmpty() && ARRANGING.contains(node.opType());
    }

    /** Whether a node hands a parameter on in a finer type than its own, which takes no number back exactly. */
    boolean raises(Node node) {
        return node.opType().equals("Cast") && Precision.raises(node, graph, shapes);
    }

    /**
     * A real initializer with axes that is no mask: masks are known by entries that no weight has. Nor is a single 0 that is
     * added to several units a weight: it is read as nothing, and lets scales pass that another number would not.
     */
    boolean isWeight(String name) {
        TensorData tensor = graph.parameters().get(name);
        return tensor != null && isTensor(name) && !fixed.computeIfAbsent(name, n -> Masks.isMask(tensor)
                || tensor.elements() == 1 && tensor.doubleAt(0) == 0 && spreads(n));
    }

    /** Whether a single number is added along an axis that may carry units. */
    private boolean spreads(String value) {
        return readers(value).stream().anyMatch(node -> {
            if (arranges(node)) {
                return spreads(node.output(0));
            }
            if (!node.domain().isEmpty() || PER_UNIT.contains(node.opType())) {
                return false;
            }
            Optional<Shape> out = shape(node.output(0));
            int first = node.opType().equals("Gemm") && constant(node.input(0)).isEmpty() ? 1 : 0;
            return out.isEmpty()
                    || IntStream.range(first, out.get().rank()).anyMatch(a -> size(node.output(0), a) > 1);
        });
    }

    /** Whether a name is that of an initializer that could be a weight, or a mask. */
    boolean isTensor(String name) {
        TensorData tensor = graph.parameters().get(name);
        return tensor != null && tensor.type().isReal() && tensor.rank() > 0 && tensor.elements() > 0;
    }

    /** The sizes of an initializer. */
    int[] parameterDims(String name) {
        return graph.parameter(name).map(t -> Arrays.stream(t.dims()).mapToInt(Math::toIntExact).toArray())
                .orElse(new int[0]);
    }

    Optional<Shape> shape(String value) {
        return graph.parameters().containsKey(value) ? graph.parameter(value).map(TensorData::shape)
                : shapes.shape(value);
    }

    /** The number of axes, -1 where it is not known. */
    int rank(String value) {
        return shape(value).map(Shape::rank).orElse(-1);
    }

    /** The size of an axis, -1 where it is no number. */
    int size(String value, int axis) {
        Dim dim = shape(value).filter(s -> axis < s.rank()).map(s -> s.dim(axis)).orElse(Dim.UNKNOWN);
        return dim.isFixed() ? Math.toIntExact(dim.size()) : -1;
    }

    /** The content of an integer value that does not depend on the inputs. */
    Optional<long[]> integers(String value) {
        return value.isEmpty() ? Optional.empty()
                : shapes.constant(value).filter(t -> !t.type().isReal()).map(TensorData::toLongs);
    }

    /** A real tensor that does not depend on the inputs, read through rearranging nodes, whatever its size. */
    Optional<Constant> constant(String value) {
        Optional<TensorData> known = shapes.constant(value).filter(t -> t.type().isReal());
        if (known.isPresent()) {
            return Optional.of(new Constant(ints(known.get().dims()), known.get()::toDoubles));
        }
        Optional<Node> node = producer(value).filter(ShiftFacts::arranges);
        Optional<Constant> from = node.flatMap(n -> constant(n.input(0)));
        Optional<Shape> shape = shape(value).filter(Shape::isFixed);
        if (from.isEmpty() || shape.isEmpty()) {
            return Optional.empty();
        }
        int[] dims = ints(shape.get().sizes(1));
        if (!node.get().opType().equals("Transpose")) {
            return Optional.of(new Constant(dims, from.get().values()));
        }
        int[] strides = Offset.strides(from.get().dims());
        int[] step = Arrays.stream(permutation(node.get(), dims.length)).map(a -> strides[a]).toArray();
        return Optional.of(new Constant(dims, () -> Offset.rearranged(from.get().values().get(), dims, step)));
    }

    private static int[] ints(long[] dims) {
        return Arrays.stream(dims).mapToInt(Math::toIntExact).toArray();
    }

    /** Where the axes of a Transpose's output come from. */
    static int[] permutation(Node node, int rank) {
        int[] perm = new int[rank];
        Optional<long[]> given = node.integers("perm");
        Arrays.setAll(perm, a -> given.map(p -> (int) p[a]).orElse(rank - 1 - a));
        return perm;
    }

    /** Whether a value is weights that add up to 1 along an axis: a softmax, on its way to what it weighs. */
    boolean sumsToOne(String value, int axis) {
        Node node = producers.get(value);
        if (node == null || !node.domain().isEmpty() || axis < 0) {
            return false;
        }
        int rank = rank(node.input(0));
        return switch (node.opType()) {
            case "Softmax" -> {
                boolean[] over = softmaxAxes(node, rank);
                int count = 0;
                for (boolean o : over) {
                    count += o ? 1 : 0;
                }
                yield count == 1 && axis < over.length && over[axis];
            }
            case "Identity", "Cast" -> sumsToOne(node.input(0), axis);
            case "Dropout" -> node.output(0).equals(value) && !trains(node) && sumsToOne(node.input(0), axis);
            case "Transpose" -> sumsToOne(node.input(0), permutation(node, rank)[axis]);
            case "Unsqueeze", "Squeeze", "Reshape", "Flatten" -> {
                Optional<int[]> origin = origins(node);
                yield origin.isPresent() && sumsToOne(node.input(0), origin.get()[axis]);
            }
            default -> false;
        };
    }

    /** For every axis of a Reshape's output the one axis of the input that it is, -1 where there is none. */
    private Optional<int[]> origins(Node node) {
        return shape(node.input(0)).flatMap(in -> shape(node.output(0)).map(out -> {
            int[] origin = new int[out.rank()];
            Arrays.fill(origin, -1);
            for (Reshaping.AxisGroup group : Reshaping.groups(in.dims(), out.dims())) {
                int[] from = IntStream.range(group.inFrom(), group.inTo()).filter(a -> !in.dim(a).equals(Dim.of(1)))
                        .toArray();
                int[] to = IntStream.range(group.outFrom(), group.outTo()).filter(a -> !out.dim(a).equals(Dim.of(1)))
                        .toArray();
                if (from.length == 1 && to.length == 1) {
                    origin[to[0]] = from[0];
                }
            }
            return origin;
        }));
    }

    /** Whether a Dropout drops anything. */
    boolean trains(Node dropout) {
        return Dropouts.drop(dropout, shapes);
    }

    /** The axes over which a Softmax runs; none where the rank is not known. */
    boolean[] softmaxAxes(Node node, int rank) {
        boolean[] over = new boolean[Math.max(rank, 0)];
        int axis = rank <= 0 ? 0 : (int) Math.floorMod(node.integer("axis", graph.opset() < 13 ? 1 : -1), (long) rank);
        for (int a = axis; a < over.length && (a == axis || graph.opset() < 13); a++) {
            over[a] = true;
        }
        return over;
    }
}
