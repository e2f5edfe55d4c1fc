package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Precision;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Variational autoencoders: what is minimised, and which latents live at the optimum that is known in closed form. */
class VariationalTest {
    /** Of sums in float64. */
    private static final double EXACT = 1e-9;
    /** Between two runtimes that add float32 in other orders. */
    private static final double ROUNDING = 1e-5;
    /** 3000 samples know a variance to about 3 %, and training hovers about its optimum. */
    private static final double NEAR = 0.12;

    @TempDir private Path folder;

    private Trained trained() {
        return new Trained(folder);
    }

    /** Items whose coordinates are independent with these variances; labels are there and not looked at. */
    private void normal(int items, double... variances) throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder rows = new StringBuilder();
        for (int c = 0; c < variances.length; c++) {
            rows.append('x').append(c).append(',');
        }
        rows.append("label\n");
        for (int i = 0; i < items; i++) {
            for (double variance : variances) {
                rows.append((float) (Math.sqrt(variance) * random.nextGaussian())).append(',');
            }
            rows.append(i % 2).append('\n');
        }
        Files.writeString(folder.resolve("normal.csv"), rows);
    }

    @Test
    void theDivergenceByHand() {
        // ½(1 + 1 − 1 − 0) + ½(0 + e − 1 − 1), twice as much at β = 2.
        TensorData mean = TensorData.of(new float[] {1, 0}, 1, 2);
        TensorData log = TensorData.of(new float[] {0, 1}, 1, 2);
        double expected = 0.5 + (Math.E - 2) / 2;
        assertEquals(2 * expected, new Variational(2, 2).penalty(mean, log), EXACT);
    }

    /**
     * A linear one is probabilistic PCA (Lucas et al., NeurIPS 2019): Σ(x − y)² + β·KL has noise of variance β/2, so that
     * exactly the directions of larger variance λ live, each with a divergence of ½·ln(λ/(β/2)).
     */
    @ParameterizedTest @CsvSource({"1.5, 3", "3, 2", "6, 1", "12, 0"})
    void aLinearOneKeepsWhatVariesMoreThanHalfBeta(double beta, int active) throws IOException {
        double[] variances = {4, 2, 1, 0.25, 0.1};
        normal(3000, variances);
        TrainResult result = trained().run("""
                network: {variational: [5, 4], beta: %s}
                data: normal.csv
                loss: mse
                held-out: 0
                epochs: 60
                batch-size: 50
                optimizer: {kind: adam, rate: 1e-2, weight-decay: 0}
                output: out.onnx
                """.formatted(beta), "run");
        Variational.Latents latents = result.latents().orElseThrow();
        double expected = 0;
        for (double variance : variances) {
            expected += Math.max(0, Math.log(variance / (beta / 2)) / 2);
        }
        assertEquals(active, latents.active(), result.verdict());
        assertEquals(expected, latents.divergence(), NEAR * Math.max(expected, 0.5), result.verdict());
        assertEquals(active < 4, result.findings().stream().anyMatch(f -> f.kind().equals("posterior-collapse")));
    }

    /** Both add the same draws of noise where a part fits into one batch. */
    @ParameterizedTest @CsvSource({"mse, 0", "bce, 0.5"})
    void trainingAndOnnxRuntimeSeeTheSameLoss(String loss, double middle) throws IOException {
        normal(400, 0.01, 0.02);
        Recipe recipe = RecipeReader.read("recipe.yaml", """
                network: {variational: [2, 6, 3], activation: tanh, beta: 2}
                data: {path: normal.csv, mean: %s}
                loss: %s
                """.formatted(-middle, loss), folder, RecipeReader.Overrides.none());
        Natives.load();
        Graph graph = Networks.autoencoder((Recipe.Origin.Autoencoder) recipe.origin(), new Seed(3));
        Objective objective = Origins.objective(graph, recipe);
        Tasks.Task task = Tasks.open(recipe, objective, new Seed(0)).getFirst();
        Path file = folder.resolve("net.onnx");
        OnnxFile.write(graph, file);
        double there = Evaluation.of(List.of(graph), List.of(file), task.data().test(), objective, recipe.loss(), 1,
                Progress.SILENT).getFirst().loss();
        try (Learner learner = new Learner(graph, recipe, objective, Precision.FLOAT32, Device.best(), 1)) {
            assertEquals(there, learner.evaluate(task.data().test()).loss(), ROUNDING * there);
        }
    }

    @Test
    void stoppedAndResumedIsTheSameFile() throws IOException {
        normal(400, 1, 1, 0.1);
        String recipe = """
                network: {variational: [3, 8, 2]}
                data: normal.csv
                loss: mse
                epochs: 4
                batch-size: 20
                watch: {every: 5, dear: [ranks, breaking]}
                output: out.onnx
                """;
        trained().run(recipe, "whole");
        byte[] whole = Files.readAllBytes(folder.resolve("out.onnx"));
        Files.delete(folder.resolve("out.onnx"));
        try (Train train = Train.prepare(trained().request(recipe));
                RunFolder run = RunFolder.create(folder.resolve("stopped"), "train", List.of())) {
            assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(23)));
        }
        try (RunFolder run = RunFolder.open(folder.resolve("stopped"))) {
            Train.resume(run, Progress.SILENT);
        }
        assertArrayEquals(whole, Files.readAllBytes(folder.resolve("out.onnx")));
    }

    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "network: {variational: [3]}; needs at least inputs and latents",
            "network: {variational: [3, 2], dense: [3, 2]}; name either 'dense' layers or a 'variational' autoencoder",
            "network: {variational: [3, 2], beta: -1}; beta",
            "network: {variational: [3, 2]}\\nloss: cross-entropy; reconstructs its inputs",
            "network: {variational: [3, 2]}\\nloss: mse\\naugment: crop; as they are",
            "network: {variational: [3, 2]}\\nloss: mse\\nwatch: {dear: [alignments]}; alignments is measured",
            "network: {variational: [3, 2]}\\nloss: mse\\nremove: {reset: {dormant: 0.1}}; leave 'reset' out",
            "network: {variational: [3, 2]}\\nloss: mse\\npredict: {at: 0.1}; without noise of their own",
            "network: {variational: [3, 2]}; bce reads what is reconstructed as probabilities",
            "network: {variational: [4, 2]}\\nloss: mse; does not fit the model's input"})
    void whatDoesNotFitIsRefused(String recipe, String message) throws IOException {
        normal(50, 1, 1, 1);
        String text = recipe.replace("\\n", "\n") + "\ndata: normal.csv\noutput: out.onnx\n";
        String said = String.valueOf(assertThrows(RuntimeException.class,
                () -> Train.prepare(trained().request(text)).close()).getMessage());
        assertTrue(said.contains(message), said);
    }
}
