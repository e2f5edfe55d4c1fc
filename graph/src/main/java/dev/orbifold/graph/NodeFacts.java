package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What is known around one node while shapes are inferred: its inputs, and the outputs its rule sets. */
final class NodeFacts {
    /** Ends a rule early: what it needs is not known. */
    static final class NotKnown extends RuntimeException {
        private static final long serialVersionUID = 1L;
        static final NotKnown IT = new NotKnown();

        private NotKnown() {
            super("not known", null, false, false);
        }
    }

    private static final int LONGEST_CONTENT = 1024;

    private final Shapes known;
    private final Node node;
    private final int opset;

    NodeFacts(Shapes known, Node node, int opset) {
        this.known = known;
        this.node = node;
        this.opset = opset;
    }

    Node node() {
        return node;
    }

    int opset() {
        return opset;
    }

    boolean has(int input) {
        return node.hasInput(input);
    }

    /** The input's shape, or the end of the rule. */
    Shape shape(int input) {
        return maybeShape(input).orElseThrow(() -> NotKnown.IT);
    }

    Optional<Shape> maybeShape(int input) {
        return known.shape(node.input(input));
    }

    Optional<DataType> type(int input) {
        return known.type(node.input(input));
    }

    Optional<TensorData> constant(int input) {
        return known.constant(node.input(input));
    }

    /** The input's integers, or the end of the rule. */
    List<Size> content(int input) {
        return maybeContent(input).orElseThrow(() -> NotKnown.IT);
    }

    /** The input's integers (or booleans as 0 and 1) as far as they are known, for inputs of rank 0 and 1. */
    Optional<List<Size>> maybeContent(int input) {
        String name = node.input(input);
        Optional<List<Size>> content = known.content(name);
        if (content.isPresent()) {
            return content;
        }
        Optional<TensorData> data = known.constant(name).filter(d -> d.rank() <= 1
                && d.elements() <= LONGEST_CONTENT && (isInteger(d.type()) || d.type() == DataType.BOOL));
        if (data.isPresent()) {
            return data.map(d -> Arrays.stream(d.toLongs()).mapToObj(Size::of).toList());
        }
        // Nothing is known of the values, but how many there are.
        return maybeShape(input).filter(s -> s.rank() == 1 && s.isFixed() && s.dim(0).size() <= LONGEST_CONTENT)
                .filter(s -> known.type(name).map(NodeFacts::isInteger).orElse(false))
                .map(s -> Collections.nCopies((int) s.dim(0).size(), Size.UNKNOWN));
    }

    /** The input's integers, all of them constant, or the end of the rule. */
    long[] integers(int input) {
        TensorData data = constant(input).orElseThrow(() -> NotKnown.IT);
        if (!isInteger(data.type())) {
            throw fail("input " + input + " should hold integers, found " + data.type());
        }
        return data.toLongs();
    }

    /** A list given as an attribute in older opsets and as an input in newer ones; empty if it is given as neither. */
    Optional<long[]> list(String attribute, int input) {
        Optional<long[]> given = node.integers(attribute);
        return given.isPresent() || !has(input) ? given : Optional.of(integers(input));
    }

    static boolean isInteger(DataType type) {
        return switch (type) {
            case INT64, INT32, INT16, INT8, UINT64, UINT32, UINT16, UINT8 -> true;
            default -> false;
        };
    }

    /** An axis counted from the front. */
    int axis(long axis, int rank) {
        long counted = axis < 0 ? axis + rank : axis;
        if (counted < 0 || counted >= rank) {
            throw fail("axis " + axis + " is out of range for rank " + rank);
        }
        return (int) counted;
    }

    /** Axes counted from the front. */
    int[] axes(long[] axes, int rank) {
        return Arrays.stream(axes).mapToInt(a -> axis(a, rank)).toArray();
    }

    Optional<Shape> outputShape(int output) {
        return known.shape(node.output(output));
    }

    Optional<DataType> outputType(int output) {
        return known.type(node.output(output));
    }

    void shape(int output, List<Dim> dims) {
        known.shape(node.output(output), new Shape(dims));
    }

    void shape(int output, Shape shape) {
        known.shape(node.output(output), shape);
    }

    void type(int output, DataType type) {
        known.type(node.output(output), type);
    }

    void type(int output, Optional<DataType> type) {
        type.ifPresent(t -> type(output, t));
    }

    void constant(int output, TensorData data) {
        known.constant(node.output(output), data);
    }

    /** Sets the integers of an output of rank 0 or 1. */
    void content(int output, List<Size> content) {
        if (content.size() <= LONGEST_CONTENT) {
            known.content(node.output(output), content);
        }
    }

    /** The shape two broadcast shapes have together. */
    Shape broadcast(Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            Dim x = i < rank - a.rank() ? Dim.of(1) : a.dim(i - rank + a.rank());
            Dim y = i < rank - b.rank() ? Dim.of(1) : b.dim(i - rank + b.rank());
            dims.add(broadcast(x, y, a, b));
        }
        return new Shape(dims);
    }

    private Dim broadcast(Dim x, Dim y, Shape a, Shape b) {
        if (x.isFixed() && x.size() == 1) {
            return y;
        }
        if (y.isFixed() && y.size() == 1) {
            return x;
        }
        if (x.isFixed() && y.isFixed()) {
            if (x.size() != y.size()) {
                throw fail("shapes " + a + " and " + b + " cannot be broadcast: " + x + " against " + y);
            }
            return x;
        }
        if (x.isFixed()) {
            return x;
        }
        if (y.isFixed()) {
            return y;
        }
        return x.equals(y) ? x : Dim.UNKNOWN;
    }

    /** The dimension two that must agree have together. */
    Dim agree(Dim x, Dim y, String what) {
        if (x.isFixed() && y.isFixed() && x.size() != y.size()) {
            throw fail(what + " should agree, found " + x + " and " + y);
        }
        return x.isFixed() || y.equals(Dim.UNKNOWN) ? x : y.isFixed() || x.equals(Dim.UNKNOWN) ? y : x;
    }

    /** A contradiction at this node. */
    GraphException fail(String how) {
        return new GraphException(node.label() + ": " + how);
    }

    /** Checks a rank. */
    void rank(int input, Shape shape, int least, int most) {
        if (shape.rank() < least || shape.rank() > most) {
            throw fail("input '" + node.input(input) + "' should have rank "
                    + (least == most ? "" + least : least + " to " + (most == Integer.MAX_VALUE ? "any" : "" + most))
                    + ", found shape " + shape);
        }
    }
}
