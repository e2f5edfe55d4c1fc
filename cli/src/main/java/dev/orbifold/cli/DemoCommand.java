package dev.orbifold.cli;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.train.Compress;
import dev.orbifold.train.CompressRequest;
import dev.orbifold.train.CompressResult;
import dev.orbifold.train.DataRequest;
import dev.orbifold.train.Demo;
import dev.orbifold.train.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code demo}: the main job on embedded data. */
@Command(name = "demo", sortOptions = false,
        description = "Shows the main job on embedded data: trains a small network, compresses it, proves it, reports.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} demo"})
final class DemoCommand implements Callable<Integer> {
    private static final int TRAINING_EPOCHS = 30;
    private static final int EPOCHS = 40;
    /** A little more than is promised, so that rounding to whole units cannot miss it. */
    private static final double SPEEDUP = 5.5;

    @Mixin private Work work = new Work();

    @Mixin private RunArgument runs = new RunArgument();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        int threads = work.threads(output);
        try (RunFolder run = RunFolder.create(runs.folder("demo"), "demo", output.arguments())) {
            return continued(run, threads, output);
        }
    }

    /** The command with these arguments, as if typed. */
    static DemoCommand typed(List<String> arguments) {
        return Main.typed("demo", arguments, DemoCommand.class);
    }

    /** Continues a demonstration that was stopped. */
    int resumed(RunFolder run, Output reporter) {
        return continued(run, work.threads(reporter), reporter);
    }

    private int continued(RunFolder run, int threads, Output reporter) {
        return new Training(reporter, "demo").of(run, progress -> demonstrate(run, threads, progress));
    }

    private CompressResult demonstrate(RunFolder run, int threads, Progress progress) {
        progress.message(
                "Handwritten digits of 8 × 8 pixels: UCI Optical Recognition of Handwritten Digits (CC BY 4.0).");
        DataRequest data = new DataRequest(Demo.digits(run.path()).toAbsolutePath(), List.of(), List.of());
        Path original = run.model("original.onnx").toAbsolutePath();
        if (!Files.exists(original)) {
            progress.message("1. Training a small convolutional network to tell them apart.");
            Graph network = Demo.network(work.seed());
            OnnxFile.write(Demo.train(network, data, TRAINING_EPOCHS, work.seed(), threads, progress), original);
        }
        progress.message("2. Compressing it to less than a fifth of its multiply-adds: units that carry little accuracy"
                + " for their price\n   are pushed to exactly zero and taken out; then the small network heals.");
        Progress steps = new StepsAlone(progress);
        if (run.view().configuration().isPresent()) {
            return Compress.resume(run, steps);
        }
        try (Compress compress = Compress.prepare(request(run, data, original, threads))) {
            return compress.run(run, steps);
        }
    }

    /** Progress without what only an expert would read. */
    private record StepsAlone(Progress shown) implements Progress {
        @Override
        public void step(String phase, long step, long steps, double accuracy, double macs) {
            shown.step(phase, step, steps, accuracy, macs);
        }

        @Override
        public boolean stopping() {
            return shown.stopping();
        }
    }

    /** What `compress` would make of the command line that a user types for the same. */
    private CompressRequest request(RunFolder run, DataRequest data, Path original, int threads) {
        Path small = run.model("compressed.onnx").toAbsolutePath();
        return CompressCommand.typed(List.of(original.toString(), "--data", data.path().toString(), "--speedup",
                String.valueOf(SPEEDUP), "--epochs", String.valueOf(EPOCHS), "--precision", "float32", "--seed",
                String.valueOf(work.seed()), "--threads", String.valueOf(threads), "-o", small.toString())).request();
    }
}
