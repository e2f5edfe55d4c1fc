package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Both sides of a reshape whose axes merge numbers with sizes that are not known, such as (s, n, h·d) to (s, n·h, d) and
 * back: every axis n·h is seen as an axis n and an axis h, so that all that is regrouped are numbers. A value carries
 * coordinates on an axis n·h if it carries them on h, whatever the position on n.
 */
final class MergedAxes {
    /** Operators that need not know the indices of an axis, so that heads merged into the batch may lie on it. */
    private static final Set<String> PASS = Set.of("Identity", "Neg", "Dropout", "Cast", "Add", "Sub", "Sum",
            "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Where", "Clip", "Tanh", "Sigmoid", "Softmax", "LogSoftmax",
            "MatMul", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "ReduceMean", "ReduceSum", "ReduceMax",
            "LayerNormalization", "RMSNormalization", "Shape");

    /** One side of the reshape: the split axes, and to which axis each belongs. */
    private record Side(List<Dim> dims, List<Integer> axis) {
        Side() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        void add(Dim dim, int of) {
            int last = dims.size() - 1;
            if (dim.isFixed() && last >= 0 && axis.get(last) == of && dims.get(last).isFixed()) {
                dims.set(last, Dim.of(dims.get(last).size() * dim.size()));
            } else {
                dims.add(dim);
                axis.add(of);
            }
        }

        /** The split axis that carries what the whole axis carries: its last number. */
        int carrier(int whole) {
            int at = axis.lastIndexOf(whole);
            return at >= 0 && dims.get(at).isFixed() ? at : -1;
        }
    }

    private final List<Dim> whole;
    private final List<Dim> result;
    private final Side from = new Side();
    private final Side to = new Side();
    private int axis = -1;
    private long left = 1;
    private List<String> symbols = new ArrayList<>();
    private boolean fits = true;

    private MergedAxes(List<Dim> whole, List<Dim> result) {
        this.whole = whole;
        this.result = result;
    }

    /**
     * Fixes what lies on axes that merge it with positions whose number is not known, such as heads with the batch, where a
     * node looks into them.
     */
    static void fix(Node node, Inference in) {
        if (node.domain().isEmpty() && PASS.contains(node.opType())) {
            return;
        }
        for (String value : node.inputs()) {
            Typed type = in.type(value);
            List<Dim> dims = type.parts().isEmpty() || in.isParameter(value) ? List.of()
                    : in.shapes().shape(value).map(Shape::dims).orElse(List.of());
            for (Part part : type.parts()) {
                if (Arrays.stream(part.axes()).anyMatch(a -> a < dims.size() && !dims.get(a).isFixed())) {
                    in.pin(part.elements(), node.label() + " looks into the batch that it is merged with");
                    type = new Typed(type.rank(), type.parts().stream().filter(p -> p != part).toList());
                }
            }
            in.define(value, type);
        }
    }

    /** The split axes; empty where sizes do not fit factor by factor. */
    static Optional<MergedAxes> between(List<Dim> from, List<Dim> to) {
        if (from.contains(Dim.UNKNOWN) || to.contains(Dim.UNKNOWN)) {
            return Optional.empty();
        }
        MergedAxes axes = new MergedAxes(from, to);
        for (int a = 0; a < from.size() && axes.fits; a++) {
            for (String symbol : from.get(a).symbols()) {
                axes.from.add(Dim.named(symbol), a);
                axes.symbol(symbol);
            }
            long factor = from.get(a).factor();
            if (factor != 1 || from.get(a).isFixed()) {
                axes.from.add(Dim.of(factor), a);
            }
            axes.number(factor);
        }
        while (axes.fits && axes.axis < to.size() - 1) {
            axes.next();
        }
        return axes.fits && axes.left == 1 && axes.symbols.isEmpty() ? Optional.of(axes) : Optional.empty();
    }

    private void next() {
        if (left != 1 || !symbols.isEmpty() || axis + 1 >= result.size()) {
            fits = false;
            return;
        }
        axis++;
        left = result.get(axis).factor();
        symbols = new ArrayList<>(result.get(axis).symbols());
        if (result.get(axis).isFixed() && left == 1) {
            to.add(Dim.of(1), axis);
        }
    }

    private void room() {
        while (fits && left == 1 && symbols.isEmpty()) {
            next();
        }
    }

    private void symbol(String symbol) {
        room();
        fits &= symbols.remove(symbol);
        to.add(Dim.named(symbol), axis);
    }

    private void number(long size) {
        long rest = size;
        while (fits && rest > 1) {
            room();
            long part = left % rest == 0 ? rest : left > 1 && rest % left == 0 ? left : 0;
            if (!fits || part == 0) {
                fits = false;
            } else {
                to.add(Dim.of(part), axis);
                left /= part;
                rest /= part;
            }
        }
    }

    /** The split axes before the reshape. */
    List<Dim> from() {
        return from.dims();
    }

    /** The split axes after it. */
    List<Dim> to() {
        return to.dims();
    }

    /** Which split axes become which: sizes that are not known stay, and numbers between them are regrouped. */
    List<Reshaping.AxisGroup> groups() {
        List<Reshaping.AxisGroup> groups = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < from.dims().size() || j < to.dims().size()) {
            int i0 = i;
            int j0 = j;
            while (i < from.dims().size() && from.dims().get(i).isFixed()) {
                i++;
            }
            while (j < to.dims().size() && to.dims().get(j).isFixed()) {
                j++;
            }
            Reshaping.middle(from.dims(), to.dims(), new Reshaping.AxisGroup(i0, i, j0, j, true), groups);
            if (i < from.dims().size() && j < to.dims().size()) {
                groups.add(new Reshaping.AxisGroup(i, i + 1, j, j + 1, true));
                i++;
                j++;
            }
        }
        return groups;
    }

    /** A value's type over the split axes. */
    Typed split(Inference in, Node node, Typed type) {
        List<Part> parts = new ArrayList<>();
        for (Part part : type.parts()) {
            int[] axes = Arrays.stream(part.axes()).map(from::carrier).toArray();
            boolean carried = true;
            for (int i = 0; i < axes.length; i++) {
                carried &= axes[i] >= 0 && from.dims().get(axes[i]).size() == part.sizes()[i]
                        && whole.get(part.axes()[i]).factor() == part.sizes()[i];
            }
            if (carried) {
                parts.add(part.on(axes));
            } else {
                in.pin(part.elements(), node.label() + " regroups axes of unknown size");
            }
        }
        return new Typed(from.dims().size(), parts);
    }

    /** The type of the result, from its type over the split axes. */
    Typed joined(Inference in, Node node, Typed type) {
        List<Part> parts = new ArrayList<>();
        for (Part part : type.parts()) {
            int[] axes = Arrays.stream(part.axes()).map(to.axis()::get).toArray();
            boolean carries = true;
            for (int i = 0; i < axes.length; i++) {
                carries &= to.carrier(axes[i]) == part.axes()[i]
                        && result.get(axes[i]).factor() == part.sizes()[i];
            }
            if (carries && Arrays.stream(axes).distinct().count() == axes.length) {
                parts.add(part.on(axes));
            } else {
                in.pin(part.elements(), node.label() + " merges it with positions of unknown number");
            }
        }
        return new Typed(result.size(), parts);
    }

    /** An Offset over the split axes; empty where it varies along more than the numbers of an axis. */
    Optional<Offset> split(Offset offset) {
        int[] dims = new int[from.dims().size()];
        Arrays.fill(dims, 1);
        for (int a = 0; a < whole.size(); a++) {
            int at = from.carrier(a);
            if (offset.varies(a) && (at < 0 || whole.get(a).factor() != offset.dim(a)
                    || from.dims().get(at).size() != offset.dim(a))) {
                return Optional.empty();
            }
            if (offset.varies(a)) {
                dims[at] = offset.dim(a);
            }
        }
        return Optional.of(offset.reshaped(dims));
    }

    /** An Offset of the result, from one over the split axes. */
    Optional<Offset> joined(Offset offset) {
        int[] dims = new int[result.size()];
        Arrays.fill(dims, 1);
        for (int k = 0; k < offset.rank(); k++) {
            int axis = to.axis().get(k);
            if (offset.varies(k) && (to.carrier(axis) != k || result.get(axis).factor() != offset.dim(k))) {
                return Optional.empty();
            }
            dims[axis] *= offset.dim(k);
        }
        return Optional.of(offset.reshaped(dims));
    }
}
