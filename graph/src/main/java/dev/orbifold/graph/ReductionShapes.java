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

/** Shape rules of reductions. */
final class ReductionShapes {
    private ReductionShapes() {
    }

    static void lines(Map<String, Line> table) {
        for (String op : List.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare")) {
            table.put(op, new Line(Type.SAME, ReductionShapes::reduce));
        }
        table.put("ArgMax", new Line(Type.INT64, ReductionShapes::arg));
        table.put("ArgMin", new Line(Type.INT64, ReductionShapes::arg));
    }

    private static void reduce(NodeFacts n) {
        Shape x = n.shape(0);
        boolean keep = n.node().integer("keepdims", 1) != 0;
        Optional<long[]> given;
        if (n.has(1) && n.constant(1).isEmpty()) {
            if (keep) {
                n.shape(0, Collections.nCopies(x.rank(), Dim.UNKNOWN));
            }
            return;
        }
        given = n.list("axes", 1).filter(a -> a.length > 0);
        if (given.isEmpty() && n.node().integer("noop_with_empty_axes", 0) != 0) {
            n.shape(0, x);
            return;
        }
        int[] axes = given.map(a -> n.axes(a, x.rank())).orElseGet(() -> IntStream.range(0, x.rank()).toArray());
        n.shape(0, without(x, axes, keep));
        if (n.node().opType().equals("ReduceProd") && x.rank() == 1) {
            n.maybeContent(0).map(c -> c.stream().reduce(Size.of(1), Size::times)).ifPresent(p -> n.content(0,
                    List.of(p)));
        }
    }

    private static List<Dim> without(Shape x, int[] axes, boolean keep) {
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            int axis = i;
            if (Arrays.stream(axes).noneMatch(a -> a == axis)) {
                dims.add(x.dim(i));
            } else if (keep) {
                dims.add(Dim.of(1));
            }
        }
        return dims;
    }

    private static void arg(NodeFacts n) {
        Shape x = n.shape(0);
        int[] axes = {n.axis(n.node().integer("axis", 0), x.rank())};
        n.shape(0, without(x, axes, n.node().integer("keepdims", 1) != 0));
    }
}
