package dev.orbifold.graph;

import java.util.Map;

/**
 * What one inference costs at batch 1.
 *
 * @param macs multiply-adds of Conv, ConvTranspose, Gemm, MatMul and Einsum nodes
 * @param parameters elements of all real-valued initializers and real Constant tensors read by nodes
 * @param macsByNode multiply-adds per node, by the name of the node's first output
 */
public record Cost(long macs, long parameters, Map<String, Long> macsByNode) {
    /** Counts. */
    public static Cost of(Graph graph) {
        throw new UnsupportedOperationException("in work");
    }
}
