package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code remove} does to weights and gradients, step by step. */
class PreventingTest {
    /** Standard errors that a mean or a standard deviation of draws may be off. */
    private static final double ERRORS = 5;
    /** Rounding of float32 sums, relative. */
    private static final double ROUNDING = 1e-6;
    /** Units of the hidden layer that never answer: their bias is far below what any input makes of their weights. */
    private static final List<Integer> DEAD = List.of(3, 8);
    private static final int WIDTH = 16;

    @TempDir private Path folder;

    /** A network and one recipe for it, one step into training. */
    private final class Training implements AutoCloseable {
        final Recipe recipe;
        final Learner learner;
        final DataSet data;

        Training(Path model, String remove) throws IOException {
            Path digits = Toy.digits(folder, 400);
            recipe = RecipeReader.read("r.yaml", "model: " + model.getFileName() + "\ndata: " + digits.getFileName()
                    + "\nepochs: 4\n" + remove, folder, RecipeReader.Overrides.none());
            Graph graph = OnnxFile.read(model);
            Objective objective = Objective.of(graph, recipe.loss(), 0, 0, 1);
            data = recipe.data().open(new Seed(0), objective.input());
            learner = new Learner(graph, recipe, objective, Precision.FLOAT32, Device.cpu(), 100);
        }

        Part part() {
            return data.train();
        }

        void step() {
            try (Loader loader = Loader.inMemory(part(), 32, new Seed(1), Device.cpu());
                    Loader.Epoch batches = loader.epoch(0)) {
                Batch batch = batches.next();
                learner.step(batch, 0, 0);
            }
        }

        float[] values(String name) {
            return Tensors.toData(learner.weights().views().get(name)).toFloats();
        }

        float[] flat() {
            return Tensors.toData(learner.weights().values()).toFloats();
        }

        float[] noise(long step) {
            learner.weights().zeroGradients();
            assertEquals(Double.POSITIVE_INFINITY, learner.preventing().gradients(step, 1), "noise is not clipped");
            return Tensors.toData(learner.weights().gradients()).toFloats();
        }

        int elements() {
            return (int) learner.weights().places().stream().mapToLong(p -> p.elements()).sum();
        }

        @Override
        public void close() {
            learner.close();
        }
    }

    private static double squares(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += v * (double) v;
        }
        return sum;
    }

    @Test
    void noiseIsNormalAndDependsOnTheStepAlone() throws IOException {
        try (Training training =
                new Training(Toy.dense(folder, "m.onnx", 64, WIDTH, 4), "remove: {noise: {sigma: 0.3}}\n")) {
            float[] first = training.noise(0);
            float[] second = training.noise(1);
            int n = training.elements();
            assertEquals(0.3, Math.sqrt(squares(first) / n), ERRORS * 0.3 / Math.sqrt(2.0 * n));
            double product = 0;
            for (int i = 0; i < first.length; i++) {
                product += first[i] * (double) second[i];
            }
            assertEquals(0, product / n, ERRORS * 0.09 / Math.sqrt(n), "steps are independent");
            assertArrayEquals(first, training.noise(0), 0);
        }
    }

    @Test
    void shrinkAndPerturbIsAMapOfTheWeightsPlusNoise() throws IOException {
        try (Training training = new Training(Toy.dense(folder, "m.onnx", 64, WIDTH, 4),
                "remove: {shrink-and-perturb: {every: 2, shrink: 0.4, perturb: 0.05}}\n")) {
            training.step();
            float[] before = training.flat();
            training.learner.epochEnds(1, training.part());
            assertArrayEquals(before, training.flat(), 0, "not after every epoch");
            training.learner.epochEnds(2, training.part());
            float[] after = training.flat();
            int n = training.elements();
            double sum = 0;
            double along = 0;
            for (int i = 0; i < after.length; i++) {
                double noise = after[i] - 0.4 * before[i];
                sum += noise * noise;
                along += noise * before[i];
            }
            assertEquals(0.05, Math.sqrt(sum / n), ERRORS * 0.05 / Math.sqrt(2.0 * n));
            assertEquals(0, along, ERRORS * 0.05 * Math.sqrt(squares(before)),
                    "the noise knows nothing of the weights");
            assertEquals(0, squares(Tensors.toData(training.learner.constrained().optimizer().moments().getFirst())
                    .toFloats()), "momenta start anew");
            training.learner.epochEnds(4, training.part());
            assertArrayEquals(after, training.flat(), 0, "not after the last epoch");
        }
    }

    /** Two hidden layers; some units of the first are far below zero on all inputs. */
    private Path withDeadUnits() {
        Path file = Toy.dense(folder, "dead.onnx", 64, WIDTH, 12, 4);
        Graph graph = OnnxFile.read(file);
        float[] bias = graph.parameters().get("b0").toFloats().clone();
        DEAD.forEach(u -> bias[u] = -1000);
        OnnxFile.write(graph.replacing(Map.of("b0", TensorData.of(bias, WIDTH))), file);
        return file;
    }

    @Test
    void deadUnitsComeToLifeWithoutChangingAnOutput() throws IOException {
        try (Training training = new Training(withDeadUnits(), "remove: {reset: {dormant: 0}}\n")) {
            training.step();
            float[] in = training.values("w0");
            float[] out = training.values("w1");
            float[] later = training.values("w2");
            double loss = training.learner.evaluate(training.part()).loss();
            List<String> said = training.learner.epochEnds(1, training.part());
            assertEquals(List.of("2 dormant units of w0 started anew"),
                    said.stream().map(s -> s.replaceFirst("of \\S+", "of w0")).toList());
            assertEquals(loss, training.learner.evaluate(training.part()).loss(), ROUNDING * loss);
            float[] inNow = training.values("w0");
            float[] outNow = training.values("w1");
            float[] momenta = training.learner.weights()
                    .split(training.learner.constrained().optimizer().moments().getFirst()).get("w0").toFloats();
            for (int u = 0; u < WIDTH; u++) {
                float[] row = Arrays.copyOfRange(in, 64 * u, 64 * u + 64);
                float[] rowNow = Arrays.copyOfRange(inNow, 64 * u, 64 * u + 64);
                boolean dead = DEAD.contains(u);
                assertEquals(!dead, Arrays.equals(row, rowNow), "unit " + u);
                assertEquals(dead, squares(Arrays.copyOfRange(momenta, 64 * u, 64 * u + 64)) == 0, "momentum of " + u);
                for (int r = 0; r < 12; r++) {
                    assertEquals(dead ? 0 : out[r * WIDTH + u], outNow[r * WIDTH + u]);
                }
            }
            assertArrayEquals(later, training.values("w2"), 0);
            assertEquals(0, training.values("b0")[DEAD.getFirst()]);
            assertEquals(List.of(), training.learner.epochEnds(2, training.part()), "they answer now");
        }
    }

    /** A unit that answers faintly is dormant for a τ above its score, and not below. */
    @Test
    void theThresholdIsAShareOfTheMeanActivation() throws IOException {
        Path file = Toy.dense(folder, "faint.onnx", 64, WIDTH, 4);
        Graph graph = OnnxFile.read(file);
        float[] in = graph.parameters().get("w0").toFloats().clone();
        float[] bias = graph.parameters().get("b0").toFloats().clone();
        for (int i = 0; i < 64; i++) {
            in[64 * 5 + i] *= 1e-3f;
        }
        bias[5] *= 1e-3f;
        OnnxFile.write(graph.replacing(Map.of("w0", TensorData.of(in, WIDTH, 64), "b0", TensorData.of(bias, WIDTH))),
                file);
        for (String tau : List.of("1e-5", "5e-3")) {
            try (Training training = new Training(file, "remove: {reset: {dormant: " + tau + ", every: 1}}\n");
                    PointerScope scope = new PointerScope()) {
                List<String> said = training.learner.epochEnds(1, training.part());
                assertEquals(tau.equals("5e-3") ? 1 : 0, said.size(), tau + ": " + said);
                assertTrue(said.stream().allMatch(s -> s.startsWith("1 dormant unit of ")), said.toString());
            }
        }
    }

    @Test
    void seedsDifferAndStepsOfOneSeedRepeat() throws IOException {
        Path model = Toy.dense(folder, "m.onnx", 64, WIDTH, 4);
        String noise = "remove: {noise: {sigma: 1}}\n";
        try (Training one = new Training(model, noise); Training other = new Training(model, "seed: 1\n" + noise)) {
            assertNotEquals(Arrays.toString(one.noise(0)), Arrays.toString(other.noise(0)));
        }
    }
}
