package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Rule;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;

/** Shape rules of operators that work element by element, normalisations among them. */
final class ElementwiseShapes {
    private ElementwiseShapes() {
    }

    static void lines(Map<String, Line> table) {
        for (String op : List.of("Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "ThresholdedRelu", "HardSigmoid",
                "HardSwish", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Exp", "Log", "Sqrt",
                "Reciprocal", "Abs", "Sign", "Floor", "Ceil", "Round", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan",
                "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Not", "BitwiseNot", "Clip", "Shrink", "Softmax",
                "LogSoftmax", "Hardmax", "LpNormalization", "LRN", "MeanVarianceNormalization", "CumSum", "Trilu",
                "ReverseSequence", "RotaryEmbedding", "RMSNormalization", "PRelu", "ScatterND", "ScatterElements",
                "Scatter")) {
            table.put(op, new Line(Type.SAME, ElementwiseShapes::same));
        }
        table.put("Identity", new Line(Type.SAME, ElementwiseShapes::identity));
        table.put("Neg", new Line(Type.SAME, ElementwiseShapes::negated));
        table.put("IsNaN", new Line(Type.BOOL, ElementwiseShapes::same));
        table.put("IsInf", new Line(Type.BOOL, ElementwiseShapes::same));
        table.put("Cast", new Line(Type.OWN, ElementwiseShapes::cast));
        table.put("CastLike", new Line(Type.OWN, n -> {
            n.type(0, n.type(1));
            same(n);
        }));
        table.put("Dropout", new Line(Type.SAME, ElementwiseShapes::dropout));
        table.put("BatchNormalization", new Line(Type.SAME, ElementwiseShapes::batchNormalization));
        table.put("InstanceNormalization", new Line(Type.SAME, n -> perChannel(n, 1, 2)));
        table.put("GroupNormalization", new Line(Type.SAME, ElementwiseShapes::groupNormalization));
        table.put("LayerNormalization", new Line(Type.SAME, ElementwiseShapes::layerNormalization));
        for (String op : List.of("Pow", "And", "Or", "Xor", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
                "Sum", "Mean")) {
            table.put(op, new Line(op.equals("And") || op.equals("Or") || op.equals("Xor") ? Type.BOOL : Type.SAME,
                    ElementwiseShapes::broadcast));
        }
        table.put("Add", new Line(Type.SAME, arithmetic(Size::plus)));
        table.put("Sub", new Line(Type.SAME, arithmetic(Size::minus)));
        table.put("Mul", new Line(Type.SAME, arithmetic(Size::times)));
        table.put("Div", new Line(Type.SAME, arithmetic(ElementwiseShapes::quotient)));
        table.put("Mod", new Line(Type.SAME,
                arithmetic((a, b) -> !a.isConstant() && a.divides(b) ? Size.of(0) : Size.UNKNOWN)));
        table.put("Max", new Line(Type.SAME, arithmetic((a, b) -> extreme(a, b, true))));
        table.put("Min", new Line(Type.SAME, arithmetic((a, b) -> extreme(a, b, false))));
        table.put("Equal", new Line(Type.BOOL, arithmetic(ElementwiseShapes::equal)));
        for (String op : List.of("Less", "Greater", "LessOrEqual", "GreaterOrEqual")) {
            table.put(op, new Line(Type.BOOL, ElementwiseShapes::broadcast));
        }
        table.put("Where", new Line(Type.OWN, ElementwiseShapes::where));
        table.put("QuantizeLinear", new Line(Type.OWN, n -> {
            n.type(0, n.type(2));
            same(n);
        }));
        table.put("DequantizeLinear", new Line(Type.OWN, n -> {
            n.type(0, n.type(1));
            same(n);
        }));
    }

    static void same(NodeFacts n) {
        n.shape(0, n.shape(0));
    }

    private static void identity(NodeFacts n) {
        same(n);
        n.maybeContent(0).ifPresent(c -> n.content(0, c));
    }

    private static void negated(NodeFacts n) {
        same(n);
        n.maybeContent(0).ifPresent(c -> n.content(0, c.stream().map(s -> s.times(Size.of(-1))).toList()));
    }

    private static void cast(NodeFacts n) {
        DataType to = DataType.of((int) n.node().integer("to", 0));
        n.type(0, to);
        same(n);
        if (NodeFacts.isInteger(to)) {
            n.maybeContent(0).ifPresent(c -> n.content(0, c));
        }
    }

    private static void dropout(NodeFacts n) {
        same(n);
        n.type(1, DataType.BOOL);
        n.shape(1, n.shape(0));
    }

    /** Checks that inputs {@code from} to {@code to} hold one number per channel. */
    private static void perChannel(NodeFacts n, int from, int to) {
        Shape x = n.shape(0);
        n.shape(0, x);
        n.rank(0, x, 2, Integer.MAX_VALUE);
        for (int i = from; i <= to; i++) {
            if (n.maybeShape(i).isPresent()) {
                Shape channels = n.shape(i);
                n.rank(i, channels, 1, 1);
                n.agree(x.dim(1), channels.dim(0),
                        "the channels of '" + n.node().input(0) + "' and the elements of '" + n.node().input(i) + "'");
            }
        }
    }

    private static void batchNormalization(NodeFacts n) {
        perChannel(n, 1, 4);
        for (int i = 1; i < n.node().outputs().size(); i++) {
            n.type(i, n.type(1));
            n.shape(i, List.of(n.shape(0).dim(1)));
        }
    }

    private static void groupNormalization(NodeFacts n) {
        if (n.opset() >= 21) {
            perChannel(n, 1, 2);
        }
        same(n);
    }

    private static void layerNormalization(NodeFacts n) {
        Shape x = n.shape(0);
        same(n);
        int axis = n.axis(n.node().integer("axis", -1), x.rank());
        n.maybeShape(1).filter(s -> s.rank() == x.rank() - axis).ifPresent(s -> {
            for (int i = 0; i < s.rank(); i++) {
                if (!s.dim(i).equals(Dim.of(1))) {
                    n.agree(x.dim(axis + i), s.dim(i), "the normalised axes and the scale '" + n.node().input(1) + "'");
                }
            }
        });
        List<Dim> reduced = new ArrayList<>(x.dims());
        for (int i = axis; i < reduced.size(); i++) {
            reduced.set(i, Dim.of(1));
        }
        n.shape(1, reduced);
        n.shape(2, reduced);
    }

    private static void broadcast(NodeFacts n) {
        Shape shape = n.shape(0);
        for (int i = 1; i < n.node().inputs().size(); i++) {
            shape = n.broadcast(shape, n.shape(i));
        }
        n.shape(0, shape);
    }

    /** The number of elements lists have together when those of one element are repeated. */
    @SafeVarargs
    private static int length(List<Size>... lists) {
        int length = 1;
        for (List<Size> list : lists) {
            if (list.size() != 1) {
                if (length != 1 && length != list.size()) {
                    throw NodeFacts.NotKnown.IT;
                }
                length = list.size();
            }
        }
        return length;
    }

    /** Broadcasting, and the same arithmetic on integers that are followed. */
    private static Rule arithmetic(BinaryOperator<Size> operator) {
        return n -> {
            broadcast(n);
            if (n.node().inputs().size() != 2) {
                return;
            }
            List<Size> a = n.content(0);
            List<Size> b = n.content(1);
            int length = length(a, b);
            List<Size> result = new ArrayList<>();
            for (int i = 0; i < length; i++) {
                result.add(operator.apply(a.get(a.size() == 1 ? 0 : i), b.get(b.size() == 1 ? 0 : i)));
            }
            n.content(0, result);
        };
    }

    /** ONNX's integer division rounds towards zero; where signs are not known to agree nothing is known. */
    private static Size quotient(Size a, Size b) {
        if (a.isConstant() && b.isConstant()) {
            return b.factor() == 0 ? Size.UNKNOWN : Size.of(a.factor() / b.factor());
        }
        return a.factor() >= 0 && b.factor() > 0 ? a.over(b) : Size.UNKNOWN;
    }

    private static Size extreme(Size a, Size b, boolean largest) {
        if (a.isConstant() && b.isConstant()) {
            return Size.of(largest ? Math.max(a.factor(), b.factor()) : Math.min(a.factor(), b.factor()));
        }
        return a.same(b) ? a : Size.UNKNOWN;
    }

    private static Size equal(Size a, Size b) {
        if (a.isConstant() && b.isConstant() || a.same(b)) {
            return Size.of(a.equals(b) ? 1 : 0);
        }
        boolean signsDiffer = negative(a) && size(b) || negative(b) && size(a);
        return signsDiffer ? Size.of(0) : Size.UNKNOWN;
    }

    private static boolean negative(Size a) {
        return a.isConstant() && a.factor() < 0;
    }

    /** A product of symbols, none of which hides a difference, cannot be negative. */
    private static boolean size(Size a) {
        return a.isKnown() && a.factor() >= 0 && a.symbols().stream().noneMatch(s -> s.startsWith("("));
    }

    private static void where(NodeFacts n) {
        n.type(0, n.type(1).or(() -> n.type(2)));
        n.shape(0, n.broadcast(n.broadcast(n.shape(0), n.shape(1)), n.shape(2)));
        List<Size> condition = n.content(0);
        List<Size> yes = n.content(1);
        List<Size> no = n.content(2);
        int length = length(condition, yes, no);
        List<Size> result = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            Size chosen = condition.get(condition.size() == 1 ? 0 : i);
            Size a = yes.get(yes.size() == 1 ? 0 : i);
            Size b = no.get(no.size() == 1 ? 0 : i);
            result.add(chosen.isConstant() ? chosen.factor() != 0 ? a : b : a.same(b) ? a : Size.UNKNOWN);
        }
        n.content(0, result);
    }
}
