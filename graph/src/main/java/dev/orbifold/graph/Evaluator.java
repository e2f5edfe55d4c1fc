package dev.orbifold.graph;

import java.util.Map;

/** Runs one Graph forward, independently of the engine that trains it: the witness for every claim of equality. */
public interface Evaluator extends AutoCloseable {
    /** Opens an Evaluator for a Graph. */
    @FunctionalInterface
    interface Factory {
        /**
         * Loads the Graph.
         *
         * @throws GraphException if the Graph cannot be loaded; the message carries the runtime's own
         */
        Evaluator open(Graph graph);
    }

    /**
     * Runs the Graph once.
     *
     * @param inputs one tensor per graph input, by name
     * @return one tensor per graph output, by name
     */
    Map<String, TensorData> run(Map<String, TensorData> inputs);

    @Override
    void close();
}
