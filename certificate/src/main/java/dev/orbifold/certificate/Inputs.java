package dev.orbifold.certificate;

import dev.orbifold.engine.Part;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.RandomInputs;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.stream.IntStream;

/** Where the inputs of a certificate come from. */
public sealed interface Inputs {
    /**
     * A batch.
     *
     * @param number which; batches of one source are disjoint
     * @param samples its size, where the Graph leaves that open
     * @return one tensor per graph input, by name
     */
    Map<String, TensorData> batch(int number, int samples);

    /** How many samples there are. */
    int available();

    /** Random inputs that fit a Graph. */
    record Random(Graph graph, Shapes shapes, Seed seed) implements Inputs {
        @Override
        public Map<String, TensorData> batch(int number, int samples) {
            return RandomInputs.of(graph, shapes, samples, seed.split(number));
        }

        @Override
        public int available() {
            return Integer.MAX_VALUE;
        }
    }

    /**
     * Items of a data set, in a random order.
     *
     * @param part the items, adapted to the Graph's input
     * @param input the Graph's only input
     * @param order which item comes when
     */
    record Items(Part part, String input, int[] order) implements Inputs {
        /** All items in an order drawn from a seed. */
        public static Items of(Part part, String input, Seed seed) {
            int[] order = IntStream.range(0, part.size()).toArray();
            java.util.random.RandomGenerator random = seed.generator();
            for (int i = order.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int item = order[i];
                order[i] = order[j];
                order[j] = item;
            }
            return new Items(part, input, order);
        }

        @Override
        public Map<String, TensorData> batch(int number, int samples) {
            int first = number * samples;
            int count = Math.min(samples, order.length - first);
            byte[] bytes = new byte[Math.toIntExact(Math.multiplyExact(count, part.itemBytes()))];
            MemorySegment segment = MemorySegment.ofArray(bytes);
            for (int i = 0; i < count; i++) {
                part.read(order[first + i], segment, i * part.itemBytes());
            }
            long[] item = part.itemShape();
            long[] dims = new long[item.length + 1];
            dims[0] = count;
            System.arraycopy(item, 0, dims, 1, item.length);
            DataType type = part.inputType();
            return Map.of(input, new TensorData(type, dims, segment));
        }

        @Override
        public int available() {
            return order.length;
        }
    }
}
