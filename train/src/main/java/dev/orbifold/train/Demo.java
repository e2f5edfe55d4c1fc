package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Precision;
import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The example that needs nothing but itself: a small conv net and the digits it learns. */
public final class Demo {
    private static final String DIGITS = "digits.csv.gz";
    private static final int BATCH = 64;
    private static final double RATE = 0.05;
    private static final double DECAY = 5e-4;
    private static final double LONGEST_GRADIENT = 5;
    private static final int SIDE = 8;
    private static final int CLASSES = 10;
    private static final int[] CHANNELS = {32, 64};
    private static final int DENSE = 128;

    private Demo() {
    }

    /** A convolutional net for 8×8 digits with random weights, in the words of ONNX. */
    public static Graph network(long seed) {
        Seed weights = new Seed(seed).split("network");
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        int pooled = SIDE / 2;
        String at = convolution("conv1", "image", 1, CHANNELS[0], nodes, parameters, weights);
        at = convolution("conv2", at, CHANNELS[0], CHANNELS[1], nodes, parameters, weights);
        nodes.add(Node.of("pool", "MaxPool", List.of(at), List.of("pooled"), Map.of("kernel_shape",
                new Attribute.Ints(List.of(2L, 2L)), "strides", new Attribute.Ints(List.of(2L, 2L)))));
        nodes.add(Node.of("flatten", "Flatten", List.of("pooled"), List.of("flat"),
                Map.of("axis", new Attribute.Int(1))));
        dense("dense", "flat", "dense_out", CHANNELS[1] * pooled * pooled, DENSE, nodes, parameters, weights);
        nodes.add(Node.of("relu3", "Relu", List.of("dense_out"), List.of("features"), Map.of()));
        dense("classes", "features", "logits", DENSE, CLASSES, nodes, parameters, weights);
        Dim batch = Dim.named("batch");
        return Graph.of("digits", List.of(ValueInfo.of("image", DataType.FLOAT,
                new Shape(List.of(batch, Dim.of(1), Dim.of(SIDE), Dim.of(SIDE))))),
                List.of(ValueInfo.of("logits", DataType.FLOAT, new Shape(List.of(batch, Dim.of(CLASSES))))), nodes,
                parameters);
    }

    private static String convolution(String name, String input, int from, int to, List<Node> nodes,
            Map<String, TensorData> parameters, Seed seed) {
        parameters.put(name + ".weight", random(seed.split(name), from * 9, to, from, 3, 3));
        parameters.put(name + ".bias", TensorData.of(new float[to], to));
        nodes.add(Node.of(name, "Conv", List.of(input, name + ".weight", name + ".bias"), List.of(name + "_out"),
                Map.of("kernel_shape", new Attribute.Ints(List.of(3L, 3L)), "pads",
                        new Attribute.Ints(List.of(1L, 1L, 1L, 1L)))));
        nodes.add(Node.of(name + "_relu", "Relu", List.of(name + "_out"), List.of(name + "_act"), Map.of()));
        return name + "_act";
    }

    private static void dense(String name, String input, String output, int from, int to, List<Node> nodes,
            Map<String, TensorData> parameters, Seed seed) {
        parameters.put(name + ".weight", random(seed.split(name), from, to, from));
        parameters.put(name + ".bias", TensorData.of(new float[to], to));
        nodes.add(Node.of(name, "Gemm", List.of(input, name + ".weight", name + ".bias"), List.of(output),
                Map.of("transB", new Attribute.Int(1))));
    }

    /** Normal numbers of variance 2/fan-in (He et al., ICCV 2015). */
    private static TensorData random(Seed seed, int fanIn, long... dims) {
        RandomGenerator random = seed.generator();
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / fanIn));
        }
        return TensorData.of(values, dims);
    }

    /**
     * Writes the embedded digits (UCI Optical Recognition of Handwritten Digits, CC BY 4.0) into a folder.
     *
     * @return the file
     */
    public static Path digits(Path folder) {
        Path file = folder.resolve(DIGITS);
        try (InputStream in = Demo.class.getResourceAsStream(DIGITS)) {
            if (in == null) {
                throw new TrainException("the digits are missing from this build of Orbifold: " + DIGITS);
            }
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException e) {
            throw new TrainException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Trains the network on the digits with momentum.
     *
     * @param epochs passes over the training part
     * @return the trained Graph
     * @throws InterruptedRun if {@link Progress#stopping} asked for it
     */
    public static Graph train(Graph network, DataRequest data, int epochs, long seed, int threads, Progress progress) {
        Natives.load();
        Natives.threads(threads);
        Device device = Device.best();
        Objective objective = Objective.of(network, CompressOptions.LossKind.CROSS_ENTROPY, 0, 0, 1);
        DataSet digits = data.open(new Seed(seed).split("data"), objective.input());
        try (Student student = new Student(network, device, objective, Objective.optimizer(network, DECAY),
                Precision.FLOAT32, Optional.empty());
                Loader loader = Loader.training(digits.train(), BATCH, new Seed(seed).split("fit"), Augmentation.NONE,
                        device)) {
            Plan plan = Plan.of(loader.steps(), epochs, RATE);
            long step = 0;
            for (int epoch = 0; epoch < epochs; epoch++) {
                for (Batch batch : loader.epoch(epoch)) {
                    Student.Step seen = student.step(batch, Optional.empty(), Optional.empty(), plan.rateAt(step++),
                            LONGEST_GRADIENT);
                    progress.step("train", step, plan.steps(), seen.accuracy(), Double.NaN);
                    if (progress.stopping()) {
                        throw new InterruptedRun("stopped before the small network was trained");
                    }
                }
            }
            return student.weights().writeBack(network);
        }
    }
}
