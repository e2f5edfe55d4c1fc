package dev.orbifold.graph;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The table of shape rules, one per operator of ONNX's own domain; the rules themselves are in files by family. */
final class ShapeRules {
    /** Sets the output shapes of one node, and element types where they are not the table's. */
    @FunctionalInterface
    interface Rule {
        void infer(NodeFacts node);
    }

    /** The element type of the outputs. */
    enum Type {
        /** That of the first input. */
        SAME,
        BOOL,
        INT64,
        FLOAT,
        /** The rule sets it. */
        OWN;

        Optional<DataType> of(NodeFacts node) {
            return switch (this) {
                case SAME -> node.type(0);
                case BOOL -> Optional.of(DataType.BOOL);
                case INT64 -> Optional.of(DataType.INT64);
                case FLOAT -> Optional.of(DataType.FLOAT);
                case OWN -> Optional.empty();
            };
        }
    }

    /** A line of the table. */
    record Line(Type type, Rule rule) {
    }

    private static final Map<String, Line> TABLE = table();

    private ShapeRules() {
    }

    /** Whether the table has a rule for an operator of ONNX's own domain. */
    static boolean knows(String opType) {
        return TABLE.containsKey(opType);
    }

    /**
     * Applies the node's rule, if there is one and its inputs are known well enough.
     *
     * @throws GraphException if the inputs contradict each other
     */
    static void infer(NodeFacts node) {
        Line line = TABLE.get(node.node().opType());
        if (line == null) {
            return;
        }
        Optional<DataType> type = line.type().of(node);
        for (int i = 0; i < node.node().outputs().size(); i++) {
            node.type(i, type);
        }
        try {
            line.rule().infer(node);
        } catch (NodeFacts.NotKnown e) {
            // The outputs stay unknown; that is the rule's answer.
            return;
        }
    }

    private static Map<String, Line> table() {
        Map<String, Line> table = new HashMap<>();
        ElementwiseShapes.lines(table);
        LayoutShapes.lines(table);
        SelectionShapes.lines(table);
        WindowShapes.lines(table);
        ReductionShapes.lines(table);
        ProductShapes.lines(table);
        GeneratorShapes.lines(table);
        RecurrentShapes.lines(table);
        return Map.copyOf(table);
    }
}
