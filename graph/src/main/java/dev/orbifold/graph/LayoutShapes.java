package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shape rules of operators that move elements without choosing among them: reshape, transpose, concat, split, pad. */
final class LayoutShapes {
    private LayoutShapes() {
    }

    static void lines(Map<String, Line> table) {
        table.put("Reshape", new Line(Type.SAME, LayoutShapes::reshape));
        table.put("Flatten", new Line(Type.SAME, LayoutShapes::flatten));
        table.put("Transpose", new Line(Type.SAME, LayoutShapes::transpose));
        table.put("Squeeze", new Line(Type.SAME, LayoutShapes::squeeze));
        table.put("Unsqueeze", new Line(Type.SAME, LayoutShapes::unsqueeze));
        table.put("Concat", new Line(Type.SAME, LayoutShapes::concat));
        table.put("Split", new Line(Type.SAME, LayoutShapes::split));
        table.put("Expand", new Line(Type.SAME, LayoutShapes::expand));
        table.put("Tile", new Line(Type.SAME, LayoutShapes::tile));
        table.put("Pad", new Line(Type.SAME, LayoutShapes::pad));
        table.put("DepthToSpace", new Line(Type.SAME, n -> depth(n, true)));
        table.put("SpaceToDepth", new Line(Type.SAME, n -> depth(n, false)));
        table.put("Resize", new Line(Type.SAME, LayoutShapes::resize));
    }

    private static Size elements(List<Dim> dims) {
        Size product = Size.of(1);
        for (Dim dim : dims) {
            product = product.times(Size.of(dim));
        }
        return product;
    }

    private static List<Dim> unknown(int rank) {
        return Collections.nCopies(rank, Dim.UNKNOWN);
    }

    private static void reshape(NodeFacts n) {
        List<Size> target = n.content(1);
        Optional<Shape> from = n.maybeShape(0);
        boolean zeroCopies = n.node().integer("allowzero", 0) == 0;
        List<Dim> dims = new ArrayList<>();
        int inferred = -1;
        for (int i = 0; i < target.size(); i++) {
            Size size = target.get(i);
            if (size.isConstant() && size.factor() == 0 && zeroCopies) {
                if (from.isPresent() && i >= from.get().rank()) {
                    throw n.fail("shape entry 0 at " + i + " copies an axis that input " + from.get() + " lacks");
                }
                dims.add(from.map(Shape::dims).map(d -> d.get(dims.size())).orElse(Dim.UNKNOWN));
            } else if (size.isConstant() && size.factor() < 0) {
                if (size.factor() < -1 || inferred >= 0) {
                    throw n.fail("the shape " + target + " may hold one -1 and no other negative number");
                }
                inferred = i;
                dims.add(Dim.UNKNOWN);
            } else {
                dims.add(size.dim());
            }
        }
        if (from.isPresent()) {
            complete(n, from.get(), dims, inferred);
        }
        n.shape(0, dims);
        if (dims.size() <= 1) {
            n.maybeContent(0).ifPresent(c -> n.content(0, c));
        }
    }

    /** Finds the one dimension that is left open, or checks the number of elements. */
    private static void complete(NodeFacts n, Shape from, List<Dim> dims, int inferred) {
        Size total = elements(from.dims());
        if (inferred < 0) {
            Size made = elements(dims);
            if (total.isConstant() && made.isConstant() && !total.equals(made)) {
                throw n.fail("cannot reshape " + from + " to " + new Shape(dims) + ": " + total + " elements against "
                        + made);
            }
            List<Integer> open = IntStream.range(0, dims.size())
                    .filter(i -> dims.get(i).equals(Dim.UNKNOWN)).boxed().toList();
            if (open.size() == 1) {
                solve(total, dims, open.get(0));
            }
            return;
        }
        Size rest = solve(total, dims, inferred);
        if (total.isConstant() && rest.isConstant() && rest.factor() != 0 && !total.divides(rest)) {
            throw n.fail("cannot reshape " + from + ", which has " + total + " elements, to a multiple of " + rest);
        }
    }

    /** Sets one dimension so that the product is the total, if that comes out even; returns the product of the rest. */
    private static Size solve(Size total, List<Dim> dims, int open) {
        List<Dim> others = new ArrayList<>(dims);
        others.remove(open);
        Size rest = elements(others);
        if (total.divides(rest)) {
            dims.set(open, total.over(rest).dim());
        }
        return rest;
    }

    private static void flatten(NodeFacts n) {
        Shape x = n.shape(0);
        long axis = n.node().integer("axis", 1);
        int at = (int) (axis < 0 ? axis + x.rank() : axis);
        if (at < 0 || at > x.rank()) {
            throw n.fail("axis " + axis + " is out of range for shape " + x);
        }
        n.shape(0, List.of(elements(x.dims().subList(0, at)).dim(), elements(x.dims().subList(at, x.rank())).dim()));
    }

    private static void transpose(NodeFacts n) {
        Shape x = n.shape(0);
        long[] order = n.node().integers("perm").orElseGet(() -> {
            long[] reversed = new long[x.rank()];
            Arrays.setAll(reversed, i -> x.rank() - 1 - i);
            return reversed;
        });
        int[] axes = n.axes(order, x.rank());
        if (axes.length != x.rank() || Arrays.stream(axes).distinct().count() != x.rank()) {
            throw n.fail("perm " + Arrays.toString(order) + " does not order the axes of " + x);
        }
        n.shape(0, Arrays.stream(axes).mapToObj(x::dim).toList());
    }

    private static void squeeze(NodeFacts n) {
        Shape x = n.shape(0);
        Optional<long[]> given = n.list("axes", 1);
        List<Dim> dims = new ArrayList<>();
        List<Integer> axes = given.map(a -> Arrays.stream(n.axes(a, x.rank())).boxed().toList()).orElse(List.of());
        for (int i = 0; i < x.rank(); i++) {
            Dim dim = x.dim(i);
            if (given.isEmpty() && dim.equals(Dim.UNKNOWN)) {
                return;
            }
            boolean away = given.isPresent() ? axes.contains(i) : dim.equals(Dim.of(1));
            if (away && dim.isFixed() && dim.size() != 1) {
                throw n.fail("axis " + i + " of " + x + " has size " + dim + ", only size 1 can be squeezed");
            }
            if (!away) {
                dims.add(dim);
            }
        }
        n.shape(0, dims);
        n.maybeContent(0).ifPresent(c -> n.content(0, c));
    }

    private static void unsqueeze(NodeFacts n) {
        Shape x = n.shape(0);
        long[] given = n.list("axes", 1).orElseThrow(() -> n.fail("axes are missing"));
        int rank = x.rank() + given.length;
        List<Integer> axes = Arrays.stream(n.axes(given, rank)).boxed().toList();
        if (axes.stream().distinct().count() != axes.size()) {
            throw n.fail("axes " + axes + " repeat");
        }
        List<Dim> dims = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < rank; i++) {
            dims.add(axes.contains(i) ? Dim.of(1) : x.dim(next++));
        }
        n.shape(0, dims);
        if (rank <= 1) {
            n.maybeContent(0).ifPresent(c -> n.content(0, c));
        }
    }

    private static void concat(NodeFacts n) {
        int count = n.node().inputs().size();
        Shape first = n.shape(0);
        int axis = n.axis(n.node().integer("axis", 0), first.rank());
        List<Dim> dims = new ArrayList<>(first.dims());
        Size total = Size.of(first.dim(axis));
        for (int i = 1; i < count; i++) {
            Shape other = n.shape(i);
            if (other.rank() != first.rank()) {
                throw n.fail("cannot concatenate " + first + " and " + other + ": the ranks differ");
            }
            for (int a = 0; a < first.rank(); a++) {
                if (a != axis) {
                    dims.set(a, n.agree(dims.get(a), other.dim(a),
                            "axis " + a + " of the concatenated " + first + " and " + other));
                }
            }
            total = total.plus(Size.of(other.dim(axis)));
        }
        dims.set(axis, total.dim());
        n.shape(0, dims);
        if (first.rank() == 1) {
            List<Size> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.addAll(n.content(i));
            }
            n.content(0, all);
        }
    }

    private static void split(NodeFacts n) {
        Shape x = n.shape(0);
        int axis = n.axis(n.node().integer("axis", 0), x.rank());
        int parts = n.node().outputs().size();
        Dim dim = x.dim(axis);
        List<Dim> sizes = new ArrayList<>();
        Optional<long[]> given = n.has(1) || n.node().integers("split").isPresent()
                ? n.constant(1).isPresent() || !n.has(1) ? n.list("split", 1) : Optional.of(new long[0])
                : Optional.empty();
        if (given.isPresent() && given.get().length == 0) {
            sizes.addAll(unknown(parts));
        } else if (given.isPresent()) {
            Arrays.stream(given.get()).mapToObj(Dim::of).forEach(sizes::add);
            long sum = Arrays.stream(given.get()).sum();
            if (sizes.size() != parts || dim.isFixed() && sum != dim.size()) {
                throw n.fail("parts " + sizes + " do not make up axis " + axis + " of " + x + " in " + parts
                        + " outputs");
            }
        } else {
            long each = dim.isFixed() ? (dim.size() + parts - 1) / parts : -1;
            for (int i = 0; i < parts; i++) {
                sizes.add(dim.isFixed() ? Dim.of(Math.max(0, Math.min(each, dim.size() - i * each)))
                        : Size.of(dim).divides(Size.of(parts)) ? Size.of(dim).over(Size.of(parts)).dim()
                                : Dim.UNKNOWN);
            }
        }
        int from = 0;
        Optional<List<Size>> content = n.maybeContent(0).filter(c -> sizes.stream().allMatch(Dim::isFixed));
        for (int i = 0; i < parts; i++) {
            List<Dim> dims = new ArrayList<>(x.dims());
            dims.set(axis, sizes.get(i));
            n.shape(i, dims);
            if (content.isPresent()) {
                int until = from + (int) sizes.get(i).size();
                n.content(i, content.get().subList(from, until));
                from = until;
            }
        }
    }

    private static void expand(NodeFacts n) {
        List<Size> target = n.content(1);
        Shape to = new Shape(target.stream().map(s -> s.isConstant() && s.factor() < 0 ? Dim.of(1) : s.dim()).toList());
        n.shape(0, n.broadcast(n.shape(0), to));
        if (target.size() == 1 && to.isFixed()) {
            n.maybeContent(0).filter(c -> c.size() == 1).ifPresent(
                    c -> n.content(0, Collections.nCopies((int) Math.min(5000, to.dim(0).size()), c.get(0))));
        }
    }

    private static void tile(NodeFacts n) {
        Shape x = n.shape(0);
        List<Size> repeats = n.content(1);
        if (repeats.size() != x.rank()) {
            throw n.fail("needs one repeat per axis of " + x + ", found " + repeats.size());
        }
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            dims.add(Size.of(x.dim(i)).times(repeats.get(i)).dim());
        }
        n.shape(0, dims);
    }

    private static void pad(NodeFacts n) {
        Shape x = n.shape(0);
        int[] axes = n.has(3) ? n.axes(n.integers(3), x.rank())
                : IntStream.range(0, x.rank()).toArray();
        List<Dim> dims = new ArrayList<>(x.dims());
        List<Size> pads = n.maybeContent(1).orElse(Collections.nCopies(2 * axes.length, Size.UNKNOWN));
        if (pads.size() != 2 * axes.length) {
            throw n.fail("needs " + 2 * axes.length + " pads for " + x + ", found " + pads.size());
        }
        for (int i = 0; i < axes.length; i++) {
            Size size = Size.of(x.dim(axes[i])).plus(pads.get(i)).plus(pads.get(i + axes.length));
            if (size.isConstant() && size.factor() < 0) {
                throw n.fail("pads " + pads + " leave nothing of " + x);
            }
            dims.set(axes[i], size.dim());
        }
        n.shape(0, dims);
    }

    private static void depth(NodeFacts n, boolean toSpace) {
        Shape x = n.shape(0);
        n.rank(0, x, 4, 4);
        Size block = Size.of(n.node().integer("blocksize", 1));
        Size square = block.times(block);
        Size channels = Size.of(x.dim(1));
        Size height = Size.of(x.dim(2));
        Size width = Size.of(x.dim(3));
        List<Size> sizes = toSpace
                ? List.of(channels.over(square), height.times(block), width.times(block))
                : List.of(channels.times(square), height.over(block), width.over(block));
        List<Dim> dims = new ArrayList<>(List.of(x.dim(0)));
        sizes.forEach(s -> dims.add(s.dim()));
        n.shape(0, dims);
    }

    private static void resize(NodeFacts n) {
        Shape x = n.shape(0);
        List<Dim> dims = new ArrayList<>(x.dims());
        int[] axes = n.node().integers("axes").map(a -> n.axes(a, x.rank()))
                .orElseGet(() -> IntStream.range(0, x.rank()).toArray());
        boolean stretches = n.node().text("keep_aspect_ratio_policy", "stretch").equals("stretch");
        if (n.has(3)) {
            List<Size> sizes = n.maybeContent(3).orElse(Collections.nCopies(axes.length, Size.UNKNOWN));
            for (int i = 0; i < axes.length && sizes.size() == axes.length; i++) {
                dims.set(axes[i], stretches ? sizes.get(i).dim() : Dim.UNKNOWN);
            }
        } else {
            Optional<float[]> scales = n.constant(2).map(TensorData::toFloats).filter(s -> s.length == axes.length);
            for (int i = 0; i < axes.length; i++) {
                Dim dim = x.dim(axes[i]);
                dims.set(axes[i], scales.isEmpty() ? Dim.UNKNOWN : scaled(dim, scales.get()[i]));
            }
        }
        n.shape(0, dims);
    }

    private static Dim scaled(Dim dim, float scale) {
        if (dim.isFixed()) {
            return Dim.of((long) Math.floor((float) dim.size() * scale));
        }
        return scale == Math.rint(scale) && scale > 0 ? Size.of(dim).times(Size.of((long) scale)).dim() : Dim.UNKNOWN;
    }
}
