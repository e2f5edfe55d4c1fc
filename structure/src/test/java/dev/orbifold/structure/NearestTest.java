package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Units without scalings, written by a weight and a bias, in both layouts: what is reported against all pairs compared. */
class NearestTest {
    /** Sums in doubles in another order. */
    private static final double ROUNDING = 1e-12;

    private static Graph network(boolean rows, int in, int units, long seed) {
        Net net = new Net(seed);
        String x = net.input(in);
        String hidden = rows ? net.dense("hidden", x, in, units) : net.project("hidden", x, in, units);
        return net.done(net.dense("out", net.op("Softplus", hidden), units, 3), 3);
    }

    private static Distances.Quantiles twins(Graph graph) {
        return Distances.of(Symmetries.of(graph), List.of()).getFirst().twins().orElseThrow();
    }

    /** What writes every unit. */
    private static double[][] written(Graph graph, boolean rows, int in, int units) {
        double[] weight = graph.parameter("hidden.weight").orElseThrow().toDoubles();
        double[] bias = graph.parameter("hidden.bias").orElseThrow().toDoubles();
        double[][] written = new double[units][in + 1];
        for (int u = 0; u < units; u++) {
            for (int i = 0; i < in; i++) {
                written[u][i] = weight[rows ? u * in + i : i * units + u];
            }
            written[u][in] = bias[u];
        }
        return written;
    }

    private static double apart(double[] a, double[] b) {
        double difference = 0;
        double lengths = 0;
        for (int i = 0; i < a.length; i++) {
            difference += (a[i] - b[i]) * (a[i] - b[i]);
            lengths += a[i] * a[i] + b[i] * b[i];
        }
        return Math.sqrt(difference / lengths);
    }

    /** Every number of a sketch holds one entry at most. */
    @ParameterizedTest @ValueSource(booleans = {true, false})
    void withFewEntriesItIsTheNearest(boolean rows) {
        int in = Entries.SKETCH - 1;
        int units = 40;
        for (long seed = 0; seed < 4; seed++) {
            Graph graph = network(rows, in, units, seed);
            double[][] written = written(graph, rows, in, units);
            double[] nearest = Arrays.stream(written).mapToDouble(a -> Arrays.stream(written).filter(b -> b != a)
                    .mapToDouble(b -> apart(a, b)).min().orElseThrow()).toArray();
            Distances.Quantiles expected = Distances.Quantiles.of(nearest).orElseThrow();
            Distances.Quantiles found = twins(graph);
            assertEquals(expected.minimum(), found.minimum(), ROUNDING);
            assertEquals(expected.tenth(), found.tenth(), ROUNDING);
            assertEquals(expected.median(), found.median(), ROUNDING);
        }
    }

    /** More units than are measured, more entries than a sketch has numbers; one unit is moved next to another. */
    @ParameterizedTest @ValueSource(booleans = {true, false})
    void aPlantedNeighbourIsFoundAndMeasured(boolean rows) {
        int in = 300;
        int units = Nearest.SAMPLED + 88;
        for (long seed = 0; seed < 3; seed++) {
            Graph graph = network(rows, in, units, seed);
            TensorData weight = graph.parameter("hidden.weight").orElseThrow();
            float[] values = weight.toFloats();
            TensorData bias = graph.parameter("hidden.bias").orElseThrow();
            float[] biases = bias.toFloats();
            // Of this many units every second one is measured.
            int measured = 100;
            int other = 421;
            for (int i = 0; i < in; i++) {
                values[rows ? other * in + i : i * units + other] =
                        values[rows ? measured * in + i : i * units + measured] + 0.003f * (i % 2 == 0 ? 1 : -1);
            }
            biases[other] = biases[measured];
            Graph planted = graph.replacing(Map.of("hidden.weight", TensorData.of(values, weight.dims()), "hidden.bias",
                    TensorData.of(biases, bias.dims())));
            double[][] written = written(planted, rows, in, units);
            double expected = apart(written[measured], written[other]);
            Distances.Quantiles found = twins(planted);
            assertTrue(expected < 0.3 && found.median() > 2 * expected, found::toString);
            assertEquals(expected, found.minimum(), ROUNDING);
        }
    }
}
