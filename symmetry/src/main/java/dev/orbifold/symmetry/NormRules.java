package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Broadcast.Aligned;
import dev.orbifold.symmetry.Broadcast.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Rules of normalizations and of softmax (theory, 7): where units are counted, they can be permuted but not taken out. */
final class NormRules {
    private NormRules() {
    }

    /** BatchNormalization in evaluation mode: mean → s·mean with γ → γ/s is exact; the output's scale is γ's and β's. */
    static void batch(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        List<Optional<Elements>> rows = new ArrayList<>(List.of(x.elements(1)));
        for (int i = 1; i <= 4; i++) {
            rows.add(in.resolved(node.input(i)).elements(0));
        }
        if (node.integer("training_mode", 0) != 0) {
            throw new SymmetryException("it is in training mode");
        }
        if (rows.stream().anyMatch(Optional::isEmpty)) {
            rows.forEach(row -> row.ifPresent(r -> in.pin(r, node.label() + " normalizes fixed positions")));
            in.define(node.output(0), x.without(1));
            return;
        }
        Elements out = Elements.of(in.coordinates().fresh(rows.get(0).orElseThrow().size()));
        rows.add(Optional.of(out));
        in.coordinates().role(rows.get(1).orElseThrow(), Slot.Role.WRITES, false);
        in.coordinates().role(rows.get(2).orElseThrow(), Slot.Role.WRITES, false);
        in.relate(rows.stream().map(Optional::orElseThrow).toList(), Scales.linear(1, 1, 0, 0, 0, -1),
                Scales.equal(2, 5, 6), Scales.equal(0, 3, 6), Scales.none(4, 6));
        in.define(node.output(0), x.without(1).with(Part.of(1, out)));
    }

    /** LayerNormalization: permutations; the output's scale is γ's and β's. */
    static void layer(Node node, Inference in) {
        overAxes(node, in, Passes.NONE);
    }

    /** RMSNormalization: signed permutations. */
    static void rms(Node node, Inference in) {
        overAxes(node, in, Passes.SIGNS);
    }

    private static void overAxes(Node node, Inference in, Passes passes) {
        Typed x = in.resolved(node.input(0));
        int rank = x.rank();
        int axis = axis(node.integer("axis", -1), rank);
        Operand data = new Operand(x, in.dims(node.input(0)), false);
        List<Operand> operands = new ArrayList<>(List.of(data));
        for (int i = 1; i <= 2 && node.hasInput(i); i++) {
            operands.add(Operand.of(in, node.input(i)));
        }
        Typed out = Typed.fixed(rank);
        for (Aligned aligned : Broadcast.align(in, operands, rank)) {
            int at = aligned.axes()[0];
            if (aligned.fixed()) {
                for (int k : aligned.typed()) {
                    in.pin(aligned.rows().get(k), node.label() + " normalizes fixed positions");
                }
                continue;
            }
            if (at >= axis) {
                in.keep(aligned.rows().get(0), node.label() + " counts its units");
            }
            out = out.with(Part.of(at, scaledAndShifted(in, aligned, passes)));
        }
        in.define(node.output(0), out);
    }

    /** The data through scale and shift: rows are data, scale (if any), shift (if any). */
    private static Elements scaledAndShifted(Inference in, Aligned aligned, Passes passes) {
        List<Elements> rows = new ArrayList<>();
        int[] typed = aligned.typed();
        for (int k : typed) {
            rows.add(aligned.rows().get(k));
        }
        int size = typed.length + 1;
        rows.add(Elements.of(in.coordinates().fresh(rows.get(0).size())));
        List<Scales> scales = new ArrayList<>(List.of(passes.scales(0, size)));
        double[] product = new double[size];
        product[size - 1] = -1;
        for (int k = 0; k < typed.length; k++) {
            if (typed[k] < 2) {
                product[k] = 1;
            } else {
                scales.add(Scales.equal(k, size - 1, size));
            }
            if (typed[k] > 0) {
                in.coordinates().role(rows.get(k), Slot.Role.WRITES, false);
            }
        }
        scales.add(Scales.linear(product));
        in.relate(rows, scales.toArray(Scales[]::new));
        return rows.get(size - 1);
    }

    /** InstanceNormalization: every channel on its own, its sign passes, its size does not. */
    static void instance(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        for (int axis = 2; axis < x.rank(); axis++) {
            x = in.pinned(x, axis, node.label() + " averages over it");
        }
        channels(node, in, x, Passes.SIGNS);
    }

    /** GroupNormalization: channels can be permuted within their group. */
    static void group(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        Optional<Elements> row = x.elements(1);
        int groups = Math.toIntExact(node.integer("num_groups", 1));
        if (row.isPresent()) {
            int size = row.get().size();
            int[] label = new int[size];
            for (int c = 0; c < size; c++) {
                label[c] = c / (size / groups);
            }
            in.relate(List.of(row.get()), label);
            if (groups != size) {
                in.keep(row.get(), node.label() + " counts its units");
            }
        }
        boolean perGroup = in.dims(node.input(1))[0] != in.dims(node.input(0))[1];
        if (perGroup) {
            in.touch(x, Passes.NONE);
            for (int i = 1; i <= 2; i++) {
                in.pin(in.type(node.input(i)), node.label() + " applies it to a whole group");
            }
            in.define(node.output(0), x);
        } else {
            channels(node, in, x, Passes.NONE);
        }
    }

    private static void channels(Node node, Inference in, Typed x, Passes passes) {
        Typed out = x.without(1);
        in.touch(out, Passes.NONE);
        long width = in.dims(node.input(0))[1];
        List<Operand> operands = new ArrayList<>(
                List.of(new Operand(
                        new Typed(1, x.parts().stream().filter(p -> p.axes()[0] == 1).map(p -> p.on(0)).toList()),
                        new long[] {width}, false)));
        for (int i = 1; i <= 2; i++) {
            operands.add(Operand.of(in, node.input(i)));
        }
        for (Aligned aligned : Broadcast.align(in, operands, 1)) {
            if (aligned.fixed()) {
                for (int k : aligned.typed()) {
                    in.pin(aligned.rows().get(k), node.label() + " normalizes fixed positions");
                }
            } else {
                out = out.with(Part.of(1, scaledAndShifted(in, aligned, passes)));
            }
        }
        in.define(node.output(0), out);
    }

    /** Softmax and its like along an axis: what lies there is counted, no scale passes anywhere. */
    static void softmax(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        boolean flattened = in.graph().opset() < 13;
        int axis = axis(node.integer("axis", flattened ? 1 : -1), x.rank());
        in.touch(x, Passes.NONE);
        for (Part part : x.parts()) {
            int at = part.axes()[0];
            if (at == axis || flattened && at > axis) {
                in.keep(part.elements(), node.label() + " counts its units");
            }
        }
        in.define(node.output(0), x);
    }

    /** LpNormalization along an axis: signs pass. */
    static void lp(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        in.touch(x, Passes.SIGNS);
        in.define(node.output(0), x);
    }

    /** Local response normalization: neighbouring channels mix, their order is fixed. */
    static void local(Node node, Inference in) {
        Typed x = in.pinned(in.resolved(node.input(0)), 1, node.label() + " mixes neighbours");
        in.touch(x, Passes.NONE);
        in.define(node.output(0), x);
    }

    private static int axis(long axis, int rank) {
        return Math.toIntExact(axis < 0 ? axis + rank : axis);
    }
}
