package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Broadcast.Aligned;
import dev.orbifold.symmetry.Broadcast.Operand;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Rules of matrix products: the inner axis contracts, outer axes pass, batch axes multiply position by position. */
final class MatrixRules {
    private MatrixRules() {
    }

    /** MatMul. */
    static void matMul(Node node, Inference in) {
        Typed a = in.resolved(node.input(0));
        Typed b = in.resolved(node.input(1));
        int ra = a.rank();
        int rb = b.rank();
        Contractions.contract(in, node, a.elements(ra - 1), b.elements(rb == 1 ? 0 : rb - 2));
        int batch = Math.max(Math.max(ra, rb) - 2, 0);
        Typed out = Typed.fixed(in.rank(node.output(0)));
        if (batch > 0) {
            Operand left = batch(in.dims(node.input(0)), a, Math.max(ra - 2, 0));
            Operand right = batch(in.dims(node.input(1)), b, Math.max(rb - 2, 0));
            for (Aligned aligned : Broadcast.align(in, List.of(left, right), batch)) {
                Optional<Part> part = ElementwiseRules.multiplied(in, node, aligned, 1);
                if (part.isPresent()) {
                    out = out.with(part.get());
                }
            }
        }
        if (ra > 1) {
            out = passed(in, out, a.elements(ra - 2), batch);
        }
        if (rb > 1) {
            out = passed(in, out, b.elements(rb - 1), ra > 1 ? batch + 1 : batch);
        }
        in.define(node.output(0), out);
    }

    private static Operand batch(long[] dims, Typed type, int axes) {
        List<Part> parts = type.parts().stream().filter(p -> p.axes()[0] < axes).toList();
        return new Operand(new Typed(axes, parts), Arrays.copyOf(dims, axes), false);
    }

    private static Typed passed(Inference in, Typed out, Optional<Elements> row, int axis) {
        Contractions.write(in, row);
        return row.isPresent() ? out.with(Part.of(axis, row.get())) : out;
    }

    /** Gemm: alpha·A·B + beta·C, A and B possibly transposed. */
    static void gemm(Node node, Inference in) {
        Typed a = in.resolved(node.input(0));
        Typed b = in.resolved(node.input(1));
        int ta = node.integer("transA", 0) == 0 ? 0 : 1;
        int tb = node.integer("transB", 0) == 0 ? 0 : 1;
        Contractions.contract(in, node, a.elements(1 - ta), b.elements(tb));
        Typed out = passed(in, Typed.fixed(2), a.elements(ta), 0);
        Optional<Elements> columns = b.elements(1 - tb);
        if (columns.isPresent()) {
            out = passed(in, out, columns, 1);
        }
        if (node.hasInput(2) && node.real("beta", 1) != 0) {
            Operand product =
                    new Operand(out, new long[] {size(in, node.input(0), ta), size(in, node.input(1), 1 - tb)},
                            false);
            ElementwiseRules.added(in, node, Broadcast.align(in, List.of(product, Operand.of(in, node.input(2))), 2),
                    in.uniform(node.input(2)));
        }
        in.define(node.output(0), out);
    }

    private static long size(Inference in, String value, int axis) {
        return in.dims(value)[axis];
    }
}
