package dev.orbifold.engine;

import dev.orbifold.graph.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The operators the engine runs: one table from the operator's name to the factory of its {@link Kernel}. */
final class Operators {
    private static final Map<String, Kernel.Factory> TABLE = table();

    private Operators() {
    }

    private static Map<String, Kernel.Factory> table() {
        Map<String, Kernel.Factory> table = new HashMap<>();
        Elementwise.register(table);
        Activations.register(table);
        Contractions.register(table);
        Convolutions.register(table);
        Pooling.register(table);
        Norms.register(table);
        Reductions.register(table);
        Layout.register(table);
        Indexing.register(table);
        Generators.register(table);
        Resizing.register(table);
        AttentionKernels.register(table);
        return Map.copyOf(table);
    }

    /**
     * The factory for a node's operator.
     *
     * @throws Site.Unsupported if there is none
     */
    static Kernel.Factory factory(Node node) {
        Kernel.Factory factory = node.domain().isEmpty() ? TABLE.get(node.opType()) : null;
        if (factory == null) {
            throw new Site.Unsupported("the operator is not supported");
        }
        return factory;
    }

    /** The names of all operators in the table, of ONNX's own operator set. */
    static Set<String> names() {
        return TABLE.keySet();
    }
}
