package dev.orbifold.engine;

import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Moves {@link FlatWeights} along their gradients. On the CPU one fused pass over the flat buffers ({@link Update}); on
 * other devices plain libtorch operations, with the same result to rounding. Nothing is allocated per step on the CPU.
 */
public final class Optimizer implements AutoCloseable {
    /** Floats per block; threads share whole blocks. */
    private static final int BLOCK = 1024;
    /** A thread is worth its start for so many floats. */
    private static final int GRAIN = 128 * BLOCK;

    /** Which rule is used. */
    public sealed interface Kind {
        /** The weight decay wd: the penalty (wd/2)·‖w‖² if coupled. */
        double decay();

        /** Whether w ← (1 − η·wd)·w beside the gradient, instead of wd·w in it. */
        boolean decoupled();

        /**
         * Stochastic gradient descent.
         *
         * @param momentum μ, from 0 to below 1
         * @param nesterov whether to look ahead
         * @param decay wd
         * @param decoupled whether the decay acts beside the gradient or inside it
         */
        record Sgd(double momentum, boolean nesterov, double decay, boolean decoupled) implements Kind {
            /** The decay is part of the gradient. */
            public Sgd(double momentum, boolean nesterov, double decay) {
                this(momentum, nesterov, decay, false);
            }
        }

        /**
         * Adam (Kingma, Ba, ICLR 2015).
         *
         * @param beta1 memory of the mean
         * @param beta2 memory of the square
         * @param epsilon added to the root
         * @param decay wd
         * @param decoupled whether the decay acts beside the gradient (AdamW) or inside it
         */
        record Adam(double beta1, double beta2, double epsilon, double decay, boolean decoupled) implements Kind {
        }
    }

    /**
     * Consecutive elements of the flat buffers that decay alike.
     *
     * @param from the first element
     * @param to the element after the last
     * @param decay wd
     */
    public record Stretch(long from, long to, double decay) {
    }

    private final Kind kind;
    private final Tensor values;
    private final Tensor gradients;
    private final Device device;
    private final List<Stretch> stretches;
    private final Optional<DecayCentre> centre;
    /** What weights are moved along: the gradients, or these with the pull to a centre added. */
    private final Tensor pulled;
    private final PointerScope scope;
    private final List<Tensor> moments = new ArrayList<>();
    private final Optional<Memory> memory;
    private long steps;

    private Optimizer(Kind kind, Tensor values, Tensor gradients, Device device, List<Stretch> stretches,
            Optional<DecayCentre> centre) {
        this.kind = kind;
        this.centre = centre;
        this.values = values;
        this.gradients = gradients;
        this.device = device;
        this.stretches = new ArrayList<>(stretches);
        this.scope = new PointerScope().extend();
        try {
            int count = switch (kind) {
                case Kind.Sgd s -> 1;
                case Kind.Adam a -> 2;
            };
            for (int i = 0; i < count; i++) {
                moments.add(torch.zeros_like(values));
            }
            this.pulled = centre.isPresent() && !kind.decoupled() ? torch.zeros_like(values) : gradients;
        } finally {
            scope.close();
        }
        this.memory = device.isCpu() && values.element_size() == Float.BYTES
                ? Optional.of(new Memory(Tensors.segment(values), Tensors.segment(pulled),
                        Tensors.segment(moments.getFirst()), Tensors.segment(moments.getLast())))
                : Optional.empty();
    }

    private static List<Stretch> stretches(Kind kind, FlatWeights weights, boolean decayVectors, Set<String> except) {
        List<Stretch> stretches = new ArrayList<>();
        List<FlatWeights.Place> places = weights.places();
        for (int p = 0; p < places.size(); p++) {
            FlatWeights.Place place = places.get(p);
            if (except.contains(place.name())) {
                continue;
            }
            long start = place.offset();
            long end = p + 1 < places.size() ? places.get(p + 1).offset() : weights.values().numel();
            double decay = decayVectors || place.dims().length >= 2 ? kind.decay() : 0;
            if (!stretches.isEmpty() && stretches.getLast().decay() == decay && stretches.getLast().to() == start) {
                start = stretches.removeLast().from();
            }
            stretches.add(new Stretch(start, end, decay));
        }
        return stretches;
    }

    /** An optimizer that decays weights of rank 2 and more, and leaves biases and norms alone. */
    public static Optimizer of(Kind kind, FlatWeights weights) {
        return leaving(kind, weights, Set.of());
    }

    /** The same, which leaves some parameters where they are: somebody else moves them. */
    public static Optimizer leaving(Kind kind, FlatWeights weights, Set<String> except) {
        return leaving(kind, weights, except, Optional.empty());
    }

    /**
     * The same, with decay towards a centre.
     *
     * @param centre where what decays decays to, laid out like the weights; empty for 0
     */
    public static Optimizer leaving(Kind kind, FlatWeights weights, Set<String> except,
            Optional<DecayCentre> centre) {
        return new Optimizer(kind, weights.values(), weights.gradients(), weights.device(),
                stretches(kind, weights, false, except), centre);
    }

    /** An optimizer that decays every parameter. */
    public static Optimizer decayingAll(Kind kind, FlatWeights weights) {
        return new Optimizer(kind, weights.values(), weights.gradients(), weights.device(),
                stretches(kind, weights, true, Set.of()), Optional.empty());
    }

    /**
     * An optimizer over any flat buffers, float32 or float64; elements outside the stretches stay where they are.
     *
     * @param values the flat values, contiguous
     * @param gradients their gradients, laid out alike
     * @param device where both are
     * @param stretches which elements move, and how they decay
     */
    public static Optimizer over(Kind kind, Tensor values, Tensor gradients, Device device, List<Stretch> stretches) {
        return new Optimizer(kind, values, gradients, device, stretches, Optional.empty());
    }

    /** Changes how a stretch decays from now on. */
    public void decay(int stretch, double decay) {
        Stretch old = stretches.get(stretch);
        stretches.set(stretch, new Stretch(old.from(), old.to(), decay));
    }

    /** One step along the gradients at the learning rate. */
    public void step(double rate) {
        step(rate, Double.POSITIVE_INFINITY);
    }

    /**
     * One step, with the gradient's norm limited.
     *
     * @param rate the learning rate η
     * @param norm the largest Euclidean norm of all gradients together; longer ones are scaled down to it
     */
    public void step(double rate, double norm) {
        scaled(rate, clip(gradients, norm));
    }

    /** What gradients longer than the norm are multiplied with; 1 for shorter ones. */
    public static double clip(Tensor gradients, double norm) {
        if (norm == Double.POSITIVE_INFINITY) {
            return 1;
        }
        try (PointerScope inner = new PointerScope()) {
            return Math.min(1, norm / (gradients.norm().item_double() + 1e-12));
        }
    }

    /**
     * One step along the gradients times a number.
     *
     * @param rate the learning rate η
     * @param scale what the gradients are multiplied with
     */
    public void scaled(double rate, double scale) {
        steps++;
        double left = centre.map(c -> pull(c, rate, scale)).orElse(scale);
        for (Stretch stretch : stretches) {
            Stretch own = centre.isPresent() ? new Stretch(stretch.from(), stretch.to(), 0) : stretch;
            memory.ifPresentOrElse(m -> onCpu(m, own, rate, left), () -> onDevice(own, rate, left));
        }
    }

    /**
     * Decay towards a centre: inside the gradient where it is coupled, else on the weights at once.
     *
     * @return what the gradients are still to be multiplied with
     */
    private double pull(DecayCentre towards, double rate, double scale) {
        try (PointerScope inner = new PointerScope()) {
            if (!kind.decoupled()) {
                pulled.copy_(gradients).mul_(new Scalar(scale));
            }
            for (Stretch stretch : stretches) {
                if (stretch.decay() != 0) {
                    long n = stretch.to() - stretch.from();
                    Tensor away = towards.away(values, stretch.from(), n);
                    (kind.decoupled() ? values : pulled).narrow(0, stretch.from(), n)
                            .add_(away, new Scalar(kind.decoupled() ? -rate * stretch.decay() : stretch.decay()));
                }
            }
        }
        return kind.decoupled() ? scale : 1;
    }

    /** The flat buffers as the host sees them; they stay where they are for the optimizer's life. */
    private record Memory(MemorySegment weights, MemorySegment gradients, MemorySegment first, MemorySegment second) {
    }

    private void onCpu(Memory memory, Stretch stretch, double rate, double scale) {
        long blocks = (stretch.to() - stretch.from() + BLOCK - 1) / BLOCK;
        Workers.run(Math.toIntExact(blocks), GRAIN / BLOCK, Natives.threads(), (first, last) -> {
            // Denormals are flushed per thread: whoever computes a block must get the same bits.
            Natives.load();
            onCpu(memory, stretch, stretch.from() + (long) first * BLOCK,
                    Math.min(stretch.to(), stretch.from() + (long) last * BLOCK), rate, scale);
        });
    }

    private void onCpu(Memory memory, Stretch stretch, long from, long to, double rate, double scale) {
        float coupled = kind.decoupled() ? 0 : (float) stretch.decay();
        float shrink = kind.decoupled() ? (float) (1 - rate * stretch.decay()) : 1;
        switch (kind) {
            case Kind.Sgd s -> Update.PROVIDER.sgd(memory.weights(), memory.gradients(), memory.first(), from, to,
                    (float) rate, (float) s.momentum(), s.nesterov(), coupled, shrink, (float) scale);
            case Kind.Adam a -> {
                double root = Math.sqrt(1 - Math.pow(a.beta2(), steps));
                double size = rate * root / (1 - Math.pow(a.beta1(), steps));
                Update.PROVIDER.adam(memory.weights(), memory.gradients(), memory.first(), memory.second(), from, to,
                        (float) size, (float) a.beta1(), (float) a.beta2(), (float) (a.epsilon() * root), coupled,
                        shrink, (float) scale);
            }
        }
    }

    private void onDevice(Stretch stretch, double rate, double scale) {
        try (PointerScope inner = new PointerScope()) {
            long n = stretch.to() - stretch.from();
            Tensor w = values.narrow(0, stretch.from(), n);
            Tensor g = pulled.narrow(0, stretch.from(), n).mul(new Scalar(scale));
            Tensor m = moments.getFirst().narrow(0, stretch.from(), n);
            if (kind.decoupled()) {
                w.mul_(new Scalar(1 - rate * stretch.decay()));
            } else {
                g.add_(w, new Scalar(stretch.decay()));
            }
            switch (kind) {
                case Kind.Sgd s -> {
                    m.mul_(new Scalar(s.momentum())).add_(g);
                    w.add_(s.nesterov() ? g.add(m, new Scalar(s.momentum())) : m, new Scalar(-rate));
                }
                case Kind.Adam a -> {
                    Tensor v = moments.getLast().narrow(0, stretch.from(), n);
                    m.mul_(new Scalar(a.beta1())).add_(g, new Scalar(1 - a.beta1()));
                    v.mul_(new Scalar(a.beta2())).addcmul_(g, g, new Scalar(1 - a.beta2()));
                    double root = Math.sqrt(1 - Math.pow(a.beta2(), steps));
                    double size = rate * root / (1 - Math.pow(a.beta1(), steps));
                    w.addcdiv_(m, v.sqrt().add_(new Scalar(a.epsilon() * root)), new Scalar(-size));
                }
            }
        }
    }

    /** The flat momenta (and squares), laid out like the weights. */
    public List<Tensor> moments() {
        return List.copyOf(moments);
    }

    /** Steps taken. */
    public long steps() {
        return steps;
    }

    /** Says how many steps were taken, after the moments were put back. */
    public void steps(long taken) {
        steps = taken;
    }

    /** The bytes a checkpoint needs, by section name. */
    public Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>();
        for (int i = 0; i < moments.size(); i++) {
            sections.put("moments/" + i, Tensors.toData(moments.get(i)).bytes());
        }
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit, and the step count. */
    public void restore(java.util.function.Function<String, MemorySegment> sections, long taken) {
        try (PointerScope inner = new PointerScope()) {
            for (int i = 0; i < moments.size(); i++) {
                Tensor moment = moments.get(i);
                moment.copy_(Tensors.of(
                        new TensorData(Tensors.dataType(moment.scalar_type()), Tensors.dims(moment),
                                sections.apply("moments/" + i)),
                        device));
            }
        }
        steps = taken;
    }

    @Override
    public void close() {
        scope.deallocate();
    }
}
