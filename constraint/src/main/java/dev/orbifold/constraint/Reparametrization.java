package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Entries w = A z + B r with z a product of factors, as they are trained: given ∂L/∂w, the factors and the rest move, each
 * by an optimizer of the same kind, the factors with their own weight decay, which is part of the gradient as the
 * equivalences need (theory, 2). Needs no graph of the product: gradients of factors follow from ∂L/∂w in closed form.
 */
public final class Reparametrization implements Steerable, AutoCloseable {

    /** Steps between two measures of how steep the product is. */
    private static final int PACED = 32;

    private final Chart chart;
    private final Scheme scheme;
    private final Kind kind;
    private final Device device;
    private final PointerScope scope;
    private final Tensor rest;
    private final Tensor restGradient;
    private final Tensor factors;
    private final Tensor factorGradient;
    private final Optional<Optimizer> restOptimizer;
    private final Optimizer factorOptimizer;
    private final boolean decays;
    private double pace = 1;
    private Optional<Survivors> survivors = Optional.empty();
    private long releasedAfter;
    private double lambda;

    /**
     * Starts from entries w.
     *
     * @param chart linear coordinates of w; its tensors must live as long as this
     * @param scheme how the coordinates are made of factors
     * @param entries w, flat
     * @param kind how factors and rest are moved; its decay is that of the rest
     * @param restDecays whether the rest decays, and coordinates that were released
     * @param lambda λ, at least 0
     * @param start how the factors begin
     * @param seed of random starts
     */
    public Reparametrization(Chart chart, Scheme scheme, Tensor entries, Kind kind, boolean restDecays, double lambda,
            Start start, Seed seed, Device device) {
        if (chart.entries() != entries.numel() || chart.coordinates() != scheme.coordinates()) {
            throw new ConstraintException("a chart of " + chart.entries() + " entries and " + chart.coordinates()
                    + " coordinates does not fit " + entries.numel() + " entries and a scheme of "
                    + scheme.coordinates());
        }
        this.chart = chart;
        this.scheme = scheme;
        this.kind = kind;
        this.device = device;
        this.decays = restDecays;
        this.scope = new PointerScope().extend();
        try {
            rest = chart.rest(entries).clone();
            restGradient = torch.zeros_like(rest);
            factors = torch.empty_like(entries).resize_(scheme.factors()).zero_();
            factorGradient = torch.zeros_like(factors);
            Tensor z = chart.coordinates(entries);
            switch (start) {
                case Start.Balanced b -> scheme.balance(z, factors);
                case Start.Free f -> scheme.free(z, factors, f.excess());
                case Start.Published p -> scheme.start(z, factors, seed);
                case Start.Shifted s -> shift(z, s.beta());
            }
            restOptimizer = rest.numel() == 0 ? Optional.empty()
                    : Optional.of(Optimizer.over(kind, rest, restGradient, device,
                            List.of(new Optimizer.Stretch(0, rest.numel(), restDecays ? kind.decay() : 0))));
            factorOptimizer = Optimizer.over(coupled(kind), factors, factorGradient, device,
                    List.of(new Optimizer.Stretch(0, factors.numel(), 0)));
        } finally {
            scope.close();
        }
        lambda(lambda);
    }

    private static Kind coupled(Kind kind) {
        return switch (kind) {
            case Kind.Sgd s -> new Kind.Sgd(s.momentum(), s.nesterov(), 0, false);
            case Kind.Adam a -> new Kind.Adam(a.beta1(), a.beta2(), a.epsilon(), 0, false);
        };
    }

    /** How the entries are seen. */
    public Chart chart() {
        return chart;
    }

    /** How the coordinates are made. */
    public Scheme scheme() {
        return scheme;
    }

    /** λ as it is now. */
    public double lambda() {
        return lambda;
    }

    /**
     * Changes λ from the next step on.
     *
     * @throws ConstraintException if it is negative or not finite
     */
    public void lambda(double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new ConstraintException("λ must be a number from 0 up, found " + value);
        }
        lambda = value;
        factorOptimizer.decay(0, decay());
    }

    /** wd = 2λ/D, the weight decay of each factor. */
    public double decay() {
        return 2 * lambda / scheme.depth();
    }

    /** The factors, flat; changing them changes what is trained, until coordinates are released. */
    public Tensor factors() {
        return factors;
    }

    /**
     * Ends factored training: zeros are final, what is left trains as plain numbers from the next step on. Nothing changes
     * where coordinates are not entries, or cells no sets of them (ties, ranks): there factors go on.
     */
    public void release() {
        if (survivors.isPresent() || !entrywise() || Groups.of(scheme).isEmpty()) {
            return;
        }
        snap();
        try (PointerScope inner = new PointerScope()) {
            survivors = Optional.of(new Survivors(scheme.product(factors), kind, decays, device));
        }
        releasedAfter = factorOptimizer.steps();
    }

    private boolean entrywise() {
        return chart instanceof Whole || chart instanceof Chosen
                || chart instanceof Turned t && t.inner() instanceof Whole;
    }

    /** z as it is now. */
    private Tensor coordinates() {
        return survivors.map(Survivors::values).orElseGet(() -> scheme.product(factors));
    }

    /** Writes balanced factors of what was released, for everything that is said of factors. */
    public void settle() {
        survivors.ifPresent(s -> {
            try (PointerScope inner = new PointerScope()) {
                scheme.balance(s.values(), factors);
            }
        });
    }

    /** Starts again, balanced, from other entries w. */
    public void reset(Tensor entries) {
        try (PointerScope inner = new PointerScope()) {
            rest.copy_(chart.rest(entries));
            scheme.balance(chart.coordinates(entries), factors);
        }
    }

    /** w as it is now; belongs to the caller's pointer scope. */
    public Tensor entries() {
        return chart.join(coordinates(), rest);
    }

    /**
     * Moves factors and rest; products that move faster than plain coordinates would ({@link Scheme#steepness}) at a rate that is
     * lower by as much.
     *
     * @param gradient ∂L/∂w, flat
     * @param rate the learning rate η
     * @param scale what gradients are multiplied with
     */
    public void step(Tensor gradient, double rate, double scale) {
        try (PointerScope inner = new PointerScope()) {
            if (restOptimizer.isPresent()) {
                restGradient.copy_(chart.pulledRest(gradient));
                restOptimizer.get().scaled(rate, scale);
            }
            if (survivors.isPresent()) {
                survivors.get().step(chart.pulledCoordinates(gradient), rate, scale);
                return;
            }
            scheme.pull(factors, chart.pulledCoordinates(gradient), factorGradient);
            pace();
            factorOptimizer.scaled(pace * rate, scale);
        }
    }

    /** Measures how steep the product is, from time to time. Adam's steps do not know how long a gradient is. */
    private void pace() {
        if (kind instanceof Kind.Sgd && factorOptimizer.steps() % PACED == 0) {
            pace = 1 / scheme.steepness(factors);
        }
    }

    /**
     * Whether {@link #step(MemorySegment, MemorySegment, double, double)} can be used: elementwise factors of all entries,
     * float32, on the CPU.
     */
    public boolean fuses() {
        return survivors.isEmpty() && chart instanceof Whole && scheme instanceof Elementwise && device.isCpu()
                && factors.element_size() == Float.BYTES;
    }

    /**
     * Moves the factors and writes the product, in one pass over memory; snaps what has become zero.
     *
     * @param gradient ∂L/∂w, flat float32 on the host, outside the heap
     * @param product where w goes
     */
    public void step(MemorySegment gradient, MemorySegment product, double rate, double scale) {
        FusedFactors.step(FactorUpdate.PROVIDER, List.of(next(memory(gradient, product))), rate, scale);
    }

    /** Where factors and momenta lie, beside ∂L/∂w and w; they stay there as long as this lives. */
    FactorUpdate.Memory memory(MemorySegment gradient, MemorySegment product) {
        Elementwise elementwise = (Elementwise) scheme;
        return new FactorUpdate.Memory(gradient, product, Tensors.segment(factors),
                Tensors.segment(factorOptimizer.moments().getFirst()),
                Tensors.segment(factorOptimizer.moments().getLast()), elementwise.stride(), scheme.depth());
    }

    /** Begins a step that is fused with those of other constraints: counts it, and says how the factors move in it. */
    FusedFactors.Part next(FactorUpdate.Memory memory) {
        long taken = factorOptimizer.steps() + 1;
        factorOptimizer.steps(taken);
        return new FusedFactors.Part(memory, scheme.coordinates(), kind, taken, decay(), Depths.zero(scheme.depth()));
    }

    @Override
    public long cells() {
        return scheme.cells();
    }

    @Override
    public int depth() {
        return scheme.depth();
    }

    @Override
    public Tensor sizes() {
        if (survivors.isPresent()) {
            Tensor z = survivors.get().values();
            return Groups.of(scheme).orElseThrow().total(z.mul(z)).sqrt();
        }
        return scheme.sizes(factors);
    }

    @Override
    public void snap() {
        if (survivors.isPresent()) {
            return;
        }
        try (PointerScope inner = new PointerScope()) {
            Tensor were = factors.ne(Scalars.ZERO);
            scheme.snap(factors);
            Tensor gone = were.logical_and(factors.eq(Scalars.ZERO));
            factorOptimizer.moments().forEach(m -> m.masked_fill_(gone, Scalars.ZERO));
        }
    }

    @Override
    public void push(Tensor perCell) {
        try (PointerScope inner = new PointerScope()) {
            Tensor cells = perCell.to(factors.scalar_type());
            scheme.scale(factors, cells);
            // What is pushed to 0 at once must not be carried on by momentum; what only shrinks keeps its own.
            Tensor alive = cells.ne(Scalars.ZERO);
            if (!alive.all().item_bool()) {
                factorOptimizer.moments().forEach(m -> scheme.scale(m, alive.to(cells.scalar_type())));
            }
        }
    }

    @Override
    public void align() {
        try (PointerScope inner = new PointerScope()) {
            // Adam's squares know no direction; they cannot turn.
            scheme.align(factors, kind instanceof Kind.Sgd ? factorOptimizer.moments() : List.of());
        }
    }

    /** Puts two factors at m² − w² = β without changing their product (Sign-In). */
    public void shift(double beta) {
        if (survivors.isPresent()) {
            return;
        }
        try (PointerScope inner = new PointerScope()) {
            shift(scheme.product(factors).clone(), beta);
        }
    }

    private void shift(Tensor product, double beta) {
        if (!(scheme instanceof Elementwise e)) {
            throw new ConstraintException("PILoT and Sign-In factor single entries; this constraint goes by "
                    + scheme.getClass().getSimpleName());
        }
        e.shift(product, factors, beta);
    }

    /** λ·penalty: what the factors' weight decay adds to the loss. */
    public double penalty() {
        try (PointerScope inner = new PointerScope()) {
            return lambda * scheme.penalty(factors).item_double();
        }
    }

    /**
     * How far the coordinates are from a stationary point, for λ as it is now.
     *
     * @param gradient ∂L/∂w, flat
     */
    public Stationarity stationarity(Tensor gradient) {
        return Stationarity.of(scheme, factors, chart.pulledCoordinates(gradient), lambda);
    }

    /** The bytes a checkpoint needs, by section name. */
    public Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>();
        sections.put("factors", Tensors.toData(factors).bytes());
        factorOptimizer.sections().forEach((name, bytes) -> sections.put("factors/" + name, bytes));
        if (restOptimizer.isPresent()) {
            sections.put("rest", Tensors.toData(rest).bytes());
            restOptimizer.get().sections().forEach((name, bytes) -> sections.put("rest/" + name, bytes));
        }
        sections.put("pace", MemorySegment.ofArray(new double[] {pace}));
        survivors.ifPresent(left -> {
            sections.putAll(left.sections());
            sections.put("released", MemorySegment.ofArray(new long[] {releasedAfter}));
        });
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit, and the step count; what was released then is released now. */
    public void restore(Function<String, MemorySegment> sections, long steps) {
        restore(factors, sections.apply("factors"));
        factorOptimizer.restore(name -> sections.apply("factors/" + name), steps);
        pace = sections.apply("pace").get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0);
        if (restOptimizer.isPresent()) {
            restore(rest, sections.apply("rest"));
            restOptimizer.get().restore(name -> sections.apply("rest/" + name), steps);
        }
        survivors.ifPresent(left -> {
            releasedAfter = sections.apply("released").get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            left.restore(sections, steps - releasedAfter, device);
        });
    }

    private void restore(Tensor tensor, MemorySegment bytes) {
        try (PointerScope inner = new PointerScope()) {
            tensor.copy_(Tensors.of(new dev.orbifold.graph.TensorData(Tensors.dataType(tensor.scalar_type()),
                    Tensors.dims(tensor), bytes), device));
        }
    }

    @Override
    public void close() {
        survivors.ifPresent(Survivors::close);
        factorOptimizer.close();
        restOptimizer.ifPresent(Optimizer::close);
        scope.deallocate();
    }
}
