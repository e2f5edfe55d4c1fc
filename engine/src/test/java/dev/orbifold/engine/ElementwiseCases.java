package dev.orbifold.engine;

import dev.orbifold.engine.OperatorsTest.Cases;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.random.RandomGenerator;

/** Random cases for operators that work element by element, and for softmax. */
final class ElementwiseCases {
    private ElementwiseCases() {
    }

    static void register(Map<String, Cases> cases) {
        for (String op : new String[] {"Add", "Sub", "Mul"}) {
            cases.put(op, new Cases(6, (r, i) -> pair(op, r, i, v -> v)));
        }
        cases.put("Div", new Cases(8, (r, i) -> pair("Div", r, i, v -> v + Math.copySign(0.5, v))));
        cases.put("Pow", new Cases(8, (r, i) -> pow(r, i)));
        cases.put("Mod", new Cases(6, (r, i) -> i % 2 == 0
                ? new OperatorCase("Mod", 13).in(integers(r, 20, 3, 4)).in(nonZero(r, 3, 4)).out(DataType.INT64)
                        .withoutGradient()
                : new OperatorCase("Mod", 13).with("fmod", 1).in(OperatorCase.floats(r, 3, 4))
                        .in(mapped(OperatorCase.floats(r, 4), v -> v + Math.copySign(1, v))).withoutGradient()));
        for (String op : new String[] {"Min", "Max", "Sum", "Mean"}) {
            cases.put(op, new Cases(6, (r, i) -> variadic(op, r)));
        }
        for (String op : new String[] {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}) {
            cases.put(op, new Cases(4, (r, i) -> new OperatorCase(op, i % 2 == 0 ? 13 : 17).in(integers(r, 3, 2, 3, 4))
                    .in(integers(r, 3, i < 2 ? new long[] {4} : new long[] {3, 1})).out(DataType.BOOL)
                    .withoutGradient()));
        }
        for (String op : new String[] {"And", "Or", "Xor"}) {
            cases.put(op, new Cases(3, (r, i) -> new OperatorCase(op, 13).in(OperatorCase.bools(r, 3, 4))
                    .in(OperatorCase.bools(r, 4)).out(DataType.BOOL).withoutGradient()));
        }
        for (String op : new String[] {"BitwiseAnd", "BitwiseOr", "BitwiseXor"}) {
            cases.put(op,
                    new Cases(2, (r, i) -> new OperatorCase(op, 18).in(integers(r, 50, 3, 4)).in(integers(r, 50, 3, 4))
                            .out(DataType.INT64).withoutGradient()));
        }
        cases.put("Not", new Cases(2, (r, i) -> new OperatorCase("Not", 13).in(OperatorCase.bools(r, 3, 4))
                .out(DataType.BOOL).withoutGradient()));
        cases.put("IsNaN", new Cases(2, (r, i) -> new OperatorCase("IsNaN", 13).in(special(r)).out(DataType.BOOL)
                .withoutGradient()));
        cases.put("IsInf", new Cases(4, (r, i) -> new OperatorCase("IsInf", 20).with("detect_positive", i % 2)
                .with("detect_negative", i / 2).in(special(r)).out(DataType.BOOL).withoutGradient()));
        cases.put("Where", new Cases(4, (r, i) -> new OperatorCase("Where", 16).in(OperatorCase.bools(r, 3, 1))
                .in(OperatorCase.floats(r, 2, 3, 4))
                .in(i % 2 == 0 ? OperatorCase.floats(r) : OperatorCase.floats(r, 4))));

        smooth(cases, "Exp Erf Sin Cos Sigmoid Tanh Softplus Softsign Mish Neg Atan Sinh Cosh Asinh", v -> v);
        smooth(cases, "Log Sqrt Reciprocal", v -> Math.abs(v) + 0.3);
        smooth(cases, "Tan Asin Acos Atanh", v -> Math.tanh(v) * 0.9);
        smooth(cases, "Acosh", v -> Math.abs(v) + 1.2);
        smooth(cases, "Abs Relu HardSwish", ElementwiseCases::offKinks);
        for (String op : new String[] {"Floor", "Ceil", "Round", "Sign"}) {
            cases.put(op, new Cases(3, (r, i) -> new OperatorCase(op, 13)
                    .in(i == 0 ? TensorData.of(new float[] {-2.5f, -1.5f, -0.5f, 0, 0.5f, 1.5f, 2.5f}, 7)
                            : mapped(OperatorCase.floats(r, 3, 5), v -> 3 * v))
                    .withoutGradient()));
        }
        activation(cases, "LeakyRelu", 16, "alpha");
        activation(cases, "Elu", 13, "alpha");
        activation(cases, "Celu", 13, "alpha");
        activation(cases, "ThresholdedRelu", 13, "alpha");
        cases.put("Selu", new Cases(4, (r, i) -> {
            OperatorCase c =
                    new OperatorCase("Selu", 13).in(mapped(OperatorCase.floats(r, 3, 4), ElementwiseCases::offKinks));
            return i % 2 == 0 ? c : c.with("alpha", 1.2).with("gamma", 0.7);
        }));
        cases.put("PRelu", new Cases(4, (r, i) -> new OperatorCase("PRelu", 16)
                .in(mapped(OperatorCase.floats(r, 2, 3, 4), ElementwiseCases::offKinks))
                .stored(i % 2 == 0 ? OperatorCase.floats(r, 3, 1) : OperatorCase.floats(r, 1))));
        cases.put("Gelu",
                new Cases(4, (r, i) -> new OperatorCase("Gelu", 20).with("approximate", i % 2 == 0 ? "none" : "tanh")
                        .in(OperatorCase.floats(r, 4, 6))));
        cases.put("HardSigmoid", new Cases(4, (r, i) -> new OperatorCase("HardSigmoid", 13)
                .with("alpha", i % 2 == 0 ? 1 / 6.0 : 0.31).with("beta", i < 2 ? 0.5 : 0.4)
                .in(OperatorCase.floats(r, 4, 6))));
        cases.put("Shrink",
                new Cases(3, (r, i) -> new OperatorCase("Shrink", 13).with("lambd", 0.4).with("bias", 0.1 * i)
                        .in(OperatorCase.floats(r, 4, 6))));
        cases.put("Softmax", new Cases(10, (r, i) -> softmax("Softmax", r, i)));
        cases.put("LogSoftmax", new Cases(10, (r, i) -> softmax("LogSoftmax", r, i)));
        cases.put("Hardmax", new Cases(6, (r, i) -> softmax("Hardmax", r, i).withoutGradient()));
        cases.put("Clip", new Cases(8, (r, i) -> clip(r, i)));
        cases.put("Cast", new Cases(8, (r, i) -> cast(r, i)));
        cases.put("CastLike", new Cases(2, (r, i) -> new OperatorCase("CastLike", 15).in(OperatorCase.floats(r, 3, 4))
                .in(integers(r, 3, 1)).out(DataType.INT64).withoutGradient()));
        cases.put("Swish", new Cases(2, (r, i) -> new OperatorCase("Swish", 24).with("alpha", i == 0 ? 1.0 : 0.7)
                .in(OperatorCase.floats(r, 3, 4))));
        cases.put("BitwiseNot", new Cases(1, (r, i) -> new OperatorCase("BitwiseNot", 18).in(integers(r, 50, 3, 4))
                .out(DataType.INT64).withoutGradient()));
    }

    private static double offKinks(double v) {
        return Math.abs(v) < 1e-2 ? v + 0.1 : v;
    }

    private static void smooth(Map<String, Cases> cases, String operators, DoubleUnaryOperator domain) {
        for (String op : operators.split(" ")) {
            int opset = op.equals("HardSwish") ? 14 : op.equals("Mish") ? 18 : 13;
            cases.put(op, new Cases(3,
                    (r, i) -> new OperatorCase(op, opset).in(mapped(OperatorCase.floats(r, shape(r)), domain))));
        }
    }

    private static void activation(Map<String, Cases> cases, String op, int opset, String attribute) {
        cases.put(op, new Cases(4, (r, i) -> {
            OperatorCase c = new OperatorCase(op, opset)
                    .in(mapped(OperatorCase.floats(r, shape(r)), ElementwiseCases::offKinks));
            return i == 0 ? c : c.with(attribute, 0.2 + r.nextDouble());
        }));
    }

    static long[] shape(RandomGenerator random) {
        long[] dims = new long[random.nextInt(1, 5)];
        Arrays.setAll(dims, d -> random.nextInt(1, 5));
        return dims;
    }

    /** A shape that broadcasts to the given one: some leading axes gone, some sizes 1. */
    static long[] part(RandomGenerator random, long[] dims) {
        long[] part = Arrays.copyOfRange(dims, random.nextInt(dims.length + 1), dims.length);
        for (int d = 0; d < part.length; d++) {
            part[d] = random.nextInt(3) == 0 ? 1 : part[d];
        }
        return part;
    }

    static TensorData mapped(TensorData data, DoubleUnaryOperator map) {
        float[] values = data.toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) map.applyAsDouble(values[i]);
        }
        return TensorData.of(values, data.dims());
    }

    static TensorData integers(RandomGenerator random, int most, long... dims) {
        long[] values = new long[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        Arrays.setAll(values, i -> random.nextInt(-most, most + 1));
        return TensorData.of(values, dims);
    }

    private static TensorData nonZero(RandomGenerator random, long... dims) {
        long[] values = integers(random, 6, dims).toLongs();
        Arrays.setAll(values, i -> values[i] == 0 ? 5 : values[i]);
        return TensorData.of(values, dims);
    }

    private static TensorData special(RandomGenerator random) {
        float[] all = {0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, (float) random.nextGaussian()};
        return TensorData.of(all, all.length);
    }

    private static OperatorCase pair(String op, RandomGenerator r, int i, DoubleUnaryOperator second) {
        if (i % 4 == 3) {
            return new OperatorCase(op, 14).in(integers(r, 30, 3, 4)).in(nonZero(r, 4)).out(DataType.INT64)
                    .withoutGradient();
        }
        long[] dims = shape(r);
        boolean swap = r.nextBoolean() && !op.equals("Div");
        TensorData whole = OperatorCase.floats(r, dims);
        TensorData part = mapped(OperatorCase.floats(r, part(r, dims)), second);
        return new OperatorCase(op, 14).in(swap ? part : whole).in(swap ? whole : part);
    }

    private static OperatorCase pow(RandomGenerator r, int i) {
        TensorData base = mapped(OperatorCase.floats(r, 3, 4), v -> Math.abs(v) + 0.2);
        return switch (i) {
            case 0 -> new OperatorCase("Pow", 15).in(OperatorCase.floats(r, 3, 4))
                    .stored(TensorData.of(new long[] {2}));
            case 1, 2, 3 -> new OperatorCase("Pow", 15).in(base)
                    .stored(TensorData.of(new float[] {i == 1 ? 0.5f : i == 2 ? 3 : -1.5f}));
            case 4 -> new OperatorCase("Pow", 15).in(integers(r, 4, 3, 4)).stored(TensorData.of(new long[] {2}))
                    .out(DataType.INT64).withoutGradient();
            case 5 -> new OperatorCase("Pow", 15).in(base).in(TensorData.of(new long[] {2}));
            default -> new OperatorCase("Pow", 15).in(base).in(OperatorCase.floats(r, 4));
        };
    }

    private static OperatorCase variadic(String op, RandomGenerator r) {
        OperatorCase c = new OperatorCase(op, 13);
        long[] dims = shape(r);
        int n = r.nextInt(1, 4);
        for (int k = 0; k < n; k++) {
            c.in(OperatorCase.floats(r, k == 0 ? dims : part(r, dims)));
        }
        return c;
    }

    private static OperatorCase softmax(String op, RandomGenerator r, int i) {
        long[] dims = shape(r);
        OperatorCase c = new OperatorCase(op, i % 2 == 0 ? 13 : 11).in(OperatorCase.floats(r, dims));
        int axis = r.nextInt(-dims.length, dims.length);
        return i < 2 && (i == 0 || dims.length > 1) ? c : c.with("axis", axis);
    }

    private static OperatorCase clip(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("Clip", 13).in(OperatorCase.floats(r, 4, 5));
        TensorData low = TensorData.of(new float[] {-0.7f});
        TensorData high = TensorData.of(new float[] {0.4f});
        return switch (i) {
            case 0 -> c.stored(low).stored(high);
            case 1 -> c.stored(low);
            case 2 -> c.omitted().stored(high);
            case 3 -> c;
            case 4 -> c.in(low).in(high).withoutGradient();
            case 5 -> c.in(low).withoutGradient();
            case 6 -> c.stored(high).stored(low).withoutGradient();
            default -> new OperatorCase("Clip", 13).in(integers(r, 9, 3, 4)).stored(TensorData.of(new long[] {-2}))
                    .stored(TensorData.of(new long[] {3})).out(DataType.INT64).withoutGradient();
        };
    }

    private static OperatorCase cast(RandomGenerator r, int i) {
        DataType[] to =
                {DataType.FLOAT, DataType.INT64, DataType.INT32, DataType.BOOL, DataType.DOUBLE, DataType.FLOAT16,
                        DataType.UINT8, DataType.FLOAT};
        TensorData from = i == 7 ? integers(r, 5, 3, 4)
                : i == 6 ? mapped(OperatorCase.floats(r, 3, 4), v -> Math.abs(v) * 5) : OperatorCase.floats(r, 3, 4);
        OperatorCase c = new OperatorCase("Cast", 13).with("to", to[i].code()).in(from).out(to[i]);
        return i == 0 || i == 4 ? c : c.withoutGradient();
    }
}
