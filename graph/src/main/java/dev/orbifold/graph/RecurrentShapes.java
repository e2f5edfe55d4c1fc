package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.List;
import java.util.Map;

/** Shape rules of the recurrent operators. */
final class RecurrentShapes {
    private RecurrentShapes() {
    }

    static void lines(Map<String, Line> table) {
        for (String op : List.of("LSTM", "GRU", "RNN")) {
            table.put(op, new Line(Type.SAME, RecurrentShapes::recurrent));
        }
    }

    /** X is (length, batch, features), or (batch, length, features) with layout 1; R is (directions, …, hidden). */
    private static void recurrent(NodeFacts n) {
        Shape x = n.shape(0);
        Shape r = n.shape(2);
        n.rank(0, x, 3, 3);
        n.rank(2, r, 3, 3);
        boolean batchFirst = n.node().integer("layout", 0) != 0;
        Dim directions = r.dim(0);
        Dim hidden = r.dim(2);
        Dim batch = x.dim(batchFirst ? 0 : 1);
        n.shape(0, batchFirst
                ? List.of(batch, x.dim(1), directions, hidden)
                : List.of(x.dim(0), directions, batch, hidden));
        for (int i = 1; i <= 2; i++) {
            n.shape(i, batchFirst ? List.of(batch, directions, hidden) : List.of(directions, batch, hidden));
        }
    }
}
