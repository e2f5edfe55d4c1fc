package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fates of units that are said at 10 % of training. */
class FatesTest {
    private static final int UNITS = 40;
    private static final int DEAD = 8;

    @TempDir private Path folder;

    private TrainRequest request(String network, double decay) {
        return new TrainRequest("recipe.yaml", network + """

                data: points.csv
                epochs: 40
                batch-size: 20
                output: out.onnx
                predict: {at: 0.1, samples: 200}
                optimizer: {rate: 0.1, momentum: 0, schedule: constant, weight-decay: %s}
                """.formatted(decay), folder, RecipeReader.Overrides.none(), 2);
    }

    private Fates.Table fates(TrainRequest request, String name) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT).fates().orElseThrow();
        }
    }

    /** Four classes on a circle under noise; the first feature of every sample is 1. */
    private void data() throws IOException {
        RandomGenerator random = new Seed(5).generator();
        StringBuilder csv = new StringBuilder("one,a,b,c,label\n");
        for (int i = 0; i < 400; i++) {
            double angle = i % 4 * Math.PI / 2;
            csv.append(
                    String.format(Locale.ROOT, "1,%.4f,%.4f,%.4f,%d%n", Math.cos(angle) + 0.4 * random.nextGaussian(),
                            Math.sin(angle) + 0.4 * random.nextGaussian(), random.nextGaussian(), i % 4));
        }
        Files.writeString(folder.resolve("points.csv"), csv);
    }

    /** Units that no sample excites are planted: decay takes them, and that is said beforehand. All others live. */
    @Test
    void plantedDeadUnitsDieAsSaid() throws IOException {
        data();
        Graph graph = Networks.dense(new Recipe.Origin.Dense(List.of(4, UNITS, 4), "Relu", false), new Seed(3));
        float[] weights = graph.parameter("fc1.weight").orElseThrow().toFloats();
        for (int unit = 0; unit < DEAD; unit++) {
            System.arraycopy(new float[] {-1, 0.02f * unit, 0, 0.01f}, 0, weights, 4 * unit, 4);
        }
        OnnxFile.write(graph.replacing(Map.of("fc1.weight", TensorData.of(weights, UNITS, 4))),
                folder.resolve("model.onnx"));
        Fates.Table table = fates(request("model: model.onnx", 0.1), "planted");
        assertEquals(UNITS, table.units());
        assertTrue(table.diedAsSaid() >= DEAD, table.text());
        assertTrue(table.right() >= 0.9 * UNITS, table.text());
        assertTrue(table.livedAsSaid() > UNITS / 2, table.text());
        assertTrue(table.wrongOpen() == UNITS - table.right(), "the interval says where it is wrong: " + table.text());
    }

    /** A little decay takes none, a huge one takes all, and both are said. */
    @Test
    void decayDecides() throws IOException {
        data();
        String network = "network: {dense: [4, 40, 4], bias: false}";
        Fates.Table little = fates(request(network, 1e-3), "little");
        Fates.Table huge = fates(request(network, 2), "huge");
        assertEquals(UNITS, little.livedAsSaid(), little.text());
        assertEquals(UNITS, huge.diedAsSaid(), huge.text());
    }

    @Test
    void whatCannotBePredictedIsRefused() throws IOException {
        Toy.digits(folder, 400);
        String plain = "network: {dense: [64, 8, 4]}\ndata: digits.csv\noutput: out.onnx\n";
        for (String wrong : List.of("predict: {at: 1}\n", "predict: {at: 0.1, dead: 0}\n", "predict: {}\n",
                "predict: {at: 0.1}\noptimizer: {kind: adamw}\n",
                "predict: {at: 0.1}\nconstraints: [{parameters: '*.weight', sparse: elements, lambda: 1e-3}]\n")) {
            assertThrows(TrainException.class,
                    () -> RecipeReader.read("r.yaml", plain + wrong, folder, RecipeReader.Overrides.none()), wrong);
        }
    }
}
