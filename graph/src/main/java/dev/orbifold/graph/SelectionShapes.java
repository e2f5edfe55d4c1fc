package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shape rules of operators that choose elements, and of those that ask for shapes. */
final class SelectionShapes {
    private static final long END = Integer.MAX_VALUE;

    private SelectionShapes() {
    }

    static void lines(Map<String, Line> table) {
        table.put("Shape", new Line(Type.INT64, SelectionShapes::shapeOf));
        table.put("Size", new Line(Type.INT64, SelectionShapes::sizeOf));
        table.put("Slice", new Line(Type.SAME, SelectionShapes::slice));
        table.put("Gather", new Line(Type.SAME, SelectionShapes::gather));
        table.put("GatherElements", new Line(Type.SAME, n -> n.shape(0, n.shape(1))));
        table.put("GatherND", new Line(Type.SAME, SelectionShapes::gatherNd));
        table.put("TopK", new Line(Type.SAME, SelectionShapes::topK));
        table.put("NonZero", new Line(Type.INT64,
                n -> n.shape(0, List.of(Dim.of(n.shape(0).rank()), Dim.UNKNOWN))));
        table.put("Compress", new Line(Type.SAME, SelectionShapes::compress));
        table.put("OneHot", new Line(Type.OWN, SelectionShapes::oneHot));
        table.put("GridSample", new Line(Type.SAME, SelectionShapes::gridSample));
        table.put("NonMaxSuppression",
                new Line(Type.INT64, n -> n.shape(0, List.of(Dim.UNKNOWN, Dim.of(3)))));
    }

    private static void shapeOf(NodeFacts n) {
        Shape x = n.shape(0);
        int from = bound(n.node().integer("start", 0), x.rank());
        int until = bound(n.node().integer("end", END), x.rank());
        List<Dim> dims = from < until ? x.dims().subList(from, until) : List.of();
        n.shape(0, List.of(Dim.of(dims.size())));
        n.content(0, dims.stream().map(Size::of).toList());
    }

    private static int bound(long at, int length) {
        return (int) Math.clamp(at < 0 ? at + length : at, 0, length);
    }

    private static void sizeOf(NodeFacts n) {
        n.shape(0, List.of());
        Size product = Size.of(1);
        for (Dim dim : n.shape(0).dims()) {
            product = product.times(Size.of(dim));
        }
        n.content(0, List.of(product));
    }

    private static void slice(NodeFacts n) {
        Shape x = n.shape(0);
        List<Size> starts = ends(n, "starts", 1);
        List<Size> ends = ends(n, "ends", 2);
        int[] axes = n.list("axes", 3).map(a -> n.axes(a, x.rank()))
                .orElseGet(() -> IntStream.range(0, starts.size()).toArray());
        Optional<long[]> steps = n.has(4) ? Optional.of(n.integers(4)) : Optional.empty();
        if (axes.length != starts.size() || axes.length != ends.size()
                || steps.isPresent() && steps.get().length != axes.length || axes.length > x.rank()) {
            throw n.fail("starts " + starts + ", ends " + ends + " and axes " + Arrays.toString(axes)
                    + " do not fit together for " + x);
        }
        List<Dim> dims = new ArrayList<>(x.dims());
        for (int i = 0; i < axes.length; i++) {
            long step = steps.isPresent() ? steps.get()[i] : 1;
            if (step == 0) {
                throw n.fail("a step cannot be 0");
            }
            dims.set(axes[i], sliced(x.dim(axes[i]), starts.get(i), ends.get(i), step));
        }
        n.shape(0, dims);
        Optional<List<Size>> content = n.maybeContent(0);
        if (x.rank() == 1 && axes.length == 1 && content.isPresent() && starts.get(0).isConstant()
                && ends.get(0).isConstant()) {
            List<Size> from = content.get();
            long[] range = range(from.size(), starts.get(0).factor(), ends.get(0).factor(),
                    steps.isPresent() ? steps.get()[0] : 1);
            n.content(0, IntStream.range(0, (int) range[2]).mapToObj(i -> from.get((int) (range[0] + i * range[1])))
                    .toList());
        }
    }

    private static List<Size> ends(NodeFacts n, String attribute, int input) {
        return n.node().integers(attribute).map(a -> Arrays.stream(a).mapToObj(Size::of).toList())
                .orElseGet(() -> n.content(input));
    }

    /** First position, step and count of a slice along an axis of known length. */
    static long[] range(long length, long start, long end, long step) {
        long from = start < 0 ? Math.max(start, -length - 1) + length : start;
        long until = end < 0 ? Math.max(end, -length - 1) + length : end;
        if (step > 0) {
            from = Math.clamp(from, 0, length);
            until = Math.clamp(until, 0, length);
            return new long[] {from, step, Math.max(0, Math.ceilDiv(until - from, step))};
        }
        from = Math.clamp(from, -1, Math.max(-1, length - 1));
        until = Math.clamp(until, -1, Math.max(-1, length - 1));
        return new long[] {from, step, length == 0 ? 0 : Math.max(0, Math.ceilDiv(from - until, -step))};
    }

    private static Dim sliced(Dim dim, Size start, Size end, long step) {
        if (dim.isFixed() && start.isConstant() && end.isConstant()) {
            return Dim.of(range(dim.size(), start.factor(), end.factor(), step)[2]);
        }
        Size size = Size.of(dim);
        boolean fromStart = start.isConstant() && start.factor() >= 0;
        boolean toEnd = end.isConstant() && end.factor() >= END || end.same(size);
        if (step == 1 && fromStart && toEnd) {
            return start.factor() == 0 ? dim : size.minus(start).dim();
        }
        if (step == 1 && fromStart && end.isConstant() && end.factor() < 0) {
            return size.plus(end).minus(start).dim();
        }
        if (step == 1 && start.isConstant() && start.factor() == 0 && dim.isFixed() && end.isKnown()
                && !end.isConstant()) {
            // A symbolic number of elements of a fixed axis, such as positions up to the sequence length.
            return end.dim();
        }
        if (step == -1 && end.isConstant() && end.factor() < -END && start.isConstant() && start.factor() == -1) {
            return dim;
        }
        return Dim.UNKNOWN;
    }

    private static void gather(NodeFacts n) {
        Shape x = n.shape(0);
        Shape indices = n.shape(1);
        int axis = n.axis(n.node().integer("axis", 0), x.rank());
        List<Dim> dims = new ArrayList<>(x.dims().subList(0, axis));
        dims.addAll(indices.dims());
        dims.addAll(x.dims().subList(axis + 1, x.rank()));
        n.shape(0, dims);
        if (x.rank() == 1 && indices.rank() <= 1 && n.maybeContent(0).isPresent() && n.constant(1).isPresent()) {
            List<Size> content = n.content(0);
            n.content(0, Arrays.stream(n.integers(1)).mapToObj(i -> content.get(n.axis(i, content.size()))).toList());
        }
    }

    private static void gatherNd(NodeFacts n) {
        Shape x = n.shape(0);
        Shape indices = n.shape(1);
        int batch = (int) n.node().integer("batch_dims", 0);
        if (indices.rank() == 0 || !indices.dim(-1).isFixed()) {
            return;
        }
        long depth = indices.dim(-1).size();
        if (batch + depth > x.rank()) {
            throw n.fail("indices " + indices + " point deeper than the rank of " + x);
        }
        List<Dim> dims = new ArrayList<>(indices.dims().subList(0, indices.rank() - 1));
        dims.addAll(x.dims().subList((int) (batch + depth), x.rank()));
        n.shape(0, dims);
    }

    private static void topK(NodeFacts n) {
        Shape x = n.shape(0);
        n.type(1, DataType.INT64);
        List<Dim> dims = new ArrayList<>(x.dims());
        int axis = n.axis(n.node().integer("axis", -1), x.rank());
        dims.set(axis, n.maybeContent(1).filter(c -> c.size() == 1).map(c -> c.get(0).dim()).orElse(Dim.UNKNOWN));
        n.shape(0, dims);
        n.shape(1, dims);
    }

    private static void compress(NodeFacts n) {
        Shape x = n.shape(0);
        Optional<Attribute> axis = n.node().attribute("axis");
        List<Dim> dims = axis.isPresent() ? new ArrayList<>(x.dims()) : new ArrayList<>(List.of(Dim.UNKNOWN));
        if (axis.isPresent()) {
            dims.set(n.axis(n.node().integer("axis", 0), x.rank()), Dim.UNKNOWN);
        }
        n.shape(0, dims);
    }

    private static void gridSample(NodeFacts n) {
        Shape x = n.shape(0);
        Shape grid = n.shape(1);
        n.rank(1, grid, x.rank(), x.rank());
        List<Dim> dims = new ArrayList<>(x.dims().subList(0, 2));
        dims.addAll(grid.dims().subList(1, grid.rank() - 1));
        n.shape(0, dims);
    }

    private static void oneHot(NodeFacts n) {
        n.type(0, n.type(2));
        Shape indices = n.shape(0);
        Dim depth = n.maybeContent(1).filter(c -> c.size() == 1).map(c -> c.get(0).dim()).orElse(Dim.UNKNOWN);
        List<Dim> dims = new ArrayList<>(indices.dims());
        dims.add(n.axis(n.node().integer("axis", -1), indices.rank() + 1), depth);
        n.shape(0, dims);
    }
}
