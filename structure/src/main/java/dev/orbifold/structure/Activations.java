package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/** Elementwise operators as functions of one number, as ONNX defines them: what a constant unit becomes behind them. */
final class Activations {
    private static final double SELU_ALPHA = 1.67326319217681884765625;
    private static final double SELU_GAMMA = 1.05070102214813232421875;

    private Activations() {
    }

    /** The function of an elementwise operator with one input; empty for any other operator. */
    static Optional<DoubleUnaryOperator> of(Node node) {
        double alpha = node.real("alpha", defaultAlpha(node.opType()));
        return switch (node.opType()) {
            case "Identity", "Dropout", "Cast" -> some(x -> x);
            case "Relu" -> some(x -> Math.max(x, 0));
            case "LeakyRelu" -> some(x -> x < 0 ? alpha * x : x);
            case "ThresholdedRelu" -> some(x -> x > alpha ? x : 0);
            case "Elu" -> some(x -> x < 0 ? alpha * Math.expm1(x) : x);
            case "Celu" -> some(x -> Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)));
            case "Selu" -> {
                double a = node.real("alpha", (float) SELU_ALPHA);
                double gamma = node.real("gamma", (float) SELU_GAMMA);
                yield some(x -> gamma * (x > 0 ? x : a * Math.expm1(x)));
            }
            case "Sigmoid" -> some(Activations::sigmoid);
            case "HardSigmoid" -> {
                double beta = node.real("beta", 0.5f);
                yield some(x -> Math.clamp(alpha * x + beta, 0, 1));
            }
            case "HardSwish" -> some(x -> x * Math.clamp(x / 6 + 0.5, 0, 1));
            case "Swish" -> some(x -> x * sigmoid(alpha * x));
            case "Mish" -> some(x -> x * Math.tanh(softplus(x)));
            case "Softplus" -> some(Activations::softplus);
            case "Softsign" -> some(x -> x / (1 + Math.abs(x)));
            case "Gelu" -> some(node.text("approximate", "none").equals("tanh")
                    ? x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
                    : x -> 0.5 * x * (1 + erf(x / Math.sqrt(2))));
            case "Erf" -> some(Activations::erf);
            case "Tanh" -> some(Math::tanh);
            case "Sin" -> some(Math::sin);
            case "Cos" -> some(Math::cos);
            case "Atan" -> some(Math::atan);
            case "Exp" -> some(Math::exp);
            case "Log" -> some(Math::log);
            case "Sqrt" -> some(Math::sqrt);
            case "Abs" -> some(Math::abs);
            case "Neg" -> some(x -> -x);
            case "Reciprocal" -> some(x -> 1 / x);
            case "Sign" -> some(Math::signum);
            case "Floor" -> some(Math::floor);
            case "Ceil" -> some(Math::ceil);
            case "Round" -> some(Math::rint);
            default -> Optional.empty();
        };
    }

    private static Optional<DoubleUnaryOperator> some(DoubleUnaryOperator function) {
        return Optional.of(function);
    }

    private static float defaultAlpha(String op) {
        return switch (op) {
            case "LeakyRelu" -> 0.01f;
            case "HardSigmoid" -> 0.2f;
            default -> 1;
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    /**
     * The error function to about 1e-15: its Maclaurin series, which converges everywhere, up to |x| = 3, and Lentz's
     * continued fraction of erfc beyond (Abramowitz and Stegun 7.1.6, 7.1.14).
     */
    static double erf(double x) {
        double a = Math.abs(x);
        if (a > 6) {
            return Math.signum(x);
        }
        if (a <= 3) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
        }
        double fraction = a;
        for (int k = 60; k >= 1; k--) {
            fraction = a + k / 2.0 / fraction;
        }
        return Math.signum(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction);
    }
}
