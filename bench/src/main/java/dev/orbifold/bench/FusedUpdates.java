package dev.orbifold.bench;

import dev.orbifold.constraint.Elementwise;
import dev.orbifold.constraint.Reparametrization;
import dev.orbifold.constraint.Start;
import dev.orbifold.constraint.Whole;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * What one step of the optimizer costs, with nothing else in it: SGD with momentum on n plain weights, the fused update of
 * D factors of each, and both written in C ({@code peers/fused.c}), on the same ranges and threads. {@code bench/fused}
 * runs it and prints the table.
 */
@BenchmarkMode(Mode.SampleTime) @OutputTimeUnit(TimeUnit.MICROSECONDS) @Warmup(iterations = 2,
        time = 1) @Measurement(iterations = 3, time = 1) @Fork(1)
public class FusedUpdates {
    /** So small that hours of steps leave the numbers as they are. */
    private static final float RATE = 1e-9f;
    private static final float MOMENTUM = 0.9f;
    private static final double LAMBDA = 1e-4;
    /** Below this a factor counts as 0 when all of its weight's do; about what the product uses. */
    private static final float ZERO = 1e-6f;

    /** How many weights, and how many threads. */
    @State(Scope.Benchmark) @SuppressWarnings("NullAway.Init") // JMH calls what is marked as set-up before anything else
    public static class Size {
        @Param({"1000000", "30000000"}) public int n;
        @Param({"1", "2"}) public int threads;

        PointerScope scope;
        Tensor weights;
        Tensor gradients;

        /** Draws weights and gradients. */
        @Setup(Level.Trial)
        public void draw() {
            Natives.threads(threads);
            scope = new PointerScope();
            torch.manual_seed(0);
            weights = torch.randn(n).mul_(new Scalar(0.05));
            gradients = torch.randn(n).mul_(new Scalar(0.01));
        }

        /** Frees everything of this size. */
        @TearDown(Level.Trial)
        public void free() {
            scope.close();
        }
    }

    /** Plain weights under the engine's optimizer. */
    @State(Scope.Benchmark) @SuppressWarnings("NullAway.Init") // JMH calls what is marked as set-up before anything else
    public static class Plain {
        private Optimizer optimizer;

        /** Makes the optimizer. */
        @Setup(Level.Trial)
        public void make(Size size) {
            optimizer = Optimizer.over(new Optimizer.Kind.Sgd(MOMENTUM, false, LAMBDA), size.weights, size.gradients,
                    Device.cpu(), List.of(new Optimizer.Stretch(0, size.n, LAMBDA)));
        }
    }

    /** D factors of every weight. */
    @State(Scope.Benchmark) @SuppressWarnings("NullAway.Init") // JMH calls what is marked as set-up before anything else
    public static class Factors {
        @Param({"2", "3"}) public int depth;

        private Reparametrization form;
        private MemorySegment weights;
        private MemorySegment gradients;

        /** Factors the weights. */
        @Setup(Level.Trial)
        public void make(Size size) {
            form = new Reparametrization(new Whole(size.n), new Elementwise(depth, size.n), size.weights,
                    new Optimizer.Kind.Sgd(MOMENTUM, false, 0), false, LAMBDA,
                    new Start.Balanced(), new Seed(0), Device.cpu());
            weights = Tensors.segment(size.weights);
            gradients = Tensors.segment(size.gradients);
        }
    }

    /** The memory that C works on, laid out like that of the others. */
    @State(Scope.Benchmark) @SuppressWarnings("NullAway.Init") // JMH calls what is marked as set-up before anything else
    public static class Peer {
        private FusedPeer peer;
        private Tensor values;
        private Tensor momenta;

        /** Opens the library and lays out memory. */
        @Setup(Level.Trial)
        public void make(Size size) {
            peer = FusedPeer.open();
            values = size.weights;
            momenta = torch.zeros_like(size.weights);
        }
    }

    /** The factors that C works on. */
    @State(Scope.Benchmark) @SuppressWarnings("NullAway.Init") // JMH calls what is marked as set-up before anything else
    public static class PeerFactors {
        @Param({"2", "3"}) public int depth;

        private FusedPeer peer;
        private Tensor factors;
        private Tensor momenta;
        private long stride;

        /** Opens the library and factors the weights. */
        @Setup(Level.Trial)
        public void make(Size size) {
            peer = FusedPeer.open();
            Elementwise layout = new Elementwise(depth, size.n);
            factors = torch.zeros(layout.factors());
            momenta = torch.zeros_like(factors);
            stride = layout.factors() / depth;
            layout.balance(size.weights, factors);
        }
    }

    /** The engine's plain step. */
    @Benchmark
    public void plain(Size size, Plain plain) {
        plain.optimizer.scaled(RATE, 1);
    }

    /** The fused step. */
    @Benchmark
    public void fused(Size size, Factors factors) {
        factors.form.step(factors.gradients, factors.weights, RATE, 1);
    }

    /** The plain step in C. */
    @Benchmark
    public void plainInC(Size size, Peer peer) {
        peer.peer.plain(size.n, Tensors.segment(peer.values), Tensors.segment(size.gradients),
                Tensors.segment(peer.momenta), RATE, MOMENTUM, (float) LAMBDA);
    }

    /** The fused step in C. */
    @Benchmark
    public void fusedInC(Size size, PeerFactors peer) {
        peer.peer.fused(peer.depth, size.n, Tensors.segment(size.gradients), Tensors.segment(size.weights),
                Tensors.segment(peer.factors), Tensors.segment(peer.momenta), peer.stride, RATE, MOMENTUM,
                (float) (2 * LAMBDA / peer.depth), ZERO);
    }

    /**
     * Runs all of it, in rounds, so that what else the machine does falls on everyone alike, and prints the table.
     *
     * @param arguments the number of rounds; then the n, and then the threads, to which to limit it
     */
    public static void main(String[] arguments) throws RunnerException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        String[] sizes = arguments.length > 1 ? arguments[1].split(",") : new String[] {"1000000", "30000000"};
        String[] threads = arguments.length > 2 ? arguments[2].split(",") : new String[] {"1", "2"};
        Map<String, List<Double>> times = new HashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (String n : sizes) {
                for (String t : threads) {
                    for (String method : List.of("plain", "plainInC")) {
                        measure(method, new String[] {"2"}, n, t, times);
                    }
                    for (String method : List.of("fused", "fusedInC")) {
                        measure(method, new String[] {"2", "3"}, n, t, times);
                    }
                }
            }
        }
        System.out.printf("%9s %7s %2s %10s %10s %11s %10s %13s %13s%n", "n", "threads", "D", "plain us", "fused us",
                "fused/plain", "C fused us", "C fused/plain", "speed, of C's");
        for (String n : sizes) {
            for (String t : threads) {
                double plain = median(times, key("plain", n, t, ""));
                double plainInC = median(times, key("plainInC", n, t, ""));
                for (String depth : List.of("2", "3")) {
                    double fused = median(times, key("fused", n, t, depth));
                    double inC = median(times, key("fusedInC", n, t, depth));
                    System.out.printf(Locale.ROOT, "%9s %7s %2s %10.0f %10.0f %11.2f %10.0f %13.2f %13.2f%n", n, t,
                            depth, plain, fused, fused / plain, inC, inC / plainInC, inC / fused);
                }
            }
        }
    }

    private static void measure(String method, String[] depths, String n, String threads,
            Map<String, List<Double>> times) throws RunnerException {
        boolean deep = method.startsWith("fused");
        OptionsBuilder options = new OptionsBuilder();
        options.include(FusedUpdates.class.getName() + "\\." + method + "$").param("n", n).param("threads", threads)
                .verbosity(VerboseMode.SILENT);
        if (deep) {
            options.param("depth", depths);
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        for (RunResult result : results) {
            String key = key(method, n, threads, deep ? result.getParams().getParam("depth") : "");
            double time = result.getPrimaryResult().getStatistics().getPercentile(50);
            times.computeIfAbsent(key, k -> new ArrayList<>()).add(time);
            System.err.printf(Locale.ROOT, "%s: %.0f us%n", key, time);
        }
    }

    private static String key(String method, String n, String threads, String depth) {
        return String.join(" ", method, n, threads, depth).strip();
    }

    private static double median(Map<String, List<Double>> times, String key) {
        double[] sorted = times.getOrDefault(key, List.of()).stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }
}
