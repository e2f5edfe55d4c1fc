package dev.orbifold.ort;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Variants of one Graph in one session of ONNX Runtime. Its real parameters are inputs of the model, fed from where they
 * lie, so that ONNX Runtime holds no copy of them and a variant costs nothing but its run. Parameters of other types
 * (shapes, indices) and single numbers stay inside, where operators may want them to be constants.
 *
 * <p>
 * A variant that differs elsewhere, as in a tensor of a Constant node, and any variant of a Graph that ONNX Runtime does not
 * take in this form, is loaded in a session of its own.
 */
final class OnnxRuntimeVariants implements Evaluator.Variants {
    private final Graph graph;
    private final int threads;
    private final Set<String> fed = new HashSet<>();
    private final Optional<OnnxRuntime> session;

    OnnxRuntimeVariants(Graph graph, int threads) {
        this.graph = graph;
        this.threads = threads;
        this.session = session();
    }

    private Optional<OnnxRuntime> session() {
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        Map<String, TensorData> inside = new LinkedHashMap<>(graph.parameters());
        graph.parameters().forEach((name, tensor) -> {
            if (feeds(tensor)) {
                inputs.add(new ValueInfo(name, Optional.of(tensor.type()), Optional.of(tensor.shape())));
                inside.remove(name);
                fed.add(name);
            }
        });
        Graph open = new Graph(graph.name(), graph.opsets(), inputs, graph.outputs(), graph.nodes(), inside,
                graph.declared(), graph.origin());
        try {
            return Optional.of(OnnxRuntime.open(open, threads));
        } catch (GraphException e) {
            // Some operators want constant weights. Whether the Graph can be run at all, its own session says.
            return Optional.empty();
        }
    }

    private static boolean feeds(TensorData tensor) {
        return tensor.elements() > 1 && (tensor.type() == DataType.FLOAT || tensor.type() == DataType.DOUBLE);
    }

    @Override
    public Map<String, TensorData> run(Graph variant, Map<String, TensorData> inputs) {
        if (session.isEmpty() || !differsOnlyInFed(variant)) {
            try (OnnxRuntime own = OnnxRuntime.open(variant, threads)) {
                return own.run(inputs);
            }
        }
        Map<String, TensorData> all = new LinkedHashMap<>(inputs);
        fed.forEach(name -> all.put(name, Objects.requireNonNull(variant.parameters().get(name))));
        return session.get().run(all);
    }

    private boolean differsOnlyInFed(Graph variant) {
        if (variant.nodes().size() != graph.nodes().size()) {
            return false;
        }
        for (int n = 0; n < graph.nodes().size(); n++) {
            if (variant.nodes().get(n) != graph.nodes().get(n)) {
                return false;
            }
        }
        return graph.parameters().entrySet().stream()
                .allMatch(p -> fed.contains(p.getKey())
                        || variant.parameter(p.getKey()).equals(Optional.of(p.getValue())));
    }

    @Override
    public void close() {
        session.ifPresent(OnnxRuntime::close);
    }
}
