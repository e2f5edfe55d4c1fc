package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompressTest {
    /** Removal sums the same numbers in float32, perhaps in another order. */
    private static final double REORDERED = 1e-5;
    private static final double RATE = 0.02;

    @TempDir Path folder;

    private CompressRequest conv(Target target, int epochs, OptionalDouble lambda) throws IOException {
        return Toy.request(folder, Toy.convolutional(folder), Toy.digits(folder, 320),
                Toy.options(target, epochs, lambda, RATE, CompressOptions.LossKind.CROSS_ENTROPY));
    }

    private CompressResult run(CompressRequest request, String name) {
        try (Compress compress = Compress.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "compress", List.of())) {
            return compress.run(run, Progress.SILENT);
        }
    }

    @Test
    void halfTheMultiplyAddsAndEveryRemovalProved() throws IOException {
        CompressRequest request = conv(new Target.Speedup(2), 3, OptionalDouble.empty());
        CompressResult result = run(request, "run");
        assertTrue(result.met(), result.verdict());
        Cost written = Cost.of(OnnxFile.read(request.output()));
        assertTrue(2 * written.macs() <= result.before().macs(), result.verdict());
        assertTrue(result.maxError() <= REORDERED, "largest difference " + result.maxError());
        assertTrue(result.after().accuracy() > 70, result.verdict());
        assertTrue(result.widths().stream().anyMatch(w -> w.to() < w.from()), result.widths().toString());
    }

    @Test
    void aShareOfTheParameters() throws IOException {
        CompressRequest request = conv(new Target.Keep(0.4), 3, OptionalDouble.empty());
        CompressResult result = run(request, "run");
        assertTrue(result.met(), result.verdict());
        assertTrue(Cost.of(OnnxFile.read(request.output())).parameters() <= 0.4 * result.before().parameters(),
                result.verdict());
    }

    @Test
    void oneLambdaForAll() throws IOException {
        CompressResult weak = run(conv(new Target.Speedup(1.01), 2, OptionalDouble.of(1e-9)), "weak");
        CompressResult strong = run(conv(new Target.Speedup(1.01), 2, OptionalDouble.of(10)), "strong");
        assertEquals(weak.before().macs(), weak.after().macs());
        assertTrue(strong.after().macs() < weak.after().macs(), strong.verdict());
    }

    /** The budget falls until accuracy does not hold, waits, and what is written has kept it. */
    @Test
    void asSmallAsTheAccuracyAllows() throws IOException {
        CompressRequest first = conv(new Target.Speedup(1.1), 4, OptionalDouble.empty());
        run(first, "trained");
        Path trained = Files.move(first.output(), folder.resolve("trained.onnx"));
        CompressResult result = run(Toy.request(folder, trained, folder.resolve("digits.csv"), Toy.options(
                new Target.MaxDrop(5), 12, OptionalDouble.empty(), RATE, CompressOptions.LossKind.CROSS_ENTROPY)),
                "run");
        assertTrue(result.met(), result.verdict());
        assertTrue(3 * result.after().macs() < result.before().macs(), result.verdict());
        assertTrue(result.after().accuracy() >= result.before().accuracy() - 5, result.verdict());
        String metrics = Files.readString(folder.resolve("run/metrics.jsonl"));
        assertTrue(metrics.contains("no further unit goes"), metrics);
    }

    @Test
    void aRegressionHasALossAndNoAccuracy() throws IOException {
        CompressRequest request = Toy.request(folder, Toy.dense(folder, "mlp.onnx", 5, 24, 16, 1),
                Toy.regression(folder, 300), Toy.options(new Target.Speedup(2), 3, OptionalDouble.empty(), RATE,
                        CompressOptions.LossKind.MSE));
        CompressResult result = run(request, "run");
        assertTrue(result.met(), result.verdict());
        assertTrue(Double.isNaN(result.after().accuracy()));
        assertTrue(result.after().loss() < result.before().loss(), result.toString());
        assertTrue(Files.readString(folder.resolve("run/result.json")).contains("\"accuracy\" : null"));
    }

    /** Wherever it is stopped, the Run goes on to the same bytes. */
    @Test
    void interruptedAndResumedIsTheSameFile() throws IOException {
        CompressRequest request = conv(new Target.Speedup(2), 3, OptionalDouble.empty());
        run(request, "whole");
        byte[] whole = Files.readAllBytes(request.output());
        long steps = 3L * (320 * 8 / 10 * 9 / 10 / 16);
        for (long seed = 1; seed <= 2; seed++) {
            Files.delete(request.output());
            SplittableRandom random = new SplittableRandom(seed);
            Path path = folder.resolve("stopped" + seed);
            long stop = random.nextLong(1, steps / 2);
            try (Compress compress = Compress.prepare(request);
                    RunFolder run = RunFolder.create(path, "compress", List.of())) {
                assertThrows(InterruptedRun.class, () -> compress.run(run, new StopAt(stop)), "seed " + seed);
            }
            long again = random.nextLong(stop + 1, steps);
            try (RunFolder run = RunFolder.open(path)) {
                assertThrows(InterruptedRun.class, () -> Compress.resume(run, new StopAt(again)), "seed " + seed);
            }
            assertFalse(Files.exists(request.output()), "seed " + seed);
            try (RunFolder run = RunFolder.open(path)) {
                Compress.resume(run, Progress.SILENT);
            }
            assertArrayEquals(whole, Files.readAllBytes(request.output()),
                    "seed " + seed + ": stopped at steps " + stop + " and " + again + " of " + steps);
        }
    }

    @Test
    void aLossThatIsNoNumberKeepsTheRunAndWritesNothing() throws IOException {
        CompressRequest request = Toy.request(folder, Toy.dense(folder, "mlp.onnx", 5, 24, 16, 1),
                Toy.regression(folder, 300), Toy.options(new Target.Speedup(2), 3, OptionalDouble.empty(), 1e30,
                        CompressOptions.LossKind.MSE));
        TrainException thrown = assertThrows(TrainException.class, () -> run(request, "run"));
        assertTrue(thrown.getMessage().contains("--lr"), thrown.getMessage());
        assertTrue(Files.isDirectory(folder.resolve("run")));
        assertFalse(Files.exists(request.output()));
    }

    private String refused(CompressRequest request) {
        return assertThrows(RuntimeException.class, () -> Compress.prepare(request).close()).getMessage();
    }

    @Test
    void whatCannotBeDoneIsSaidBeforeAnythingIsMade() throws IOException {
        String far = refused(conv(new Target.Speedup(10_000), 3, OptionalDouble.empty()));
        assertTrue(far.contains("cannot be reached"), far);
        Path digits = folder.resolve("digits.csv");
        CompressOptions twice = Toy.options(new Target.Speedup(2), 1, OptionalDouble.empty(), RATE,
                CompressOptions.LossKind.CROSS_ENTROPY);
        String nothing = refused(Toy.request(folder, Toy.dense(folder, "one.onnx", 64, Toy.CLASSES), digits, twice));
        assertTrue(nothing.contains("can shrink"), nothing);
        String labels = refused(Toy.request(folder, Toy.dense(folder, "few.onnx", 64, 8, 3), digits, twice));
        assertTrue(labels.contains("3"), labels);
        String points = refused(Toy.request(folder, Toy.dense(folder, "mlp.onnx", 5, 8, 1),
                Toy.regression(folder, 50), Toy.options(new Target.MaxDrop(1), 1, OptionalDouble.empty(), RATE,
                        CompressOptions.LossKind.MSE)));
        assertTrue(points.contains("--max-drop"), points);
        assertFalse(Files.exists(folder.resolve("small.onnx")));
    }
}
