package dev.orbifold.graph;

import java.util.Optional;

/** What is known of every value of a Graph without running it: element type, shape, and the content of constants. */
public final class Shapes {
    /**
     * Infers shapes with a symbolic batch, folding shape arithmetic on the way.
     *
     * @throws GraphException if the Graph contradicts itself
     */
    public static Shapes of(Graph graph) {
        throw new UnsupportedOperationException("in work");
    }

    /** The shape of a value (graph input, node output or parameter), if it could be inferred. */
    public Optional<Shape> shape(String value) {
        return Optional.empty();
    }

    /** The element type of a value, if known. */
    public Optional<DataType> type(String value) {
        return Optional.empty();
    }

    /** The content of a value that does not depend on the inputs: parameters, Constant nodes, and folded arithmetic. */
    public Optional<TensorData> constant(String value) {
        return Optional.empty();
    }
}
