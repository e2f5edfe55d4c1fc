package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training under constraints, from a recipe to the file that is written. */
class TrainTest {
    /** Classes are four prototypes under noise: everything that trains at all gets nearly all of them. */
    private static final double ACCURATE = 95;

    /** A relative gap of 1e-4 leaves weights of size 1 so far from the best ones. */
    private static final float NEARLY = 3e-3f;

    /** As a share of the penalty's pull: about the square root of a relative gap of 1e-4. */
    private static final double STATIONARY = 1e-2;

    @TempDir private Path folder;

    private TrainRequest request(String constraints, String more) throws IOException {
        Toy.digits(folder, 400);
        return new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 16, 4]}
                data: digits.csv
                epochs: 12
                batch-size: 20
                output: out.onnx
                optimizer: {rate: 0.05, weight-decay: 0}
                """ + more + "constraints:\n" + constraints, folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainResult run(TrainRequest request, String name) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private Graph written() {
        return OnnxFile.read(folder.resolve("out.onnx"));
    }

    private static double share(float[] values) {
        int zeros = 0;
        for (float v : values) {
            zeros += v == 0 ? 1 : 0;
        }
        return zeros / (double) values.length;
    }

    @Test
    void aGoalOfZerosIsReachedExactly() throws IOException {
        TrainResult result = run(request("  - {parameters: '*.weight', sparse: elements, depth: 3, zeros: 0.8}\n",
                "shrink: false\n"), "run");
        assertTrue(result.met());
        assertEquals(0.8, result.constraints().getFirst().goal());
        assertTrue(Double.isNaN(result.constraints().getFirst().stationarity()), "no λ pulls at the end");
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
        long all = 0;
        double zero = 0;
        for (String name : List.of("fc1.weight", "fc2.weight", "fc3.weight")) {
            float[] w = written().parameters().get(name).toFloats();
            all += w.length;
            zero += share(w) * w.length;
        }
        assertEquals(Math.floor(0.8 * all), zero, 0.5, "the entries of all parameters compete");
    }

    /** At the very end of training too, and of products of matrices, a goal is reached and stays. */
    @ParameterizedTest @ValueSource(strings = {"sparse: elements, zeros: 0.8, zeros-by: 1",
            "tied: {mirror: [8, 8]}, zeros-by: 1", "tucker: 1, zeros: 0.5",
            "tucker: {share: 0.8, layers: 2}, zeros: 0.5",
            "rank: 0.5, zeros: 0.5, zeros-by: 1", "rank: 1, depth: 3, zeros: 0.5, lambda: 1e-3"})
    void everyGoalIsReached(String condition) throws IOException {
        TrainResult result =
                run(request("  - {parameters: fc1.weight, " + condition + "}\n", "shrink: false\n"), "run");
        assertTrue(result.met(), result.toString());
        assertTrue(result.findings().stream().noneMatch(f -> f.kind().equals("goal-missed")), result.toString());
    }

    /** What λ cannot bring about, or breaks, is said beforehand; what it took too much of, afterwards. */
    @Test
    void whatLambdaWillDoIsSaid() throws IOException {
        try (Train weak = Train.prepare(request("  - {parameters: fc1.weight, sparse: elements, lambda: 1e-4}\n", ""));
                Train strong = Train.prepare(
                        request("  - {parameters: fc1.weight, sparse: elements, zeros: 0.5, lambda: 1000}\n", ""));
                Train right = Train.prepare(
                        request("  - {parameters: fc1.weight, sparse: elements, lambda: 0.1}\n", ""))) {
            assertTrue(String.join("\n", weak.plan()).contains("hardly anything will become zero"));
            assertTrue(String.join("\n", strong.plan()).contains("factors grow without end"));
            assertTrue(right.plan().stream().noneMatch(line -> line.startsWith("warning")));
        }
        TrainResult beyond = run(request(
                "  - {parameters: '*.weight', sparse: elements, zeros: 0.01, zeros-by: 0.9, lambda: 0.3}\n",
                "shrink: false\n"), "beyond");
        assertTrue(beyond.findings().stream().anyMatch(f -> f.kind().equals("beyond-goal")), beyond.toString());
    }

    /** λ pulls until the goal's time, and not after; the goal says the least that goes. */
    @Test
    void aPenaltyBesideAGoalPreparesIt() throws IOException {
        TrainResult result = run(request(
                "  - {parameters: '*.weight', sparse: elements, depth: 3, zeros: 0.8, zeros-by: 0.6, lambda: 1e-3}\n",
                "shrink: false\n"), "run");
        TrainResult.Outcome sparse = result.constraints().getFirst();
        assertTrue(result.met());
        assertEquals(0, sparse.lambda());
        assertTrue(sparse.zero() >= Math.floor(0.8 * sparse.cells()), result.toString());
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
        TrainResult pulled = run(request(
                "  - {parameters: '*.weight', sparse: elements, depth: 2, zeros: 0.01, zeros-by: 0.9, lambda: 0.3}\n",
                "shrink: false\n"), "pulled");
        assertTrue(pulled.constraints().getFirst().zero() > 0.5 * sparse.cells(), "λ pulls beside a goal: " + pulled);
    }

    @Test
    void aPatternHoldsInEveryBlock() throws IOException {
        TrainResult result = run(request("  - {parameters: 'fc?.weight', sparse: '2:4'}\n", "shrink: false\n"), "run");
        assertTrue(result.met());
        float[] w = written().parameters().get("fc1.weight").toFloats();
        for (int block = 0; block < w.length; block += 4) {
            int zeros = 0;
            for (int i = block; i < block + 4; i++) {
                zeros += w[i] == 0 ? 1 : 0;
            }
            assertTrue(zeros >= 2, "block " + block);
        }
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    /** 64 · 24 weights in groups of eight. */
    private void groups() {
        long[] group = LongStream.range(0, 64 * 24).map(i -> i / 8).toArray();
        NumpyFile.writeNpy(TensorData.of(group, group.length), folder.resolve("groups.npy"));
    }

    @ParameterizedTest @ValueSource(strings = {"sparse: '2:4'", "sparse: {blocks: [4, 4]}, zeros: 0.5",
            "sparse: {sets: groups.npy}, zeros: 0.5", "sparse: '1:4', depth: 3",
            "sparse: {blocks: [2, 8]}, depth: 3, zeros: 0.5", "sparse: {sets: groups.npy}, depth: 4, zeros: 0.5"})
    void publishedStartsOfGroupsAndPatternsTrain(String condition) throws IOException {
        groups();
        TrainResult result = run(request("  - {parameters: fc1.weight, start: published, " + condition + "}\n",
                "shrink: false\n"), "run");
        assertTrue(result.met(), result.toString());
        assertEquals(condition.contains("1:4") ? 0.75 : 0.5,
                share(written().parameters().get("fc1.weight").toFloats()), 1e-3);
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    /** Depth counts the core and the matrices of both axes. */
    @Test
    void aDeepTuckerFormTrains() throws IOException {
        TrainResult result = run(request(
                "  - {parameters: fc1.weight, tucker: {share: 0.5, layers: 2}, lambda: 1e-4}\n", "shrink: false\n"),
                "run");
        assertEquals(5, result.constraints().getFirst().depth());
        assertEquals(12 + 32, result.constraints().getFirst().cells());
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    /** The product of many matrices is steep; a rate that is usual for plain weights must not throw it off. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void ranksTrainAtTheUsualRate(int depth) throws IOException {
        TrainRequest usual = request("  - {parameters: fc1.weight, rank: 0.5, depth: " + depth + ", lambda: 1e-4}\n",
                "shrink: false\n");
        TrainResult result = run(new TrainRequest(usual.name(), usual.text().replace("rate: 0.05", "rate: 0.1"),
                usual.folder(), usual.overrides(), usual.threads()), "run");
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    /** Where a start cannot be made, the line says for which constraint. */
    @Test
    void aStartThatDoesNotFitIsSaidWithItsLine() throws IOException {
        String text = assertThrows(TrainException.class, () -> Train.prepare(request(
                "  - {name: a, parameters: fc1.weight, sparse: units, start: pilot, lambda: 1}\n", ""))).getMessage();
        assertTrue(text.startsWith("recipe.yaml line 8: constraint a: PILoT and Sign-In factor single entries"), text);
    }

    @Test
    void unitsThatAreGoneLeaveTheFile() throws IOException {
        TrainResult result = run(request("  - {spaces: '*', sparse: units, zeros: 0.5}\n", ""), "run");
        assertTrue(result.met());
        assertTrue(result.maxError() < 1e-5);
        assertTrue(result.after().macs() < 0.7 * result.before().macs(), result.verdict());
        assertEquals(12, written().parameters().get("fc1.weight").dim(0), "units compete within their Space");
        assertEquals(8, written().parameters().get("fc2.weight").dim(0), "units compete within their Space");
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    @Test
    void halfTheRankBecomesTwoMatrices() throws IOException {
        TrainResult result = run(request("  - {parameters: fc1.weight, rank: 1, zeros: 0.75}\n", "shrink: false\n"),
                "run");
        assertTrue(result.met(), result.toString());
        assertTrue(result.maxError() < 1e-5);
        assertEquals(6, written().parameters().get("fc1.weight.first").dim(0));
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    @Test
    void tiesHoldInTheFile() throws IOException {
        TrainResult result = run(request("""
                  - {name: filters, parameters: fc1.weight, tied: {mirror: [8, 8]}}
                  - {name: sums, parameters: fc2.weight, zero-sum: true}
                """, "shrink: false\n"), "run");
        assertTrue(result.met());
        float[] w = written().parameters().get("fc1.weight").toFloats();
        for (int row = 0; row < w.length / 8; row++) {
            for (int x = 0; x < 4; x++) {
                assertEquals(w[8 * row + x], w[8 * row + 7 - x]);
            }
        }
        result.constraints().forEach(c -> assertTrue(c.left() < 1e-6, c.toString()));
    }

    @ParameterizedTest @ValueSource(strings = {"""
              - {name: a, parameters: fc1.weight, sparse: elements, depth: 3, zeros: 0.8}
              - {name: b, parameters: fc2.weight, rank: 1, lambda: 1e-3}
              - {name: c, parameters: fc3.weight, tied: {pairs: 0.5}, lambda: {from: 0, to: 1e-2}}
            """, """
              - {parameters: 'fc?.weight', sparse: elements, start: pilot, lambda: {budget: 0.1, from: 1e-3}}
            """, """
              - {parameters: fc1.weight, sparse: units, lambda: {from: 1e-2, to: 1e-2, off: 0.5}}
              - {parameters: fc2.weight, sparse: elements, by: magnitude, zeros: 0.7}
              - {parameters: fc3.weight, sparse: inputs, by: proximal, lambda: {from: 1e-2, to: 1e-2, off: 0.5}}
            """})
    void interruptedAndResumedIsTheSameFile(String constraints) throws IOException {
        TrainRequest request = request(constraints, "");
        run(request, "whole");
        byte[] whole = Files.readAllBytes(folder.resolve("out.onnx"));
        long steps = 12L * (400 * 8 / 10 * 9 / 10 / 20);
        for (long seed = 1; seed <= 3; seed++) {
            Files.delete(folder.resolve("out.onnx"));
            long stop = new SplittableRandom(seed).nextLong(1, steps);
            Path path = folder.resolve("stopped" + seed);
            try (Train train = Train.prepare(request); RunFolder run = RunFolder.create(path, "train", List.of())) {
                assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(stop)));
            }
            assertFalse(Files.exists(folder.resolve("out.onnx")));
            try (RunFolder run = RunFolder.open(path)) {
                Train.resume(run, Progress.SILENT);
            }
            assertArrayEquals(whole, Files.readAllBytes(folder.resolve("out.onnx")), "stopped at step " + stop);
        }
    }

    @Test
    void whatDoesNotFitIsSaidWithItsLineBeforeThereIsARun() throws IOException {
        String text = assertThrows(TrainException.class,
                () -> Train.prepare(request("  - {name: a, parameters: nothing, sparse: elements, lambda: 1}\n", "")))
                .getMessage();
        assertTrue(text.startsWith("recipe.yaml line 8: constraint a: [nothing] fits no Parameter"), text);
        text = assertThrows(TrainException.class, () -> Train.prepare(request("""
                  - {name: a, parameters: fc1.weight, sparse: elements, lambda: 1}
                  - {name: b, spaces: '*', sparse: units, lambda: 1}
                """, ""))).getMessage();
        assertTrue(text.startsWith("recipe.yaml line 8: constraint a: it shares [fc1.weight] with b"), text);
        assertTrue(text.contains("spans other parameters"), text);
    }

    /** λ rises until a tenth of ‖w‖₁ is left, and is gone at the end. */
    @Test
    void aBudgetMakesWeightsSparseAndLeavesNoPenalty() throws IOException {
        TrainRequest few = request(
                "  - {parameters: fc1.weight, sparse: elements, start: pilot, lambda: {budget: 0.1}}\n",
                "shrink: false\n");
        RecipeReader.Overrides none = RecipeReader.Overrides.none();
        TrainRequest request = new TrainRequest(few.name(), few.text(), few.folder(),
                new RecipeReader.Overrides(none.model(), none.data(), none.mean(), none.std(), Optional.of(60),
                        Optional.of(5), none.rate(), none.seed(), none.output(), List.of()),
                few.threads());
        TrainResult result = run(request, "run");
        TrainResult.Outcome outcome = result.constraints().getFirst();
        assertEquals(0, outcome.lambda());
        assertTrue(outcome.zero() > outcome.cells() / 2, outcome.toString());
        assertTrue(outcome.zero() < outcome.cells(), outcome.toString());
        assertTrue(result.after().accuracy() > ACCURATE, result.verdict());
    }

    /** The same lasso, trained step by step and solved with one factor eliminated. */
    @Test
    void aLinearModelTellsHowFarItIsFromTheBest() throws IOException {
        Toy.regression(folder, 300);
        String text = """
                network: {dense: [5, 1], activation: identity}
                data: regression.csv
                loss: mse
                held-out: 0
                epochs: 400
                batch-size: all
                output: out.onnx
                optimizer: {%s}
                constraints:
                  - {parameters: fc1.weight, sparse: elements, lambda: 0.05}
                """;
        TrainResult trained = run(new TrainRequest("r.yaml", text.formatted("rate: 0.1, schedule: constant"), folder,
                RecipeReader.Overrides.none(), 2), "trained");
        float[] found = written().parameters().get("fc1.weight").toFloats();
        TrainResult solved = run(new TrainRequest("r.yaml", text.formatted("kind: varpro"), folder,
                RecipeReader.Overrides.none(), 2), "solved");
        assertTrue(trained.constraints().getFirst().gap() < 1e-4, trained.toString());
        assertTrue(solved.constraints().getFirst().gap() < 1e-6, solved.toString());
        assertArrayEquals(found, written().parameters().get("fc1.weight").toFloats(), NEARLY);
        assertEquals(solved.constraints().getFirst().zero(), trained.constraints().getFirst().zero());
        assertTrue(trained.constraints().getFirst().stationarity() < STATIONARY, trained.toString());
        assertTrue(solved.constraints().getFirst().stationarity() < STATIONARY, solved.toString());
        assertTrue(solved.findings().stream().noneMatch(f -> f.kind().equals("gap-open")), solved.toString());
        TrainResult tight = run(new TrainRequest("r.yaml", text.formatted("kind: varpro, gap: 1e-14"), folder,
                RecipeReader.Overrides.none(), 2), "tight");
        assertTrue(tight.findings().stream().anyMatch(f -> f.kind().equals("gap-open")), "float32 cannot hold it");
        TrainResult early = run(new TrainRequest("r.yaml", text.replace("400", "20").formatted("rate: 0.1"), folder,
                RecipeReader.Overrides.none(), 2), "early");
        assertTrue(early.constraints().getFirst().stationarity() > 10 * STATIONARY, early.toString());
        assertTrue(Double.isNaN(early.constraints().getFirst().goal()), "a λ was given");
    }
}
