package dev.orbifold.collapse;

import dev.orbifold.graph.TensorData;
import java.util.Map;

/**
 * One batch of data.
 *
 * @param inputs every input of the Graph by name, n samples
 * @param targets what the loss compares with; in a mean over batches a batch counts by the number of its targets
 */
public record Examples(Map<String, TensorData> inputs, TensorData targets) {
    /** Copies the map. */
    public Examples {
        inputs = Map.copyOf(inputs);
    }
}
