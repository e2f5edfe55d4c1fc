package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One pass of type inference over a Graph: every node's rule reads the types of the node's inputs, ties coordinates
 * where the operator lines them up, and gives its outputs their types.
 */
final class Inference {
    /** How the reason begins why an output's units are fixed. */
    static final String SHOWN = "the graph output ";

    /** What the units of an axis are that a reshape splits in two, such as heads times coordinates of a head. */
    enum View {
        /** The heads. */
        BLOCKS,
        /** The heads within groups that share what is repeated for them ({@link Sharers}). */
        SHARERS,
        /** The coordinates, each in all heads at once. */
        COORDINATES
    }

    /**
     * The result of an activation with f(−x) = 2·at − f(x).
     *
     * @param part what the value carries
     */
    record Bend(String value, Part part, double at) {
    }

    private final Graph graph;
    private final Shapes shapes;
    private final Coordinates coordinates = new Coordinates();
    private final Map<String, Typed> types = new LinkedHashMap<>();
    private final Map<String, TensorData> parameters;
    private final Map<String, Typed> parameterTypes = new LinkedHashMap<>();
    private final Map<String, String> aliases = new HashMap<>();
    private final Map<String, Node> firstUse = new LinkedHashMap<>();
    private final List<Bend> bends = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final View view;
    private boolean repeats;

    Inference(Graph graph, Shapes shapes) {
        this(graph, shapes, View.BLOCKS);
    }

    Inference(Graph graph, Shapes shapes, View view) {
        this.graph = graph;
        this.shapes = shapes;
        this.parameters = Tensors.real(graph);
        this.view = view;
    }

    /** Types every value. */
    void run() {
        for (Node node : graph.nodes()) {
            if (Tensors.isConstant(node)) {
                continue;
            }
            if (node.opType().equals("Identity") && node.domain().isEmpty() && isParameter(source(node.input(0)))) {
                aliases.put(node.output(0), source(node.input(0)));
                continue;
            }
            for (String input : node.inputs()) {
                firstUse.putIfAbsent(source(input), node);
            }
            Optional<Rule> rule = Rules.of(node);
            if (rule.isEmpty()) {
                refuse(node, "there is no rule for it");
                continue;
            }
            try {
                if (ranksKnown(node)) {
                    MergedAxes.fix(node, this);
                    rule.get().apply(node, this);
                } else if (node.inputs().stream().anyMatch(v -> !type(v).parts().isEmpty())) {
                    refuse(node, "the shape of its inputs or outputs is not known");
                }
            } catch (SymmetryException e) {
                refuse(node, e.reason());
            }
        }
        graph.outputs().forEach(output -> pin(type(output.name()), SHOWN + output.name() + " shows it"));
    }

    private String source(String value) {
        return aliases.getOrDefault(value, value);
    }

    private boolean ranksKnown(Node node) {
        return Stream.concat(node.inputs().stream(), node.outputs().stream())
                .allMatch(v -> v.isEmpty() || types.containsKey(v) || shapes.shape(v).isPresent());
    }

    private void refuse(Node node, String why) {
        Set<String> read = new LinkedHashSet<>(node.inputs());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Subgraph subgraph) {
                read.addAll(subgraph.captured());
            }
        }
        read.forEach(v -> pin(type(v), node.label() + " has no rule"));
        node.outputs().forEach(v -> types.put(v, Typed.fixed(rank(v))));
        findings.add(new Finding(Finding.Severity.WARNING, "operator-without-rule", node.label(),
                "the symmetries of what " + node.label() + " reads are not followed: " + why
                        + "; its inputs are kept as they are"));
    }

    /** Notes that channels of several groups are one unit. */
    void joined(Node node, int groups) {
        findings.add(new Finding(Finding.Severity.INFO, "units-joined", node.label(), "its " + groups
                + " groups read channels that are moved, scaled and taken out together, the i-th of every group as one"
                + " unit; what a single channel does, such as dying alone, is not told"));
    }

    /** Notes that an axis is repeated; whether its copies are to be told from each other by nothing. */
    boolean repeating() {
        repeats = true;
        return view == View.SHARERS;
    }

    /** Whether units are the coordinates that all blocks have. */
    boolean byCoordinates() {
        return view == View.COORDINATES;
    }

    /** Whether anything was repeated. */
    boolean repeats() {
        return repeats;
    }

    /** The Graph. */
    Graph graph() {
        return graph;
    }

    /** What is known of the values. */
    Shapes shapes() {
        return shapes;
    }

    /** The coordinates met so far. */
    Coordinates coordinates() {
        return coordinates;
    }

    /** The types given to values that nodes make. */
    Map<String, Typed> types() {
        return types;
    }

    /** The types of the parameters used, one coordinate per index of every axis, in the order of first use. */
    Map<String, Typed> parameterTypes() {
        return parameterTypes;
    }

    /** The results of activations that are odd about another number than 0. */
    List<Bend> bends() {
        return bends;
    }

    /** Notes that a value is made by an activation that is odd about another number than 0. */
    void bend(Bend bend) {
        bends.add(bend);
    }

    /** What could not be followed. */
    List<Finding> findings() {
        return findings;
    }

    /** The first node that reads a value. */
    Optional<Node> firstUse(String value) {
        return Optional.ofNullable(firstUse.get(value));
    }

    /** The type of a value; parameters get a fresh coordinate for every index of every axis. */
    Typed type(String value) {
        Typed known = types.get(value);
        if (known != null) {
            return known;
        }
        if (aliases.containsKey(value)) {
            Typed original = type(source(value));
            types.put(value, original);
            return original;
        }
        TensorData tensor = parameters.get(value);
        if (tensor == null) {
            return Typed.fixed(rank(value));
        }
        Typed fresh = Typed.fixed(tensor.rank());
        for (int axis = 0; axis < tensor.rank(); axis++) {
            if (tensor.dim(axis) > 1) {
                int[] nodes = coordinates.fresh(Math.toIntExact(tensor.dim(axis)));
                fresh = fresh.with(Part.of(axis, Elements.of(nodes)));
            }
        }
        types.put(value, fresh);
        parameterTypes.put(value, fresh);
        return fresh;
    }

    /** The type of a value, every axis on its own: jointly carried axes become blocks along the first of them. */
    Typed resolved(String value) {
        return resolve(type(value));
    }

    /** A type with every axis on its own. */
    Typed resolve(Typed type) {
        return type.map(this::resolve);
    }

    /**
     * The part as blocks along one axis: what lies on the other axes moves as one, its order kept. It is the first axis
     * (heads), or the last (coordinates of a head).
     */
    Part resolve(Part part) {
        if (!part.joint()) {
            return part;
        }
        boolean last = byCoordinates();
        int axis = last ? part.axes().length - 1 : 0;
        int blocks = part.sizes()[axis];
        int size = part.node().length / blocks;
        int[] units = coordinates.fresh(blocks);
        int[] unit = new int[part.node().length];
        int[] label = new int[part.node().length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = units[last ? i % blocks : i / size];
            label[i] = last ? i / blocks : i % size;
        }
        relate(List.of(part.elements(), Elements.of(unit)), label, Scales.none(0, 2), Scales.none(1, 2));
        return new Part(new int[] {part.axes()[axis]}, new int[] {blocks}, units, new int[blocks]);
    }

    /** Gives a value its type. */
    void define(String value, Typed type) {
        if (!value.isEmpty()) {
            types.put(value, type);
        }
    }

    /** Lines rows up, without a label. */
    void relate(List<Elements> rows, Scales... scales) {
        relate(rows, new int[0], scales);
    }

    /** Lines rows up: they move together, position by position, keeping the label. */
    void relate(List<Elements> rows, int[] label, Scales... scales) {
        coordinates.add(new Site(rows, label, List.of(scales)));
    }

    /** Every part of a type goes through an operator that lets only some scales pass. */
    void touch(Typed type, Passes passes) {
        type.parts().forEach(part -> relate(List.of(part.elements()), passes.scales(0, 1)));
    }

    /** Fixes every coordinate of a type. */
    void pin(Typed type, String reason) {
        type.parts().forEach(part -> pin(part.elements(), reason));
    }

    /** Fixes every coordinate of a row. */
    void pin(Elements elements, String reason) {
        for (int node : elements.node()) {
            if (node >= 0) {
                coordinates.pin(node, reason);
            }
        }
    }

    /** Fixes what lies on one axis; the type without it. */
    Typed pinned(Typed type, int axis, String reason) {
        type.at(axis).ifPresent(part -> pin(part.elements(), reason));
        return type.without(axis);
    }

    /** Notes that the units on an axis can be permuted but not be taken out. */
    void keep(Elements elements, String reason) {
        for (int node : elements.node()) {
            if (node >= 0) {
                coordinates.keep(node, reason);
            }
        }
    }

    /** The rank of a value, or -1. */
    int rank(String value) {
        Typed known = types.get(value);
        return known != null ? known.rank() : shapes.shape(value).map(Shape::rank).orElse(-1);
    }

    /** The sizes of a value's axes, -1 where one is not a number. */
    long[] dims(String value) {
        TensorData tensor = parameters.get(source(value));
        if (tensor != null) {
            return tensor.dims();
        }
        return shape(value).dims().stream().mapToLong(Dim::size).toArray();
    }

    /**
     * The shape of a value.
     *
     * @throws SymmetryException if it is not known
     */
    Shape shape(String value) {
        return shapes.shape(value)
                .orElseThrow(() -> new SymmetryException("the shape of its value " + value + " is not known"));
    }

    /** Whether a value is a real parameter of the Graph. */
    boolean isParameter(String value) {
        return parameters.containsKey(source(value));
    }

    /** The content of an integer value, where it does not depend on the inputs. */
    Optional<long[]> integers(String value) {
        return value.isEmpty() ? Optional.empty() : shapes.constant(value).map(TensorData::toLongs);
    }

    /** The one number a constant value consists of, if all its elements are equal. */
    Optional<Double> uniform(String value) {
        Optional<TensorData> constant = value.isEmpty() || isParameter(value) ? Optional.empty()
                : shapes.constant(value).filter(t -> t.type() != DataType.STRING);
        if (constant.isEmpty() || constant.get().elements() == 0) {
            return Optional.empty();
        }
        TensorData tensor = constant.get();
        double first = tensor.doubleAt(0);
        for (long i = 1; i < tensor.elements(); i++) {
            if (Double.compare(tensor.doubleAt(i), first) != 0) {
                return Optional.empty();
            }
        }
        return Optional.of(first);
    }
}
