package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MotionTest {
    /** Products of a few numbers near 1 in doubles, in another order. */
    private static final double ROUNDING = 1e-12;

    private final RandomGenerator random = new Seed(3).generator();

    private AxisMap map(int size) {
        int[] sources = IntStream.range(0, size).toArray();
        for (int i = size - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int moved = sources[i];
            sources[i] = sources[j];
            sources[j] = moved;
        }
        return new AxisMap(sources, IntStream.range(0, size).mapToDouble(i -> 0.5 + random.nextDouble()).toArray());
    }

    /** Rows that are short, long and in pieces; every set of axes moved. */
    @ParameterizedTest @ValueSource(strings = {"5", "3,4", "7,1", "4,3,2", "3,2,70", "2,5,3,3", "2,20000", "20000,2"})
    void everyEntryComesFromItsSourceTimesItsFactors(String shape) {
        long[] dims = Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
        int size = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        double[] values = IntStream.range(0, size).mapToDouble(i -> random.nextGaussian()).toArray();
        Graph graph = Graph.of("g", List.of(), List.of(), List.of(), Map.of("w", TensorData.of(values, dims)));
        for (int set = 0; set < 1 << dims.length; set++) {
            Motion motion = new Motion(graph);
            motion.mix(new LinearSlot("w", 0, false, filled((int) dims[0], -1), new int[(int) dims[0]], List.of(),
                    new int[(int) dims[0]]), 1, List.of());
            AxisMap[] maps = new AxisMap[dims.length];
            for (int a = 0; a < dims.length; a++) {
                if ((set >> a & 1) != 0) {
                    AxisMap first = map((int) dims[a]);
                    AxisMap second = map((int) dims[a]);
                    motion.exchange("w", a, first);
                    motion.exchange("w", a, second);
                    maps[a] = first.then(second);
                }
            }
            double[] expected = new double[size];
            for (int i = 0; i < size; i++) {
                int rest = i;
                int from = 0;
                int stride = 1;
                double factor = 1;
                for (int a = dims.length - 1; a >= 0; a--) {
                    int at = rest % (int) dims[a];
                    from += stride * (maps[a] == null ? at : maps[a].sources()[at]);
                    factor *= maps[a] == null ? 1 : maps[a].factors()[at];
                    rest /= (int) dims[a];
                    stride *= (int) dims[a];
                }
                expected[i] = factor * values[from];
            }
            assertArrayEquals(expected, motion.onHeap().parameters().get("w").toDoubles(), ROUNDING);
        }
    }

    private static int[] filled(int size, int value) {
        int[] all = new int[size];
        Arrays.fill(all, value);
        return all;
    }

    /** One map after another is what applying both says. */
    @ParameterizedTest @ValueSource(ints = {1, 2, 17})
    void mapsOfOneAxisCompose(int size) {
        AxisMap first = map(size);
        AxisMap second = map(size);
        double[] values = IntStream.range(0, size).mapToDouble(i -> random.nextGaussian()).toArray();
        double[] twice = moved(second, moved(first, values));
        assertArrayEquals(twice, moved(first.then(second), values), ROUNDING);
    }

    private static double[] moved(AxisMap map, double[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> map.factors()[i] * values[map.sources()[i]])
                .toArray();
    }
}
