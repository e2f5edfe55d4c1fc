package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import dev.orbifold.run.RunState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cells that go to zero without factors, and experiments that compare. */
class RivalsTest {
    /** Training stops near the optimum, not at it. */
    private static final float NEAR = 2e-2f;

    @TempDir private Path folder;

    private TrainRequest request(String recipe) {
        return new TrainRequest("recipe.yaml", recipe, folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainRequest digits(String constraint) throws IOException {
        Toy.digits(folder, 400);
        return request("""
                network: {dense: [64, 24, 16, 4]}
                data: digits.csv
                epochs: 12
                batch-size: 20
                output: out.onnx
                shrink: false
                optimizer: {rate: 0.05}
                constraints:
                """ + "  - " + constraint + "\n");
    }

    private TrainResult run(TrainRequest request, String name) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private float[] weight(String name) {
        return OnnxFile.read(folder.resolve("out.onnx")).parameters().get(name).toFloats();
    }

    private static long zeros(float[] w) {
        return IntStream.range(0, w.length).filter(i -> w[i] == 0).count();
    }

    /** All weights compete, so that the share holds over all and need not in each. */
    @Test
    void magnitudeCutsTheShareOverAllParameters() throws IOException {
        TrainResult result =
                run(digits("{parameters: '*.weight', sparse: elements, by: magnitude, zeros: 0.9}"), "run");
        int all = 64 * 24 + 24 * 16 + 16 * 4;
        long zero = zeros(weight("fc1.weight")) + zeros(weight("fc2.weight")) + zeros(weight("fc3.weight"));
        assertEquals((long) Math.floor(0.9 * all), zero);
        assertTrue(result.met());
        assertTrue(result.after().accuracy() > 90, result.verdict());
    }

    @Test
    void magnitudeKeepsPatterns() throws IOException {
        run(digits("{parameters: fc1.weight, sparse: '2:4', by: magnitude, zeros: 0.5}"), "run");
        float[] w = weight("fc1.weight");
        for (int block = 0; block < w.length; block += 4) {
            int from = block;
            assertEquals(2, IntStream.range(from, from + 4).filter(i -> w[i] == 0).count());
        }
    }

    @Test
    void aPenaltyIsFollowedByOneCutOfUnits() throws IOException {
        TrainResult result = run(digits("{spaces: '*', sparse: units, by: penalty, lambda: 1e-3, zeros: 0.5}"), "run");
        assertEquals(20, result.constraints().getFirst().zero());
        assertTrue(result.after().accuracy() > 90, result.verdict());
    }

    /** Momentum and gradients move zeros in the very step in which λ ends; what the last proximal step took out stays out. */
    @Test
    void whatProximalStepsTookOutStaysWhenLambdaEnds() throws IOException {
        TrainResult result = run(digits(
                "{parameters: fc1.weight, sparse: elements, by: proximal, lambda: {from: 0.01, to: 0.01, off: 0.5}}"),
                "run");
        assertEquals(result.constraints().getFirst().zero(), zeros(weight("fc1.weight")));
        assertTrue(result.constraints().getFirst().zero() > 0.5 * 64 * 24, result.verdict());
        assertTrue(result.after().accuracy() > 90, result.verdict());
    }

    /** The lasso on inputs that do not overlap takes λ/2 off every weight, and what is smaller becomes exactly 0. */
    @Test
    void proximalStepsReachTheSoftThreshold() throws IOException {
        // Rows √8·e_i with targets √8·v_i: over equally many of each the mean of squares is ‖w − v‖².
        double[] v = {1, -0.8, 0.5, 0.2, -0.1, 0.05, 0.9, -0.3};
        StringBuilder rows = new StringBuilder("a,b,c,d,e,f,g,h,label\n");
        double root = Math.sqrt(8);
        for (int repeat = 0; repeat < 4; repeat++) {
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < 8; j++) {
                    rows.append(i == j ? root : 0).append(',');
                }
                rows.append(root * v[i]).append('\n');
            }
        }
        Files.writeString(folder.resolve("lasso.csv"), rows);
        run(request("""
                network: {dense: [8, 1], bias: false}
                data: lasso.csv
                loss: mse
                held-out: 0
                epochs: 400
                batch-size: all
                output: out.onnx
                shrink: false
                optimizer: {rate: 0.05, schedule: constant, weight-decay: 0, clip: 1000}
                constraints:
                  - {parameters: fc1.weight, sparse: elements, by: proximal, lambda: 0.4}
                """), "run");
        float[] w = weight("fc1.weight");
        // A fifth of the rows is the test part, so that the rows of the training part need not weigh the same.
        for (int i = 0; i < 8; i++) {
            if (Math.abs(v[i]) <= 0.1) {
                assertEquals(0, w[i]);
            }
            if (Math.abs(v[i]) >= 0.5) {
                assertTrue(Math.abs(w[i]) < Math.abs(v[i]) - 0.1 + NEAR && w[i] * v[i] > 0, i + ": " + w[i]);
            }
        }
    }

    @ParameterizedTest @ValueSource(
            strings = {"{parameters: '*.weight', sparse: elements, by: magnitude, lambda: 1e-3}",
                    "{parameters: '*.weight', sparse: elements, by: proximal, zeros: 0.5}",
                    "{parameters: '*.weight', sparse: elements, by: penalty, zeros: 0.5}",
                    "{parameters: fc1.weight, sparse: elements, by: slimming, zeros: 0.5, lambda: 1e-4}",
                    "{spaces: '*', sparse: units, by: slimming, zeros: 0.5, lambda: 1e-4}",
                    "{parameters: fc1.weight, zero-sum: true, by: proximal, lambda: 1e-4}",
                    "{parameters: fc1.weight, sparse: elements, by: magnitude, zeros: 0.5, depth: 3}"})
    void whatDoesNotFitIsRefusedWithItsLine(String constraint) throws IOException {
        TrainRequest request = digits(constraint);
        TrainException e = assertThrows(TrainException.class, () -> run(request, "run"));
        assertTrue(String.valueOf(e.getMessage()).startsWith("recipe.yaml line 9:"), e.getMessage());
        assertFalse(Files.exists(folder.resolve("run")));
    }

    private static final String EXPERIMENT = """
            about: all in one
            network: {dense: [64, 12, 4]}
            data: digits.csv
            epochs: 2
            batch-size: 20
            shrink: false
            series:
              - name: factors
                values: [0.5, 0.75]
                constraints: [{parameters: '*.weight', sparse: elements, zeros: $}]
              - name: rival
                values: [0.5]
                constraints: [{parameters: '*.weight', sparse: elements, by: magnitude, zeros: $}]
              - name: plain
                optimizer: {rate: 0.05}
            seeds: [0, 1]
            plot: {x: compression, y: accuracy, claim: nothing}
            """;

    private ExperimentResult experiment(RunFolder run, Progress progress) {
        return Trials.prepare(request(EXPERIMENT)).orElseThrow().run(run, progress);
    }

    @Test
    void anExperimentTrainsEverySeriesValueAndSeed() throws IOException {
        Toy.digits(folder, 200);
        try (RunFolder run = RunFolder.create(folder.resolve("run"), "experiment", List.of())) {
            ExperimentResult result = experiment(run, Progress.SILENT);
            assertEquals(8, result.points().size());
            for (ExperimentResult.Point point : result.points()) {
                double expected = point.series().equals("plain") ? 1 : 1 / (1 - Double.parseDouble(point.value()));
                assertEquals(expected, point.measures().get("compression"), 0.02 * expected, point.toString());
                Path own = folder.resolve("run").resolve(point.run());
                assertTrue(Files.exists(own.resolve("models/trained.onnx")));
                assertEquals(RunState.Status.DONE, RunView.of(own).state().status(), point.toString());
            }
        }
    }

    /** Stopped in the middle of a training and continued, an experiment ends as if nothing had happened. */
    @Test
    void anExperimentGoesOnWhereItStood() throws IOException {
        Toy.digits(folder, 200);
        ExperimentResult whole;
        try (RunFolder run = RunFolder.create(folder.resolve("whole"), "experiment", List.of())) {
            whole = experiment(run, Progress.SILENT);
        }
        int[] asked = {0};
        Progress impatient = new Progress() {
            @Override
            public boolean stopping() {
                return ++asked[0] == 25;
            }
        };
        try (RunFolder run = RunFolder.create(folder.resolve("run"), "experiment", List.of())) {
            assertThrows(InterruptedRun.class, () -> experiment(run, impatient));
        }
        try (RunFolder run = RunFolder.open(folder.resolve("run"))) {
            ExperimentResult resumed = Trials.resume(run, Progress.SILENT);
            assertArrayEquals(whole.points().stream().mapToDouble(p -> p.measures().get("loss")).toArray(),
                    resumed.points().stream().mapToDouble(p -> p.measures().get("loss")).toArray());
        }
    }

    @ParameterizedTest @ValueSource(strings = {"name: rival",
            "values: [0.5]\n    constraints: [{parameters: '*.weight', sparse", "seeds: [0, 1]"})
    void whatIsWrongInASeriesIsSaidBeforeAnythingStarts(String broken) throws IOException {
        Toy.digits(folder, 200);
        String text = EXPERIMENT.replace(broken, switch (broken.charAt(0)) {
            case 'n' -> "name: factors";
            case 'v' -> "values: [1.5]\n    constraints: [{parameters: '*.weight', sparse";
            default -> "seeds: [1, 1]";
        });
        TrainException e = assertThrows(TrainException.class, () -> Trials.prepare(request(text)));
        assertTrue(String.valueOf(e.getMessage()).startsWith("recipe.yaml line "), e.getMessage());
    }
}
