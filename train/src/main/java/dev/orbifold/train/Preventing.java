package dev.orbifold.train;

import dev.orbifold.engine.DecayCentre;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.RunFolder;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What a recipe's {@code remove} does to a network in training. Everything that is drawn depends on the seed and on the
 * number of the step or epoch alone, so that a Run is continued from its weights and momenta to the same result.
 *
 * <p>
 * Parameters that a constraint holds are left to it: its mirror is wanted, and a random decay centre, fixed entries or a
 * perturbation would keep its cells from becoming zero. A Finding names them. Gradient noise acts on all Parameters.
 */
final class Preventing implements AutoCloseable {
    private final Prevention asked;
    private final Recipe recipe;
    private final Seed seed;
    private final FlatWeights weights;
    private final Device device;
    private final Set<String> held;
    private final List<Finding> findings = new ArrayList<>();
    private final PointerScope scope;
    private final Optional<DecayPoint> point;
    private final Optional<DecayCentre> centre;
    private final Optional<FixedEntries> fixed;
    private final Optional<DormantUnits> dormant;

    /**
     * Prepares it; weights are as they were.
     *
     * @param held the Parameters that constraints hold
     * @throws TrainException if constraints leave nothing to act on
     */
    Preventing(Graph graph, Symmetries symmetries, Recipe recipe, FlatWeights weights, Set<String> held,
            Device device) {
        this.asked = recipe.remove();
        this.recipe = recipe;
        this.seed = new Seed(recipe.seed()).split("remove");
        this.weights = weights;
        this.device = device;
        this.held = Set.copyOf(held);
        this.point = asked.syre().map(s -> DecayPoint.drawn(graph, free("syre"), s, seed.split("syre")));
        this.scope = new PointerScope().extend();
        try {
            this.centre = point.map(this::centre);
        } finally {
            scope.close();
        }
        this.fixed = asked.asymmetric().map(
                a -> new FixedEntries(graph, free("asymmetric"), a, seed.split("asymmetric"), weights, device));
        this.dormant = asked.reset().map(r -> new DormantUnits(symmetries, weights, held, device));
        dormant.ifPresent(d -> findings.addAll(d.findings()));
        asked.perturb().ifPresent(p -> free("shrink-and-perturb"));
        if (asked.syre().isPresent() && recipe.optimizer().decay() == 0) {
            findings.add(new Finding(Finding.Severity.WARNING, "syre-without-decay", asked.where(),
                    "syre removes nothing without weight decay, because its centre is where weights decay to; give the"
                            + " optimizer a weight-decay above 0"));
        }
    }

    /** The weights of rank 2 and more, which decay, that no constraint holds. */
    private List<String> free(String part) {
        List<String> all = weights.places().stream().filter(p -> p.dims().length > 1).map(FlatWeights.Place::name)
                .toList();
        List<String> free = all.stream().filter(name -> !held.contains(name)).toList();
        if (free.isEmpty()) {
            throw new TrainException(asked.where() + ": " + part + " has no weight to act on: all of " + all
                    + " are held by constraints, whose mirrors it would break");
        }
        if (free.size() < all.size()) {
            findings.add(new Finding(Finding.Severity.INFO, part + "-leaves-constraints", asked.where(),
                    part + " leaves " + all.stream().filter(held::contains).toList()
                            + " to the constraints that hold them, whose mirrors it would break"));
        }
        return free;
    }

    private DecayCentre centre(DecayPoint drawn) {
        Tensor where = org.bytedeco.pytorch.global.torch.zeros_like(weights.values());
        weights.join(drawn.points(), where);
        if (drawn.strengths().isEmpty()) {
            return new DecayCentre(where, Optional.empty());
        }
        Map<String, long[]> shapes = new LinkedHashMap<>();
        weights.places().forEach(p -> shapes.put(p.name(), p.dims()));
        Tensor strength = org.bytedeco.pytorch.global.torch.zeros_like(weights.values());
        weights.join(drawn.strengths(shapes), strength);
        return new DecayCentre(where, Optional.of(strength));
    }

    /** Where weights decay to; empty for 0. */
    Optional<DecayCentre> centre() {
        return centre;
    }

    /** What the user should know before training. */
    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** The Graph as training starts from it. */
    Graph started(Graph graph) {
        return fixed.map(f -> f.in(graph)).orElse(graph);
    }

    /** One fact a line, for {@code --dry-run}. */
    List<String> plan() {
        List<String> lines = new ArrayList<>();
        point.ifPresent(p -> lines.add("remove: syre, " + p.points().keySet() + " decay to random points"
                + (p.strengths().isEmpty() ? "" : ", every entry at a strength of its own")));
        fixed.ifPresent(f -> lines.add(String.format(Locale.ROOT, "remove: asymmetric, %,d entries %s", f.count(),
                startOnly() ? "start as if they were fixed" : "are fixed")));
        if (asked.noise() > 0) {
            lines.add("remove: noise, standard deviation " + asked.noise() + " on every entry of the gradient");
        }
        asked.perturb().ifPresent(p -> lines.add("remove: shrink-and-perturb, times " + p.shrink() + " plus noise of "
                + p.perturb() + " every " + p.every() + " epochs"));
        asked.reset().ifPresent(r -> lines.add("remove: reset, units at or below " + r.dormant()
                + " of their Space's mean activation, every " + r.every() + " epochs"));
        return lines;
    }

    /** Writes θ₀, and D where it is not 1 everywhere, beside the models of a Run. */
    void save(RunFolder run) {
        point.ifPresent(p -> {
            NumpyFile.write(p.points(), run.model("decay-centre.npz"));
            if (!p.strengths().isEmpty()) {
                NumpyFile.write(p.strengths(), run.model("decay-strength.npz"));
            }
        });
    }

    private boolean startOnly() {
        return asked.asymmetric().filter(Prevention.Asymmetric::startOnly).isPresent();
    }

    /** Puts fixed entries where they belong, before the first step. */
    void start() {
        fixed.ifPresent(FixedEntries::restore);
    }

    /**
     * Acts on the gradients in the flat weights, before the optimizer. Noise is no part of what is clipped.
     *
     * @param step its number, from 0
     * @param clip the longest gradient let through
     * @return the longest that is still to be let through
     */
    double gradients(long step, double clip) {
        if (!startOnly()) {
            fixed.ifPresent(f -> f.still(weights.gradients()));
        }
        if (asked.noise() == 0) {
            return clip;
        }
        try (PointerScope inner = new PointerScope()) {
            Tensor gradients = weights.gradients();
            gradients.mul_(new Scalar(Optimizer.clip(gradients, clip)));
            gradients.add_(normal(seed.split("noise").split(step), Set.of()), new Scalar(asked.noise()));
        }
        if (!startOnly()) {
            fixed.ifPresent(f -> f.still(weights.gradients()));
        }
        return Double.POSITIVE_INFINITY;
    }

    /** N(0, 1) where parameters lie that are not left out, 0 elsewhere, laid out like the weights. */
    private Tensor normal(Seed draw, Set<String> except) {
        float[] numbers = new float[Math.toIntExact(weights.values().numel())];
        for (FlatWeights.Place place : weights.places()) {
            if (!except.contains(place.name())) {
                RandomGenerator random = draw.split(place.name()).generator();
                int from = Math.toIntExact(place.offset());
                for (int i = from; i < from + place.elements(); i++) {
                    numbers[i] = (float) random.nextGaussian();
                }
            }
        }
        return Tensors.of(device, numbers, numbers.length);
    }

    /** Acts on the weights after everything else has moved them. */
    void after() {
        if (!startOnly()) {
            fixed.ifPresent(FixedEntries::restore);
        }
    }

    /**
     * Acts at the end of an epoch; not of the last one, after which nothing is learnt.
     *
     * @param epoch its number, from 1
     * @param input what the data is fed to
     * @param values weights and statistics by name
     * @param part the training data
     * @param moments the optimizer's, laid out like the weights
     * @return what was done, one sentence each
     */
    List<String> epochEnds(long epoch, String input, Map<String, Tensor> values, Part part, List<Tensor> moments) {
        List<String> said = new ArrayList<>();
        if (epoch == recipe.epochs()) {
            return said;
        }
        if (asked.perturb().filter(p -> epoch % p.every() == 0).isPresent()) {
            perturb(asked.perturb().get(), epoch, moments);
            said.add("weights were shrunk and perturbed");
        }
        if (dormant.isPresent() && asked.reset().filter(r -> epoch % r.every() == 0).isPresent()) {
            Seed own = seed.split("reset").split(epoch);
            Map<String, Integer> reset = dormant.get().reset(
                    dormant.get().scores(input, values, part, own.split("data")), asked.reset().get().dormant(),
                    moments,
                    own.split("weights"));
            reset.forEach((space, count) -> said.add(
                    count + (count == 1 ? " dormant unit of " : " dormant units of ") + space + " started anew"));
        }
        after();
        return said;
    }

    private void perturb(Prevention.ShrinkAndPerturb how, long epoch, List<Tensor> moments) {
        try (PointerScope inner = new PointerScope()) {
            Tensor noise = normal(seed.split("perturb").split(epoch), held);
            for (FlatWeights.Place place : weights.places()) {
                if (!held.contains(place.name())) {
                    long n = place.elements();
                    weights.values().narrow(0, place.offset(), n).mul_(new Scalar(how.shrink()))
                            .add_(noise.narrow(0, place.offset(), n), new Scalar(how.perturb()));
                    moments.forEach(m -> m.narrow(0, place.offset(), n).zero_());
                }
            }
        }
    }

    @Override
    public void close() {
        dormant.ifPresent(DormantUnits::close);
        fixed.ifPresent(FixedEntries::close);
        scope.deallocate();
    }
}
