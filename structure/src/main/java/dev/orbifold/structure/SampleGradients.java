package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.Map;
import java.util.function.Consumer;

/** The gradients of a Graph's loss on single samples, whoever computes them. */
@FunctionalInterface
public interface SampleGradients {
    /**
     * Gives ∂ℓ(θ, x)/∂θ for the same samples x at every call, one after the other.
     *
     * @param graph θ; its parameters may be float64
     * @param sample takes one sample's gradient, shaped like the parameters; constants and statistics may be missing, which
     *        counts as 0
     */
    void each(Graph graph, Consumer<Map<String, TensorData>> sample);
}
