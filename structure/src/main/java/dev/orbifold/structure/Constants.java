package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * Which units carry the same number whatever the inputs, at every value of a Graph: exact zeros of the weights, and the
 * biases of units without weights, followed through the operators. One pass over the nodes; an operator without a rule makes
 * nothing known, never something wrong. Numbers are worked out in doubles and rounded to the type of each value. Zero times anything is zero: activations are taken to be finite.
 */
final class Constants {
    /** Operators whose outputs hold elements of their first input (Concat: all inputs) and nothing else. */
    private static final Set<String> MOVES = Set.of("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat",
            "Split", "Slice", "Gather", "DepthToSpace", "SpaceToDepth", "Expand", "Tile");
    private static final Set<String> POOLS = Set.of("MaxPool", "GlobalMaxPool", "GlobalAveragePool", "AveragePool",
            "ReduceMean", "ReduceMax", "ReduceMin", "Resize", "Upsample", "ReduceSum");

    private final Axes axes;
    private final Map<String, Known> known = new HashMap<>();

    private Constants(Axes axes) {
        this.axes = axes;
    }

    /** Follows the constants of a Graph. */
    static Constants of(Symmetries symmetries) {
        Constants constants = new Constants(new Axes(symmetries));
        for (Node node : symmetries.graph().nodes()) {
            if (node.domain().isEmpty() && constants.axes.constant(node.output(0)).isEmpty()) {
                for (int o = 0; o < node.outputs().size(); o++) {
                    constants.infer(node, o);
                }
            }
        }
        return constants;
    }

    /** The number that fills the slice at an index of an axis of a value, or NaN. */
    double at(String value, int axis, int index) {
        return known(value).at(axis, index);
    }

    Known known(String value) {
        Known found = known.get(value);
        if (found == null) {
            Optional<TensorData> constant = axes.constant(value).filter(c -> c.type().isReal());
            found = constant.map(Known::of).orElseGet(() -> Known.nothing(lengths(value)));
            known.put(value, found);
        }
        return found;
    }

    private int[] lengths(String value) {
        int[] lengths = new int[Math.max(axes.rank(value), 0)];
        for (int a = 0; a < lengths.length; a++) {
            lengths[a] = axes.size(value, a);
        }
        return lengths;
    }

    private void infer(Node node, int output) {
        String out = node.output(output);
        if (out.isEmpty() || axes.rank(out) < 0) {
            return;
        }
        Known nothing = Known.nothing(lengths(out));
        Known result = output > 0 && !MOVES.contains(node.opType()) ? nothing : rule(node, out, nothing);
        if (result.any()) {
            boolean fine = axes.shapes().type(out).filter(t -> t == DataType.DOUBLE).isPresent();
            known.put(out, fine ? result : result.map(v -> (float) v));
        }
    }

    private Known rule(Node node, String out, Known nothing) {
        if (MOVES.contains(node.opType())) {
            return moved(node, out, nothing);
        }
        if (POOLS.contains(node.opType())) {
            return pooled(node, out, nothing);
        }
        Optional<DoubleUnaryOperator> unary = Activations.of(node);
        if (unary.isPresent()) {
            return known(node.input(0)).map(axes.shapes().type(out).map(t -> t.isReal()).orElse(false) ? unary.get()
                    : v -> v == 0 && unary.get().applyAsDouble(v) == 0 ? 0 : Double.NaN);
        }
        return switch (node.opType()) {
            case "Add", "Sum" -> broadcast(node, 0, nothing, Double::sum);
            case "Sub" -> broadcast(node, 0, nothing, (a, b) -> a - b);
            case "Mul" -> broadcast(node, 0, nothing, (a, b) -> a == 0 || b == 0 ? 0 : a * b);
            case "Div" -> broadcast(node, 0, nothing, (a, b) -> a == 0 ? 0 : a / b);
            case "Pow" -> broadcast(node, 0, nothing, Math::pow);
            case "Min" -> broadcast(node, 0, nothing, Math::min);
            case "Max" -> broadcast(node, 0, nothing, Math::max);
            case "PRelu" -> broadcast(node, 0, nothing, (a, b) -> a >= 0 ? a : a * b);
            case "Where" -> broadcast(node, 1, nothing, (a, b) -> a == b ? a : Double.NaN);
            case "Clip" -> clipped(node);
            case "BatchNormalization" -> batchNorm(node, nothing);
            case "LayerNormalization", "RMSNormalization" -> normed(node, -1, nothing);
            case "InstanceNormalization" -> normed(node, 1, nothing);
            case "Pad" -> padded(node, out, nothing);
            case "Conv", "ConvTranspose", "Gemm", "MatMul"
                    -> new ConstantProducts(this, axes).contracted(node, nothing);
            case "Einsum" -> new ConstantProducts(this, axes).summed(node, nothing);
            case "Attention" -> new ConstantProducts(this, axes).attended(node, nothing);
            default -> nothing;
        };
    }

    /** Elementwise with broadcasting over the inputs from the given one on. */
    private Known broadcast(Node node, int first, Known nothing, DoubleBinaryOperator operator) {
        double[][] result = nothing.axes();
        int rank = result.length;
        double whole = Double.NaN;
        for (int i = first; i < node.inputs().size(); i++) {
            whole = i == first ? known(node.input(i)).whole()
                    : operator.applyAsDouble(whole, known(node.input(i)).whole());
        }
        for (int a = 0; a < rank; a++) {
            for (int j = 0; j < result[a].length; j++) {
                double v = aligned(node.input(first), rank, a, j, result[a].length);
                for (int i = first + 1; i < node.inputs().size(); i++) {
                    v = operator.applyAsDouble(v, aligned(node.input(i), rank, a, j, result[a].length));
                }
                result[a][j] = v;
            }
        }
        return new Known(result, whole);
    }

    /** The number of an operand at an index of an axis of what it is broadcast to, or NaN. */
    double aligned(String value, int rank, int axis, int index, int length) {
        Known operand = known(value);
        int own = axis - (rank - axes.rank(value));
        boolean spans = axes.rank(value) >= 0 && own >= 0 && own < operand.axes().length
                && operand.axes()[own].length == length;
        return spans ? operand.axes()[own][index] : operand.whole();
    }

    private Known clipped(Node node) {
        double low = node.hasInput(1) ? known(node.input(1)).whole() : node.real("min", Float.NEGATIVE_INFINITY);
        double high = node.hasInput(2) ? known(node.input(2)).whole() : node.real("max", Float.POSITIVE_INFINITY);
        return known(node.input(0)).map(x -> Math.min(Math.max(x, low), high));
    }

    private Known batchNorm(Node node, Known nothing) {
        Known x = known(node.input(0));
        double epsilon = node.real("epsilon", 1e-5f);
        double[] channels = nothing.axes()[1];
        for (int c = 0; c < channels.length; c++) {
            double scale = known(node.input(1)).at(0, c);
            double shift = known(node.input(2)).at(0, c);
            double mean = known(node.input(3)).at(0, c);
            double variance = known(node.input(4)).at(0, c);
            channels[c] = scale == 0 ? shift
                    : (x.at(1, c) - mean) / Math.sqrt(variance + epsilon) * scale + shift;
        }
        return nothing;
    }

    /** A norm's output where its scale is zero: the shift. */
    private Known normed(Node node, int axis, Known nothing) {
        int at = axis < 0 ? nothing.axes().length + axis : axis;
        boolean last = node.integer("axis", -1) == -1 || node.integer("axis", -1) == at;
        if (!last || axes.rank(node.input(1)) != 1) {
            return nothing;
        }
        double[] units = nothing.axes()[at];
        for (int c = 0; c < units.length; c++) {
            double shift = node.hasInput(2) ? known(node.input(2)).at(0, c) : 0;
            units[c] = known(node.input(1)).at(0, c) == 0 ? shift : Double.NaN;
        }
        return nothing;
    }

    /** Averages and maxima over some axes keep what is constant along the others; zeros added at a border only keep zero. */
    private Known pooled(Node node, String out, Known nothing) {
        Known x = known(node.input(0));
        boolean sums = node.opType().equals("ReduceSum");
        boolean borders = node.opType().equals("AveragePool") && node.integer("count_include_pad", 0) != 0
                || node.opType().equals("Resize")
                        && node.text("coordinate_transformation_mode", "").startsWith("tf_crop");
        boolean keepsAxes = axes.rank(out) == axes.rank(node.input(0));
        for (int a = 0; a < nothing.axes().length; a++) {
            double[] units = nothing.axes()[a];
            boolean same = keepsAxes && x.axes()[a].length == units.length && units.length > 1;
            for (int j = 0; j < units.length; j++) {
                double v = same ? x.axes()[a][j] : keepsAxes ? x.whole() : matched(node, out, a, j);
                units[j] = (sums || borders) && v != 0 ? Double.NaN : v;
            }
        }
        return nothing;
    }

    private Known padded(Node node, String out, Known nothing) {
        if (!node.text("mode", "constant").equals("constant")) {
            return nothing;
        }
        double filler = node.hasInput(2) ? known(node.input(2)).whole() : 0;
        Known x = known(node.input(0));
        long[] pads = axes.constant(node.input(1)).filter(p -> !node.hasInput(3)).map(TensorData::toLongs)
                .orElse(new long[0]);
        for (int a = 0; a < nothing.axes().length; a++) {
            double[] units = nothing.axes()[a];
            int length = axes.size(node.input(0), a);
            long before = length == units.length ? 0 : a < pads.length ? pads[a] : -1;
            for (int j = 0; j < units.length && length >= 0 && before >= 0; j++) {
                boolean inside = j >= before && j < before + length;
                units[j] = !inside || x.at(a, (int) (j - before)) == filler ? filler : Double.NaN;
            }
        }
        return nothing;
    }

    /**
     * Elements that only moved. Where the operator says from which indices, those count; elsewhere an index is constant if
     * all indices of its unit were, with one number.
     */
    private Known moved(Node node, String out, Known nothing) {
        Moves moves = new Moves(node, out, axes);
        for (int a = 0; a < nothing.axes().length; a++) {
            for (int j = 0; j < nothing.axes()[a].length; j++) {
                Optional<List<Moves.Source>> sources = moves.sources(a, j);
                nothing.axes()[a][j] = sources.isPresent()
                        ? agreed(sources.get().stream().map(s -> at(s.value(), s.axis(), s.index())).toList())
                        : matched(node, out, a, j);
            }
        }
        return nothing;
    }

    private static double agreed(List<Double> candidates) {
        // Adding 0 makes the two zeros one
        return candidates.stream().map(c -> c + 0.0).distinct().count() == 1 ? candidates.getFirst() + 0.0 : Double.NaN;
    }

    private double matched(Node node, String out, int axis, int index) {
        Optional<AxisType> type = axes.type(out, axis);
        if (type.isEmpty() || type.get().space()[index] < 0) {
            return Double.NaN;
        }
        int inputs = node.opType().equals("Concat") ? node.inputs().size() : 1;
        List<Double> candidates = new ArrayList<>();
        for (int i = 0; i < inputs; i++) {
            List<Optional<AxisType>> types = axes.types(node.input(i));
            for (int b = 0; b < types.size(); b++) {
                if (types.get(b).isPresent()) {
                    collect(node.input(i), b, types.get(b).get(), type.get(), index, candidates);
                }
            }
        }
        return agreed(candidates);
    }

    private void collect(String input, int axis, AxisType from, AxisType to, int index, List<Double> candidates) {
        boolean same = Arrays.equals(from.space(), to.space())
                && Arrays.equals(from.unit(), to.unit()) && Arrays.equals(from.leg(), to.leg());
        if (same) {
            candidates.add(at(input, axis, index));
            return;
        }
        for (int j = 0; j < from.space().length; j++) {
            if (from.space()[j] == to.space()[index] && from.unit()[j] == to.unit()[index]) {
                candidates.add(at(input, axis, j));
            }
        }
    }
}
