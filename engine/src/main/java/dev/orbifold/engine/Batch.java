package dev.orbifold.engine;

import org.bytedeco.pytorch.Tensor;

/**
 * Some items at once. The tensors belong to the {@link Loader} and hold these items until the next batch is asked for;
 * what must last longer is to be copied.
 *
 * @param inputs (n, item shape…), float32 or int64
 * @param targets (n), (n, width) or (n, tokens): int64 for classes and tokens, float32 for numbers
 * @param indices of the items within their Part
 */
public record Batch(Tensor inputs, Tensor targets, int[] indices) {
    /** How many items there are. */
    public int size() {
        return indices.length;
    }
}
