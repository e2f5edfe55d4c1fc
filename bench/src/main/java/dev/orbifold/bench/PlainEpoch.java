package dev.orbifold.bench;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Times plain training, without constraints: SGD with momentum 0.9 on cross-entropy. Prints one line {@code epoch
 * <number> <seconds>} for each epoch, the first of which warms up. {@code bench/peers/epoch} runs it next to PyTorch.
 */
public final class PlainEpoch {
    private static final int BATCH = 128;
    private static final double RATE = 0.01;
    private static final double MOMENTUM = 0.9;

    private final Program program;
    private final String input;
    private final String output;
    private final FlatWeights weights;
    private final Optimizer optimizer;
    private final Map<String, Tensor> values = new HashMap<>();
    private final Loss loss = new Loss.CrossEntropy(0);

    private PlainEpoch(Graph graph, Device device) {
        this.program = Program.compile(graph, device);
        this.input = graph.inputs().getFirst().name();
        this.output = graph.outputs().getFirst().name();
        this.weights = FlatWeights.of(graph, program.trainable(), program.state(), device);
        this.optimizer = Optimizer.of(new Optimizer.Kind.Sgd(MOMENTUM, false, 0), weights);
        values.putAll(weights.views());
        values.putAll(weights.state());
    }

    /**
     * Runs.
     *
     * @param args model, data, epochs, items of the training part to use (0 for all), precision, threads, and how batches
     *        are made: {@code memory} or {@code assembled}; then mean and std per channel, if the data are to be
     *        normalised: {@code 0.5,0.5 0.2,0.2}
     */
    public static void main(String[] args) {
        if (args.length != 7 && args.length != 9) {
            System.err.println(
                    "expected MODEL DATA EPOCHS ITEMS PRECISION THREADS memory|assembled [MEANS STDS], found "
                            + args.length
                            + " arguments");
            System.exit(2);
        }
        Natives.threads(Integer.parseInt(args[5]));
        Device device = Device.cpu();
        Graph graph = OnnxFile.read(Path.of(args[0]));
        DataOptions options = DataOptions.defaults().fitting(graph.inputs().getFirst());
        if (args.length == 9) {
            options = options.normalized(numbers(args[7]), numbers(args[8]));
        }
        Part part = DataSet.open(Path.of(args[1]), options).train();
        int items = Integer.parseInt(args[3]);
        Part used = items > 0 ? part.select(IntStream.range(0, Math.min(items, part.size())).toArray()) : part;
        Precision precision = Precision.valueOf(args[4].toUpperCase(Locale.ROOT));
        new PlainEpoch(graph, device).train(used, Integer.parseInt(args[2]), precision, args[6].equals("memory"));
    }

    private static List<Double> numbers(String text) {
        return List.of(text.split(",")).stream().map(Double::valueOf).toList();
    }

    private void train(Part part, int epochs, Precision wanted, boolean memory) {
        Seed seed = new Seed(0);
        Device device = program.device();
        try (Loader loader = memory ? Loader.inMemory(part, BATCH, seed, device)
                : Loader.training(part, BATCH, seed, Augmentation.NONE, device)) {
            Precision precision = wanted == Precision.AUTO ? measured(loader) : wanted;
            for (int epoch = 0; epoch < epochs; epoch++) {
                long start = System.nanoTime();
                for (Batch batch : loader.epoch(epoch)) {
                    step(batch, precision);
                }
                device.synchronize();
                System.out.printf(Locale.ROOT, "epoch %d %.4f%n", epoch, (System.nanoTime() - start) / 1e9);
            }
        }
    }

    private Precision measured(Loader loader) {
        try (Loader.Epoch epoch = loader.epoch(0)) {
            Batch batch = epoch.next();
            Precision.Measured found = Precision.measure(program.device(), () -> computed(batch));
            System.err.printf(Locale.ROOT, "a step takes %.2f ms in float32 and %.2f ms in bfloat16%n",
                    found.float32Millis(), found.bfloat16Millis());
            return found.faster();
        }
    }

    private void step(Batch batch, Precision precision) {
        try (Precision.Scope scope = precision.open(program.device())) {
            computed(batch);
        }
        optimizer.step(RATE);
    }

    private void computed(Batch batch) {
        try (PointerScope scope = new PointerScope()) {
            weights.zeroGradients();
            values.put(input, batch.inputs());
            Tensor outputs = Objects.requireNonNull(program.run(values, Mode.TRAINING).get(output), output);
            loss.of(outputs, batch.targets()).backward();
        }
    }
}
