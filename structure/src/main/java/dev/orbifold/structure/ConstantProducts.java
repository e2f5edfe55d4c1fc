package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import java.util.Optional;

/** The part of {@link Constants} about sums of products: contractions with weights, products of activations, attention. */
record ConstantProducts(Constants constants, Axes axes) {
    /** Conv, ConvTranspose, Gemm, MatMul. */
    Known contracted(Node node, Known nothing) {
        Optional<Contraction> contraction = Contraction.of(node, axes);
        if (contraction.isPresent()) {
            weighted(node, contraction.get(), nothing);
        }
        if (node.opType().equals("MatMul")) {
            product(node, nothing);
        }
        return nothing;
    }

    private void weighted(Node node, Contraction contraction, Known nothing) {
        int axis = contraction.outAxis() < 0 ? nothing.axes().length + contraction.outAxis() : contraction.outAxis();
        if (axis < 0 || axis >= nothing.axes().length || nothing.axes()[axis].length != contraction.outs()) {
            return;
        }
        Known x = constants.known(node.input(contraction.input()));
        for (int o = 0; o < contraction.outs(); o++) {
            double sum = bias(contraction, o);
            int first = contraction.firstIn(o);
            for (int i = first; i < first + contraction.layout().ins() && !Double.isNaN(sum); i++) {
                double v = x.at(contraction.inAxis(), i);
                if (v != 0 && !contraction.isZero(o, i)) {
                    sum = contraction.pads() ? Double.NaN : sum + v * contraction.sum(o, i);
                }
            }
            nothing.axes()[axis][o] = sum;
        }
    }

    private double bias(Contraction contraction, int out) {
        Node node = contraction.node();
        if (node.opType().equals("MatMul") || !node.hasInput(2)) {
            return 0;
        }
        double beta = node.opType().equals("Gemm") ? node.real("beta", 1) : 1;
        Known bias = constants.known(node.input(2));
        int fromEnd = contraction.ofColumns() ? 2 : 1;
        boolean repeats = axes.rank(node.input(2)) < fromEnd || axes.size(node.input(2), -fromEnd) == 1;
        return beta == 0 ? 0 : beta * (repeats ? bias.whole() : bias.at(-fromEnd, out));
    }

    /** A product of two tensors is zero wherever a whole row, column or matrix of a factor is. */
    private void product(Node node, Known nothing) {
        int rank = nothing.axes().length;
        for (int a = 0; a < rank; a++) {
            double[] units = nothing.axes()[a];
            for (int j = 0; j < units.length; j++) {
                boolean left = a < rank - 1 && alignedMatrix(node.input(0), rank, a, j, units.length) == 0;
                boolean right = a != rank - 2 && alignedMatrix(node.input(1), rank, a, j, units.length) == 0;
                if (left || right) {
                    units[j] = 0;
                }
            }
        }
    }

    /** Attention averages over tokens: a coordinate in which all values agree comes out as it is (where a mask may leave
     * nothing to average over, zeros alone). Heads in the last axis. */
    Known attended(Node node, Known nothing) {
        long heads = node.integer("q_num_heads", 0);
        long keyHeads = node.integer("kv_num_heads", 0);
        if (nothing.axes().length != 3 || heads <= 0 || keyHeads <= 0 || node.hasInput(5)) {
            return nothing;
        }
        double[] units = nothing.axes()[2];
        int each = (int) (units.length / heads);
        for (int j = 0; j < units.length; j++) {
            int head = (int) (j / each / (heads / keyHeads));
            double carried = constants.known(node.input(2)).at(2, head * each + j % each);
            units[j] = carried != 0 && node.hasInput(3) ? Double.NaN : carried;
        }
        return nothing;
    }

    /** An Einsum is zero wherever a slice of one of its factors is. */
    Known summed(Node node, Known nothing) {
        EinsumLetters letters = EinsumLetters.of(node);
        for (int a = 0; a < nothing.axes().length && a < letters.output().length(); a++) {
            double[] units = nothing.axes()[a];
            for (int j = 0; j < units.length; j++) {
                units[j] = letters.zero(letters.output().charAt(a), j, node, constants) ? 0 : Double.NaN;
            }
        }
        return nothing;
    }

    private double alignedMatrix(String value, int rank, int axis, int index, int length) {
        return axes.rank(value) < 2 ? Double.NaN : constants.aligned(value, rank, axis, index, length);
    }
}
