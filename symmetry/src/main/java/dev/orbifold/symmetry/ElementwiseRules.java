package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Broadcast.Aligned;
import dev.orbifold.symmetry.Broadcast.Kind;
import dev.orbifold.symmetry.Broadcast.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Rules of operators that work position by position (theory, 7: activations, sums, products, powers). */
final class ElementwiseRules {
    private static final String FIXED = " combines it with data at fixed positions";

    private ElementwiseRules() {
    }

    /** An activation that lets some scales pass. */
    static Rule unary(Passes passes) {
        return (node, in) -> {
            Typed type = in.type(node.input(0));
            in.touch(type, passes);
            in.define(node.output(0), type);
        };
    }

    /** A function with f(s·x) = |s|^power · f(x), times the sign of s where it is odd. */
    static Rule homogeneous(double power, boolean odd) {
        return (node, in) -> in.define(node.output(0), powered(in, in.type(node.input(0)), power, odd));
    }

    /** An even function: signs act on the in-side alone, magnitudes on neither. */
    static void even(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        in.touch(type, Passes.SIGNS);
        in.define(node.output(0), powered(in, type, 0, false));
    }

    private static Typed powered(Inference in, Typed type, double power, boolean odd) {
        return type.map(part -> {
            Elements out = in.coordinates().freshLike(part.elements());
            in.relate(List.of(part.elements(), out), new Scales(new double[] {power, -1}, new int[0]),
                    new Scales(new double[0], odd ? new int[] {1, 1} : new int[] {0, 1}));
            return new Part(part.axes(), part.sizes(), out.node(), out.leg());
        });
    }

    /** Square root, defined for what is not negative: halves the exponent. */
    static void root(Node node, Inference in) {
        Typed type = in.type(node.input(0));
        in.touch(type, Passes.POSITIVE);
        in.define(node.output(0), powered(in, type, 0.5, false));
    }

    /** Sigmoid: σ(−x) = 1 − σ(x). */
    static void sigmoid(Node node, Inference in) {
        odd(node, in, 0.5);
    }

    /** HardSigmoid, clip(α·x + β, 0, 1): odd about ½ where β is ½. */
    static void hardSigmoid(Node node, Inference in) {
        if (node.real("beta", 0.5f) == 0.5) {
            odd(node, in, 0.5);
        } else {
            unary(Passes.NONE).apply(node, in);
        }
    }

    /**
     * An activation with f(−x) = 2·at − f(x): signs pass, if what is left behind is taken back later ({@link Centres}). On two
     * parts at once the signs multiply, and what is left belongs to neither.
     */
    private static void odd(Node node, Inference in, double at) {
        Typed type = in.type(node.input(0));
        boolean follows = type.parts().size() == 1 && in.shapes().shape(node.input(0))
                .filter(s -> type.parts().get(0).fits(s.dims().stream().mapToLong(Dim::size).toArray())).isPresent();
        unary(follows ? Passes.SIGNS : Passes.NONE).apply(node, in);
        if (follows) {
            in.bend(new Inference.Bend(node.output(0), type.parts().get(0).sorted(), at));
        }
    }

    /** Powers: x^p multiplies the exponent by p; signs pass for odd p and stay behind for even p. */
    static void pow(Node node, Inference in) {
        Optional<Double> exponent = in.uniform(node.input(1));
        Typed type = in.type(node.input(0));
        if (exponent.isEmpty()) {
            combine(node, in, Passes.NONE, false);
        } else if (exponent.get() == 1) {
            in.define(node.output(0), type);
        } else {
            double p = exponent.get();
            boolean integer = p == Math.rint(p);
            if (!integer) {
                in.touch(type, Passes.POSITIVE);
            }
            in.define(node.output(0), powered(in, type, p, integer && p % 2 != 0));
        }
    }

    /** Clip: a lower bound 0 alone is a ReLU; opposite bounds are odd; no bounds at all pass everything. */
    static void clip(Node node, Inference in) {
        Optional<Double> low = bound(node, in, 1, "min");
        Optional<Double> high = bound(node, in, 2, "max");
        boolean half = low.orElse(Double.NaN) == 0 && high.orElse(Double.NaN) == Double.POSITIVE_INFINITY
                || high.orElse(Double.NaN) == 0 && low.orElse(Double.NaN) == Double.NEGATIVE_INFINITY;
        boolean open = low.orElse(Double.NaN) == Double.NEGATIVE_INFINITY
                && high.orElse(Double.NaN) == Double.POSITIVE_INFINITY;
        boolean odd = low.isPresent() && high.isPresent() && low.get() == -high.get();
        unary(open ? Passes.ALL : half ? Passes.POSITIVE : odd ? Passes.SIGNS : Passes.NONE).apply(node, in);
    }

    private static Optional<Double> bound(Node node, Inference in, int input, String attribute) {
        double none = input == 1 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        double value;
        if (node.hasInput(input)) {
            Optional<Double> uniform = in.uniform(node.input(input));
            if (uniform.isEmpty()) {
                return Optional.empty();
            }
            value = uniform.get();
        } else if (node.attributes().containsKey(attribute)) {
            value = node.real(attribute, 0);
        } else {
            return Optional.of(none);
        }
        return Optional.of(Math.abs(value) >= Float.MAX_VALUE ? Math.copySign(Double.POSITIVE_INFINITY, value) : value);
    }

    /** Casts pass between real types; rounding to others ends every scale, and coarse parameters take signs alone. */
    static void cast(Node node, Inference in) {
        boolean real = in.shapes().type(node.output(0)).map(DataType::isReal).orElse(false);
        Passes passes = Precision.raises(node, in.graph(), in.shapes()) ? Passes.SIGNS : Passes.ALL;
        unary(real ? passes : Passes.NONE).apply(node, in);
    }

    /** Sums: every operand has the same scale. */
    static void sum(Node node, Inference in) {
        combine(node, in, Passes.ALL, true);
    }

    /** Maxima and minima: every operand has the same positive scale. */
    static void extremum(Node node, Inference in) {
        combine(node, in, Passes.POSITIVE, true);
    }

    /** Operators that compare or mix their operands without any scale passing. */
    static void compare(Node node, Inference in) {
        combine(node, in, Passes.NONE, true);
    }

    /** PRelu: the slope moves along, the data keep a positive scale. */
    static void prelu(Node node, Inference in) {
        Typed out = Typed.fixed(in.rank(node.output(0)));
        for (Aligned aligned : align(node, in, node.inputs())) {
            if (aligned.fixed()) {
                pin(in, node, aligned);
                continue;
            }
            int[] typed = aligned.typed();
            List<Elements> rows = rows(aligned, typed);
            List<Scales> scales = new ArrayList<>(List.of(Passes.POSITIVE.scales(0, rows.size())));
            if (typed.length == 2) {
                scales.add(Scales.none(1, 2));
            }
            in.relate(rows, scales.toArray(Scales[]::new));
            in.coordinates().role(rows.get(rows.size() - 1), Slot.Role.FOLLOWS, false);
            out = out.with(new Part(aligned.axes(), aligned.sizes(), rows.get(0).node(), rows.get(0).leg()));
        }
        in.define(node.output(0), out);
    }

    /** Where: both branches have the same scale, the condition has none. */
    static void where(Node node, Inference in) {
        Typed out = Typed.fixed(in.rank(node.output(0)));
        for (Aligned aligned : align(node, in, node.inputs())) {
            if (aligned.fixed()) {
                pin(in, node, aligned);
                continue;
            }
            int[] typed = aligned.typed();
            List<Elements> rows = rows(aligned, typed);
            List<Scales> scales = new ArrayList<>();
            int model = -1;
            for (int k = 0; k < typed.length; k++) {
                if (typed[k] == 0) {
                    scales.add(Scales.none(k, rows.size()));
                } else if (model < 0) {
                    model = k;
                } else {
                    scales.add(Scales.equal(model, k, rows.size()));
                }
            }
            for (int k = 1; k <= 2 && model >= 0; k++) {
                if (aligned.kinds().get(k) == Kind.ABSENT) {
                    double constant = in.uniform(node.input(k)).orElse(1.0);
                    Passes passes = constant == 0 ? Passes.ALL
                            : Double.isInfinite(constant) ? Passes.POSITIVE : Passes.NONE;
                    scales.addAll(List.of(passes.scales(model, rows.size())));
                }
            }
            in.relate(rows, scales.toArray(Scales[]::new));
            Elements first = rows.get(Math.max(model, 0));
            out = out.with(new Part(aligned.axes(), aligned.sizes(), first.node(), first.leg()));
        }
        in.define(node.output(0), out);
    }

    private static void combine(Node node, Inference in, Passes passes, boolean equal) {
        List<String> inputs = node.inputs();
        Typed out = Typed.fixed(in.rank(node.output(0)));
        for (Aligned aligned : align(node, in, inputs)) {
            if (aligned.fixed()) {
                pin(in, node, aligned);
                continue;
            }
            int[] typed = aligned.typed();
            List<Elements> rows = rows(aligned, typed);
            List<Scales> scales = new ArrayList<>(List.of(passes.scales(0, rows.size())));
            for (int k = 1; k < typed.length; k++) {
                scales.add(equal ? Scales.equal(0, k, rows.size()) : Scales.none(k, rows.size()));
            }
            for (int k = 0; k < inputs.size(); k++) {
                if (aligned.kinds().get(k) == Kind.ABSENT && in.uniform(inputs.get(k)).orElse(1.0) != 0) {
                    scales.add(Scales.none(0, rows.size()));
                    break;
                }
            }
            in.relate(rows, scales.toArray(Scales[]::new));
            Elements model = rows.get(0);
            for (int k = typed.length - 1; k >= 0; k--) {
                in.coordinates().role(rows.get(k), Slot.Role.WRITES, false);
                if (!in.isParameter(inputs.get(typed[k]))) {
                    model = rows.get(k);
                }
            }
            out = out.with(new Part(aligned.axes(), aligned.sizes(), model.node(), model.leg()));
        }
        in.define(node.output(0), out);
    }

    /**
     * Adds a second operand to a first one that keeps its coordinates.
     *
     * @param constant the second operand's one number, where it has only one
     */
    static void added(Inference in, Node node, List<Aligned> parts, Optional<Double> constant) {
        for (Aligned aligned : parts) {
            if (aligned.fixed()) {
                pin(in, node, aligned);
                continue;
            }
            int[] typed = aligned.typed();
            List<Elements> rows = rows(aligned, typed);
            in.coordinates().role(rows.get(rows.size() - 1), Slot.Role.WRITES, false);
            if (typed.length == 2) {
                in.relate(rows, Scales.equal(0, 1, 2));
            } else {
                in.relate(rows, (constant.orElse(1.0) == 0 ? Passes.ALL : Passes.NONE).scales(0, 1));
            }
        }
    }

    /** Products: scales multiply. */
    static void product(Node node, Inference in) {
        multiply(node, in, 1);
    }

    /** Quotients: the divisor's scale divides. */
    static void quotient(Node node, Inference in) {
        multiply(node, in, -1);
    }

    private static void multiply(Node node, Inference in, int second) {
        Typed out = Typed.fixed(in.rank(node.output(0)));
        for (Aligned aligned : align(node, in, node.inputs())) {
            Optional<Part> part = multiplied(in, node, aligned, second);
            if (part.isPresent()) {
                out = out.with(part.get());
            }
        }
        in.define(node.output(0), out);
    }

    /** The product of two lined up operands, the second one to the power 1 or -1. */
    static Optional<Part> multiplied(Inference in, Node node, Aligned aligned, int second) {
        if (aligned.fixed()) {
            pin(in, node, aligned);
            return Optional.empty();
        }
        int[] typed = aligned.typed();
        List<Elements> rows = rows(aligned, typed);
        rows.forEach(row -> in.coordinates().role(row, Slot.Role.WRITES, false));
        if (typed.length == 1 && (typed[0] == 0 || second == 1)) {
            in.relate(rows);
            return Optional.of(new Part(aligned.axes(), aligned.sizes(), rows.get(0).node(), rows.get(0).leg()));
        }
        Elements product = typed.length == 1 ? in.coordinates().freshLike(rows.get(0))
                : Elements.of(in.coordinates().fresh(rows.get(0).size()));
        double[] powers = new double[rows.size() + 1];
        for (int k = 0; k < typed.length; k++) {
            powers[k] = typed[k] == 1 ? second : 1;
        }
        powers[rows.size()] = -1;
        List<Elements> all = new ArrayList<>(rows);
        all.add(product);
        in.relate(all, Scales.linear(powers));
        return Optional.of(new Part(aligned.axes(), aligned.sizes(), product.node(), product.leg()));
    }

    /** The operands of a node, lined up over its output. */
    static List<Aligned> align(Node node, Inference in, List<String> inputs) {
        return Broadcast.align(in, inputs.stream().map(v -> Operand.of(in, v)).toList(), in.rank(node.output(0)));
    }

    private static List<Elements> rows(Aligned aligned, int[] typed) {
        return Arrays.stream(typed).mapToObj(aligned.rows()::get).toList();
    }

    private static void pin(Inference in, Node node, Aligned aligned) {
        for (int k : aligned.typed()) {
            in.pin(aligned.rows().get(k), node.label() + FIXED);
        }
    }
}
