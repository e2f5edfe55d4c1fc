package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What a {@link Kernel.Factory} knows of the node it compiles. */
final class Site {
    /** Thrown by a factory: the engine lacks this use of the operator. */
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unsupported(String reason) {
            super(reason, null, false, false);
        }
    }

    /** A list of integers that is either known when compiling or read from a value when running. */
    @FunctionalInterface
    interface Longs {
        long[] of(Frame frame);
    }

    private final Node node;
    private final int opset;
    private final int[] inputs;
    private final int[] outputs;
    private final Map<Integer, TensorData> contents;
    private final BitSet constant;
    private final DataType real;
    private final boolean lastReader;
    private final String producer;
    private final boolean fed;

    /**
     * @param contents what is known when compiling, by slot: constants and the Graph's own parameters
     * @param constant slots no run can change
     * @param real what FLOAT stands for: FLOAT or DOUBLE
     * @param lastReader whether nobody else reads the first input, which a node made
     * @param producer the operator that makes the first input; empty where none does
     * @param fed whether the first input is one of the graph's
     */
    Site(Node node, int opset, int[] inputs, int[] outputs, Map<Integer, TensorData> contents, BitSet constant,
            DataType real, boolean lastReader, String producer, boolean fed) {
        this.node = node;
        this.opset = opset;
        this.inputs = inputs;
        this.outputs = outputs;
        this.contents = contents;
        this.constant = constant;
        this.real = real;
        this.lastReader = lastReader;
        this.producer = producer;
        this.fed = fed;
    }

    Node node() {
        return node;
    }

    int opset() {
        return opset;
    }

    int inputs() {
        return inputs.length;
    }

    int outputs() {
        return outputs.length;
    }

    boolean has(int input) {
        return input < inputs.length && inputs[input] != Frame.NONE;
    }

    /** The slot of an input that must be there. */
    int in(int input) {
        if (!has(input)) {
            throw new Unsupported("input " + input + " is missing");
        }
        return inputs[input];
    }

    /** The slot of an input, or {@link Frame#NONE}. */
    int optional(int input) {
        return has(input) ? inputs[input] : Frame.NONE;
    }

    /** The slot of an output, or {@link Frame#NONE}. */
    int out(int output) {
        return output < outputs.length ? outputs[output] : Frame.NONE;
    }

    int[] ins() {
        return inputs.clone();
    }

    int[] outs() {
        return outputs.clone();
    }

    /** The content of an input that is known when compiling. */
    Optional<TensorData> content(int input) {
        return has(input) ? Optional.ofNullable(contents.get(inputs[input])) : Optional.empty();
    }

    /** Whether an input is the same in every run; a parameter is not. */
    boolean isFixed(int input) {
        return has(input) && constant.get(inputs[input]);
    }

    /** The number of axes of an input, if it is known when compiling. */
    Optional<Integer> rank(int input) {
        return content(input).map(TensorData::rank);
    }

    /** Whether the node may overwrite its first input: nobody else reads it, and its maker does not need it again. */
    boolean mayOverwrite(java.util.Set<String> makers) {
        return lastReader && makers.contains(producer);
    }

    /** Whether the first input is one of the graph's. */
    boolean isFed() {
        return fed;
    }

    /** A list that older operator sets keep in an attribute and newer ones in an input. */
    Optional<Longs> longs(String attribute, int input) {
        Optional<long[]> given = node.integers(attribute);
        if (given.isPresent()) {
            long[] values = given.get();
            return Optional.of(frame -> values);
        }
        return longs(input);
    }

    /** The integers of an input. */
    Optional<Longs> longs(int input) {
        if (!has(input)) {
            return Optional.empty();
        }
        Optional<TensorData> content = content(input);
        if (content.isPresent()) {
            long[] values = content.get().toLongs();
            return Optional.of(frame -> values);
        }
        int slot = inputs[input];
        return Optional.of(frame -> frame.longs(slot));
    }

    /** A single real that older operator sets keep in an attribute and newer ones in a constant input. */
    Optional<Double> real(String attribute, int input) {
        if (node.attribute(attribute).isPresent()) {
            return Optional.of((double) node.real(attribute, 0));
        }
        return content(input).filter(data -> data.elements() == 1).map(data -> data.doubleAt(0));
    }

    /** libtorch's type for an ONNX one, at the precision the Program computes in. */
    ScalarType type(DataType type) {
        return Tensors.scalarType(type == DataType.FLOAT ? real : type);
    }

    /** libtorch's type for reals at the precision the Program computes in. */
    ScalarType real() {
        return type(DataType.FLOAT);
    }

    /** A number for libtorch, owned by the Program. */
    Scalar scalar(double value) {
        return new Scalar(value);
    }

    /** The exception that says why this node cannot run. */
    Unsupported unsupported(String reason) {
        return new Unsupported(reason);
    }

    /**
     * Refuses a string attribute that has a value outside those given.
     *
     * @return the attribute's value
     */
    String oneOf(String attribute, String orElse, String... supported) {
        String value = node.text(attribute, orElse);
        for (String s : supported) {
            if (s.equals(value)) {
                return value;
            }
        }
        throw new Unsupported(attribute + " = " + value + " is not supported, only " + String.join(", ", supported));
    }
}
