package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of every value of a Graph without running it: element type, shape, and the content of constants.
 *
 * <p>
 * Symbolic dimensions keep their names; an unnamed dimension of an input is named after the input and axis, as in
 * {@code x[0]}. Arithmetic on shapes is followed symbolically, so that a dimension may be an expression such as
 * {@code 64*batch}. An operator without a rule leaves its outputs to what the file declares of them.
 */
public final class Shapes {
    private final Map<String, Shape> shapes = new HashMap<>();
    private final Map<String, DataType> types = new HashMap<>();
    private final Map<String, TensorData> constants = new HashMap<>();
    private final Map<String, List<Size>> contents = new HashMap<>();
    private final Map<String, Shape> declaredOnly = new HashMap<>();

    private Shapes() {
    }

    /**
     * Infers shapes with a symbolic batch, folding shape arithmetic on the way.
     *
     * @throws GraphException if the Graph contradicts itself
     */
    public static Shapes of(Graph graph) {
        Shapes known = new Shapes();
        graph.parameters().forEach(known::constant);
        for (ValueInfo input : graph.inputs()) {
            input.type().ifPresent(type -> known.type(input.name(), type));
            input.shape().ifPresent(shape -> known.shape(input.name(), named(input.name(), shape)));
        }
        Map<String, ValueInfo> declared = new HashMap<>();
        graph.declared().forEach(info -> declared.put(info.name(), info));
        graph.outputs().forEach(info -> declared.put(info.name(), info));
        for (Node node : graph.nodes()) {
            known.infer(node, graph);
            node.outputs().forEach(output -> Optional.ofNullable(declared.get(output)).ifPresent(known::fill));
        }
        return known;
    }

    /** The shape of a value (graph input, node output or parameter), if it could be inferred. */
    public Optional<Shape> shape(String value) {
        return Optional.ofNullable(shapes.get(value));
    }

    /** The element type of a value, if known. */
    public Optional<DataType> type(String value) {
        return Optional.ofNullable(types.get(value));
    }

    /** The content of a value that does not depend on the inputs: parameters, Constant nodes, and folded arithmetic. */
    public Optional<TensorData> constant(String value) {
        return Optional.ofNullable(constants.get(value));
    }

    /** The shape of a value where it was inferred and not only declared. */
    Optional<Shape> inferred(String value) {
        return declaredOnly.containsKey(value) ? Optional.empty() : shape(value);
    }

    Optional<List<Size>> content(String value) {
        return Optional.ofNullable(contents.get(value));
    }

    void shape(String value, Shape shape) {
        if (!value.isEmpty()) {
            shapes.put(value, shape);
        }
    }

    void type(String value, DataType type) {
        if (!value.isEmpty()) {
            types.put(value, type);
        }
    }

    void constant(String value, TensorData data) {
        if (!value.isEmpty()) {
            constants.put(value, data);
            types.put(value, data.type());
            shapes.put(value, data.shape());
        }
    }

    void content(String value, List<Size> content) {
        if (!value.isEmpty()) {
            contents.put(value, List.copyOf(content));
        }
    }

    private void infer(Node node, Graph graph) {
        if (!node.domain().isEmpty()) {
            return;
        }
        NodeFacts facts = new NodeFacts(this, node, graph.opset());
        List<TensorData> inputs = new ArrayList<>();
        for (String input : node.inputs()) {
            constant(input).ifPresent(inputs::add);
        }
        boolean allConstant = inputs.size() == node.inputs().stream().filter(i -> !i.isEmpty()).count();
        ShapeRules.infer(facts);
        if (allConstant) {
            Constants.evaluate(facts).ifPresent(data -> {
                for (int i = 0; i < data.size(); i++) {
                    facts.constant(i, data.get(i));
                }
            });
        }
        node.outputs().forEach(this::settle);
    }

    /** Turns integers that are all known into a constant. */
    private void settle(String output) {
        List<Size> content = contents.get(output);
        Shape shape = shapes.get(output);
        DataType type = types.get(output);
        if (content == null || shape == null || type == null || constants.containsKey(output) || !shape.isFixed()
                || !content.stream().allMatch(Size::isConstant)) {
            return;
        }
        long[] dims = shape.sizes(1);
        if (Arrays.stream(dims).reduce(1, (a, b) -> a * b) == content.size()) {
            constant(output, Constants.integers(type, content.stream().mapToLong(Size::factor).toArray(), dims));
        }
    }

    private void fill(ValueInfo info) {
        String name = info.name();
        if (!types.containsKey(name)) {
            info.type().ifPresent(type -> types.put(name, type));
        }
        if (info.shape().isEmpty()) {
            return;
        }
        Shape declared = info.shape().get();
        Shape inferred = shapes.get(name);
        if (inferred == null) {
            shapes.put(name, declared);
            declaredOnly.put(name, declared);
        } else if (inferred.rank() == declared.rank()) {
            List<Dim> dims = new ArrayList<>();
            for (int i = 0; i < inferred.rank(); i++) {
                dims.add(inferred.dim(i).equals(Dim.UNKNOWN) ? declared.dim(i) : inferred.dim(i));
            }
            shapes.put(name, new Shape(dims));
        }
    }

    private static Shape named(String input, Shape shape) {
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < shape.rank(); i++) {
            Dim dim = shape.dim(i);
            dims.add(dim.equals(Dim.UNKNOWN) ? Dim.named(input + "[" + i + "]") : dim);
        }
        return new Shape(dims);
    }
}
