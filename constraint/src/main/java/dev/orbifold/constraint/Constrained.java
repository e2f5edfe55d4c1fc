package dev.orbifold.constraint;

import dev.orbifold.engine.DecayCentre;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * All weights of a network in training, some of them under constraints. The network sees plain weights and knows nothing
 * of factors; a step takes ∂L/∂w of all, moves the factors where a constraint is, the weights themselves elsewhere, and
 * writes the new w. Several constraints on one Parameter add up: w = w₁ + w₂ + ….
 */
public final class Constrained implements AutoCloseable {
    /**
     * One constraint in its place.
     *
     * @param name the user's, for checkpoints and messages
     * @param parameters what it is about, in order
     * @param form how it is trained
     */
    public record Term(String name, List<String> parameters, Reparametrization form) {
    }

    private record Site(Region region, List<Term> terms) {
        /** Whether one pass over memory moves its factors and writes its w. */
        boolean fuses() {
            return terms.size() == 1 && region.places().size() == 1 && terms.getFirst().form().fuses();
        }
    }

    /** A site that fuses, and where everything of it lies. */
    private record Fused(Reparametrization form, FactorUpdate.Memory memory) {
    }

    private final FlatWeights weights;
    private final Optimizer optimizer;
    private final List<Term> terms;
    private final List<Site> sites = new ArrayList<>();
    private final List<Fused> fused;
    private long steps;

    /**
     * Puts weights under constraints; w becomes what the factors make.
     *
     * @param weights all weights
     * @param kind how those outside constraints are moved
     * @param terms the constraints; closed with this
     * @throws ConstraintException if two of them share some Parameters and not all
     */
    public Constrained(FlatWeights weights, Kind kind, List<Term> terms) {
        this(weights, kind, terms, Optional.empty());
    }

    /**
     * The same, with decay of what is under no constraint towards a centre.
     *
     * @param centre laid out like the weights; empty for 0
     * @throws ConstraintException if two of them share some Parameters and not all
     */
    public Constrained(FlatWeights weights, Kind kind, List<Term> terms, Optional<DecayCentre> centre) {
        this.weights = weights;
        this.terms = List.copyOf(terms);
        Map<List<String>, List<Term>> together = new LinkedHashMap<>();
        terms.forEach(t -> together.computeIfAbsent(t.parameters(), k -> new ArrayList<>()).add(t));
        Set<String> taken = new HashSet<>();
        together.forEach((parameters, own) -> {
            for (String parameter : parameters) {
                if (!taken.add(parameter)) {
                    throw new ConstraintException("parameter " + parameter + " is under " + names(own)
                            + " and under another constraint that spans other parameters as well; they contradict");
                }
            }
            sites.add(new Site(Region.of(weights, parameters), own));
        });
        this.optimizer = Optimizer.leaving(kind, weights, taken, centre);
        this.fused = sites.stream().filter(Site::fuses).map(this::fused).toList();
        write();
    }

    private static String names(List<Term> terms) {
        return String.join(", ", terms.stream().map(Term::name).toList());
    }

    /** The constraints. */
    public List<Term> terms() {
        return terms;
    }

    /** The weights. */
    public FlatWeights weights() {
        return weights;
    }

    /** The optimizer of what is under no constraint. */
    public Optimizer optimizer() {
        return optimizer;
    }

    /** Steps taken. */
    public long steps() {
        return steps;
    }

    /**
     * One step along the gradients in the flat weights.
     *
     * @param rate the learning rate η
     * @param norm the longest gradient ∂L/∂w let through; longer ones are scaled down to it
     */
    public void step(double rate, double norm) {
        double scale = Optimizer.clip(weights.gradients(), norm);
        optimizer.scaled(rate, scale);
        List<FusedFactors.Part> parts = fused.stream().filter(f -> f.form().fuses())
                .map(f -> f.form().next(f.memory())).toList();
        if (!parts.isEmpty()) {
            FusedFactors.step(FactorUpdate.PROVIDER, parts, rate, scale);
        }
        for (Site site : sites) {
            if (site.fuses()) {
                continue;
            }
            try (PointerScope inner = new PointerScope()) {
                Tensor gradient = site.region().of(weights.gradients());
                site.terms().forEach(t -> t.form().step(gradient, rate, scale));
                site.region().write(sum(site), weights.values());
            }
        }
        steps++;
    }

    private Fused fused(Site site) {
        FlatWeights.Place place = site.region().places().getFirst();
        Reparametrization form = site.terms().getFirst().form();
        return new Fused(form, form.memory(slice(weights.gradients(), place), slice(weights.values(), place)));
    }

    private static MemorySegment slice(Tensor flat, FlatWeights.Place place) {
        return Tensors.segment(flat).asSlice(Float.BYTES * place.offset(), Float.BYTES * place.elements());
    }

    private static Tensor sum(Site site) {
        Tensor sum = site.terms().getFirst().form().entries();
        for (Term term : site.terms().subList(1, site.terms().size())) {
            sum = sum.add(term.form().entries());
        }
        return sum;
    }

    /** Sets to exact zero what is zero to float32, and writes w again. */
    public void snap() {
        terms.forEach(t -> t.form().snap());
        write();
    }

    /** Writes w from the factors. */
    public void write() {
        try (PointerScope inner = new PointerScope()) {
            sites.forEach(site -> site.region().write(sum(site), weights.values()));
        }
    }

    /** What the factors' weight decay adds to the loss: Σ λ·penalty. */
    public double penalty() {
        return terms.stream().mapToDouble(t -> t.form().penalty()).sum();
    }

    /**
     * How far a constraint is from a stationary point, for the gradients in the flat weights.
     *
     * @param term one of {@link #terms}
     */
    public Stationarity stationarity(Term term) {
        try (PointerScope inner = new PointerScope()) {
            return term.form().stationarity(Region.of(weights, term.parameters()).of(weights.gradients()));
        }
    }

    /** The bytes a checkpoint needs, by section name; the weights' own are not among them. */
    public Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>(optimizer.sections());
        terms.forEach(t -> t.form().sections().forEach((name, bytes) -> sections.put(key(t, name), bytes)));
        return sections;
    }

    private static String key(Term term, String section) {
        return "constraint/" + term.name() + "/" + section;
    }

    /** Restores what {@link #sections} gave, bit for bit, and the step count. */
    public void restore(Function<String, MemorySegment> sections, long taken) {
        steps = taken;
        optimizer.restore(sections, taken);
        terms.forEach(t -> t.form().restore(name -> sections.apply(key(t, name)), taken));
    }

    @Override
    public void close() {
        terms.forEach(t -> t.form().close());
        optimizer.close();
    }
}
