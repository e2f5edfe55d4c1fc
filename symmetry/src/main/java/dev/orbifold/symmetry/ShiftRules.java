package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How operators carry what a shift adds to their inputs (theory, 7): linear ones map it, norms and softmaxes do not see what
 * is the same all along their axes, parameters that are added take it back. What is not in this table shows it.
 */
final class ShiftRules {
    /** What one operator does to the Offsets and Levels of its inputs, of which there is at least one. */
    @FunctionalInterface
    interface Rule {
        /** Gives the outputs their Offsets and Levels, and demands what must be 0. */
        void apply(Node node, ShiftWalk walk);
    }

    private static final Map<String, Rule> TABLE = new HashMap<>();

    static {
        // Linear in each element
        put((node, walk) -> ShiftElementwise.same(node, walk, 1), "Identity");
        put((node, walk) -> ShiftElementwise.same(node, walk, -1), "Neg");
        put(ShiftElementwise::cast, "Cast");
        put(ShiftElementwise::dropout, "Dropout");
        // Sums: what is added adds up, and a parameter takes it back
        put((node, walk) -> ShiftElementwise.sum(node, walk, 1), "Add", "Sum");
        put((node, walk) -> ShiftElementwise.sum(node, walk, -1), "Sub");
        // Products and quotients with constants; masks before a softmax
        put(ShiftElementwise::product, "Mul");
        put(ShiftElementwise::quotient, "Div");
        put(ShiftElementwise::where, "Where");
        // Contractions
        put(ShiftContractions::matMul, "MatMul");
        put(ShiftContractions::gemm, "Gemm");
        put(ShiftContractions::conv, "Conv");
        // Layout
        put(ShiftLayout::reshape, "Reshape", "Flatten", "Squeeze", "Unsqueeze");
        put(ShiftLayout::transpose, "Transpose");
        put(ShiftLayout::expand, "Expand");
        put(ShiftLayout::pad, "Pad");
        put(ShiftIndexing::concat, "Concat");
        put(ShiftIndexing::split, "Split");
        put(ShiftIndexing::slice, "Slice");
        put(ShiftIndexing::gather, "Gather");
        // Reductions and pooling
        put(ShiftReductions::reduce, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin");
        put(ShiftReductions::pool, "AveragePool", "GlobalAveragePool", "MaxPool", "GlobalMaxPool");
        put(ShiftReductions::argument, "ArgMax", "ArgMin");
        // What does not see a constant along its axes
        put(ShiftNorms::softmax, "Softmax", "LogSoftmax");
        put(ShiftNorms::layerNorm, "LayerNormalization");
        put(ShiftNorms::instanceNorm, "InstanceNormalization");
        put(ShiftNorms::batchNorm, "BatchNormalization");
        // What asks for shapes sees nothing
        put((node, walk) -> {
        }, "Shape", "Size");
    }

    private ShiftRules() {
    }

    private static void put(Rule rule, String... operators) {
        for (String operator : operators) {
            TABLE.put(operator, rule);
        }
    }

    /** The rule of a node's operator. */
    static Optional<Rule> of(Node node) {
        return node.domain().isEmpty() ? Optional.ofNullable(TABLE.get(node.opType())) : Optional.empty();
    }
}
