package dev.orbifold.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A network as an ONNX graph. Immutable: every edit makes a new Graph, which shares what did not change, and the origin
 * it was read from, so that {@link OnnxFile} writes unchanged elements back byte for byte.
 *
 * @param name the graph's name
 * @param opsets version of each operator set by domain (empty: ONNX's own)
 * @param inputs what is fed; initializers listed as inputs (IR version 3 style) are left out here
 * @param outputs what comes out
 * @param nodes the operators, in an order in which they can run
 * @param parameters every initializer by name, in file order: weights, and constants such as shapes and masks
 * @param declared shapes and types the file declares for inner values
 * @param origin where it was read from, for writing back
 */
public record Graph(String name, Map<String, Integer> opsets, List<ValueInfo> inputs, List<ValueInfo> outputs,
        List<Node> nodes, Map<String, TensorData> parameters, List<ValueInfo> declared, Origin origin) {

    /** What {@link OnnxFile} remembers of the file a Graph came from. Nothing in it is for others. */
    public interface Origin {
        /** The origin of a Graph built in memory. */
        Origin NONE = new Origin() {
        };
    }

    /** Copies the collections; the order of parameters is kept. */
    public Graph {
        opsets = Collections.unmodifiableMap(new LinkedHashMap<>(opsets));
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        nodes = List.copyOf(nodes);
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        declared = List.copyOf(declared);
    }

    /** A Graph built in memory with ONNX opset 17. */
    public static Graph of(String name, List<ValueInfo> inputs, List<ValueInfo> outputs, List<Node> nodes,
            Map<String, TensorData> parameters) {
        return new Graph(name, Map.of("", 17), inputs, outputs, nodes, parameters, List.of(), Origin.NONE);
    }

    /** The version of ONNX's own operator set. */
    public int opset() {
        return opsets.getOrDefault("", 1);
    }

    /** The parameter of that name, if there is one. */
    public Optional<TensorData> parameter(String parameterName) {
        return Optional.ofNullable(parameters.get(parameterName));
    }

    /** The same Graph with other nodes. */
    public Graph withNodes(List<Node> newNodes) {
        return new Graph(name, opsets, inputs, outputs, newNodes, parameters, declared, origin);
    }

    /** The same Graph with exactly these parameters. */
    public Graph withParameters(Map<String, TensorData> newParameters) {
        return new Graph(name, opsets, inputs, outputs, nodes, newParameters, declared, origin);
    }

    /** The same Graph with some parameters replaced or added. */
    public Graph replacing(Map<String, TensorData> changed) {
        Map<String, TensorData> all = new LinkedHashMap<>(parameters);
        all.putAll(changed);
        return withParameters(all);
    }

    /** The same Graph with every node mapped. */
    public Graph mapNodes(UnaryOperator<Node> change) {
        return withNodes(nodes.stream().map(change).toList());
    }

    /** The same Graph with other declarations of inner values. */
    public Graph withDeclared(List<ValueInfo> newDeclared) {
        return new Graph(name, opsets, inputs, outputs, nodes, parameters, newDeclared, origin);
    }
}
