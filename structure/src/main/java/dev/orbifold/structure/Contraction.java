package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Optional;

/**
 * A node that contracts an activation with constant weights: {@code out[o] = bias[o] + Σ_i Σ_k w[o, i, k] · x[i]}, where k
 * runs over the kernel and i over the inputs of o's group.
 *
 * @param node the node
 * @param input which of the node's inputs the activation is
 * @param inAxis the activation's contracted axis, negative if counted from the end
 * @param weightInput which of the node's inputs the weights are
 * @param outAxis the output axis that o runs along, negative if counted from the end
 * @param weights the weights
 * @param layout where the weights of an (o, i) pair lie
 * @param pads whether the node extends its input by zeros, so that a constant input gives no constant output
 */
record Contraction(Node node, int input, int inAxis, int weightInput, int outAxis, TensorData weights, Layout layout,
        boolean pads) {

    /**
     * Where the weights lie.
     *
     * @param groups independent groups of inputs and outputs
     * @param outs outputs per group
     * @param ins inputs per group
     * @param kernel weights per pair, adjacent
     * @param outStride distance between outputs
     * @param inStride distance between inputs
     * @param outsShared whether the weights are laid out by input over all groups (ConvTranspose) instead of by output
     * @param scale factor on every weight
     */
    record Layout(int groups, int outs, int ins, int kernel, int outStride, int inStride, boolean outsShared,
            float scale) {
    }

    /** The contraction a node does; empty where it is none, or its weights are not constant. */
    static Optional<Contraction> of(Node node, Axes axes) {
        if (!node.domain().isEmpty()) {
            return Optional.empty();
        }
        return switch (node.opType()) {
            case "Conv" -> axes.constant(node.input(1)).map(w -> conv(node, w));
            case "ConvTranspose" -> axes.constant(node.input(1)).map(w -> transposed(node, w));
            case "Gemm" -> axes.constant(node.input(1)).map(w -> gemm(node, w))
                    .or(() -> axes.constant(node.input(0)).map(w -> gemmOfColumns(node, w)));
            case "MatMul" -> matMul(node, axes);
            default -> Optional.empty();
        };
    }

    private static Contraction conv(Node node, TensorData w) {
        int groups = (int) node.integer("group", 1);
        int ins = (int) w.dim(1);
        int kernel = (int) (w.elements() / Math.max(1, w.dim(0) * w.dim(1)));
        return new Contraction(node, 0, 1, 1, 1, w,
                new Layout(groups, (int) w.dim(0) / groups, ins, kernel, ins * kernel, kernel, false, 1),
                padsWithZeros(node, w));
    }

    private static Contraction transposed(Node node, TensorData w) {
        int groups = (int) node.integer("group", 1);
        int outs = (int) w.dim(1);
        int kernel = (int) (w.elements() / Math.max(1, w.dim(0) * w.dim(1)));
        return new Contraction(node, 0, 1, 1, 1, w,
                new Layout(groups, outs, (int) w.dim(0) / groups, kernel, kernel, outs * kernel, true, 1), true);
    }

    private static Contraction gemm(Node node, TensorData w) {
        boolean transA = node.integer("transA", 0) != 0;
        boolean transB = node.integer("transB", 0) != 0;
        int outs = (int) w.dim(transB ? 0 : 1);
        int ins = (int) w.dim(transB ? 1 : 0);
        return new Contraction(node, 0, transA ? 0 : 1, 1, 1, w,
                new Layout(1, outs, ins, 1, transB ? ins : 1, transB ? 1 : outs, false, node.real("alpha", 1)), false);
    }

    /** Samples are columns: {@code out = op(W) · op(x)}. */
    private static Contraction gemmOfColumns(Node node, TensorData w) {
        boolean transA = node.integer("transA", 0) != 0;
        boolean transB = node.integer("transB", 0) != 0;
        int outs = (int) w.dim(transA ? 1 : 0);
        int ins = (int) w.dim(transA ? 0 : 1);
        return new Contraction(node, 1, transB ? 1 : 0, 0, 0, w,
                new Layout(1, outs, ins, 1, transA ? 1 : ins, transA ? outs : 1, false, node.real("alpha", 1)), false);
    }

    private static Optional<Contraction> matMul(Node node, Axes axes) {
        Optional<TensorData> right = axes.constant(node.input(1)).filter(w -> w.rank() == 2);
        if (right.isPresent()) {
            int ins = (int) right.get().dim(0);
            int outs = (int) right.get().dim(1);
            return Optional.of(new Contraction(node, 0, -1, 1, -1, right.get(),
                    new Layout(1, outs, ins, 1, 1, outs, false, 1), false));
        }
        Optional<TensorData> left = axes.constant(node.input(0)).filter(w -> w.rank() == 2);
        if (left.isPresent() && axes.rank(node.input(1)) >= 2) {
            int outs = (int) left.get().dim(0);
            int ins = (int) left.get().dim(1);
            return Optional.of(new Contraction(node, 1, -2, 0, -2, left.get(),
                    new Layout(1, outs, ins, 1, ins, 1, false, 1), false));
        }
        return Optional.empty();
    }

    private static boolean padsWithZeros(Node node, TensorData w) {
        String auto = node.text("auto_pad", "NOTSET");
        if (auto.equals("VALID")) {
            return false;
        }
        if (auto.equals("NOTSET")) {
            return node.integers("pads").map(p -> Arrays.stream(p).anyMatch(v -> v != 0)).orElse(false);
        }
        for (int a = 2; a < w.rank(); a++) {
            if (w.dim(a) != 1) {
                return true;
            }
        }
        return false;
    }

    /** Whether samples are columns, so that a bias is a column, too: {@code out = W · x}. */
    boolean ofColumns() {
        return input == 1;
    }

    /** The number of inputs over all groups. */
    int ins() {
        return layout.groups * layout.ins;
    }

    /** The number of outputs over all groups. */
    int outs() {
        return layout.groups * layout.outs;
    }

    /** Whether every output has one input of its own, so that units pass through one by one. */
    boolean isDepthwise() {
        return layout.groups > 1 && layout.ins == 1;
    }

    /** The first output that sees an input; the {@link Layout#outs} outputs from there do. */
    int firstOut(int in) {
        return in / layout.ins * layout.outs;
    }

    /** The first input that an output sees; the {@link Layout#ins} inputs from there are seen. */
    int firstIn(int out) {
        return out / layout.outs * layout.ins;
    }

    /** Where the weights between an output and an input of its group begin. */
    int at(int out, int in) {
        return layout.outsShared
                ? out % layout.outs * layout.outStride + in * layout.inStride
                : out * layout.outStride + in % layout.ins * layout.inStride;
    }

    /** Whether all weights between an output and an input of its group are zero. */
    boolean isZero(int out, int in) {
        int at = at(out, in);
        for (int k = 0; k < layout.kernel; k++) {
            if (weights.doubleAt(at + k) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The sum of the weights between an output and an input of its group, scale included. */
    double sum(int out, int in) {
        int at = at(out, in);
        double sum = 0;
        for (int k = 0; k < layout.kernel; k++) {
            sum += weights.doubleAt(at + k);
        }
        return sum * layout.scale;
    }

    /** Whether nothing is read from an input. */
    boolean ignores(int in) {
        int first = firstOut(in);
        for (int o = first; o < first + layout.outs; o++) {
            if (!isZero(o, in)) {
                return false;
            }
        }
        return true;
    }
}
