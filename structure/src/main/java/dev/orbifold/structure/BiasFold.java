package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Moves what constant units give their readers into the readers' biases, {@code bias[o] += Σ_i c[i] · Σ_k w[o, i, k]}, and
 * sets the weights that read them to zero: an equal Graph of the same widths whose constant units are silent. A bias is
 * added where the reader has none.
 */
final class BiasFold {
    private BiasFold() {
    }

    /** Whether a constant input of a contraction fits into its bias: nothing is padded, and the bias is a constant vector. */
    static boolean fits(Contraction contraction, Axes axes) {
        Node node = contraction.node();
        if (contraction.pads()) {
            return false;
        }
        if (node.opType().equals("MatMul") || !node.hasInput(2)) {
            return true;
        }
        Optional<TensorData> bias = axes.constant(node.input(2));
        int last = contraction.ofColumns() ? 2 : 1;
        return bias.isPresent() && node.real("beta", 1) != 0 && (bias.get().elements() == 1
                || bias.get().rank() >= last && bias.get().elements() == bias.get().dim(-last));
    }

    /**
     * Folds the constants of the units that leave.
     *
     * @param dead what is dead
     * @param leaving per Space the units that will be taken out
     * @return the Graph itself where there is nothing to fold
     */
    static Graph apply(DeadUnits dead, List<BitSet> leaving) {
        Symmetries symmetries = dead.symmetries();
        Graph graph = symmetries.graph();
        boolean any = false;
        for (int s = 0; s < leaving.size(); s++) {
            any |= leaving.get(s).intersects(dead.constant().get(s));
        }
        if (!any) {
            return graph;
        }
        Axes axes = new Axes(symmetries);
        Constants constants = Constants.of(symmetries);
        GraphEdit edit = new GraphEdit(graph);
        for (int n = 0; n < edit.size(); n++) {
            int at = n;
            if (axes.constant(edit.node(n).output(0)).isEmpty()) {
                Contraction.of(edit.node(n), axes).filter(c -> !c.isDepthwise() && fits(c, axes))
                        .ifPresent(c -> fold(edit, at, c, axes, constants, leaving));
            }
        }
        return edit.done();
    }

    private static void fold(GraphEdit edit, int index, Contraction contraction, Axes axes, Constants constants,
            List<BitSet> leaving) {
        Node node = contraction.node();
        String value = node.input(contraction.input());
        Optional<AxisType> type = axes.type(value, contraction.inAxis());
        if (type.isEmpty()) {
            return;
        }
        double[] added = new double[contraction.outs()];
        double[] weights = contraction.weights().toDoubles();
        boolean changed = false;
        for (int i = 0; i < contraction.ins(); i++) {
            int space = type.get().space()[i];
            double carried = constants.at(value, contraction.inAxis(), i);
            if (space < 0 || !leaving.get(space).get(type.get().unit()[i]) || carried == 0 || Double.isNaN(carried)
                    || contraction.ignores(i)) {
                continue;
            }
            changed = true;
            int first = contraction.firstOut(i);
            for (int o = first; o < first + contraction.layout().outs(); o++) {
                added[o] += carried * contraction.sum(o, i);
                int w = contraction.at(o, i);
                Arrays.fill(weights, w, w + contraction.layout().kernel(), 0);
            }
        }
        if (changed) {
            TensorData old = constant(axes, node.input(contraction.weightInput()));
            edit.constant(index, contraction.weightInput(), tensor(old.type(), weights, old.dims()));
            addBias(edit, index, contraction, axes, added, old.type());
        }
    }

    private static void addBias(GraphEdit edit, int index, Contraction contraction, Axes axes, double[] added,
            DataType type) {
        Node node = contraction.node();
        long[] dims = contraction.ofColumns() ? new long[] {added.length, 1} : new long[] {added.length};
        String name = node.input(contraction.weightInput()) + ".bias";
        if (node.opType().equals("MatMul")) {
            String sum = node.output(0);
            String product = edit.fresh(sum);
            String bias = edit.fresh(name);
            edit.add(bias, tensor(type, added, dims));
            Node changed = edit.node(index);
            edit.node(index, new Node(changed.name(), changed.opType(), changed.domain(), changed.inputs(),
                    List.of(product), changed.attributes()));
            edit.insertAfter(index, Node.of("", "Add", List.of(product, bias), List.of(sum), Map.of()));
            return;
        }
        if (!node.hasInput(2)) {
            edit.addInput(index, 2, name, tensor(type, added, dims));
            return;
        }
        TensorData old = constant(axes, node.input(2));
        double beta = node.opType().equals("Gemm") ? node.real("beta", 1) : 1;
        double[] values = new double[added.length];
        for (int o = 0; o < values.length; o++) {
            values[o] = old.doubleAt(old.elements() == 1 ? 0 : o) + added[o] / beta;
        }
        edit.constant(index, 2, tensor(old.type(), values, dims));
    }

    private static TensorData constant(Axes axes, String name) {
        return axes.constant(name).orElseThrow(() -> new StructureException("value " + name + " is not constant"));
    }

    private static TensorData tensor(DataType type, double[] values, long... dims) {
        return switch (type) {
            case FLOAT -> {
                float[] floats = new float[values.length];
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = (float) values[i];
                }
                yield TensorData.of(floats, dims);
            }
            case DOUBLE -> TensorData.of(values, dims);
            default -> throw new StructureException("constants fold into float32 and float64 weights, found " + type);
        };
    }
}
