package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;

/** Arithmetic on constants; real numbers are computed in float64 and rounded to the output's type. */
final class ConstantMath {
    private static final Map<String, DoubleUnaryOperator> UNARY = Map.ofEntries(Map.entry("Neg", v -> -v),
            Map.entry("Abs", Math::abs), Map.entry("Sqrt", Math::sqrt), Map.entry("Floor", Math::floor),
            Map.entry("Ceil", Math::ceil), Map.entry("Round", Math::rint), Map.entry("Exp", Math::exp),
            Map.entry("Log", Math::log), Map.entry("Sin", Math::sin), Map.entry("Cos", Math::cos),
            Map.entry("Tanh", Math::tanh), Map.entry("Reciprocal", v -> 1 / v), Map.entry("Sign", Math::signum),
            Map.entry("Relu", v -> v < 0 ? 0 : v), Map.entry("Not", v -> v == 0 ? 1 : 0));

    private static final Map<String, LongBinaryOperator> INTEGER = Map.ofEntries(Map.entry("Add", Long::sum),
            Map.entry("Sub", (a, b) -> a - b), Map.entry("Mul", (a, b) -> a * b),
            Map.entry("Min", Math::min), Map.entry("Max", Math::max), Map.entry("Div", (a, b) -> a / b),
            Map.entry("Mod", Math::floorMod), Map.entry("And", (a, b) -> a & b), Map.entry("Or", (a, b) -> a | b),
            Map.entry("Xor", (a, b) -> a ^ b),
            Map.entry("Equal", (a, b) -> a == b ? 1 : 0), Map.entry("Less", (a, b) -> a < b ? 1 : 0),
            Map.entry("Greater", (a, b) -> a > b ? 1 : 0), Map.entry("LessOrEqual", (a, b) -> a <= b ? 1 : 0),
            Map.entry("GreaterOrEqual", (a, b) -> a >= b ? 1 : 0));

    private static final Map<String, DoubleBinaryOperator> REAL = Map.ofEntries(Map.entry("Add", Double::sum),
            Map.entry("Sub", (a, b) -> a - b), Map.entry("Mul", (a, b) -> a * b), Map.entry("Div", (a, b) -> a / b),
            Map.entry("Pow", Math::pow), Map.entry("Min", Math::min), Map.entry("Max", Math::max),
            Map.entry("Equal", (a, b) -> a == b ? 1 : 0), Map.entry("Less", (a, b) -> a < b ? 1 : 0),
            Map.entry("Greater", (a, b) -> a > b ? 1 : 0), Map.entry("LessOrEqual", (a, b) -> a <= b ? 1 : 0),
            Map.entry("GreaterOrEqual", (a, b) -> a >= b ? 1 : 0));

    private ConstantMath() {
    }

    /** Elements of the largest constant worth computing ahead: shapes are short, masks and tables have millions. */
    private static final double LARGEST = 1 << 24;

    /** The first output of a node with constant inputs; empty if the operator is not evaluated. */
    static Optional<TensorData> evaluate(NodeFacts node, long[] dims) {
        String op = node.node().opType();
        Optional<DataType> known = node.outputType(0);
        if (known.isEmpty() || known.get().bytes() == 0) {
            return Optional.empty();
        }
        DataType type = known.get();
        if (Arrays.stream(dims).asDoubleStream().reduce(1, (a, b) -> a * b) > LARGEST) {
            return Optional.empty();
        }
        TensorData x = Constants.input(node, 0);
        if (UNARY.containsKey(op)) {
            boolean exact = type.isReal() || type == DataType.BOOL || type.bytes() < 8;
            return exact ? Optional.of(unary(x, UNARY.get(op), type, dims)) : longs(op, x, dims);
        }
        boolean two = node.node().inputs().size() == 2;
        boolean signOfDividend = op.equals("Mod") && node.node().integer("fmod", 0) != 0;
        if (two && !signOfDividend && (INTEGER.containsKey(op) || REAL.containsKey(op))) {
            return binary(op, x, Constants.input(node, 1), type, dims);
        }
        return switch (op) {
            case "Cast", "CastLike" -> Optional.of(cast(x, type, dims));
            case "Where" -> Optional.of(where(node, type, dims));
            case "ConstantOfShape" -> Optional.of(filled(node, type, dims));
            case "Range" -> range(node, type);
            case "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin" -> reduce(op, x, node, type, dims);
            case "Trilu" -> Optional.of(triangle(node, x, dims));
            default -> Optional.empty();
        };
    }

    private static TensorData unary(TensorData x, DoubleUnaryOperator f, DataType type, long[] dims) {
        return Constants.numbers(type, Arrays.stream(x.toDoubles()).map(f).toArray(), dims);
    }

    private static Optional<TensorData> longs(String op, TensorData x, long[] dims) {
        return switch (op) {
            case "Neg" -> Optional
                    .of(Constants.integers(x.type(), Arrays.stream(x.toLongs()).map(v -> -v).toArray(), dims));
            case "Abs" -> Optional
                    .of(Constants.integers(x.type(), Arrays.stream(x.toLongs()).map(Math::abs).toArray(), dims));
            case "Sign" -> Optional
                    .of(Constants.integers(x.type(), Arrays.stream(x.toLongs()).map(Long::signum).toArray(), dims));
            default -> Optional.empty();
        };
    }

    private static Optional<TensorData> binary(String op, TensorData a, TensorData b, DataType type, long[] dims) {
        int[] fromA = Constants.sources(dims, a.dims());
        int[] fromB = Constants.sources(dims, b.dims());
        if (a.type().isReal() || b.type().isReal()) {
            DoubleBinaryOperator f = REAL.get(op);
            if (f == null) {
                return Optional.empty();
            }
            double[] result = new double[fromA.length];
            Arrays.setAll(result, i -> f.applyAsDouble(a.doubleAt(fromA[i]), b.doubleAt(fromB[i])));
            return Optional.of(Constants.numbers(type, result, dims));
        }
        LongBinaryOperator f = INTEGER.get(op);
        boolean unsignedLong = a.type() == DataType.UINT64;
        boolean dividesByZero = (op.equals("Div") || op.equals("Mod"))
                && Arrays.stream(b.toLongs()).anyMatch(v -> v == 0);
        if (f == null || unsignedLong || dividesByZero) {
            return Optional.empty();
        }
        long[] result = new long[fromA.length];
        Arrays.setAll(result, i -> f.applyAsLong(a.longAt(fromA[i]), b.longAt(fromB[i])));
        return Optional.of(Constants.integers(type, result, dims));
    }

    private static TensorData cast(TensorData x, DataType type, long[] dims) {
        if (type == DataType.BOOL) {
            return Constants.integers(type, Arrays.stream(x.toDoubles()).mapToLong(v -> v == 0 ? 0 : 1).toArray(),
                    dims);
        }
        return type.isReal() || x.type().isReal()
                ? Constants.numbers(type, x.toDoubles(), dims)
                : Constants.integers(type, x.toLongs(), dims);
    }

    private static TensorData where(NodeFacts node, DataType type, long[] dims) {
        TensorData condition = Constants.input(node, 0);
        TensorData yes = Constants.input(node, 1);
        TensorData no = Constants.input(node, 2);
        int[] c = Constants.sources(dims, condition.dims());
        int[] y = Constants.sources(dims, yes.dims());
        int[] n = Constants.sources(dims, no.dims());
        if (type.isReal()) {
            double[] result = new double[c.length];
            Arrays.setAll(result, i -> condition.longAt(c[i]) != 0 ? yes.doubleAt(y[i]) : no.doubleAt(n[i]));
            return Constants.numbers(type, result, dims);
        }
        long[] result = new long[c.length];
        Arrays.setAll(result, i -> condition.longAt(c[i]) != 0 ? yes.longAt(y[i]) : no.longAt(n[i]));
        return Constants.integers(type, result, dims);
    }

    private static TensorData filled(NodeFacts node, DataType type, long[] dims) {
        TensorData value =
                node.node().attribute("value").map(a -> a instanceof Attribute.Tensor(TensorData t) ? t : null)
                        .orElseGet(() -> TensorData.of(new float[] {0}));
        return Constants.picked(new TensorData(type, new long[] {1}, value.bytes()),
                new int[Constants.elements(dims)], dims);
    }

    private static Optional<TensorData> range(NodeFacts node, DataType type) {
        TensorData start = Constants.input(node, 0);
        TensorData delta = Constants.input(node, 2);
        double step = delta.doubleAt(0);
        double count = Math.ceil((Constants.input(node, 1).doubleAt(0) - start.doubleAt(0)) / step);
        if (step == 0 || !(count < 1 << 16)) {
            return Optional.empty();
        }
        double[] values = new double[(int) Math.max(0, count)];
        Arrays.setAll(values, i -> start.doubleAt(0) + i * step);
        return Optional.of(Constants.numbers(type, values, values.length));
    }

    private static Optional<TensorData> reduce(String op, TensorData x, NodeFacts node, DataType type, long[] dims) {
        if (x.elements() == 0) {
            return Optional.empty();
        }
        Optional<long[]> given = node.list("axes", 1).filter(a -> a.length > 0);
        if (given.isEmpty() && node.node().integer("noop_with_empty_axes", 0) != 0) {
            return Optional.of(x);
        }
        boolean[] away = new boolean[x.rank()];
        Arrays.fill(away, given.isEmpty());
        given.ifPresent(axes -> {
            for (int axis : node.axes(axes, x.rank())) {
                away[axis] = true;
            }
        });
        long[] kept = x.dims();
        for (int i = 0; i < kept.length; i++) {
            kept[i] = away[i] ? 1 : kept[i];
        }
        int[] strides = Constants.strides(kept);
        int[] to = Constants.indices(x.dims(), axis -> away[axis] ? 0 : strides[axis]);
        DoubleBinaryOperator real = switch (op) {
            case "ReduceProd" -> (a, b) -> a * b;
            case "ReduceSum" -> Double::sum;
            case "ReduceMax" -> Math::max;
            default -> Math::min;
        };
        LongBinaryOperator integer = switch (op) {
            case "ReduceProd" -> (a, b) -> a * b;
            case "ReduceSum" -> Long::sum;
            case "ReduceMax" -> Math::max;
            default -> Math::min;
        };
        boolean[] started = new boolean[Constants.elements(kept)];
        if (type.isReal()) {
            double[] result = new double[started.length];
            for (int i = 0; i < to.length; i++) {
                double v = x.doubleAt(i);
                result[to[i]] = started[to[i]] ? real.applyAsDouble(result[to[i]], v) : v;
                started[to[i]] = true;
            }
            return Optional.of(Constants.numbers(type, result, dims));
        }
        long[] result = new long[started.length];
        for (int i = 0; i < to.length; i++) {
            long v = x.longAt(i);
            result[to[i]] = started[to[i]] ? integer.applyAsLong(result[to[i]], v) : v;
            started[to[i]] = true;
        }
        return Optional.of(Constants.integers(type, result, dims));
    }

    private static TensorData triangle(NodeFacts node, TensorData x, long[] dims) {
        boolean upper = node.node().integer("upper", 1) != 0;
        long shift = node.has(1) ? node.integers(1)[0] : 0;
        int width = (int) x.dim(-1);
        int height = (int) x.dim(-2);
        byte[] bytes = x.bytes().toArray(ValueLayout.JAVA_BYTE);
        int size = x.type().bytes();
        for (int i = 0; i < Constants.elements(dims); i++) {
            long beyond = i % width - i / width % height - shift;
            if (upper ? beyond < 0 : beyond > 0) {
                Arrays.fill(bytes, i * size, (i + 1) * size, (byte) 0);
            }
        }
        return new TensorData(x.type(), dims, MemorySegment.ofArray(bytes));
    }
}
