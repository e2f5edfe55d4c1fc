package dev.orbifold.collapse;

import dev.orbifold.engine.Part;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
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

    /**
     * The first items of a part of a data set, in batches.
     *
     * @param input the name of the Graph's input that takes them
     * @param count how many items; all where there are fewer
     * @param size of a batch; the last one may be smaller
     */
    public static List<Examples> of(Part part, String input, int count, int size) {
        if (count < 1 || size < 1) {
            throw new CollapseException("batches need items, found a count of " + count + " and a size of " + size);
        }
        List<Examples> batches = new ArrayList<>();
        int all = Math.min(count, part.size());
        for (int from = 0; from < all; from += size) {
            int n = Math.min(size, all - from);
            MemorySegment inputs = MemorySegment.ofArray(new byte[Math.toIntExact(n * part.itemBytes())]);
            long width = (long) part.targetsPerItem() * part.targetType().bytes();
            MemorySegment targets = MemorySegment.ofArray(new byte[Math.toIntExact(n * width)]);
            for (int i = 0; i < n; i++) {
                part.read(from + i, inputs, i * part.itemBytes());
                part.readTarget(from + i, targets, i * width);
            }
            batches.add(new Examples(
                    Map.of(input, new TensorData(part.inputType(), dims(n, part.itemShape()), inputs)),
                    new TensorData(part.targetType(), dims(n, part.targetShape()), targets)));
        }
        return batches;
    }

    private static long[] dims(int n, long[] rest) {
        long[] dims = new long[rest.length + 1];
        dims[0] = n;
        System.arraycopy(rest, 0, dims, 1, rest.length);
        return dims;
    }
}
