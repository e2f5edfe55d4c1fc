package dev.orbifold.train;

import dev.orbifold.constraint.Aim;
import dev.orbifold.constraint.Condition;
import dev.orbifold.constraint.Constrained;
import dev.orbifold.constraint.ConstraintException;
import dev.orbifold.constraint.Forms;
import dev.orbifold.constraint.Ham;
import dev.orbifold.constraint.PairRank;
import dev.orbifold.constraint.PilotSchedule;
import dev.orbifold.constraint.Pruned;
import dev.orbifold.constraint.Reparametrization;
import dev.orbifold.constraint.Steerable;
import dev.orbifold.constraint.Together;
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
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
     * @param raised what raises its λ, if it has a budget
     * @param release the step after which its zeros are final: the goal's last, or the first without λ
     */
    record Held(Recipe.Asked asked, Forms.Form form, Constrained.Term term, Optional<PilotSchedule> raised,
            long release) {
        double lambda(double progress) {
            return raised.map(PilotSchedule::lambda).orElseGet(() -> asked.lambda().at(progress));
        }
    }

    /**
     * The rank of a product of the network's own, as it is pushed.
     *
     * @param asked what the recipe says
     * @param rank the Space
     */
    record Paired(Recipe.Asked asked, PairRank rank) {
        String name() {
            return asked.constraint().name() + "/" + rank.space().name();
        }
    }

    /**
     * Cells that are steered towards a goal.
     *
     * @param name in checkpoints
     * @param cells what is steered
     * @param aim what steers it
     */
    record Steering(String name, Steerable cells, Aim aim) {
        /**
         * @param competing numbers of consecutive cells that compete with each other; empty for all
         * @throws ConstraintException if the share takes no cell at all
         */
        static Steering of(Recipe.Asked asked, String name, List<Integer> competing, Steerable cells, long steps,
                Device device) {
            double share = asked.constraint().goal().orElseThrow();
            Aim aim = new Aim(goal(asked, competing, share, steps), cells, device);
            if (aim.least() < 1) {
                throw new ConstraintException("constraint " + asked.constraint().name() + ": a share of " + share
                        + " of " + (competing.isEmpty() ? cells.cells() : competing)
                        + " cells is none; ask for more zeros,"
                        + " or for finer cells");
            }
            return new Steering(name, cells, aim);
        }
    }

    /**
     * A constraint that is held without factors.
     *
     * @param asked what the recipe says
     * @param cells what goes to zero
     */
    record Rivalled(Recipe.Asked asked, Pruned cells) {
        String name() {
            return asked.constraint().name();
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
    private final Preventing preventing;
    private final List<Held> held = new ArrayList<>();
    private final List<Paired> pairs = new ArrayList<>();
    private final List<Rivalled> rivals = new ArrayList<>();
    private final List<Steering> steering = new ArrayList<>();

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
        this.scope = new PointerScope().extend();
        try {
            this.program = Program.compile(graph, device);
            this.weights = FlatWeights.of(graph, program.trainable(), program.state(), device);
            Symmetries symmetries = Symmetries.of(graph);
            Forms forms = new Forms(symmetries, program.trainable(), ScalarType.Float, device);
            for (Recipe.Asked asked : recipe.constraints()) {
                if (asked.rival().isPresent()) {
                    rivals.add(new Rivalled(asked, new Pruned(asked.rival().get(), graph, weights,
                            forms.of(asked.constraint()), cut(asked, steps), device)));
                    continue;
                }
                int before = held.size();
                for (Forms.Form form : forms.of(asked.constraint())) {
                    Reparametrization how = reparametrized(asked, form, device);
                    held.add(new Held(asked, form, new Constrained.Term(form.name(), form.parameters(), how),
                            asked.lambda().budget()
                                    .map(b -> new PilotSchedule(b, asked.lambda().from(), steps, how.sizes())),
                            release(asked, steps)));
                }
                steer(asked, held.subList(before, held.size()), steps, device);
            }
            this.preventing = new Preventing(graph, symmetries, recipe, weights, taken(forms), device);
            this.constrained = new Constrained(weights, recipe.optimizer(), held.stream().map(Held::term).toList(),
                    preventing.centre());
            for (Recipe.Asked asked : recipe.constraints()) {
                forms.pairs(asked.constraint()).forEach(space -> pairs.add(paired(asked, space, device, steps)));
            }
            apart();
            summable();
            this.ham = recipe.ham().map(h -> new Ham(weights, h.alpha(), h.beta()));
            preventing.start();
        } finally {
            scope.close();
        }
    }

    /** The Parameters that constraints hold, with factors or without. */
    private Set<String> taken(Forms forms) {
        Set<String> taken = new HashSet<>();
        held.forEach(h -> taken.addAll(h.form().parameters()));
        rivals.forEach(r -> taken.addAll(r.cells().parameters()));
        recipe.constraints().forEach(asked -> forms.pairs(asked.constraint())
                .forEach(space -> space.slots().forEach(slot -> taken.add(slot.parameter()))));
        return taken;
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
        if (steered(asked)) {
            steering.add(Steering.of(asked, asked.constraint().name() + "/" + space.name(),
                    Collections.nCopies(space.copies(), space.dimension()), rank, steps, device));
        }
        return new Paired(asked, rank);
    }

    private static boolean steered(Recipe.Asked asked) {
        return asked.constraint().goal().isPresent();
    }

    /** Single entries compete over all Parameters of their constraint, units within their Space, all else within its Form. */
    private void steer(Recipe.Asked asked, List<Held> own, long steps, Device device) {
        if (!steered(asked)) {
            return;
        }
        if (own.size() > 1 && asked.constraint().condition() instanceof Condition.Elements) {
            steering.add(Steering.of(asked, asked.constraint().name(), List.of(),
                    new Together(own.stream().map(h -> h.term().form()).toList()), steps, device));
            return;
        }
        own.forEach(h -> steering.add(Steering.of(asked, h.term().name(), h.form().competing(), h.term().form(), steps,
                device)));
    }

    /** Several constraints on one Parameter add up; a condition that is to hold of the sum would hold of its part alone. */
    private void summable() {
        for (Held one : held) {
            Optional<Held> other = held.stream()
                    .filter(h -> h != one && h.form().parameters().equals(one.form().parameters())).findFirst();
            Condition condition = one.asked().constraint().condition();
            boolean whole = condition instanceof Condition.Ties || condition instanceof Condition.Clones
                    || condition instanceof Condition.ZeroSums || condition instanceof Condition.Pattern;
            if (other.isPresent() && whole) {
                throw new ConstraintException("constraint " + one.asked().constraint().name() + ": it shares "
                        + one.form().parameters() + " with " + other.get().asked().constraint().name()
                        + "; constraints on one parameter add up, so that it would not hold in the sum");
            }
        }
    }

    /** What is held without factors shares no Parameter with other constraints. */
    private void apart() {
        Set<String> taken = new HashSet<>();
        held.forEach(h -> taken.addAll(h.form().parameters()));
        pairs.forEach(p -> taken.addAll(p.rank().parameters()));
        for (Rivalled rival : rivals) {
            for (String parameter : rival.cells().parameters()) {
                if (!taken.add(parameter)) {
                    throw new ConstraintException("constraint " + rival.name()
                            + ": parameter " + parameter + " is under another constraint as well; they contradict");
                }
            }
        }
    }

    private static Pruned.Cut cut(Recipe.Asked asked, long steps) {
        long end = Math.max(1, Math.round(asked.goalUntil() * steps) - 1);
        return new Pruned.Cut(asked.constraint().goal().orElse(0.0), end / 4, end,
                (int) Math.clamp(end / 100, 1, 100));
    }

    private static long release(Recipe.Asked asked, long steps) {
        if (steered(asked)) {
            return end(asked, steps);
        }
        return asked.lambda().off() < 1 ? (long) Math.ceil(asked.lambda().off() * steps) : Long.MAX_VALUE;
    }

    private static long end(Recipe.Asked asked, long steps) {
        return Math.max(2, Math.round(asked.goalUntil() * steps));
    }

    private static Aim.Goal goal(Recipe.Asked asked, List<Integer> competing, double share, long steps) {
        long end = end(asked, steps);
        long push = Plan.pushSteps(steps);
        long chosen = Math.max(1, end - push);
        return new Aim.Goal(share, competing, Math.min(chosen, steps / 30), chosen, end,
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

    List<Rivalled> rivals() {
        return rivals;
    }

    List<Steering> steering() {
        return steering;
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
        for (Held h : held) {
            if (!steered(h.asked())) {
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
                if (!steered(p.asked())) {
                    p.rank().pull(p.asked().lambda().at(progress));
                }
            }
            for (Rivalled r : rivals) {
                r.cells().pull(number, r.asked().lambda().at(progress));
            }
            seen = new Step(loss.item_double(), objective.accuracy(output, batch.targets()));
        }
        constrained.step(rate, preventing.gradients(number, recipe.clip()));
        ham.ifPresent(h -> h.after(rate));
        rivals.forEach(r -> r.cells().after(number, lasting(rate), r.asked().lambda().at(progress)));
        try (PointerScope inner = new PointerScope()) {
            held.forEach(h -> h.raised()
                    .ifPresent(r -> r.after(number, seen.loss(), seen.accuracy(), h.term().form())));
        }
        preventing.after();
        boolean pushed = false;
        for (Steering one : steering) {
            pushed |= one.aim().after(number);
        }
        for (Held h : held) {
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

    private Map<String, Tensor> values() {
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
        for (Held h : held) {
            if (h.asked().signIn() > 0 && epoch % h.asked().signIn() == 0) {
                h.term().form().shift(1);
            }
        }
        constrained.snap();
        pairs.stream().filter(p -> !steered(p.asked())).forEach(p -> {
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
            rivals.forEach(r -> zeros.put(r.name(), r.cells().closed() / (double) r.cells().cells()));
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
        held.forEach(h -> h.term().form().settle());
        return weights.writeBack(graph);
    }

    /** The bytes a checkpoint needs, by section name. */
    Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>(weights.sections());
        sections.putAll(constrained.sections());
        steering.forEach(one -> sections.put("aim/" + one.name(), MemorySegment.ofArray(one.aim().state())));
        rivals.forEach(r -> sections.put("cut/" + r.name(), MemorySegment.ofArray(r.cells().state())));
        held.forEach(h -> h.raised()
                .ifPresent(r -> sections.put("lambda/" + h.term().name(), MemorySegment.ofArray(r.state()))));
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit. */
    void restore(Function<String, MemorySegment> sections, long steps) {
        weights.restore(sections);
        held.stream().filter(h -> h.release() < steps).forEach(h -> h.term().form().release());
        constrained.restore(sections, steps);
        steering.forEach(one -> one.aim()
                .restore(sections.apply("aim/" + one.name()).toArray(ValueLayout.JAVA_BYTE)));
        rivals.forEach(r -> r.cells().restore(sections.apply("cut/" + r.name()).toArray(ValueLayout.JAVA_BYTE)));
        held.forEach(h -> h.raised().ifPresent(
                r -> r.restore(sections.apply("lambda/" + h.term().name()).toArray(ValueLayout.JAVA_BYTE))));
    }

    FlatWeights weights() {
        return weights;
    }

    @Override
    public void close() {
        pairs.forEach(p -> p.rank().close());
        constrained.close();
        preventing.close();
        weights.close();
        program.close();
        scope.deallocate();
    }
}
