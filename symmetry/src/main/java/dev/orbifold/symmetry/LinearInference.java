package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The pass that looks at axes as whole vector spaces, for the maps that mix coordinates: which axes carry the same
 * space or its dual, and what the operators leave of GL. It knows less about single coordinates than {@link Inference},
 * and any operator it has no rule for ends the mixing of everything that operator reads.
 */
final class LinearInference {
    /** A norm whose scale sits between a space and its readers. */
    record Fold(String scale, Ref before, Ref after) {
    }

    /** Operators that treat an axis as a whole, so that positions merged into it do not matter. */
    private static final Set<String> PASS_BATCHED = Set.of("Identity", "Neg", "Cast", "Add", "Sub", "Mul", "Div",
            "Where", "MatMul", "Reshape", "Transpose");

    private final Graph graph;
    private final Shapes shapes;
    private final Frames frames = new Frames();
    private final Map<String, TensorData> parameters;
    private final Map<String, List<Optional<Ref>>> types = new HashMap<>();
    private final Map<String, List<Optional<Ref>>> parameterTypes = new LinkedHashMap<>();
    private final List<Fold> folds = new ArrayList<>();
    private final Map<String, Node> firstUse = new HashMap<>();
    private final Composites composites;

    LinearInference(Graph graph, Shapes shapes) {
        this.graph = graph;
        this.shapes = shapes;
        this.parameters = Tensors.real(graph);
        this.composites = Composites.of(graph, shapes);
    }

    /** Types every value. */
    void run() {
        for (Node node : graph.nodes()) {
            if (Tensors.isConstant(node)) {
                continue;
            }
            node.inputs().forEach(i -> firstUse.putIfAbsent(i, node));
            Optional<Composites.Composite> composite = composites.endingIn(node);
            if (composite.isPresent()) {
                LinearRules.composite(composite.get(), node, this);
            } else if (!composites.consumes(node)) {
                plain(node);
            }
        }
        graph.outputs().forEach(output -> end(output.name()));
    }

    private void plain(Node node) {
        boolean understood = ranksKnown(node) && (node.inputs().stream().noneMatch(this::mergesBatch)
                || PASS_BATCHED.contains(node.opType()));
        Optional<LinearRules.Rule> rule = understood ? LinearRules.of(node) : Optional.empty();
        if (rule.isPresent()) {
            rule.get().apply(node, this);
        }
        for (String output : node.outputs()) {
            if (!output.isEmpty() && !types.containsKey(output)) {
                define(output, nothing(output));
            }
        }
        if (rule.isEmpty()) {
            endAll(node);
        }
    }

    /** Whether an axis of a value carries a space together with positions whose number is not known. */
    private boolean mergesBatch(String value) {
        List<Optional<Ref>> type = value.isEmpty() ? List.of() : type(value);
        List<Dim> dims = dimensions(value);
        for (int a = 0; a < type.size(); a++) {
            if (type.get(a).isPresent() && (a >= dims.size() || !dims.get(a).isFixed())) {
                return true;
            }
        }
        return false;
    }

    /** Ends the mixing of everything a node reads. */
    void endAll(Node node) {
        node.inputs().forEach(this::end);
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.Subgraph subgraph) {
                subgraph.captured().forEach(this::end);
            }
        }
    }

    /** Ends the mixing along every axis of a value. */
    void end(String value) {
        if (!value.isEmpty()) {
            type(value).forEach(axis -> axis.ifPresent(this::end));
        }
    }

    /** Ends the mixing of a space. */
    void end(Ref ref) {
        frames.cap(ref, Frames.BASIS);
    }

    private boolean ranksKnown(Node node) {
        return java.util.stream.Stream.concat(node.inputs().stream(), node.outputs().stream())
                .allMatch(v -> v.isEmpty() || !types.getOrDefault(v, List.of()).isEmpty() || parameters.containsKey(v)
                        || shapes.shape(v).isPresent());
    }

    /** What lies along the axes of a value, empty for positions; parameters get a space of their own for every axis. */
    List<Optional<Ref>> type(String value) {
        List<Optional<Ref>> known = types.get(value);
        if (known != null) {
            return known;
        }
        TensorData tensor = parameters.get(value);
        List<Optional<Ref>> fresh = tensor == null ? nothing(value)
                : Arrays.stream(tensor.dims()).mapToObj(d -> d > 1
                        ? Optional.of(frames.fresh(Math.toIntExact(d)))
                        : Optional.<Ref>empty()).toList();
        types.put(value, fresh);
        if (tensor != null) {
            parameterTypes.put(value, fresh);
        }
        return fresh;
    }

    private List<Optional<Ref>> nothing(String value) {
        int rank = shapes.shape(value).map(Shape::rank).orElse(0);
        return java.util.Collections.nCopies(rank, Optional.empty());
    }

    /** Gives a value its type. */
    void define(String value, List<Optional<Ref>> type) {
        types.put(value, List.copyOf(type));
    }

    /** The norm's scale can be folded into what reads its result, and then the space before and after are one. */
    void fold(String scale, Ref before, Ref after) {
        folds.add(new Fold(scale, before, after));
    }

    /** The first node that reads a value. */
    Optional<Node> firstUse(String value) {
        return Optional.ofNullable(firstUse.get(value));
    }

    /** The spaces. */
    Frames frames() {
        return frames;
    }

    /** The Graph. */
    Graph graph() {
        return graph;
    }

    /** What is known of the values. */
    Shapes shapes() {
        return shapes;
    }

    /** Norms met. */
    List<Fold> folds() {
        return folds;
    }

    /** The types of the parameters used. */
    Map<String, List<Optional<Ref>>> parameterTypes() {
        return parameterTypes;
    }

    /** Whether a value is a real parameter of more than one element. */
    boolean isParameter(String value) {
        return parameters.containsKey(value);
    }

    /** The sizes of a value's axes, -1 where one is not a number. */
    long[] dims(String value) {
        return dimensions(value).stream().mapToLong(Dim::size).toArray();
    }

    /** The sizes of a value's axes. */
    List<Dim> dimensions(String value) {
        TensorData tensor = parameters.get(value);
        return tensor != null ? Arrays.stream(tensor.dims()).mapToObj(Dim::of).toList()
                : shapes.shape(value).map(Shape::dims).orElse(List.of());
    }

    /** The content of an integer value that does not depend on the inputs. */
    Optional<long[]> integers(String value) {
        return value.isEmpty() ? Optional.empty()
                : shapes.constant(value).filter(t -> !t.type().isReal()).map(TensorData::toLongs);
    }

    /** Whether a value is the number zero, given or left out. */
    boolean isZeroNumber(String value) {
        return value.isEmpty()
                || shapes.constant(value).map(t -> t.elements() == 1 && t.doubleAt(0) == 0).orElse(false);
    }

    /** Whether a value is a constant all of whose elements are zero. */
    boolean isZero(String value) {
        return shapes.constant(value).filter(t -> t.type().isReal() && !parameters.containsKey(value))
                .map(t -> Arrays.stream(t.toDoubles()).allMatch(x -> x == 0)).orElse(false);
    }
}
