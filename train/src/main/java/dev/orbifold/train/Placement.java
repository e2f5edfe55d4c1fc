package dev.orbifold.train;

import dev.orbifold.constraint.Aim;
import dev.orbifold.constraint.Condition;
import dev.orbifold.constraint.Constrained;
import dev.orbifold.constraint.ConstraintException;
import dev.orbifold.constraint.Forms;
import dev.orbifold.constraint.PairRank;
import dev.orbifold.constraint.PilotSchedule;
import dev.orbifold.constraint.Pruned;
import dev.orbifold.constraint.Reparametrization;
import dev.orbifold.constraint.Steerable;
import dev.orbifold.constraint.Together;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The constraints of a recipe, each in its place on a Graph's weights; those that contradict are refused. */
final class Placement implements AutoCloseable {
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
        /** λ when so much of training is done: none once a goal is reached. */
        double lambda(double progress) {
            if (steered(asked) && progress >= asked.goalUntil()) {
                return 0;
            }
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
        /** Whether all cells are zero that were to be. */
        boolean met() {
            try (PointerScope scope = new PointerScope()) {
                return cells.closed() >= aim.least();
            }
        }

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

    private final Recipe recipe;
    private final FlatWeights weights;
    private final Forms forms;
    private final Device device;
    private final long steps;
    private final List<Held> held = new ArrayList<>();
    private final List<Paired> pairs = new ArrayList<>();
    private final List<Rivalled> rivals = new ArrayList<>();
    private final List<Steering> steering = new ArrayList<>();

    /**
     * Places what is held by factors of its own, and what is held without any.
     *
     * @param steps of the whole training, which goals are laid out over
     */
    Placement(Graph graph, Recipe recipe, Program program, FlatWeights weights, Symmetries symmetries, long steps) {
        this.recipe = recipe;
        this.weights = weights;
        this.device = program.device();
        this.steps = steps;
        this.forms = new Forms(symmetries, program.trainable(), ScalarType.Float, device);
        for (Recipe.Asked asked : recipe.constraints()) {
            if (asked.rival().isPresent()) {
                rivals.add(new Rivalled(asked, new Pruned(asked.rival().get(), graph, weights,
                        forms.of(asked.constraint()), cut(asked), device)));
                continue;
            }
            int before = held.size();
            for (Forms.Form form : forms.of(asked.constraint())) {
                Reparametrization how = reparametrized(asked, form);
                held.add(new Held(asked, form, new Constrained.Term(form.name(), form.parameters(), how),
                        asked.lambda().budget()
                                .map(b -> new PilotSchedule(b, asked.lambda().from(), steps, how.sizes())),
                        release(asked)));
            }
            steer(asked, held.subList(before, held.size()));
        }
        contradictions();
    }

    /** Places the ranks of products of the network's own, whose weights move with the optimizer of what is free. */
    void pair(Optimizer optimizer) {
        for (Recipe.Asked asked : recipe.constraints()) {
            forms.pairs(asked.constraint()).forEach(space -> pairs.add(paired(asked, space, optimizer)));
        }
        apart();
    }

    /** The Parameters that constraints hold, with factors or without. */
    Set<String> taken() {
        Set<String> taken = new HashSet<>();
        held.forEach(h -> taken.addAll(h.form().parameters()));
        rivals.forEach(r -> taken.addAll(r.cells().parameters()));
        recipe.constraints().forEach(asked -> forms.pairs(asked.constraint())
                .forEach(space -> space.slots().forEach(slot -> taken.add(slot.parameter()))));
        return taken;
    }

    private Reparametrization reparametrized(Recipe.Asked asked, Forms.Form form) {
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

    private Paired paired(Recipe.Asked asked, LinearSpace space, Optimizer optimizer) {
        // Adam's squares know no direction; they cannot turn.
        PairRank rank = new PairRank(space, weights, optimizer.moments().subList(0, 1));
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

    static boolean steered(Recipe.Asked asked) {
        return asked.constraint().goal().isPresent();
    }

    /** Single entries compete over all Parameters of their constraint, units within their Space, all else within its Form. */
    private void steer(Recipe.Asked asked, List<Held> own) {
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

    /**
     * Several constraints on one Parameter add up. They must span the same Parameters, and a condition that is to hold of
     * the sum would hold of its part alone.
     */
    private void contradictions() {
        for (Held one : held) {
            List<String> own = one.form().parameters();
            Condition condition = one.asked().constraint().condition();
            boolean whole = condition instanceof Condition.Ties || condition instanceof Condition.Clones
                    || condition instanceof Condition.ZeroSums || condition instanceof Condition.Pattern;
            for (Held other : held) {
                if (other == one || Collections.disjoint(own, other.form().parameters())) {
                    continue;
                }
                String shares = "constraint " + one.asked().constraint().name() + ": it shares "
                        + own.stream().filter(other.form().parameters()::contains).toList() + " with "
                        + other.asked().constraint().name();
                if (!own.equals(other.form().parameters())) {
                    throw new ConstraintException(
                            shares + ", and one of them spans other parameters as well; they contradict");
                }
                if (condition.equals(other.asked().constraint().condition())) {
                    throw new ConstraintException(shares + "; constraints on one parameter add up, and the sum of two"
                            + " of a kind has less of it than either: ask for one");
                }
                if (whole) {
                    throw new ConstraintException(
                            shares + "; constraints on one parameter add up, so that it would not hold in the sum");
                }
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

    private Pruned.Cut cut(Recipe.Asked asked) {
        long end = Math.max(1, Math.round(asked.goalUntil() * steps) - 1);
        return new Pruned.Cut(asked.constraint().goal().orElse(0.0), end / 4, end,
                (int) Math.clamp(end / 100, 1, 100));
    }

    private long release(Recipe.Asked asked) {
        if (steered(asked)) {
            return end(asked, steps);
        }
        return asked.lambda().off() < 1 ? (long) Math.ceil(asked.lambda().off() * steps) : Long.MAX_VALUE;
    }

    private static long end(Recipe.Asked asked, long steps) {
        return Math.max(1, Math.min(steps - 1, Math.max(2, Math.round(asked.goalUntil() * steps))));
    }

    private static Aim.Goal goal(Recipe.Asked asked, List<Integer> competing, double share, long steps) {
        long end = end(asked, steps);
        long push = Plan.pushSteps(steps);
        long chosen = Math.max(1, end - push);
        return new Aim.Goal(share, competing, Math.min(chosen, steps / 30), chosen, end,
                (int) Math.clamp((end - chosen) / 2, 1, 20));
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

    @Override
    public void close() {
        pairs.forEach(p -> p.rank().close());
    }
}
