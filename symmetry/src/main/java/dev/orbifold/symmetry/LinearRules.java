package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which operators let the coordinates of an axis be mixed (theory, 7): contractions pair a space with its dual, sums carry
 * one space, layout moves spaces around, norms leave isometries. What is not in this table ends the mixing.
 */
final class LinearRules {
    /** What one operator does to the spaces along the axes of its inputs. */
    @FunctionalInterface
    interface Rule {
        /** Unifies and caps spaces, and types the outputs; outputs left out carry positions only. */
        void apply(Node node, LinearInference in);
    }

    private static final Map<String, Rule> TABLE = new HashMap<>();

    static {
        // Linear maps of each position: the space passes
        put(LinearElementwise::same, "Identity", "Neg");
        put(LinearElementwise::dropout, "Dropout");
        put(LinearElementwise::cast, "Cast");
        // Sums: one space for all operands
        put(LinearElementwise::sum, "Add", "Sub", "Sum", "Mean");
        put(LinearElementwise::where, "Where");
        // Products: an axis passes where one factor alone has it
        put(LinearElementwise::product, "Mul");
        put(LinearElementwise::quotient, "Div");
        // Contractions: a space against its dual
        put(LinearContractions::matMul, "MatMul");
        put(LinearContractions::gemm, "Gemm");
        put(LinearContractions::einsum, "Einsum");
        put(LinearContractions::conv, "Conv");
        // Layout: products and sums of spaces
        put(LinearLayout::reshape, "Reshape", "Flatten", "Squeeze", "Unsqueeze");
        put(LinearLayout::transpose, "Transpose");
        put(LinearLayout::expand, "Expand");
        put(LinearLayout::concat, "Concat");
        put(LinearLayout::pad, "Pad");
        // Indexing: sums taken apart
        put(LinearIndexing::split, "Split");
        put(LinearIndexing::slice, "Slice");
        put(LinearIndexing::gather, "Gather");
        // Reductions and pooling: the axes that remain pass
        put(LinearReductions::reduce, "ReduceSum", "ReduceMean");
        put(LinearReductions::pool, "AveragePool", "GlobalAveragePool");
        // Normalizations: isometries
        put((node, in) -> LinearNorms.norm(node, in, true), "LayerNormalization");
        put((node, in) -> LinearNorms.norm(node, in, false), "RMSNormalization", "SimplifiedLayerNormalization");
        // Heads, and the planes that rotary embedding turns
        put(LinearAttention::attention, "Attention");
        put(LinearAttention::rotary, "RotaryEmbedding");
        // What asks for shapes carries no space
        put((node, in) -> {
        }, "Shape", "Size", "ConstantOfShape", "Range");
    }

    private LinearRules() {
    }

    private static void put(Rule rule, String... operators) {
        for (String operator : operators) {
            TABLE.put(operator, rule);
        }
    }

    /** The rule of a node's operator. */
    static Optional<Rule> of(Node node) {
        boolean known = node.domain().isEmpty() || node.opType().equals("SimplifiedLayerNormalization");
        return known ? Optional.ofNullable(TABLE.get(node.opType())) : Optional.empty();
    }

    /** Norms and rotary embeddings spelled out as several nodes. */
    static void composite(Composites.Composite composite, Node node, LinearInference in) {
        switch (composite) {
            case Composites.Norm norm -> LinearNorms.composite(norm, node, in);
            case Composites.Rotary rotary -> LinearAttention.composite(rotary, node, in);
        }
    }
}
