package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table of operator rules: reads like theory, section 7. */
final class Rules {
    private static final Map<String, Rule> TABLE = new HashMap<>();

    static {
        // Contractions: any linear map of the axis summed over could be undone by the weights
        put(ConvolutionRules::conv, "Conv");
        put(ConvolutionRules::transposed, "ConvTranspose");
        put(MatrixRules::matMul, "MatMul");
        put(MatrixRules::gemm, "Gemm");
        put(EinsumRules::einsum, "Einsum");
        // Linear maps of each position: any scale passes
        put(ElementwiseRules.unary(Passes.ALL), "Identity", "Neg", "Dropout");
        put(ElementwiseRules::cast, "Cast", "CastLike");
        // Positive scalings
        put(ElementwiseRules.unary(Passes.POSITIVE), "Relu", "LeakyRelu");
        put(ElementwiseRules::prelu, "PRelu");
        put(ElementwiseRules::extremum, "Max", "Min");
        // Odd functions: signed permutations
        put(ElementwiseRules.unary(Passes.SIGNS), "Tanh", "Sin", "Tan", "Asin", "Atan", "Sinh", "Asinh", "Atanh", "Erf",
                "Softsign", "Round");
        // Even functions: signs act on the in-side alone
        put(ElementwiseRules.homogeneous(1, false), "Abs");
        put(ElementwiseRules.homogeneous(0, true), "Sign");
        put(ElementwiseRules::even, "Cos", "Cosh");
        // Odd about ½: signed permutations, where biases take back what that leaves
        put(ElementwiseRules::sigmoid, "Sigmoid");
        put(ElementwiseRules::hardSigmoid, "HardSigmoid");
        // Permutations only
        put(ElementwiseRules.unary(Passes.NONE), "HardSwish", "Swish", "Gelu", "Softplus",
                "Elu", "Selu", "Celu", "Mish", "Exp", "Log", "Acos", "Acosh", "ThresholdedRelu", "Shrink", "Floor",
                "Ceil", "Not", "IsNaN", "IsInf", "BitwiseNot");
        put(ElementwiseRules::clip, "Clip");
        put(ElementwiseRules::compare, "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor",
                "Mod", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor");
        // Sums: one map for all operands
        put(ElementwiseRules::sum, "Add", "Sub", "Sum", "Mean");
        put(ElementwiseRules::where, "Where");
        // Products and powers: scalings multiply
        put(ElementwiseRules::product, "Mul");
        put(ElementwiseRules::quotient, "Div");
        put(ElementwiseRules::pow, "Pow");
        put(ElementwiseRules::root, "Sqrt");
        put(ElementwiseRules.homogeneous(-1, true), "Reciprocal");
        // Normalizations
        put(NormRules::batch, "BatchNormalization");
        put(NormRules::layer, "LayerNormalization");
        put(NormRules::rms, "RMSNormalization", "SimplifiedLayerNormalization");
        put(NormRules::instance, "InstanceNormalization");
        put(NormRules::group, "GroupNormalization");
        put(NormRules::softmax, "Softmax", "LogSoftmax", "Hardmax");
        put(NormRules::lp, "LpNormalization");
        put(NormRules::local, "LRN");
        // Heads as blocks
        put(AttentionRules::attention, "Attention");
        put(AttentionRules::rotary, "RotaryEmbedding");
        // Reductions and pooling
        put(ReductionRules.reduce(ReductionRules.Kind.SUM), "ReduceSum");
        put(ReductionRules.reduce(ReductionRules.Kind.MEAN), "ReduceMean");
        put(ReductionRules.reduce(ReductionRules.Kind.EXTREMUM), "ReduceMax", "ReduceMin");
        put(ReductionRules.reduce(ReductionRules.Kind.NORM), "ReduceL1", "ReduceL2");
        put(ReductionRules.reduce(ReductionRules.Kind.SQUARES), "ReduceSumSquare");
        put(ReductionRules.reduce(ReductionRules.Kind.OTHER), "ReduceProd", "ReduceLogSum", "ReduceLogSumExp");
        put(ReductionRules::arg, "ArgMax", "ArgMin");
        put(ReductionRules::cumulative, "CumSum");
        put(ReductionRules.pool(Passes.POSITIVE), "MaxPool", "GlobalMaxPool");
        put(ReductionRules.pool(Passes.ALL), "AveragePool", "GlobalAveragePool");
        put(ReductionRules::lpPool, "LpPool", "GlobalLpPool");
        // Layout
        put(LayoutRules::reshape, "Reshape", "Flatten", "Squeeze", "Unsqueeze");
        put(LayoutRules::transpose, "Transpose");
        put(LayoutRules::expand, "Expand");
        put(LayoutRules::tile, "Tile");
        put(LayoutRules::pad, "Pad");
        put(LayoutRules::resize, "Resize", "Upsample");
        put(LayoutRules::depthToSpace, "DepthToSpace");
        put(LayoutRules::spaceToDepth, "SpaceToDepth");
        put(LayoutRules::triangle, "Trilu");
        put(LayoutRules::concat, "Concat");
        // Indexing
        put(IndexRules::split, "Split");
        put(IndexRules::slice, "Slice");
        put(IndexRules::gather, "Gather");
        put(IndexRules::gatherElements, "GatherElements");
        put(IndexRules::gatherNd, "GatherND");
        put(IndexRules::scatterNd, "ScatterND");
        // What makes or asks for shapes carries no units
        put((node, in) -> {
        }, "Shape", "Size", "ConstantOfShape", "Range", "Constant", "RandomNormal", "RandomUniform");
    }

    private Rules() {
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

    /** The operators that have a rule. */
    static List<String> operators() {
        return TABLE.keySet().stream().sorted().toList();
    }
}
