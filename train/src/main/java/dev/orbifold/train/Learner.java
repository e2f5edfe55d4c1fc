package dev.orbifold.train;

import dev.orbifold.constraint.Constrained;
import dev.orbifold.constraint.Ham;
import dev.orbifold.constraint.Reparametrization;
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
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Symmetries;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A Graph in training under the constraints of a recipe. */
final class Learner implements AutoCloseable {
    private static final int BATCH = 256;

    /**
     * What one step showed.
     *
     * @param loss of the batch, without penalties
     * @param accuracy of the batch in percent, NaN for a regression
     */
    record Step(double loss, double accuracy) {
    }

    private final Graph graph;
    private final Symmetries symmetries;
    private final Recipe recipe;
    private final Objective objective;
    private final Precision precision;
    /** Of what a variational network is fed. */
    private final Seed noise;
    private final PointerScope scope;
    private final Program program;
    private final FlatWeights weights;
    private final Placement placement;
    private final Constrained constrained;
    private final Optional<Ham> ham;
    private final Preventing preventing;

    /**
     * Puts a Graph under constraints.
     *
     * @param steps of the whole training, which goals are laid out over
     */
    Learner(Graph graph, Recipe recipe, Objective objective, Precision precision, Device device, long steps) {
        this.graph = graph;
        this.recipe = recipe;
        this.objective = objective;
        this.precision = precision;
        this.noise = new Seed(recipe.seed()).split("noise");
        this.scope = new PointerScope().extend();
        try {
            this.program = Program.compile(graph, device);
            this.weights = FlatWeights.of(graph, program.trainable(), program.state(), device);
            this.symmetries = Symmetries.of(graph);
            this.placement = new Placement(graph, recipe, program, weights, symmetries, steps);
            this.preventing = new Preventing(graph, symmetries, recipe, weights, placement.taken(), device);
            this.constrained = new Constrained(weights, recipe.optimizer(),
                    placement.held().stream().map(Placement.Held::term).toList(), preventing.centre());
            placement.pair(constrained.optimizer());
            this.ham = recipe.ham().map(h -> new Ham(weights, h.alpha(), h.beta()));
            preventing.start();
        } finally {
            scope.close();
        }
    }

    Graph graph() {
        return graph;
    }

    /** The symmetries that keep units apart, at the weights that training starts from. */
    Symmetries symmetries() {
        return symmetries;
    }

    Placement placement() {
        return placement;
    }

    Constrained constrained() {
        return constrained;
    }

    Preventing preventing() {
        return preventing;
    }

    /**
     * One step of training.
     *
     * @param number of the step, from 0
     * @param progress how much of training is done, 0 to 1
     */
    Step step(Batch batch, long number, double progress) {
        double rate = recipe.rate().at(progress);
        for (Placement.Held h : placement.held()) {
            h.term().form().lambda(h.lambda(progress));
        }
        Step seen;
        try (PointerScope inner = new PointerScope()) {
            Map<String, Tensor> values = values();
            objective.feed(values, batch.inputs(), noise.split(number));
            Map<String, Tensor> outputs;
            try (Precision.Scope cast = Student.scope(precision, program.device())) {
                outputs = program.run(values, Mode.TRAINING);
            }
            Tensor loss = objective.loss(outputs, batch.targets());
            weights.zeroGradients();
            loss.backward();
            for (Placement.Paired p : placement.pairs()) {
                if (!Placement.steered(p.asked())) {
                    p.rank().pull(p.asked().lambda().at(progress));
                }
            }
            for (Placement.Rivalled r : placement.rivals()) {
                r.cells().pull(number, r.asked().lambda().at(progress));
            }
            seen = new Step(loss.item_double(), objective.accuracy(objective.answer(outputs), batch.targets()));
        }
        constrained.step(rate, preventing.gradients(number, recipe.clip()));
        ham.ifPresent(h -> h.after(rate));
        placement.rivals().forEach(r -> r.cells().after(number, lasting(rate), r.asked().lambda().at(progress)));
        try (PointerScope inner = new PointerScope()) {
            placement.held().forEach(h -> h.raised()
                    .ifPresent(r -> r.after(number, seen.loss(), seen.accuracy(), h.term().form())));
        }
        preventing.after();
        boolean pushed = false;
        for (Placement.Steering one : placement.steering()) {
            pushed |= one.aim().after(number);
        }
        for (Placement.Held h : placement.held()) {
            if (h.release() == number) {
                h.term().form().release();
                pushed = true;
            }
        }
        if (pushed) {
            constrained.write();
        }
        return seen;
    }

    /** How far a constant gradient of 1 moves a weight per step in the long run. */
    private double lasting(double rate) {
        return recipe.optimizer() instanceof Optimizer.Kind.Sgd sgd ? rate / (1 - sgd.momentum()) : rate;
    }

    /** Weights and running statistics by name, as they are. */
    Map<String, Tensor> values() {
        Map<String, Tensor> values = new HashMap<>(weights.views());
        values.putAll(weights.state());
        return values;
    }

    /**
     * What happens at the end of every epoch: zeros become exact, Sign-In starts its factors anew, and what is to be removed
     * is.
     *
     * @param epoch its number, from 1
     * @param part the training data
     * @return what was done to units and weights, one sentence each
     */
    List<String> epochEnds(long epoch, Part part) {
        for (Placement.Held h : placement.held()) {
            if (h.asked().signIn() > 0 && epoch % h.asked().signIn() == 0) {
                h.term().form().shift(1);
            }
        }
        constrained.snap();
        placement.pairs().stream().filter(p -> !Placement.steered(p.asked())).forEach(p -> {
            p.rank().align();
            p.rank().snap();
        });
        return preventing.epochEnds(epoch, objective.input().name(), values(), part,
                constrained.optimizer().moments());
    }

    /** Evaluates the network with its present weights. */
    Objective.Seen evaluate(Part part) {
        try (PointerScope inner = new PointerScope(); NoGradGuard guard = new NoGradGuard();
                Loader loader = Loader.evaluation(part, BATCH, program.device())) {
            return objective.evaluate(program, values(), loader);
        }
    }

    /**
     * The singular values of what the network says, centred, falling; targets of one item laid out as one row.
     *
     * @param part what it is asked about, all of it
     */
    double[] spectrum(Part part) {
        try (PointerScope inner = new PointerScope(); NoGradGuard guard = new NoGradGuard();
                Loader loader = Loader.evaluation(part, part.size(), program.device())) {
            Map<String, Tensor> values = values();
            objective.feed(values, loader.epoch(0).next().inputs(), noise);
            Tensor said = objective.answer(program.run(values, Mode.EVALUATION)).reshape(part.size(), -1)
                    .to(ScalarType.Double);
            Tensor singular = torch.linalg_svdvals(said.sub(said.mean(0))).cpu();
            double[] spectrum = new double[(int) singular.numel()];
            for (int i = 0; i < spectrum.length; i++) {
                spectrum[i] = singular.get(i).item_double();
            }
            return spectrum;
        }
    }

    /** Leaves the gradient of the mean loss over a whole part in the flat weights; norms use what they have learnt. */
    void gradients(Part part) {
        weights.zeroGradients();
        long targets = 0;
        try (Loader loader = Loader.evaluation(part, BATCH, program.device())) {
            for (Batch batch : loader.epoch(0)) {
                try (PointerScope inner = new PointerScope()) {
                    Map<String, Tensor> values = values();
                    objective.feed(values, batch.inputs(), noise.split(targets));
                    long own = batch.targets().numel();
                    objective.loss(program.run(values, Mode.EVALUATION), batch.targets())
                            .mul(new org.bytedeco.pytorch.Scalar((double) own)).backward();
                    targets += own;
                }
            }
        }
        try (PointerScope inner = new PointerScope()) {
            weights.gradients().div_(new org.bytedeco.pytorch.Scalar((double) targets));
        }
    }

    /** The share of cells that are exactly zero, by constraint. */
    Map<String, Double> zeros() {
        Map<String, Double> zeros = new LinkedHashMap<>();
        try (PointerScope inner = new PointerScope()) {
            for (Placement.Held h : placement.held()) {
                Reparametrization form = h.term().form();
                zeros.put(h.term().name(), form.closed() / (double) form.cells());
            }
            placement.pairs().forEach(p -> zeros.put(p.name(), p.rank().closed() / (double) p.rank().cells()));
            placement.rivals().forEach(r -> zeros.put(r.name(), r.cells().closed() / (double) r.cells().cells()));
        }
        return zeros;
    }

    /** λ as it has been raised, by constraint; of those that have a budget. */
    Map<String, Double> raised() {
        Map<String, Double> raised = new LinkedHashMap<>();
        placement.held().forEach(h -> h.raised().ifPresent(r -> raised.put(h.term().name(), r.lambda())));
        return raised;
    }

    /** The plain weights, zeros and ties exact. */
    Graph folded() {
        constrained.snap();
        placement.held().forEach(h -> h.term().form().settle());
        return weights.writeBack(graph);
    }

    /** The bytes a checkpoint needs, by section name. */
    Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>(weights.sections());
        sections.putAll(constrained.sections());
        placement.steering()
                .forEach(one -> sections.put("aim/" + one.name(), MemorySegment.ofArray(one.aim().state())));
        placement.rivals().forEach(r -> sections.put("cut/" + r.name(), MemorySegment.ofArray(r.cells().state())));
        placement.held().forEach(h -> h.raised()
                .ifPresent(r -> sections.put("lambda/" + h.term().name(), MemorySegment.ofArray(r.state()))));
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit. */
    void restore(Function<String, MemorySegment> sections, long steps) {
        weights.restore(sections);
        placement.held().stream().filter(h -> h.release() < steps).forEach(h -> h.term().form().release());
        constrained.restore(sections, steps);
        placement.steering().forEach(one -> one.aim()
                .restore(sections.apply("aim/" + one.name()).toArray(ValueLayout.JAVA_BYTE)));
        placement.rivals()
                .forEach(r -> r.cells().restore(sections.apply("cut/" + r.name()).toArray(ValueLayout.JAVA_BYTE)));
        placement.held().forEach(h -> h.raised().ifPresent(
                r -> r.restore(sections.apply("lambda/" + h.term().name()).toArray(ValueLayout.JAVA_BYTE))));
    }

    FlatWeights weights() {
        return weights;
    }

    @Override
    public void close() {
        placement.close();
        constrained.close();
        preventing.close();
        weights.close();
        program.close();
        scope.deallocate();
    }
}
