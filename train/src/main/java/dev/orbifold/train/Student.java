package dev.orbifold.train;

import dev.orbifold.constraint.GateLayout;
import dev.orbifold.constraint.Gates;
import dev.orbifold.constraint.Gating;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Graph;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** A Graph being trained: its Program, its weights in one flat buffer, the optimizer's state, and its gates if any. */
final class Student implements AutoCloseable {
    private static final int BATCH = 256;

    /**
     * What one step showed.
     *
     * @param loss of the batch
     * @param accuracy of the batch in percent, NaN for a regression
     * @param gateGradient ∂L/∂p per gate; empty where nothing is gated
     */
    record Step(double loss, double accuracy, float[] gateGradient) {
    }

    /**
     * How gates act in one step.
     *
     * @param gates the gates
     * @param coupled wd per unit that is part of the gradient of ω; empty for none
     * @param factors what each unit's ω is multiplied with after the step; empty for none
     */
    record Push(Gates gates, double[] coupled, double[] factors) {
    }

    private final Graph graph;
    private final Program program;
    private final FlatWeights weights;
    private final Optimizer optimizer;
    private final Objective objective;
    private final Precision precision;
    private final Optional<Gating> gating;

    Student(Graph graph, Device device, Objective objective, Optimizer.Kind kind, Precision precision,
            Optional<GateLayout> layout) {
        this.graph = graph;
        this.objective = objective;
        this.precision = precision;
        this.program = Program.compile(graph, device);
        this.weights = FlatWeights.of(graph, program.trainable(), program.state(), device);
        this.optimizer = Optimizer.of(kind, weights);
        this.gating = layout.filter(l -> l.size() > 0).map(l -> new Gating(l, weights.views()));
    }

    Graph graph() {
        return graph;
    }

    FlatWeights weights() {
        return weights;
    }

    Optimizer optimizer() {
        return optimizer;
    }

    /**
     * One step of training.
     *
     * @param answers the original model's answers to the batch, if they are used
     * @param push how gates act; empty where nothing is gated
     * @param rate the learning rate
     * @param norm the longest gradient let through
     */
    Step step(Batch batch, Optional<Tensor> answers, Optional<Push> push, double rate, double norm) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> values = new HashMap<>(weights.views());
            values.putAll(weights.state());
            values.put(objective.input().name(), batch.inputs());
            boolean gated = gating.isPresent() && push.isPresent();
            if (gated) {
                values.putAll(gating.get().effective(weights.views(), push.get().gates().products()));
            }
            Tensor output;
            try (Precision.Scope cast = scope(precision, program.device())) {
                output = objective.answer(program.run(values, Mode.TRAINING));
            }
            Tensor loss = objective.loss(output, batch.targets(), answers);
            weights.zeroGradients();
            loss.backward();
            float[] gradient = new float[0];
            if (gated) {
                gradient = gating.get().gradient();
                if (push.get().coupled().length > 0) {
                    gating.get().addDecay(weights.views(), push.get().coupled());
                }
            }
            optimizer.step(rate, norm);
            if (gated && push.get().factors().length > 0) {
                gating.get().scale(weights.views(), push.get().factors());
            }
            return new Step(loss.item_double(), objective.accuracy(output, batch.targets()), gradient);
        }
    }

    /** AUTO leaves the caller's precision as it is. */
    static Precision.Scope scope(Precision precision, Device device) {
        return precision == Precision.AUTO ? () -> {
        } : precision.open(device);
    }

    /** Evaluates the network with its present weights and gates. */
    Objective.Seen evaluate(Part part, Optional<Gates> gates) {
        try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard();
                Loader loader = Loader.evaluation(part, BATCH, program.device())) {
            Map<String, Tensor> values = new HashMap<>(weights.views());
            values.putAll(weights.state());
            if (gating.isPresent() && gates.isPresent()) {
                values.putAll(gating.get().effective(weights.views(), gates.get().products()));
            }
            return objective.evaluate(program, values, loader);
        }
    }

    @Override
    public void close() {
        gating.ifPresent(Gating::close);
        optimizer.close();
        weights.close();
        program.close();
    }
}
