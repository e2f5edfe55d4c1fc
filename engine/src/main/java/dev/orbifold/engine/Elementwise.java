package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Arithmetic, comparisons and logic, element by element with broadcasting. */
final class Elementwise {
    private Elementwise() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Add", binary((a, b) -> a.add(b)));
        table.put("Sub", binary((a, b) -> a.sub(b)));
        table.put("Mul", binary((a, b) -> a.mul(b)));
        table.put("Div", Elementwise::div);
        table.put("Pow", Elementwise::pow);
        table.put("Mod", Elementwise::mod);
        table.put("Min", variadic((a, b) -> a.minimum(b)));
        table.put("Max", variadic((a, b) -> a.maximum(b)));
        table.put("Sum", variadic((a, b) -> a.add(b)));
        table.put("Mean", Elementwise::mean);

        table.put("Equal", binary((a, b) -> a.eq(b)));
        table.put("Greater", binary((a, b) -> a.gt(b)));
        table.put("GreaterOrEqual", binary((a, b) -> a.ge(b)));
        table.put("Less", binary((a, b) -> a.lt(b)));
        table.put("LessOrEqual", binary((a, b) -> a.le(b)));
        table.put("And", binary((a, b) -> a.logical_and(b)));
        table.put("Or", binary((a, b) -> a.logical_or(b)));
        table.put("Xor", binary((a, b) -> a.logical_xor(b)));
        table.put("Not", unary(Tensor::logical_not));
        table.put("BitwiseAnd", binary((a, b) -> a.bitwise_and(b)));
        table.put("BitwiseOr", binary((a, b) -> a.bitwise_or(b)));
        table.put("BitwiseXor", binary((a, b) -> a.bitwise_xor(b)));
        table.put("BitwiseNot", unary(Tensor::bitwise_not));
        table.put("IsNaN", unary(Tensor::isnan));
        table.put("IsInf", Elementwise::isInf);
        table.put("Where", site -> {
            int condition = site.in(0);
            int a = site.in(1);
            int b = site.in(2);
            int y = site.out(0);
            return f -> f.set(y, torch.where(f.tensor(condition), f.tensor(a), f.tensor(b)));
        });

        table.put("Abs", unary(Tensor::abs));
        table.put("Neg", unary(Tensor::neg));
        table.put("Sign", unary(Tensor::sign));
        table.put("Exp", unary(Tensor::exp));
        table.put("Log", unary(Tensor::log));
        table.put("Sqrt", unary(Tensor::sqrt));
        table.put("Reciprocal", unary(Tensor::reciprocal));
        table.put("Erf", unary(Tensor::erf));
        table.put("Sin", unary(Tensor::sin));
        table.put("Cos", unary(Tensor::cos));
        table.put("Tan", unary(Tensor::tan));
        table.put("Asin", unary(Tensor::asin));
        table.put("Acos", unary(Tensor::acos));
        table.put("Atan", unary(Tensor::atan));
        table.put("Sinh", unary(Tensor::sinh));
        table.put("Cosh", unary(Tensor::cosh));
        table.put("Asinh", unary(Tensor::asinh));
        table.put("Acosh", unary(Tensor::acosh));
        table.put("Atanh", unary(Tensor::atanh));
        table.put("Floor", unary(Tensor::floor));
        table.put("Ceil", unary(Tensor::ceil));
        table.put("Round", unary(Tensor::round));

        table.put("Cast", site -> {
            DataType to = DataType.of((int) site.node().integer("to", 0));
            return to(site, site.type(to));
        });
        table.put("CastLike", site -> {
            int x = site.in(0);
            int like = site.in(1);
            int y = site.out(0);
            return f -> f.set(y, f.tensor(x).to(f.tensor(like).scalar_type()));
        });
        table.put("Clip", Elementwise::clip);
        table.put("Dropout", Elementwise::dropout);
    }

    static Kernel.Factory unary(UnaryOperator<Tensor> operator) {
        return site -> {
            int x = site.in(0);
            int y = site.out(0);
            return f -> f.set(y, operator.apply(f.tensor(x)));
        };
    }

    static Kernel.Factory binary(BinaryOperator<Tensor> operator) {
        return site -> {
            int a = site.in(0);
            int b = site.in(1);
            int y = site.out(0);
            return f -> f.set(y, operator.apply(f.tensor(a), f.tensor(b)));
        };
    }

    private static Kernel.Factory variadic(BinaryOperator<Tensor> operator) {
        return site -> {
            int[] xs = site.ins();
            int y = site.out(0);
            return f -> f.set(y, folded(f, xs, operator));
        };
    }

    private static Tensor folded(Frame f, int[] xs, BinaryOperator<Tensor> operator) {
        // A single operand is shared, not handed over: its slot is freed on its own.
        Tensor result = xs.length == 1 ? new Tensor(f.tensor(xs[0])) : f.tensor(xs[0]);
        for (int i = 1; i < xs.length; i++) {
            result = operator.apply(result, f.tensor(xs[i]));
        }
        return result;
    }

    private static Kernel mean(Site site) {
        int[] xs = site.ins();
        int y = site.out(0);
        Scalar count = site.scalar(xs.length);
        return f -> f.set(y, folded(f, xs, (a, b) -> a.add(b)).div(count));
    }

    /** Integers divide towards zero. */
    private static Kernel div(Site site) {
        int a = site.in(0);
        int b = site.in(1);
        int y = site.out(0);
        // The option refers to the text and does not copy it.
        BytePointer text = new BytePointer("trunc");
        StringViewOptional truncated = new StringViewOptional(text);
        return f -> {
            Tensor x = f.tensor(a);
            f.set(y, x.is_floating_point() ? x.div(f.tensor(b)) : x.div(f.tensor(b), truncated));
        };
    }

    /** The result has the base's type; a constant exponent is handed to libtorch as a number, which knows 2 from 2.5. */
    private static Kernel pow(Site site) {
        int a = site.in(0);
        int y = site.out(0);
        Optional<Double> exponent = site.isFixed(1) ? site.content(1).filter(c -> c.elements() == 1 && c.rank() == 0)
                .map(c -> c.doubleAt(0)) : Optional.empty();
        if (exponent.isPresent()) {
            Scalar number = exponent.get() == Math.rint(exponent.get()) ? new Scalar((long) (double) exponent.get())
                    : site.scalar(exponent.get());
            return f -> {
                Tensor x = f.tensor(a);
                f.set(y, x.is_floating_point() ? x.pow(number)
                        : x.to(ScalarType.Double).pow(number).to(x.scalar_type()));
            };
        }
        int b = site.in(1);
        return f -> {
            Tensor x = f.tensor(a);
            Tensor e = f.tensor(b);
            f.set(y, x.is_floating_point() ? x.pow(e.is_floating_point() ? e : e.to(x.scalar_type()))
                    : x.to(ScalarType.Double).pow(e).to(x.scalar_type()));
        };
    }

    private static Kernel mod(Site site) {
        boolean c = site.node().integer("fmod", 0) != 0;
        return binary((a, b) -> c ? a.fmod(b) : a.remainder(b)).compile(site);
    }

    private static Kernel isInf(Site site) {
        boolean positive = site.node().integer("detect_positive", 1) != 0;
        boolean negative = site.node().integer("detect_negative", 1) != 0;
        return unary(x -> {
            if (positive && negative) {
                return x.isinf();
            }
            if (positive) {
                return x.isposinf();
            }
            return negative ? x.isneginf() : x.isnan().logical_and(x.eq(x));
        }).compile(site);
    }

    private static Kernel to(Site site, ScalarType type) {
        int x = site.in(0);
        int y = site.out(0);
        return f -> f.set(y, f.tensor(x).to(type));
    }

    /** Bounds that are constants become numbers; bounds that are computed stay tensors. */
    private static Kernel clip(Site site) {
        Optional<Double> least = site.real("min", 1);
        Optional<Double> most = site.real("max", 2);
        boolean computed = (site.has(1) && least.isEmpty()) || (site.has(2) && most.isEmpty());
        int x = site.in(0);
        int y = site.out(0);
        if (computed) {
            int low = site.optional(1);
            int high = site.optional(2);
            return f -> {
                Tensor t = f.tensor(x);
                Tensor above = low == Frame.NONE ? t : t.maximum(f.tensor(low));
                Tensor within = high == Frame.NONE ? above : above.minimum(f.tensor(high));
                f.set(y, within == t ? new Tensor(t) : within);
            };
        }
        if (least.isEmpty() && most.isEmpty()) {
            return f -> f.set(y, new Tensor(f.tensor(x)));
        }
        if (most.isEmpty()) {
            Scalar low = site.scalar(least.get());
            return f -> f.set(y, f.tensor(x).clamp_min(low));
        }
        Scalar high = site.scalar(most.get());
        if (least.isEmpty()) {
            return f -> f.set(y, f.tensor(x).clamp_max(high));
        }
        if (least.get() > most.get()) {
            return f -> f.set(y, torch.full_like(f.tensor(x), high));
        }
        Scalar low = site.scalar(least.get());
        return f -> f.set(y, torch.hardtanh(f.tensor(x), low, high));
    }

    /** Drops with the node's ratio in training, whatever its training_mode input says, and never in evaluation. */
    private static Kernel dropout(Site site) {
        double ratio = site.real("ratio", 1).orElse(0.5);
        if (site.has(1) && site.content(1).isEmpty()) {
            throw site.unsupported("a ratio that is computed is not supported");
        }
        int x = site.in(0);
        int y = site.out(0);
        int mask = site.out(1);
        return f -> {
            Tensor t = f.tensor(x);
            if (!f.training() || ratio == 0) {
                f.set(y, new Tensor(t));
                if (mask != Frame.NONE) {
                    f.set(mask, torch.ones_like(t).to(ScalarType.Bool));
                }
            } else if (mask == Frame.NONE) {
                f.set(y, torch.dropout(t, ratio, true));
            } else {
                var both = torch.native_dropout(t, ratio, new org.bytedeco.pytorch.BoolOptional(true));
                f.set(y, new Tensor(both.get0()));
                f.set(mask, new Tensor(both.get1()));
            }
        };
    }
}
