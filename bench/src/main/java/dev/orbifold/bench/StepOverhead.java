package dev.orbifold.bench;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * What running through a Graph costs: training steps of a {@link Program} against the same network written as direct
 * libtorch calls, alternating, on the same weights. Prints both medians and their ratio.
 *
 * <p>
 * Arguments: the folder of the shared models; optionally steps per side, batch size, threads.
 */
public final class StepOverhead {
    private static final int WARM_UP = 5;
    private static final long[] ONE = {1, 1};
    private static final long[] TWO = {2, 2};
    private static final long[] NONE = {0, 0};

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Milliseconds of one step: by the clock, and by the processor time of the calling thread. */
    private record Cost(double elapsed, double computing) {
    }

    private final FlatWeights weights;
    private final Tensor inputs;
    private final Tensor targets;
    private final Scalar minusRate = new Scalar(-1e-3);
    private final TensorOptional nothing = new TensorOptional();

    private StepOverhead(FlatWeights weights, Tensor inputs, Tensor targets) {
        this.weights = weights;
        this.inputs = inputs;
        this.targets = targets;
    }

    /** Measures ResNet-20 and LeNet-300. */
    public static void main(String[] arguments) {
        Path models = Path.of(arguments[0]);
        int steps = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 30;
        int batch = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 128;
        if (arguments.length > 3) {
            Natives.threads(Integer.parseInt(arguments[3]));
        }
        compare("resnet20", OnnxFile.read(models.resolve("resnet20-cifar10.onnx")), steps, batch, 3, 32);
        compare("lenet300", OnnxFile.read(models.resolve("lenet300-mnist.onnx")), steps * 20, batch, 1, 28);
    }

    private static void compare(String name, Graph graph, int steps, int batch, long channels, long size) {
        Device device = Device.best();
        try (PointerScope scope = new PointerScope();
                Program program = Program.compile(graph, device);
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), device)) {
            Tensor inputs = torch.randn(batch, channels, size, size).to(device.torch(), torch.ScalarType.Float);
            long[] classes = new long[batch];
            Arrays.setAll(classes, i -> i % 10);
            StepOverhead bench = new StepOverhead(weights, inputs, Tensors.of(device, classes, batch));
            Map<String, Tensor> values = new HashMap<>(weights.views());
            values.putAll(weights.state());
            values.put("image", inputs);
            UnaryOperator<Tensor> graphwise = x -> program.run(values, Mode.TRAINING).get("logits");
            UnaryOperator<Tensor> direct = name.equals("resnet20") ? bench::resnet20 : bench::lenet300;
            List<Cost> graphCosts = new ArrayList<>();
            List<Cost> directCosts = new ArrayList<>();
            for (int i = -WARM_UP; i < steps; i++) {
                // Alternating who goes first: the second finds warmer caches.
                Cost first = bench.step(i % 2 == 0 ? graphwise : direct);
                Cost second = bench.step(i % 2 == 0 ? direct : graphwise);
                if (i >= 0) {
                    graphCosts.add(i % 2 == 0 ? first : second);
                    directCosts.add(i % 2 == 0 ? second : first);
                }
            }
            print(name + ", batch " + batch + ", " + Natives.threads() + " threads, elapsed", graphCosts, directCosts,
                    Cost::elapsed);
            if (Natives.threads() == 1) {
                // On a busy machine the time this thread computed says more than the time that passed.
                print(name + ", batch " + batch + ", 1 thread, computing", graphCosts, directCosts, Cost::computing);
            }
        }
    }

    private static void print(String what, List<Cost> graphwise, List<Cost> direct, ToDoubleFunction<Cost> time) {
        double[] a = graphwise.stream().mapToDouble(time).toArray();
        double[] b = direct.stream().mapToDouble(time).toArray();
        double[] ratios = new double[a.length];
        Arrays.setAll(ratios, i -> a[i] / b[i]);
        System.out.printf(Locale.ROOT,
                "%s: through the Graph %.3f ms, direct %.3f ms, ratio %.3f (median of pairs %.3f)%n", what,
                median(a), median(b), median(a) / median(b), median(ratios));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** One step of plain SGD. */
    private Cost step(UnaryOperator<Tensor> network) {
        long computed = THREADS.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        try (PointerScope scope = new PointerScope()) {
            weights.zeroGradients();
            torch.cross_entropy_loss(network.apply(inputs), targets).backward();
            weights.values().add_(weights.gradients(), minusRate);
            weights.device().synchronize();
        }
        return new Cost((System.nanoTime() - start) / 1e6, (THREADS.getCurrentThreadCpuTime() - computed) / 1e6);
    }

    private Tensor weight(String name) {
        Tensor weight = weights.views().get(name);
        if (weight == null) {
            throw new IllegalStateException("the model has no parameter " + name);
        }
        return weight;
    }

    private Tensor lenet300(Tensor x) {
        Tensor h = torch.relu(torch.linear(x.flatten(1, -1), weight("fc1.weight"), weight("fc1.bias")));
        h = torch.relu(torch.linear(h, weight("fc2.weight"), weight("fc2.bias")));
        return torch.linear(h, weight("fc3.weight"), weight("fc3.bias"));
    }

    private Tensor conv(Tensor x, String name, long[] stride, long[] padding) {
        return torch.conv2d(x, weight(name), nothing, stride, padding, ONE, 1);
    }

    private Tensor norm(Tensor x, String name) {
        return torch.batch_norm(x, new TensorOptional(weight(name + ".weight")), new TensorOptional(shift(name)),
                new TensorOptional(weights.state().get(name + ".running_mean")),
                new TensorOptional(weights.state().get(name + ".running_var")), true, 0.1, 1e-5, true);
    }

    /** Equal shifts are stored once in the file. */
    private Tensor shift(String name) {
        return weight(
                weights.views().containsKey(name + ".bias") ? name + ".bias" : name.replace("sc.1", "b2") + ".bias");
    }

    private Tensor resnet20(Tensor image) {
        Tensor x = torch.relu(norm(conv(image, "c.weight", ONE, ONE), "b"));
        for (int block = 0; block < 9; block++) {
            String at = "l." + block + ".";
            boolean narrowing = block == 3 || block == 6;
            Tensor h = torch.relu(norm(conv(x, at + "c1.weight", narrowing ? TWO : ONE, ONE), at + "b1"));
            h = norm(conv(h, at + "c2.weight", ONE, ONE), at + "b2");
            Tensor shortcut = narrowing ? norm(conv(x, at + "sc.0.weight", TWO, NONE), at + "sc.1") : x;
            x = torch.relu(h.add(shortcut));
        }
        Tensor pooled = x.mean(new long[] {2, 3}, false, new ScalarTypeOptional());
        return torch.linear(pooled, weight("fc.weight"), weight("fc.bias"));
    }
}
