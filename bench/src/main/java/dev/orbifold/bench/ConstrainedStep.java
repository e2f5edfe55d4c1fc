package dev.orbifold.bench;

import dev.orbifold.constraint.Condition;
import dev.orbifold.constraint.Constrained;
import dev.orbifold.constraint.Constraint;
import dev.orbifold.constraint.Forms;
import dev.orbifold.constraint.Reparametrization;
import dev.orbifold.constraint.Start;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Symmetries;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Whole training steps: plain, and with every weight of rank 2 and more a product of two or of three factors. Random images,
 * cross-entropy, SGD with momentum. The three take turns, a few steps each; the first two of a turn do not count, because
 * they find the caches full of the others' weights. Prints one line {@code step <plain|2|3> <milliseconds>} for each step that
 * counts. {@code bench/peers/constrained} runs it next to PyTorch.
 */
public final class ConstrainedStep {
    private static final double RATE = 1e-4;
    private static final double MOMENTUM = 0.9;
    private static final double LAMBDA = 1e-4;
    private static final int CLASSES = 10;
    private static final int PASSED_OVER = 2;

    private final Program program;
    private final String output;
    private final Tensor targets;
    private final FlatWeights weights;
    private final Map<String, Tensor> values = new HashMap<>();
    private final Loss loss = new Loss.CrossEntropy(0);
    private final DoubleConsumer update;

    private ConstrainedStep(Graph graph, Program program, int depth, Tensor inputs, Tensor targets) {
        this.program = program;
        this.output = graph.outputs().getFirst().name();
        this.targets = targets;
        this.weights = FlatWeights.of(graph, program.trainable(), program.state(), program.device());
        values.putAll(weights.views());
        values.putAll(weights.state());
        values.put(graph.inputs().getFirst().name(), inputs);
        Optimizer.Kind kind = new Optimizer.Kind.Sgd(MOMENTUM, false, 0);
        if (depth == 1) {
            update = Optimizer.of(kind, weights)::step;
        } else {
            Constrained constrained = new Constrained(weights, kind, terms(graph, depth, kind));
            update = rate -> constrained.step(rate, Double.POSITIVE_INFINITY);
        }
    }

    private List<Constrained.Term> terms(Graph graph, int depth, Optimizer.Kind kind) {
        Forms forms = new Forms(Symmetries.of(graph), program.trainable(), torch.ScalarType.Float, program.device());
        Constraint sparse = new Constraint("sparse", List.of("*"), new Condition.Elements(), depth, LAMBDA,
                Optional.empty(), new Start.Balanced());
        List<Constrained.Term> terms = new ArrayList<>();
        for (Forms.Form form : forms.of(sparse)) {
            Tensor entries = Objects.requireNonNull(weights.views().get(form.parameters().getFirst()));
            terms.add(new Constrained.Term(form.name(), form.parameters(), new Reparametrization(form.chart(),
                    form.scheme(), entries.detach().reshape(-1), kind, true, LAMBDA, sparse.start(), new Seed(0),
                    program.device())));
        }
        return terms;
    }

    /** Milliseconds of one step. */
    private double step() {
        long start = System.nanoTime();
        try (PointerScope scope = new PointerScope()) {
            weights.zeroGradients();
            Tensor outputs = Objects.requireNonNull(program.run(values, Mode.TRAINING).get(output), output);
            loss.of(outputs, targets).backward();
        }
        update.accept(RATE);
        return (System.nanoTime() - start) / 1e6;
    }

    /**
     * Runs.
     *
     * @param arguments model, turns, steps that count in each, batch, threads
     */
    public static void main(String[] arguments) {
        if (arguments.length != 5) {
            System.err.println("expected MODEL TURNS STEPS BATCH THREADS, found " + arguments.length + " arguments");
            System.exit(2);
        }
        Graph graph = OnnxFile.read(Path.of(arguments[0]));
        int turns = Integer.parseInt(arguments[1]);
        int steps = Integer.parseInt(arguments[2]);
        int batch = Integer.parseInt(arguments[3]);
        Natives.threads(Integer.parseInt(arguments[4]));
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            torch.manual_seed(0);
            Tensor inputs = torch.randn(graph.inputs().getFirst().shape().orElseThrow().sizes(batch));
            long[] classes = new long[batch];
            Arrays.setAll(classes, i -> i % CLASSES);
            Tensor targets = Tensors.of(Device.cpu(), classes, batch);
            List<ConstrainedStep> benches = new ArrayList<>();
            for (int depth = 1; depth <= 3; depth++) {
                benches.add(new ConstrainedStep(graph, program, depth, inputs, targets));
            }
            // The first turn warms up.
            for (int turn = 0; turn <= turns; turn++) {
                for (int depth = 1; depth <= benches.size(); depth++) {
                    for (int i = -PASSED_OVER; i < steps; i++) {
                        double time = benches.get(depth - 1).step();
                        if (turn > 0 && i >= 0) {
                            System.out.printf(Locale.ROOT, "step %s %.4f%n", depth == 1 ? "plain" : depth, time);
                        }
                    }
                }
            }
        }
    }
}
