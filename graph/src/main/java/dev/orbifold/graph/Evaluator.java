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

        /**
         * Prepares to run a Graph with the contents of some of its parameters changed, again and again. As it is, every run
         * loads its variant; a runtime that can take parameters as inputs does better.
         *
         * @throws GraphException if the Graph cannot be loaded; the message carries the runtime's own
         */
        default Variants variants(Graph graph) {
            return (variant, inputs) -> {
                try (Evaluator evaluator = open(variant)) {
                    return evaluator.run(inputs);
                }
            };
        }
    }

    /** Runs variants of one Graph: other contents of its parameters, everything else the same. */
    @FunctionalInterface
    interface Variants extends AutoCloseable {
        /**
         * Runs a variant once.
         *
         * @param variant the Graph these are variants of, or one that differs from it in the contents of parameters
         * @param inputs one tensor per graph input, by name
         * @return one tensor per graph output, by name
         */
        Map<String, TensorData> run(Graph variant, Map<String, TensorData> inputs);

        @Override
        default void close() {
        }
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
