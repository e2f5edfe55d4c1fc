package dev.orbifold.engine;

import static dev.orbifold.engine.OperatorCase.floats;
import static dev.orbifold.engine.OperatorCase.longs;

import dev.orbifold.engine.OperatorsTest.Cases;
import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/** Random cases for reductions, for operators that move elements, and for those that make tensors. */
final class ShapeCases {
    private ShapeCases() {
    }

    static void register(Map<String, Cases> cases) {
        for (String op : new String[] {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                "ReduceL2",
                "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"}) {
            cases.put(op, new Cases(7, (r, i) -> reduce(op, r, i)));
        }
        for (String op : new String[] {"ArgMax", "ArgMin"}) {
            cases.put(op, new Cases(6, (r, i) -> new OperatorCase(op, 13).with("axis", r.nextInt(-3, 3))
                    .with("keepdims", r.nextInt(2)).with("select_last_index", i % 2)
                    .in(ElementwiseCases.mapped(floats(r, 3, 4, 5), Math::rint)).out(DataType.INT64)
                    .withoutGradient()));
        }
        cases.put("TopK",
                new Cases(6,
                        (r, i) -> new OperatorCase("TopK", 11).with("axis", r.nextInt(-2, 2)).with("largest", i % 2)
                                .in(floats(r, 4, 5)).stored(longs(r.nextInt(1, 5))).out(DataType.FLOAT)
                                .out(DataType.INT64)));
        cases.put("CumSum",
                new Cases(6, (r, i) -> new OperatorCase("CumSum", 14).with("exclusive", i % 2).with("reverse", i / 3)
                        .in(floats(r, 3, 4)).stored(TensorData.of(new long[] {r.nextInt(-2, 2)}))));
        cases.put("Reshape", new Cases(5, (r, i) -> new OperatorCase("Reshape", 14).in(floats(r, 2, 3, 4))
                .stored(switch (i) {
                    case 0 -> longs(4, 6);
                    case 1 -> longs(-1, 2);
                    case 2 -> longs(0, -1);
                    case 3 -> longs(0, 0, 2, 2);
                    default -> longs(-1);
                })));
        cases.put("Flatten",
                new Cases(6, (r, i) -> new OperatorCase("Flatten", 13).with("axis", i - 2).in(floats(r, 2, 3, 4))));
        cases.put("Transpose", new Cases(4, (r, i) -> {
            OperatorCase c = new OperatorCase("Transpose", 13).in(floats(r, 2, 3, 4));
            return i == 0 ? c : c.with("perm", order(r, 3));
        }));
        cases.put("Squeeze", new Cases(4, (r, i) -> {
            OperatorCase c = new OperatorCase("Squeeze", i % 2 == 0 ? 13 : 11).in(floats(r, 1, 3, 1, 2));
            return i == 0 ? c : i == 2 ? c.stored(longs(0, -2)) : c.with("axes", new long[] {2});
        }));
        cases.put("Unsqueeze", new Cases(4, (r, i) -> {
            OperatorCase c = new OperatorCase("Unsqueeze", i % 2 == 0 ? 13 : 11).in(floats(r, 3, 2));
            return i % 2 == 0 ? c.stored(i == 0 ? longs(-1) : longs(0, 2))
                    : c.with("axes", i == 1 ? new long[] {1} : new long[] {0, 3});
        }));
        cases.put("Expand", new Cases(3, (r, i) -> new OperatorCase("Expand", 13).in(floats(r, 3, 1))
                .stored(i == 0 ? longs(2, 3, 4) : i == 1 ? longs(1, 4) : longs(1))));
        cases.put("Tile", new Cases(3, (r, i) -> new OperatorCase("Tile", 13).in(floats(r, 2, 3))
                .stored(longs(r.nextInt(1, 3), r.nextInt(1, 4)))));
        cases.put("Concat", new Cases(4, ShapeCases::concat));
        cases.put("Split", new Cases(4, ShapeCases::split));
        cases.put("DepthToSpace", new Cases(4, (r, i) -> new OperatorCase("DepthToSpace", 13).with("blocksize", 2)
                .with("mode", i % 2 == 0 ? "DCR" : "CRD").in(floats(r, 2, 8, 2, 3))));
        cases.put("SpaceToDepth", new Cases(2, (r, i) -> new OperatorCase("SpaceToDepth", 13).with("blocksize", 2)
                .in(floats(r, 2, 3, 4, 6))));
        cases.put("Trilu", new Cases(6, (r, i) -> {
            OperatorCase c = new OperatorCase("Trilu", 14).with("upper", i % 2).in(floats(r, 2, 4, 5));
            return i < 2 ? c : c.stored(TensorData.of(new long[] {i - 4}));
        }));
        cases.put("Shape", new Cases(3, (r, i) -> {
            OperatorCase c = new OperatorCase("Shape", 15).in(floats(r, 2, 3, 4)).out(DataType.INT64).withoutGradient();
            return i == 0 ? c : i == 1 ? c.with("start", 1) : c.with("start", -3).with("end", -1);
        }));
        cases.put("Size", new Cases(1,
                (r, i) -> new OperatorCase("Size", 13).in(floats(r, 2, 3)).out(DataType.INT64).withoutGradient()));
        cases.put("Slice", new Cases(12, ShapeCases::slice));
        cases.put("Gather", new Cases(8, ShapeCases::gather));
        cases.put("GatherElements", new Cases(4, (r, i) -> new OperatorCase("GatherElements", 13).with("axis", i % 2)
                .in(floats(r, 4, 5)).in(indices(r, 4, 3, 2))));
        cases.put("GatherND", new Cases(4, (r, i) -> switch (i) {
            case 0 -> new OperatorCase("GatherND", 13).in(floats(r, 3, 4, 2)).in(indices(r, 3, 5, 1));
            case 1 -> new OperatorCase("GatherND", 13).in(floats(r, 3, 4, 2)).in(indices(r, 2, 2, 5, 3));
            case 2 -> new OperatorCase("GatherND", 13).with("batch_dims", 1).in(floats(r, 3, 4, 2))
                    .in(indices(r, 4, 3, 1));
            default -> new OperatorCase("GatherND", 13).with("batch_dims", 1).in(floats(r, 3, 4, 2))
                    .in(indices(r, 2, 3, 5, 2));
        }));
        cases.put("ScatterND", new Cases(6, ShapeCases::scatterNd));
        cases.put("ScatterElements", new Cases(6, ShapeCases::scatterElements));
        cases.put("OneHot",
                new Cases(4, (r, i) -> new OperatorCase("OneHot", 11).with("axis", i % 3 - 1).in(indices(r, 5, 2, 3))
                        .stored(TensorData.of(new long[] {5})).in(floats(r, 2))));
        cases.put("NonZero",
                new Cases(2, (r, i) -> new OperatorCase("NonZero", 13).in(ElementwiseCases.integers(r, 1, 3, 4))
                        .out(DataType.INT64).withoutGradient()));
        cases.put("Compress", new Cases(3, (r, i) -> {
            OperatorCase c =
                    new OperatorCase("Compress", 11).in(floats(r, 3, 4)).in(OperatorCase.bools(r, 3)).withoutGradient();
            return i == 0 ? c : c.with("axis", i - 1);
        }));
        cases.put("ConstantOfShape", new Cases(2, (r, i) -> {
            OperatorCase c = new OperatorCase("ConstantOfShape", 13).in(longs(2, 3)).withoutGradient();
            return i == 0 ? c : c.with("value", new Attribute.Tensor(longs(7))).out(DataType.INT64);
        }));
        cases.put("Range", new Cases(4, (r, i) -> i % 2 == 0
                ? new OperatorCase("Range", 13).in(TensorData.of(new long[] {2}))
                        .in(TensorData.of(new long[] {i == 0 ? 11 : -9}))
                        .in(TensorData.of(new long[] {i == 0 ? 3 : -2})).out(DataType.INT64).withoutGradient()
                : new OperatorCase("Range", 13).in(TensorData.of(new float[] {0.5f}))
                        .in(TensorData.of(new float[] {i == 1 ? 4 : -3}))
                        .in(TensorData.of(new float[] {i == 1 ? 0.75f : -0.5f})).withoutGradient()));
        cases.put("EyeLike", new Cases(3,
                (r, i) -> new OperatorCase("EyeLike", 13).with("k", i - 1).in(floats(r, 3, 4)).withoutGradient()));
        cases.put("Scatter", new Cases(2, (r, i) -> new OperatorCase("Scatter", 10).with("axis", i).in(floats(r, 4, 4))
                .in(TensorData.of(new long[] {1, 2, 3, 0}, 2, 2)).in(floats(r, 2, 2))));
        cases.put("Upsample",
                new Cases(4, (r, i) -> new OperatorCase("Upsample", 9).with("mode", i % 2 == 0 ? "nearest" : "linear")
                        .in(floats(r, 1, 2, 3, 4)).stored(TensorData.of(new float[] {1, 1, i < 2 ? 2 : 1.5f, 3}, 4))));
        cases.put("Pad", new Cases(20, ShapeCases::pad));
        cases.put("Resize", new Cases(60, ShapeCases::resize));
    }

    private static long[] order(RandomGenerator r, int n) {
        List<Long> order = new ArrayList<>(LongStream.range(0, n).boxed().toList());
        Collections.shuffle(order, java.util.Random.from(r));
        return order.stream().mapToLong(Long::longValue).toArray();
    }

    static TensorData indices(RandomGenerator r, int size, long... dims) {
        long[] values = new long[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        Arrays.setAll(values, i -> r.nextInt(-size, size));
        return TensorData.of(values, dims);
    }

    private static OperatorCase reduce(String op, RandomGenerator r, int i) {
        boolean logarithm = op.equals("ReduceLogSum") || op.equals("ReduceL1");
        TensorData x = ElementwiseCases.mapped(floats(r, 2, 3, 4), v -> logarithm ? Math.abs(v) + 0.1 : v);
        boolean asInput = i % 2 == 0;
        int opset = op.equals("ReduceSum") ? asInput ? 13 : 11 : asInput ? 18 : 13;
        OperatorCase c = new OperatorCase(op, opset).with("keepdims", r.nextInt(2)).in(x);
        long[][] axes = {{1}, {0, 2}, {-1}, {-2, -1}, {0, 1, 2}};
        if (i == 6) {
            return op.equals("ReduceLogSum") || op.equals("ReduceLogSumExp") || op.equals("ReduceL1")
                    || op.equals("ReduceL2")
                    || op.equals("ReduceSumSquare") ? c : c.with("noop_with_empty_axes", 1);
        }
        long[] which = axes[r.nextInt(axes.length)];
        return i == 5 ? c : asInput ? c.stored(longs(which)) : c.with("axes", which);
    }

    private static OperatorCase concat(RandomGenerator r, int i) {
        int axis = i % 2;
        OperatorCase c = new OperatorCase("Concat", 13).with("axis", i < 2 ? axis : axis - 2);
        for (int k = 0; k < 3; k++) {
            long n = r.nextInt(1, 4);
            c.in(axis == 0 ? floats(r, n, 3) : floats(r, 3, n));
        }
        return c;
    }

    private static OperatorCase split(RandomGenerator r, int i) {
        TensorData x = floats(r, 3, 7);
        OperatorCase c = switch (i) {
            case 0 -> new OperatorCase("Split", 13).with("axis", 1).in(x).stored(longs(2, 4, 1));
            case 1 -> new OperatorCase("Split", 11).with("axis", -1).with("split", 2, 4, 1).in(x);
            case 2 -> new OperatorCase("Split", 13).with("axis", 0).in(x);
            default -> new OperatorCase("Split", 18).with("axis", 1).with("num_outputs", 3).in(x);
        };
        return c.out(DataType.FLOAT).out(DataType.FLOAT).out(DataType.FLOAT);
    }

    private static OperatorCase slice(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("Slice", 13).in(floats(r, 5, 6, 3));
        if (i == 0) {
            return c.stored(longs(1, -4)).stored(longs(100, 5));
        }
        long[] steps = {r.nextBoolean() ? r.nextInt(1, 4) : -r.nextInt(1, 4), r.nextInt(1, 3)};
        long[] starts = {r.nextInt(-8, 8), r.nextInt(-8, 8)};
        long[] ends = {r.nextInt(3) == 0 ? (steps[0] > 0 ? Long.MAX_VALUE : Long.MIN_VALUE) : r.nextInt(-8, 8),
                Long.MAX_VALUE};
        return c.stored(longs(starts)).stored(longs(ends)).stored(longs(1, r.nextBoolean() ? 0 : -1))
                .stored(longs(steps));
    }

    private static OperatorCase gather(RandomGenerator r, int i) {
        OperatorCase c = new OperatorCase("Gather", 13);
        return switch (i) {
            case 0 -> c.stored(floats(r, 5, 3)).in(indices(r, 5, 2, 4));
            case 1 -> c.with("axis", 1).in(floats(r, 2, 5, 3)).in(indices(r, 5, 2, 2));
            case 2 -> c.with("axis", -1).in(floats(r, 2, 5)).stored(TensorData.of(new long[] {-2}));
            case 3 -> c.with("axis", 0).in(floats(r, 4, 5)).stored(longs(0, 3, 3));
            case 4 -> c.with("axis", 1).in(floats(r, 4, 5)).stored(longs(-1, 0));
            case 5 -> c.in(floats(r, 6)).in(TensorData.of(new long[] {r.nextInt(-6, 6)}));
            case 6 -> c.in(ElementwiseCases.integers(r, 9, 4, 2)).in(indices(r, 4, 3)).out(DataType.INT64)
                    .withoutGradient();
            default -> c.in(floats(r, 3, 2, 2)).in(indices(r, 3, 1));
        };
    }

    private static OperatorCase scatterNd(RandomGenerator r, int i) {
        String[] reductions = {"none", "add", "mul", "max", "min", "none"};
        OperatorCase c = new OperatorCase("ScatterND", 18).with("reduction", reductions[i]).in(floats(r, 4, 3));
        boolean whole = i % 2 == 0;
        TensorData at =
                whole ? TensorData.of(new long[] {2, -4}, 2, 1) : TensorData.of(new long[] {0, 2, -1, 1, 1, 0}, 3, 2);
        return c.in(at).in(whole ? floats(r, 2, 3) : floats(r, 3));
    }

    private static OperatorCase scatterElements(RandomGenerator r, int i) {
        String[] reductions = {"none", "add", "mul", "max", "min", "none"};
        return new OperatorCase("ScatterElements", 18).with("reduction", reductions[i]).with("axis", i % 2)
                .in(floats(r, 4, 4))
                .in(TensorData.of(new long[] {1, -2, 3, 0}, 2, 2)).in(floats(r, 2, 2));
    }

    private static OperatorCase pad(RandomGenerator r, int i) {
        String mode = new String[] {"constant", "reflect", "edge", "wrap", "constant"}[i % 5];
        OperatorCase c =
                new OperatorCase("Pad", mode.equals("wrap") ? 19 : 18).with("mode", mode).in(floats(r, 2, 4, 5));
        boolean axes = r.nextBoolean();
        int n = axes ? 2 : 3;
        long[] pads = new long[2 * n];
        int least = mode.equals("constant") ? -1 : 0;
        for (int k = 0; k < pads.length; k++) {
            pads[k] = (k % n == 0 && !axes) ? r.nextInt(0, 2) : r.nextInt(least, 3);
        }
        c.stored(longs(pads));
        if (mode.equals("constant") && r.nextBoolean()) {
            c.stored(TensorData.of(new float[] {1.5f}));
        } else if (axes) {
            c.omitted();
        }
        return axes ? c.stored(longs(1, -1)) : c;
    }

    private static OperatorCase resize(RandomGenerator r, int i) {
        String mode = new String[] {"nearest", "linear", "cubic"}[i % 3];
        String[] coordinates = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
        OperatorCase c = new OperatorCase("Resize", 18).with("mode", mode)
                .with("coordinate_transformation_mode", coordinates[r.nextInt(coordinates.length)]).within(1e-4);
        if (mode.equals("nearest")) {
            String[] rounding = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
            c.with("nearest_mode", rounding[r.nextInt(4)]);
        }
        if (mode.equals("cubic")) {
            c.with("cubic_coeff_a", r.nextBoolean() ? -0.75 : -0.5);
        }
        c.in(floats(r, 1, 2, r.nextInt(3, 7), r.nextInt(3, 7))).omitted();
        if (r.nextBoolean()) {
            float[] by = {0.5f, 0.6f, 1.5f, 2, 2.3f, 3};
            return c.stored(TensorData.of(new float[] {1, 1, by[r.nextInt(6)], by[r.nextInt(6)]}, 4));
        }
        return c.omitted().stored(longs(1, 2, r.nextInt(2, 12), r.nextInt(2, 12)));
    }
}
