package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.Optional;

/**
 * Keeps real numbers that a Graph computes from its own widths, such as {@code 1/√channels}, at their old values: a width is
 * a length when it shapes a tensor, and a weight when it is multiplied with.
 */
final class Numbers {
    private Numbers() {
    }

    /** The smaller Graph with every such number as it was before. */
    static Graph frozen(Graph smaller, Axes before, Kept kept) {
        Shapes now = Shapes.of(smaller);
        GraphEdit edit = new GraphEdit(smaller);
        boolean changed = false;
        for (int n = 0; n < edit.size(); n++) {
            Node node = edit.node(n);
            for (int i = 0; i < node.inputs().size(); i++) {
                String value = node.input(i);
                Optional<TensorData> old = before.constant(value);
                if (old.isEmpty() || !old.get().type().isReal() || kept.shrinks(value)
                        || smaller.parameters().containsKey(value)) {
                    continue;
                }
                Optional<TensorData> found = now.constant(value);
                Optional<Shape> shape = now.shape(value);
                boolean sameShape = shape.isPresent() && shape.get().equals(old.get().shape());
                if (sameShape && !found.equals(old)) {
                    edit.constant(n, i, old.get());
                    changed = true;
                }
            }
        }
        return changed ? edit.done() : smaller;
    }
}
