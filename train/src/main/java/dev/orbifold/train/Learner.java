package dev.orbifold.train;

import dev.orbifold.constraint.Aim;
import dev.orbifold.constraint.Constrained;
import dev.orbifold.constraint.ConstraintException;
import dev.orbifold.constraint.Forms;
import dev.orbifold.constraint.Ham;
import dev.orbifold.constraint.PairRank;
import dev.orbifold.constraint.PilotSchedule;
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
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Symmetries;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A Graph in training under the constraints of a recipe. */
final class Learner implements AutoCloseable {
    private static final int BATCH = 256;

    /**
     * One constraint as it is trained.
     *
     * @param asked what the recipe says
     * @param form how it is factored
     * @param term it, in its place
     * @param aim what steers it, if a goal does
     * @param raised what raises its λ, if it has a budget
     */
    record Held(Recipe.Asked asked, Forms.Form form, Constrained.Term term, Optional<Aim> aim,
            Optional<PilotSchedule> raised) {
        double lambda(double progress) {
            return raised.map(PilotSchedule::lambda).orElseGet(() -> asked.lambda().at(progress));
        }
    }

    /**
     * The rank of a product of the network's own, as it is pushed.
     *
     * @param asked what the recipe says
     * @param rank the Space
     * @param aim what steers it, if a goal does
     */
    record Paired(Recipe.Asked asked, PairRank rank, Optional<Aim> aim) {
        String name() {
            return asked.constraint().name() + "/" + rank.space().name();
        }
    }

    /**
     * What one step showed.
     *
     * @param loss of the batch, without penalties
     * @param accuracy of the batch in percent, NaN for a regression
     */
    record Step(double loss, double accuracy) {
    }

    private final Graph graph;
    private final Recipe recipe;
    private final Objective objective;
    private final Precision precision;
    private final PointerScope scope;
    private final Program program;
    private final FlatWeights weights;
    private final Constrained constrained;
    private final Optional<Ham> ham;
    private final List<Held> held = new ArrayList<>();
    private final List<Paired> pairs = new ArrayList<>();

    /**
     * Puts a Graph under constraints.
     *
     * @param steps of the whole training, which goals are laid out over
     * @param perEpoch steps in an epoch
     */
    Learner(Graph graph, Recipe recipe, Objective objective, Precision precision, Device device, long steps) {
        this.graph = graph;
        this.recipe = recipe;
        this.objective = objective;
        this.precision = precision;
        this.scope = new PointerScope().extend();
        try {
            this.program = Program.compile(graph, device);
            this.weights = FlatWeights.of(graph, program.trainable(), program.state(), device);
            Forms forms = new Forms(Symmetries.of(graph), program.trainable(), ScalarType.Float, device);
            for (Recipe.Asked asked : recipe.constraints()) {
                for (Forms.Form form : forms.of(asked.constraint())) {
                    Reparametrization how = reparametrized(asked, form, device);
                    held.add(new Held(asked, form, new Constrained.Term(form.name(), form.parameters(), how),
                            asked.constraint().goal()
                                    .map(g -> new Aim(goal(asked, form.among(), g, steps), how, device)),
                            asked.lambda().budget()
                                    .map(b -> new PilotSchedule(b, asked.lambda().from(), steps, how.sizes()))));
                }
            }
            this.constrained = new Constrained(weights, recipe.optimizer(), held.stream().map(Held::term).toList());
            for (Recipe.Asked asked : recipe.constraints()) {
                forms.pairs(asked.constraint()).forEach(space -> pairs.add(paired(asked, space, device, steps)));
            }
            this.ham = recipe.ham().map(h -> new Ham(weights, h.alpha(), h.beta()));
        } finally {
            scope.close();
        }
    }

    private Reparametrization reparametrized(Recipe.Asked asked, Forms.Form form, Device device) {
        try (PointerScope inner = new PointerScope()) {
            long sharing = held.stream().filter(h -> h.form().parameters().equals(form.parameters())).count();
            Tensor entries = concatenated(form.parameters());
            // Of several constraints on one Parameter the first starts with what is there, the others with a small part of it.
            Tensor start = sharing == 0 ? entries : entries.mul(new org.bytedeco.pytorch.Scalar(0.1));
            return new Reparametrization(form.chart(), form.scheme(), start, recipe.optimizer(), true,
                    asked.constraint().lambda(), asked.constraint().start(),
                    new Seed(recipe.seed()).split("factors").split(form.name()), device);
        } catch (ConstraintException e) {
            throw new ConstraintException("constraint " + asked.constraint().name() + ": " + e.getMessage());
        }
    }

    private Tensor concatenated(List<String> parameters) {
        Tensor[] parts = parameters.stream().map(p -> {
            Tensor view = weights.views().get(p);
            if (view == null) {
                throw new TrainException("parameter " + p + " is not trained");
            }
            return view.detach().reshape(-1);
        }).toArray(Tensor[]::new);
        return parts.length == 1 ? parts[0]
                : org.bytedeco.pytorch.global.torch.cat(new org.bytedeco.pytorch.TensorVector(parts), 0);
    }

    private Paired paired(Recipe.Asked asked, LinearSpace space, Device device, long steps) {
        // Adam's squares know no direction; they cannot turn.
        PairRank rank = new PairRank(space, weights, constrained.optimizer().moments().subList(0, 1));
        for (String parameter : rank.parameters()) {
            if (held.stream().anyMatch(h -> h.form().parameters().contains(parameter))) {
                throw new ConstraintException("constraint " + asked.constraint().name()
                        + ": parameter " + parameter + " of Space " + space.name()
                        + " is under another constraint as well; they contradict");
            }
        }
        rank.balance();
        return new Paired(asked, rank, asked.constraint().goal()
                .map(g -> new Aim(goal(asked, space.dimension(), g, steps), rank, device)));
    }

    private static Aim.Goal goal(Recipe.Asked asked, int among, double share, long steps) {
        long end = Math.max(2, Math.round(asked.goalUntil() * steps));
        long push = Plan.pushSteps(steps);
        long chosen = Math.max(1, end - push);
        return new Aim.Goal(share, among, Math.min(chosen, steps / 30), chosen, end,
                (int) Math.clamp((end - chosen) / 2, 1, 20));
    }

    Graph graph() {
        return graph;
    }

    List<Held> held() {
        return held;
    }

    List<Paired> pairs() {
        return pairs;
    }

    Constrained constrained() {
        return constrained;
    }

    /**
     * One step of training.
     *
     * @param number of the step, from 0
     * @param progress how much of training is done, 0 to 1
     */
    Step step(Batch batch, long number, double progress) {
        double rate = recipe.rate().at(progress);
        for (Held h : held) {
            if (h.aim().isEmpty()) {
                h.term().form().lambda(h.lambda(progress));
            }
        }
        Step seen;
        try (PointerScope inner = new PointerScope()) {
            Map<String, Tensor> values = values();
            values.put(objective.input().name(), batch.inputs());
            Tensor output;
            try (Precision.Scope cast = Student.scope(precision, program.device())) {
                output = objective.answer(program.run(values, Mode.TRAINING));
            }
            Tensor loss = objective.loss(output, batch.targets(), Optional.empty());
            weights.zeroGradients();
            loss.backward();
            for (Paired p : pairs) {
                if (p.aim().isEmpty()) {
                    p.rank().pull(p.asked().lambda().at(progress));
                }
            }
            seen = new Step(loss.item_double(), objective.accuracy(output, batch.targets()));
        }
        constrained.step(rate, recipe.clip());
        ham.ifPresent(h -> h.after(rate));
        try (PointerScope inner = new PointerScope()) {
            held.forEach(h -> h.raised()
                    .ifPresent(r -> r.after(number, seen.loss(), seen.accuracy(), h.term().form())));
        }
        boolean pushed = false;
        for (Held h : held) {
            if (h.aim().isPresent() && h.aim().get().after(number)) {
                pushed = true;
            }
        }
        if (pushed) {
            constrained.write();
        }
        pairs.forEach(p -> p.aim().ifPresent(a -> a.after(number)));
        return seen;
    }

    private Map<String, Tensor> values() {
        Map<String, Tensor> values = new HashMap<>(weights.views());
        values.putAll(weights.state());
        return values;
    }

    /** What happens at the end of every epoch: zeros become exact, and Sign-In starts its factors anew. */
    void epochEnds(long epoch) {
        for (Held h : held) {
            if (h.asked().signIn() > 0 && epoch % h.asked().signIn() == 0) {
                h.term().form().shift(1);
            }
        }
        constrained.snap();
        pairs.stream().filter(p -> p.aim().isEmpty()).forEach(p -> {
            p.rank().align();
            p.rank().snap();
        });
    }

    /** Evaluates the network with its present weights. */
    Objective.Seen evaluate(Part part) {
        try (PointerScope inner = new PointerScope(); NoGradGuard guard = new NoGradGuard();
                Loader loader = Loader.evaluation(part, BATCH, program.device())) {
            return objective.evaluate(program, values(), loader);
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
                    values.put(objective.input().name(), batch.inputs());
                    Tensor output = objective.answer(program.run(values, Mode.EVALUATION));
                    long own = batch.targets().numel();
                    objective.loss(output, batch.targets(), Optional.empty())
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
            for (Held h : held) {
                Reparametrization form = h.term().form();
                zeros.put(h.term().name(), form.closed() / (double) form.cells());
            }
            pairs.forEach(p -> zeros.put(p.name(), p.rank().closed() / (double) p.rank().cells()));
        }
        return zeros;
    }

    /** λ as it has been raised, by constraint; of those that have a budget. */
    Map<String, Double> raised() {
        Map<String, Double> raised = new LinkedHashMap<>();
        held.forEach(h -> h.raised().ifPresent(r -> raised.put(h.term().name(), r.lambda())));
        return raised;
    }

    /** The plain weights, zeros and ties exact. */
    Graph folded() {
        constrained.snap();
        return weights.writeBack(graph);
    }

    /** The bytes a checkpoint needs, by section name. */
    Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>(weights.sections());
        sections.putAll(constrained.sections());
        for (Held h : held) {
            h.aim().ifPresent(a -> sections.put("aim/" + h.term().name(), MemorySegment.ofArray(a.state())));
            h.raised().ifPresent(r -> sections.put("lambda/" + h.term().name(), MemorySegment.ofArray(r.state())));
        }
        for (Paired p : pairs) {
            p.aim().ifPresent(a -> sections.put("aim/" + p.name(), MemorySegment.ofArray(a.state())));
        }
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit. */
    void restore(Function<String, MemorySegment> sections, long steps) {
        weights.restore(sections);
        constrained.restore(sections, steps);
        for (Held h : held) {
            h.aim().ifPresent(
                    a -> a.restore(sections.apply("aim/" + h.term().name()).toArray(ValueLayout.JAVA_BYTE)));
            h.raised().ifPresent(
                    r -> r.restore(sections.apply("lambda/" + h.term().name()).toArray(ValueLayout.JAVA_BYTE)));
        }
        for (Paired p : pairs) {
            p.aim().ifPresent(a -> a.restore(sections.apply("aim/" + p.name()).toArray(ValueLayout.JAVA_BYTE)));
        }
    }

    FlatWeights weights() {
        return weights;
    }

    @Override
    public void close() {
        pairs.forEach(p -> p.rank().close());
        constrained.close();
        weights.close();
        program.close();
        scope.deallocate();
    }
}
