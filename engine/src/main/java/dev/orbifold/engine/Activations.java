package dev.orbifold.engine;

import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Activation functions and softmax. */
final class Activations {
    /** Their results are fresh memory and not needed for their own gradients, so ReLU may overwrite them. */
    private static final Set<String> OVERWRITTEN_BY_RELU =
            Set.of("BatchNormalization", "Conv", "ConvTranspose", "Gemm", "Add",
                    "Sub");
    /** The constants of Selu in the ONNX operator specification. */
    private static final float SELU_ALPHA = 1.67326319217681884765625f;
    private static final float SELU_GAMMA = 1.05070102214813232421875f;

    private Activations() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Relu", Activations::relu);
        table.put("LeakyRelu", scaled("alpha", 0.01f, (x, alpha) -> torch.leaky_relu(x, alpha)));
        table.put("Celu", scaled("alpha", 1, (x, alpha) -> torch.celu(x, alpha)));
        table.put("Elu", site -> {
            Scalar alpha = site.scalar(site.node().real("alpha", 1));
            Scalar one = site.scalar(1);
            return Elementwise.unary(x -> torch.elu(x, alpha, one, one)).compile(site);
        });
        table.put("Selu", site -> {
            Scalar alpha = site.scalar(site.node().real("alpha", SELU_ALPHA));
            Scalar gamma = site.scalar(site.node().real("gamma", SELU_GAMMA));
            Scalar one = site.scalar(1);
            return Elementwise.unary(x -> torch.elu(x, alpha, gamma, one)).compile(site);
        });
        table.put("ThresholdedRelu", site -> {
            Scalar alpha = site.scalar(site.node().real("alpha", 1));
            Scalar zero = site.scalar(0);
            return Elementwise.unary(x -> torch.threshold(x, alpha, zero)).compile(site);
        });
        table.put("PRelu", Elementwise.binary((x, slope) -> {
            Tensor zero = torch.zeros_like(x);
            return x.maximum(zero).add(x.minimum(zero).mul(slope));
        }));
        table.put("Sigmoid", Elementwise.unary(Tensor::sigmoid));
        table.put("Tanh", Elementwise.unary(Tensor::tanh));
        table.put("Gelu", site -> {
            String approximate = site.oneOf("approximate", "none", "none", "tanh");
            return Elementwise.unary(x -> torch.gelu(x, approximate)).compile(site);
        });
        table.put("HardSigmoid", Activations::hardSigmoid);
        table.put("HardSwish", Elementwise.unary(torch::hardswish));
        table.put("Swish", site -> {
            float alpha = site.node().real("alpha", 1);
            Scalar factor = site.scalar(alpha);
            return Elementwise.unary(x -> alpha == 1 ? torch.silu(x) : x.mul(x.mul(factor).sigmoid())).compile(site);
        });
        table.put("Softplus", Elementwise.unary(x -> torch.softplus(x)));
        table.put("Softsign", site -> {
            Scalar one = site.scalar(1);
            return Elementwise.unary(x -> x.div(x.abs().add(one))).compile(site);
        });
        table.put("Mish", Elementwise.unary(torch::mish));
        table.put("Shrink", Activations::shrink);
        table.put("Softmax", softmax((x, axis) -> torch.softmax(x, axis)));
        table.put("LogSoftmax", softmax((x, axis) -> torch.log_softmax(x, axis)));
        table.put("Hardmax", softmax((x, axis) -> {
            Tensor at = torch.argmax(x, new org.bytedeco.pytorch.LongOptional(axis), true);
            return torch.zeros_like(x).scatter(axis, at, new Scalar(1.0));
        }));
    }

    @FunctionalInterface
    private interface Scaled {
        Tensor apply(Tensor x, Scalar scale);
    }

    @FunctionalInterface
    private interface AlongAxis {
        Tensor apply(Tensor x, long axis);
    }

    private static Kernel.Factory scaled(String attribute, float orElse, Scaled function) {
        return site -> {
            Scalar scale = site.scalar(site.node().real(attribute, orElse));
            return Elementwise.unary(x -> function.apply(x, scale)).compile(site);
        };
    }

    private static Kernel relu(Site site) {
        int x = site.in(0);
        int y = site.out(0);
        if (site.mayOverwrite(OVERWRITTEN_BY_RELU)) {
            return f -> {
                torch.relu_(f.tensor(x));
                f.move(x, y);
            };
        }
        return f -> f.set(y, torch.relu(f.tensor(x)));
    }

    /** max(0, min(1, alpha·x + beta)). */
    private static Kernel hardSigmoid(Site site) {
        float a = site.node().real("alpha", 0.2f);
        float b = site.node().real("beta", 0.5f);
        if (b == 0.5f && Math.abs(a - 1 / 6f) < Math.ulp(1 / 6f)) {
            return Elementwise.unary(torch::hardsigmoid).compile(site);
        }
        Scalar alpha = site.scalar(a);
        Scalar beta = site.scalar(b);
        Scalar zero = site.scalar(0);
        Scalar one = site.scalar(1);
        return Elementwise.unary(x -> torch.hardtanh(x.mul(alpha).add(beta), zero, one)).compile(site);
    }

    /** x + bias below −lambd, x − bias above lambd, 0 between. */
    private static Kernel shrink(Site site) {
        Scalar lambda = site.scalar(site.node().real("lambd", 0.5f));
        Scalar minusLambda = site.scalar(-site.node().real("lambd", 0.5f));
        Scalar bias = site.scalar(site.node().real("bias", 0));
        return Elementwise.unary(x -> {
            Tensor above = x.sub(bias).mul(x.gt(lambda));
            return above.add(x.add(bias).mul(x.lt(minusLambda)));
        }).compile(site);
    }

    /** Before opset 13 everything from the axis on is one axis. */
    private static Kernel.Factory softmax(AlongAxis function) {
        return site -> {
            int x = site.in(0);
            int y = site.out(0);
            if (site.opset() >= 13) {
                long axis = site.node().integer("axis", -1);
                return f -> f.set(y, function.apply(f.tensor(x), axis));
            }
            long axis = site.node().integer("axis", 1);
            return f -> {
                Tensor t = f.tensor(x);
                long from = axis < 0 ? axis + t.dim() : axis;
                if (from == t.dim() - 1) {
                    f.set(y, function.apply(t, from));
                } else {
                    Tensor flat = t.flatten(from, -1);
                    f.set(y, function.apply(flat, from).reshape(Tensors.dims(t)));
                }
            };
        };
    }
}
