package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The six alignments of dense layers (Ziyin et al., ICLR 2025, arXiv 2410.03006; theory, 6). A layer h_b = W h_a has on each
 * side the covariances H = E[hhᵀ] of what it carries and G = E[ggᵀ] of the loss's gradients by that, and of its weights
 * Z_a = WᵀW and Z_b = WWᵀ. An alignment is the Pearson correlation of the entries of two of them. h and g are centred over the
 * samples, and then every sample's vector is divided by its length.
 *
 * <p>
 * Beside them stands what two matrices with these spectra have in common by chance: the mean of the same numbers with one of
 * the two turned by a random orthogonal matrix.
 */
final class Alignments implements AutoCloseable {
    /** At most so many vectors are taken; covariances of a few hundred coordinates are settled by then. */
    private static final int SAMPLES = 1024;
    private static final int BATCH = 256;
    /** The same for the pull, which is a mean of gradients and so a small rest of large numbers. */
    private static final int PULLED = 16_384;
    /** What is measured against chance. */
    static final String CHANCE = "chance";

    /**
     * A dense layer with a hidden Space on at least one side.
     *
     * @param weight its Parameter
     * @param outputsFirst whether W is stored as [outputs, inputs]
     * @param in what it reads; empty where that is no hidden Space
     * @param out what it writes; the same
     */
    private record Layer(String weight, boolean outputsFirst, Optional<String> in, Optional<String> out) {
    }

    /**
     * What a layer's value showed.
     *
     * @param h [samples, coordinates]
     * @param g the same
     */
    record Seen(Tensor h, Tensor g) {
    }

    private final Objective objective;
    private final Seed seed;
    private final List<Layer> layers = new ArrayList<>();
    private final List<String> values;
    private final Program program;

    Alignments(Symmetries symmetries, Set<String> trainable, Objective objective, Seed seed, Device device) {
        this.objective = objective;
        this.seed = seed;
        Graph graph = symmetries.graph();
        for (Node node : graph.nodes()) {
            boolean dense = node.opType().equals("Gemm") && node.integer("transA", 0) == 0
                    || node.opType().equals("MatMul");
            if (dense && trainable.contains(node.input(1))
                    && graph.parameter(node.input(1)).filter(t -> t.rank() == 2).isPresent()) {
                Optional<String> in = Optional.of(node.input(0)).filter(v -> hidden(symmetries, v));
                Optional<String> out = Optional.of(node.output(0)).filter(v -> hidden(symmetries, v));
                if (in.isPresent() || out.isPresent()) {
                    layers.add(new Layer(node.input(1),
                            node.opType().equals("Gemm") && node.integer("transB", 0) == 1, in, out));
                }
            }
        }
        Set<String> seen = new LinkedHashSet<>();
        layers.forEach(l -> {
            l.in().ifPresent(seen::add);
            l.out().ifPresent(seen::add);
        });
        this.values = List.copyOf(seen);
        this.program = Program.compile(DormantUnits.showing(graph, values), device);
    }

    /** Whether the last axis of a value carries a Space. */
    private static boolean hidden(Symmetries symmetries, String value) {
        List<Optional<AxisType>> axes = symmetries.axes().getOrDefault(value, List.of());
        return !axes.isEmpty() && axes.getLast().isPresent() && !symmetries.graph().parameters().containsKey(value);
    }

    /** Whether there is no layer to measure. */
    boolean isEmpty() {
        return layers.isEmpty();
    }

    /**
     * Per weight: {@code in H~G}, {@code in H~Z}, {@code in G~Z}, the same for {@code out}, and {@value #CHANCE}.
     *
     * @param given weights and statistics by name
     */
    Map<String, Map<String, Double>> of(Map<String, Tensor> given, Part part) {
        Map<String, Map<String, Double>> all = new LinkedHashMap<>();
        try (PointerScope scope = new PointerScope()) {
            Map<String, Seen> seen = seen(given, part);
            for (Layer layer : layers) {
                Map<String, Double> own = new LinkedHashMap<>();
                List<Double> chance = new ArrayList<>();
                Tensor stored = given.get(layer.weight());
                if (stored == null) {
                    continue;
                }
                Tensor w = stored.detach().to(ScalarType.Double);
                Tensor rows = layer.outputsFirst() ? w : w.t();
                layer.in().map(seen::get)
                        .ifPresent(s -> own.putAll(side("in", s, rows.t().matmul(rows), layer, chance)));
                layer.out().map(seen::get)
                        .ifPresent(s -> own.putAll(side("out", s, rows.matmul(rows.t()), layer, chance)));
                own.put(CHANCE, chance.stream().mapToDouble(c -> c).average().orElse(Double.NaN));
                all.put(layer.weight(), own);
            }
        }
        return all;
    }

    /**
     * What the loss pulls each layer's weights with, against their decay. Where W rests, gradients make up for weight decay,
     * ∂L/∂W = −γW, and so, with h_b = W h_a and γ the decay, −E[g_b h_bᵀ] = γ Z_b: {@code measured} is the γ that this shows,
     * −⟨W, ∂L/∂W⟩/‖W‖², and {@code shape} the Pearson correlation of the entries of both sides. This is the first of the
     * conditions that alignments follow from; it holds to first order in the learning rate, and less while W still moves.
     *
     * @param given weights and statistics by name
     * @param part what is trained on; at most {@value #PULLED} samples of it
     */
    Map<String, Map<String, Double>> pulls(Map<String, Tensor> given, Part part) {
        Map<String, Map<String, Double>> all = new LinkedHashMap<>();
        List<Layer> moving = layers.stream().filter(l -> {
            Tensor w = given.get(l.weight());
            return w != null && w.requires_grad();
        }).toList();
        if (moving.isEmpty()) {
            return all;
        }
        try (PointerScope scope = new PointerScope();
                Loader loader = Loader.training(part, BATCH, seed.split("pulls"), Augmentation.NONE,
                        program.device());
                Loader.Epoch batches = loader.epoch(0)) {
            Tensor[] by = moving.stream().map(l -> given.get(l.weight())).toArray(Tensor[]::new);
            Tensor[] sums = moving.stream().map(l -> torch.zeros_like(by[moving.indexOf(l)]).to(ScalarType.Double))
                    .toArray(Tensor[]::new);
            double targets = 0;
            for (int samples = 0; samples < PULLED && batches.hasNext(); samples += BATCH) {
                try (PointerScope inner = new PointerScope()) {
                    Batch batch = batches.next();
                    Map<String, Tensor> values = new HashMap<>(given);
                    values.put(objective.input().name(), batch.inputs());
                    Tensor loss = summed(program.run(values, Mode.EVALUATION), batch);
                    targets += batch.targets().numel();
                    TensorVector gradients = torch.grad(new TensorVector(loss), new TensorVector(by),
                            new TensorVector(), new BoolOptional(), false, true);
                    for (int i = 0; i < by.length; i++) {
                        if (gradients.get(i).defined()) {
                            sums[i].add_(gradients.get(i).to(ScalarType.Double));
                        }
                    }
                }
            }
            for (int i = 0; i < by.length; i++) {
                Layer layer = moving.get(i);
                Tensor w = by[i].detach().to(ScalarType.Double);
                Tensor rows = layer.outputsFirst() ? w : w.t();
                Tensor pull = (layer.outputsFirst() ? sums[i] : sums[i].t()).div(new Scalar(-targets));
                all.put(layer.weight(),
                        Map.of("measured", pull.mul(rows).sum().item_double() / rows.square().sum().item_double(),
                                "shape", correlation(pull.matmul(rows.t()), rows.matmul(rows.t()))));
            }
        }
        return all;
    }

    private Map<String, Double> side(String name, Seen seen, Tensor z, Layer layer, List<Double> chance) {
        try (PointerScope inner = new PointerScope()) {
            Tensor h = covariance(seen.h());
            Tensor g = covariance(seen.g());
            Map<String, Double> own = new LinkedHashMap<>();
            own.put(name + " H~G", correlation(h, g));
            own.put(name + " H~Z", correlation(h, z));
            own.put(name + " G~Z", correlation(g, z));
            Seed draw = seed.split(layer.weight()).split(name);
            chance.add(correlation(turned(h, draw.split(0)), g));
            chance.add(correlation(turned(h, draw.split(1)), z));
            chance.add(correlation(turned(g, draw.split(2)), z));
            return own;
        }
    }

    /** E[xxᵀ] of centred vectors of length 1; samples of which nothing is left count as 0. */
    static Tensor covariance(Tensor rows) {
        Tensor centred = rows.to(ScalarType.Double);
        centred = centred.sub(centred.mean(new long[] {0}, true, new org.bytedeco.pytorch.ScalarTypeOptional()));
        Tensor lengths = centred.square().sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                .sqrt();
        Tensor unit = centred.div(lengths.add(lengths.eq(new Scalar(0)).to(ScalarType.Double)));
        return unit.t().matmul(unit).div(new Scalar((double) rows.size(0)));
    }

    /** The Pearson correlation of the entries of two matrices, NaN where those of one are all the same. */
    static double correlation(Tensor a, Tensor b) {
        Tensor x = a.sub(a.mean());
        Tensor y = b.sub(b.mean());
        return x.mul(y).sum().item_double() / (x.norm().item_double() * y.norm().item_double());
    }

    /** R A Rᵀ with a random orthogonal R. */
    static Tensor turned(Tensor a, Seed seed) {
        int n = (int) a.size(0);
        RandomGenerator random = seed.generator();
        double[] numbers = random.doubles((long) n * n).map(x -> random.nextGaussian()).toArray();
        Tensor q = torch.linalg_qr(Tensors.of(TensorData.of(numbers, n, n), Device.cpu())
                .to(a.device(), ScalarType.Double)).get0();
        return q.matmul(a).matmul(q.t());
    }

    private Map<String, Seen> seen(Map<String, Tensor> given, Part part) {
        Map<String, List<Tensor>> h = new LinkedHashMap<>();
        Map<String, List<Tensor>> g = new LinkedHashMap<>();
        try (Loader loader = Loader.training(part, BATCH, seed.split("samples"), Augmentation.NONE, program.device());
                Loader.Epoch batches = loader.epoch(0)) {
            for (int samples = 0; samples < SAMPLES && batches.hasNext(); samples += BATCH) {
                add(batches.next(), given, h, g);
            }
        }
        Map<String, Seen> seen = new HashMap<>();
        h.forEach((value, parts) -> seen.put(value, new Seen(joined(parts), joined(g.getOrDefault(value, parts)))));
        return seen;
    }

    private static Tensor joined(List<Tensor> parts) {
        Tensor all = torch.cat(new TensorVector(parts.toArray(new Tensor[0])), 0);
        return all.narrow(0, 0, Math.min(SAMPLES, all.size(0)));
    }

    private void add(Batch batch, Map<String, Tensor> given, Map<String, List<Tensor>> h, Map<String, List<Tensor>> g) {
        Map<String, Tensor> values = new HashMap<>(given);
        values.put(objective.input().name(), batch.inputs());
        Map<String, Tensor> found = program.run(values, Mode.EVALUATION);
        Tensor loss = summed(found, batch);
        List<String> moving = this.values.stream().filter(v -> {
            Tensor value = found.get(v);
            return value != null && value.requires_grad();
        }).toList();
        if (moving.isEmpty()) {
            return;
        }
        Tensor[] by = moving.stream().map(found::get).toArray(Tensor[]::new);
        TensorVector gradients = torch.grad(new TensorVector(loss), new TensorVector(by), new TensorVector(),
                new BoolOptional(), false, true);
        for (int i = 0; i < by.length; i++) {
            Tensor gradient = gradients.get(i);
            long width = by[i].size(by[i].dim() - 1);
            if (gradient.defined()) {
                h.computeIfAbsent(moving.get(i), v -> new ArrayList<>()).add(by[i].detach().reshape(-1, width));
                g.computeIfAbsent(moving.get(i), v -> new ArrayList<>()).add(gradient.detach().reshape(-1, width));
            }
        }
    }

    /** The loss of all targets of a batch together. */
    private Tensor summed(Map<String, Tensor> found, Batch batch) {
        return objective.loss(objective.answer(found), batch.targets(), Optional.empty())
                .mul(new Scalar((double) batch.targets().numel()));
    }

    @Override
    public void close() {
        program.close();
    }
}
