package dev.orbifold.bench;

import dev.orbifold.collapse.DataLoss;
import dev.orbifold.collapse.Examples;
import dev.orbifold.collapse.LossCurvature;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * What a product with the Hessian of the loss costs beside a gradient, in float32 on the same batch: by double backward, with
 * the graph of the first derivative kept, four vectors at once, and by central differences with the error they state.
 * Gradient and product alternate; medians are printed, and the medians of the ratios of neighbours.
 *
 * <p>
 * Arguments: the folder of the shared models; optionally rounds, batch size, threads. {@code bench/hessian} runs it.
 */
public final class HessianProducts {
    private static final int WARM_UP = 5;
    /** Vectors of a product that shares its first derivative. */
    private static final int TOGETHER = 4;

    private HessianProducts() {
    }

    /** Measures LeNet-300 and ResNet-20. */
    public static void main(String[] arguments) {
        Path models = Path.of(arguments[0]);
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 30;
        int batch = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 128;
        if (arguments.length > 3) {
            Natives.threads(Integer.parseInt(arguments[3]));
        }
        measure("lenet300", OnnxFile.read(models.resolve("lenet300-mnist.onnx")), 20 * rounds, batch, 1, 28);
        measure("resnet20", OnnxFile.read(models.resolve("resnet20-cifar10.onnx")), rounds, batch, 3, 32);
    }

    private static void measure(String name, Graph graph, int rounds, int batch, int channels, int size) {
        RandomGenerator random = new Seed(1).generator();
        float[] images = new float[batch * channels * size * size];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        long[] classes = new long[batch];
        Arrays.setAll(classes, i -> i % 10);
        TensorData input = TensorData.of(images, batch, channels, size, size);
        List<Examples> data = List.of(new Examples(Map.of("image", input), TensorData.of(classes, batch)));
        DataLoss loss = DataLoss.of("logits", new Loss.CrossEntropy(0));
        try (PointerScope scope = new PointerScope();
                Program program = Program.compile(graph, Device.cpu());
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), Device.cpu())) {
            Map<String, Tensor> values = new HashMap<>(weights.views());
            values.put("image", Tensors.of(input, Device.cpu()));
            Tensor targets = Tensors.of(data.get(0).targets(), Device.cpu());
            // As training takes it: into a buffer, nothing copied to the host's arrays.
            Runnable gradient = () -> {
                try (PointerScope inner = new PointerScope()) {
                    weights.zeroGradients();
                    loss.of(program.run(values, Mode.EVALUATION), targets).backward();
                }
            };
            for (LossCurvature.Method method : LossCurvature.Method.values()) {
                String what = name + ", batch " + batch + ", " + Natives.threads() + " threads, " + method;
                try (LossCurvature curvature = LossCurvature.of(graph, program.trainable(), data, loss, Mode.EVALUATION,
                        method, Device.cpu(), DataType.FLOAT)) {
                    measure(what, rounds, gradient, curvature, random);
                }
            }
        }
    }

    private static void measure(String what, int rounds, Runnable gradient, LossCurvature curvature,
            RandomGenerator random) {
        double[][] vectors = new double[TOGETHER][curvature.dimension()];
        for (double[] v : vectors) {
            Arrays.setAll(v, i -> random.nextGaussian());
        }
        compare(what, rounds, 1, gradient, () -> curvature.times(vectors[0]));
        compare(what + ", " + TOGETHER + " at once, each", rounds, TOGETHER, gradient, () -> curvature.times(vectors));
        LossCurvature.Difference found = curvature.difference(vectors[0]);
        System.out.printf(Locale.ROOT, "%s: differences state an error of %.2e of the product, and are %.2e from it%n",
                what,
                found.error() / length(found.product()), apart(found.product(), curvature.times(vectors[0])));
    }

    private static double apart(double[] a, double[] b) {
        double[] difference = a.clone();
        Arrays.setAll(difference, i -> a[i] - b[i]);
        return length(difference) / length(b);
    }

    private static double length(double[] v) {
        return Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
    }

    private static void compare(String what, int rounds, int vectors, Runnable gradient, Runnable product) {
        List<Double> gradients = new ArrayList<>();
        List<Double> products = new ArrayList<>();
        for (int i = -WARM_UP; i < rounds; i++) {
            // Alternating who goes first: the second finds warmer caches.
            double first = milliseconds(i % 2 == 0 ? gradient : product);
            double second = milliseconds(i % 2 == 0 ? product : gradient);
            if (i >= 0) {
                gradients.add(i % 2 == 0 ? first : second);
                products.add((i % 2 == 0 ? second : first) / vectors);
            }
        }
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, i -> products.get(i) / gradients.get(i));
        System.out.printf(Locale.ROOT, "%s: gradient %.3f ms, product %.3f ms, ratio %.2f%n", what,
                median(gradients.stream().mapToDouble(x -> x).toArray()),
                median(products.stream().mapToDouble(x -> x).toArray()), median(ratios));
    }

    private static double milliseconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
