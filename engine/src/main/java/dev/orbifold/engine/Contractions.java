package dev.orbifold.engine;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Matrix products and Einsum. */
final class Contractions {
    private Contractions() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("Gemm", Contractions::gemm);
        table.put("MatMul", Elementwise.binary((a, b) -> a.matmul(b)));
        table.put("Einsum", Contractions::einsum);
    }

    /** alpha·A'·B' + beta·C, C broadcast to the product's shape. */
    private static Kernel gemm(Site site) {
        float alpha = site.node().real("alpha", 1);
        float beta = site.node().real("beta", 1);
        boolean transposeA = site.node().integer("transA", 0) != 0;
        boolean transposeB = site.node().integer("transB", 0) != 0;
        int a = site.in(0);
        int b = site.in(1);
        int c = site.optional(2);
        int y = site.out(0);
        boolean plain = alpha == 1 && beta == 1 && !transposeA;
        if (plain && transposeB) {
            return c == Frame.NONE
                    ? f -> f.set(y, torch.linear(f.tensor(a), f.tensor(b)))
                    : f -> f.set(y, torch.linear(f.tensor(a), f.tensor(b), f.tensor(c)));
        }
        if (c == Frame.NONE) {
            Scalar factor = site.scalar(alpha);
            return f -> {
                Tensor product = turned(f.tensor(a), transposeA).mm(turned(f.tensor(b), transposeB));
                f.set(y, alpha == 1 ? product : product.mul(factor));
            };
        }
        if (plain) {
            return f -> f.set(y, torch.addmm(f.tensor(c), f.tensor(a), f.tensor(b)));
        }
        Scalar factorOfProduct = site.scalar(alpha);
        Scalar factorOfC = site.scalar(beta);
        return f -> f.set(y, torch.addmm(f.tensor(c), turned(f.tensor(a), transposeA), turned(f.tensor(b), transposeB),
                factorOfC, factorOfProduct));
    }

    private static Tensor turned(Tensor matrix, boolean transpose) {
        return transpose ? matrix.t() : matrix;
    }

    private static Kernel einsum(Site site) {
        String equation = site.node().text("equation", "").replace(" ", "");
        if (equation.isEmpty()) {
            throw site.unsupported("it has no equation");
        }
        int[] xs = site.ins();
        int y = site.out(0);
        return f -> {
            Tensor[] operands = new Tensor[xs.length];
            for (int i = 0; i < xs.length; i++) {
                operands[i] = f.tensor(xs[i]);
            }
            f.set(y, torch.einsum(equation, new TensorVector(operands)));
        };
    }
}
