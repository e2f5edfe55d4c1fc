package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Keeps what a Graph declares of its values true after edits. */
final class Declarations {
    private Declarations() {
    }

    /**
     * The Graph with declarations that hold: if nodes or the shapes of parameters differ from {@code before}, inner
     * declarations that inference does not confirm are dropped, and outputs whose shape it contradicts are corrected.
     *
     * @throws GraphException if the edited Graph contradicts itself
     */
    static Graph refreshed(Graph graph, Graph before) {
        if (graph.nodes().equals(before.nodes()) && sameShapes(graph, before)) {
            return graph;
        }
        Shapes shapes = Shapes.of(graph.withDeclared(List.of()));
        List<ValueInfo> declared = graph.declared().stream().filter(info -> confirmed(info, shapes)).toList();
        List<ValueInfo> outputs = new ArrayList<>();
        for (ValueInfo output : graph.outputs()) {
            Optional<Shape> inferred = shapes.inferred(output.name());
            boolean contradicted = inferred.isPresent() && output.shape().isPresent()
                    && !agrees(output.shape().get(), inferred.get());
            outputs.add(contradicted ? new ValueInfo(output.name(), output.type(), inferred) : output);
        }
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), outputs, graph.nodes(), graph.parameters(),
                declared, graph.origin());
    }

    private static boolean sameShapes(Graph graph, Graph before) {
        return graph.parameters().entrySet().stream().allMatch(e -> before.parameter(e.getKey())
                .map(old -> old.shape().equals(e.getValue().shape())).orElse(true));
    }

    private static boolean confirmed(ValueInfo info, Shapes shapes) {
        if (info.shape().isEmpty()) {
            return true;
        }
        return shapes.inferred(info.name()).map(inferred -> agrees(info.shape().get(), inferred)).orElse(false);
    }

    private static boolean agrees(Shape a, Shape b) {
        if (a.rank() != b.rank()) {
            return false;
        }
        for (int i = 0; i < a.rank(); i++) {
            Dim x = a.dim(i);
            Dim y = b.dim(i);
            if (x.isFixed() && y.isFixed() && !x.equals(y) || y.equals(Dim.UNKNOWN) && x.isFixed()) {
                return false;
            }
        }
        return true;
    }
}
