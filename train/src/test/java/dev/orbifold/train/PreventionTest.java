package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a recipe's {@code remove} does, from the recipe to the file that is written. */
class PreventionTest {
    /** Units are the same where all their weights differ by less than this share of their length. */
    private static final double SAME = 2e-2;

    private static final int INPUTS = 5;
    private static final int UNITS = 20;

    @TempDir private Path folder;

    private TrainRequest digits(String more) throws IOException {
        Toy.digits(folder, 400);
        return new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 16, 4]}
                data: digits.csv
                epochs: 4
                batch-size: 20
                output: out.onnx
                optimizer: {rate: 0.05, weight-decay: 1e-2}
                """ + more, folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainResult run(TrainRequest request, String name) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private float[] weight(Path file, String name) {
        return OnnxFile.read(file).parameters().get(name).toFloats();
    }

    private float[] written(String name) {
        return weight(folder.resolve("out.onnx"), name);
    }

    private float[] started(String run, String name) {
        return weight(folder.resolve(run).resolve("models/start.onnx"), name);
    }

    /** A student whose last ten units are one unit ten times, with an equal share each of what it says. */
    private void clones() throws IOException {
        Toy.regression(folder, 600);
        Graph graph = OnnxFile.read(Toy.dense(folder, "clones.onnx", INPUTS, UNITS, 1));
        float[] in = graph.parameters().get("w0").toFloats().clone();
        float[] out = graph.parameters().get("w1").toFloats().clone();
        for (int u = UNITS / 2 + 1; u < UNITS; u++) {
            System.arraycopy(in, UNITS / 2 * INPUTS, in, u * INPUTS, INPUTS);
            out[u] = out[UNITS / 2];
        }
        OnnxFile.write(graph.replacing(Map.of("w0", TensorData.of(in, UNITS, INPUTS), "w1",
                TensorData.of(out, 1, UNITS), "b0", TensorData.of(new float[UNITS], UNITS))),
                folder.resolve("clones.onnx"));
    }

    private int distinct(String remove) throws IOException {
        run(new TrainRequest("r.yaml", """
                model: clones.onnx
                data: regression.csv
                loss: mse
                held-out: 0
                epochs: 300
                batch-size: 50
                output: out.onnx
                optimizer: {rate: 0.05, momentum: 0.8, weight-decay: 2e-3, schedule: constant}
                """ + remove, folder, RecipeReader.Overrides.none(), 2), "run" + remove.hashCode());
        float[] in = written("w0");
        float[] bias = written("b0");
        float[] out = written("w1");
        List<double[]> seen = new ArrayList<>();
        for (int u = 0; u < UNITS; u++) {
            double[] unit = new double[INPUTS + 2];
            for (int i = 0; i < INPUTS; i++) {
                unit[i] = in[u * INPUTS + i];
            }
            unit[INPUTS] = bias[u];
            unit[INPUTS + 1] = out[u];
            if (seen.stream().noneMatch(other -> distance(unit, other) < SAME * length(unit))) {
                seen.add(unit);
            }
        }
        return seen.size();
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum);
    }

    private static double length(double[] a) {
        return distance(a, new double[a.length]);
    }

    /** What a recipe asks for is said with what it was given, in the result too. */
    @Test
    void whatWasAskedForIsSaid() throws IOException {
        TrainRequest asked = digits("remove: {syre: {sigma: 0.05, anisotropic: true}, noise: {sigma: 0.01},"
                + " shrink-and-perturb: {every: 2, shrink: 0.9, perturb: 0.1}, reset: {dormant: 0.025}}\n");
        assertEquals(List.of("syre (σ = 0.05, anisotropic)", "noise (σ = 0.01)",
                "shrink-and-perturb (λ = 0.9, σ = 0.1, every 2 epochs)", "reset (dormant up to 0.025, every epoch)"),
                asked.recipe().remove().words());
        assertEquals(List.of("asymmetric (50 % of inputs drawn with κ = 1, held)"),
                digits("remove: {asymmetric: {weights: 0.5, kappa: 1}}\n").recipe().remove().words());
        run(digits("remove: {syre: {}}\n"), "said");
        assertEquals("syre (σ = 0.01/√(fan-in))", RunView.of(folder.resolve("said")).result().orElseThrow()
                .path("remove").path(0).asText());
    }

    /** The order of theory, 5: plain training keeps clones, syre splits some, a wider θ₀ more. */
    @Test
    void syreSplitsClonesThatPlainTrainingKeeps() throws IOException {
        clones();
        int plain = distinct("");
        int syre = distinct("remove: {syre: {}}\n");
        int wide = distinct("remove: {syre: {sigma: 0.01}}\n");
        String found = plain + ", " + syre + ", " + wide;
        assertTrue(plain <= UNITS / 2 + 1, found);
        assertTrue(syre > plain, found);
        assertTrue(wide > syre, found);
        assertEquals(UNITS, distinct("remove: {syre: {sigma: 0.01, anisotropic: true}}\n"), found);
    }

    @Test
    void theCentreLiesInTheRunAndNoDecayIsAFinding() throws IOException {
        TrainResult result = run(digits("remove: {syre: {anisotropic: true}}\n"), "run");
        Map<String, TensorData> points = NumpyFile.read(folder.resolve("run/models/decay-centre.npz"));
        assertEquals(List.of("fc1.weight", "fc2.weight", "fc3.weight"), List.copyOf(points.keySet()));
        double squares = 0;
        for (float x : points.get("fc1.weight").toFloats()) {
            squares += x * x;
        }
        double sigma = 0.01 / Math.sqrt(64);
        // 1536 draws: the standard deviation is known to a factor 1 ± 1/√(2·1536); five of these are allowed.
        assertEquals(1, Math.sqrt(squares / (64 * 24)) / sigma, 5 / Math.sqrt(2 * 64 * 24));
        float[] strengths = NumpyFile.read(folder.resolve("run/models/decay-strength.npz")).get("fc1.weight")
                .toFloats();
        List<Float> all = new ArrayList<>();
        for (float d : strengths) {
            all.add(d);
            assertTrue(d > 0.5 && d < 1.5, "D = " + d);
        }
        assertEquals(all.size(), all.stream().distinct().count(), "entries of D are distinct");
        assertTrue(result.findings().stream().noneMatch(f -> f.kind().equals("syre-without-decay")));
        TrainRequest without = digits("remove: {syre: {}}\n");
        TrainResult idle = run(new TrainRequest(without.name(), without.text().replace("1e-2", "0"), folder,
                without.overrides(), 2), "idle");
        assertTrue(idle.findings().stream().anyMatch(f -> f.kind().equals("syre-without-decay")
                && f.severity() == Finding.Severity.WARNING), idle.findings().toString());
    }

    @Test
    void syreLeavesWhatAConstraintHolds() throws IOException {
        String constraint = "constraints: [{parameters: fc1.weight, sparse: elements, zeros: 0.5}]\nshrink: false\n";
        TrainResult result = run(digits("remove: {syre: {}}\n" + constraint), "run");
        assertTrue(result.met(), result.verdict());
        assertFalse(NumpyFile.read(folder.resolve("run/models/decay-centre.npz")).containsKey("fc1.weight"));
        assertTrue(result.findings().stream().anyMatch(f -> f.kind().equals("syre-leaves-constraints")
                && f.message().contains("fc1.weight")), result.findings().toString());
        String refused = assertThrows(TrainException.class, () -> Train.prepare(
                digits("remove: {asymmetric: {weights: 0.1}}\n" + constraint.replace("fc1.weight", "'*'"))))
                .getMessage();
        assertTrue(refused.startsWith("recipe.yaml line 7: asymmetric has no weight to act on"), refused);
    }

    /** Per unit of fc1, how many entries are bit for bit what they started as. */
    private int[] unmoved(String run) {
        float[] before = started(run, "fc1.weight");
        float[] after = written("fc1.weight");
        int[] same = new int[24];
        for (int i = 0; i < before.length; i++) {
            same[i / 64] += before[i] == after[i] ? 1 : 0;
        }
        return same;
    }

    @ParameterizedTest @CsvSource({"'',1", "', fixed: zero',0", "', kappa: 0.25',0.25"})
    void fixedEntriesStayBitForBit(String more, double kappa) throws IOException {
        run(digits("remove: {asymmetric: {weights: 0.25" + more + "}, noise: {sigma: 1e-3}}\n"), "run");
        for (int same : unmoved("run")) {
            assertEquals(16, same, "a quarter of 64 inputs");
        }
        float[] before = started("run", "fc1.weight");
        float[] after = written("fc1.weight");
        List<List<Integer>> masks = new ArrayList<>();
        double squares = 0;
        for (int u = 0; u < 24; u++) {
            List<Integer> mask = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                if (before[64 * u + i] == after[64 * u + i]) {
                    mask.add(i);
                    squares += after[64 * u + i] * (double) after[64 * u + i];
                }
            }
            masks.add(mask);
        }
        assertEquals(24, masks.stream().distinct().count(), "no two units have the same mask");
        // 384 draws: five standard errors of their standard deviation.
        assertEquals(kappa, Math.sqrt(squares / (24 * 16)), 5 * kappa / Math.sqrt(2 * 24 * 16));
    }

    @Test
    void merelyStartingThereFixesNothing() throws IOException {
        run(digits("remove: {asymmetric: {weights: 0.25}}\n"), "fixed");
        float[] fixed = started("fixed", "fc1.weight");
        run(digits("remove: {asymmetric: {weights: 0.25, start-only: true}}\n"), "free");
        assertArrayEquals(fixed, started("free", "fc1.weight"), 0, "the same start");
        for (int same : unmoved("free")) {
            assertTrue(same < 4, same + " entries did not move");
        }
    }

    @Test
    void figluIsWhatItSaysAndItsMixingStays() throws IOException {
        TrainRequest request = digits("");
        TrainResult result = run(new TrainRequest(request.name(),
                request.text().replace("[64, 24, 16, 4]}", "[64, 24, 16, 4], activation: figlu}"), folder,
                request.overrides(), 2), "run");
        assertTrue(result.after().accuracy() > 90, result.verdict());
        Graph before = OnnxFile.read(folder.resolve("run/models/start.onnx"));
        Graph after = OnnxFile.read(folder.resolve("out.onnx"));
        assertEquals(4,
                after.nodes().stream().filter(n -> List.of("Constant", "Sigmoid").contains(n.opType())).count());
        assertEquals(before.nodes(), after.nodes(), "what is fixed sits in nodes, and these are as they were");
        assertNotEquals(before.parameters().get("fc1.weight"), after.parameters().get("fc1.weight"));
    }

    @ParameterizedTest @ValueSource(strings = {
            "remove: {syre: {anisotropic: true}, noise: {sigma: 1e-3}, shrink-and-perturb: {every: 2, shrink: 0.8, perturb: 0.01},"
                    + " reset: {dormant: 0.3}}\n",
            "remove: {asymmetric: {weights: 0.1}, noise: {sigma: 1e-3}, shrink-and-perturb: {every: 1, shrink: 0.8, perturb: 0.01}}\n"})
    void interruptedAndResumedIsTheSameFile(String remove) throws IOException {
        TrainRequest request = digits(remove);
        run(request, "whole");
        byte[] whole = Files.readAllBytes(folder.resolve("out.onnx"));
        long steps = 4L * (400 * 8 / 10 * 9 / 10 / 20);
        for (long seed = 1; seed <= 2; seed++) {
            Files.delete(folder.resolve("out.onnx"));
            long stop = new SplittableRandom(seed).nextLong(1, steps);
            Path path = folder.resolve("stopped" + seed);
            try (Train train = Train.prepare(request); RunFolder run = RunFolder.create(path, "train", List.of())) {
                assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(stop)));
            }
            try (RunFolder run = RunFolder.open(path)) {
                Train.resume(run, Progress.SILENT);
            }
            assertArrayEquals(whole, Files.readAllBytes(folder.resolve("out.onnx")), "stopped at step " + stop);
        }
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "{syre: {sigma: 0}} | line 7: remove.syre.sigma: must be above 0",
            "{asymmetric: {weights: 1}} | line 7: remove.asymmetric.weights: the share",
            "{asymmetric: {weights: 0.1, fixed: zero, kappa: 2}} | line 7: remove.asymmetric.kappa: kappa is the spread",
            "{asymmetric: {weights: 0.1}, reset: {dormant: 0}} | line 7: remove.reset: a unit that starts anew",
            "{noise: {}} | line 7: remove.noise: 'sigma' is missing",
            "{rest: {}} | line 7: remove.rest: nobody knows this key; did you mean 'reset'?"})
    void whatCannotBeIsSaidWithItsLine(String remove, String expected) throws IOException {
        TrainRequest request = digits("remove: " + remove + "\n");
        String text = assertThrows(TrainException.class, () -> Train.prepare(request)).getMessage();
        assertTrue(text.startsWith("recipe.yaml " + expected), text);
    }
}
