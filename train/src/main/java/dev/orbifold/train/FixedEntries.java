package dev.orbifold.train;

import dev.orbifold.constraint.WeightAxes;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The entries of W = M⊙W + (1 − M)⊙F that are F (W-asymmetric networks, arXiv 2405.20231). Every unit of every weight has
 * equally many of them, at places that no other unit of the weight has, where there are so many choices. They are drawn by
 * the seed, so that nothing of them needs to be kept.
 */
final class FixedEntries implements AutoCloseable {
    /** How often places are drawn for a unit before two units may have the same. */
    private static final int TRIES = 100;

    /** Places within a Parameter, row-major, in order, and what stands there. */
    private record Entries(int[] at, float[] values) {
    }

    private final Map<String, Entries> entries = new LinkedHashMap<>();
    private final FlatWeights weights;
    private final PointerScope scope;
    private final Tensor index;
    private final Tensor values;

    /**
     * Draws them.
     *
     * @param names the Parameters; those whose units have fewer than 2 inputs, or are not known, have no such entries
     */
    FixedEntries(Graph graph, List<String> names, Prevention.Asymmetric asked, Seed seed, FlatWeights weights,
            Device device) {
        this.weights = weights;
        for (String name : names) {
            Optional<WeightAxes> axes = WeightAxes.of(graph, name);
            TensorData data = graph.parameter(name).orElseThrow();
            if (axes.isPresent() && data.elements() / data.dim(axes.get().units()) > 1) {
                entries.put(name, drawn(data, axes.get().units(), asked, seed.split(name)));
            }
        }
        List<FlatWeights.Place> places = weights.places().stream().filter(p -> entries.containsKey(p.name())).toList();
        long[] at = places.stream()
                .flatMapToLong(p -> Arrays.stream(of(p).at()).mapToLong(i -> p.offset() + i)).toArray();
        float[] what = new float[at.length];
        int next = 0;
        for (FlatWeights.Place place : places) {
            float[] own = of(place).values();
            System.arraycopy(own, 0, what, next, own.length);
            next += own.length;
        }
        this.scope = new PointerScope().extend();
        try {
            this.index = Tensors.of(device, at, at.length);
            this.values = Tensors.of(device, what, what.length);
        } finally {
            scope.close();
        }
    }

    private Entries of(FlatWeights.Place place) {
        return entries.getOrDefault(place.name(), new Entries(new int[0], new float[0]));
    }

    private static Entries drawn(TensorData data, int axis, Prevention.Asymmetric asked, Seed seed) {
        int units = Math.toIntExact(data.dim(axis));
        int fan = Math.toIntExact(data.elements() / units);
        int count = (int) Math.clamp(Math.round(asked.share() * fan), 1, fan - 1);
        int inner = 1;
        for (int a = axis + 1; a < data.rank(); a++) {
            inner *= Math.toIntExact(data.dim(a));
        }
        RandomGenerator random = seed.generator();
        Set<List<Integer>> taken = new HashSet<>();
        int[] at = new int[units * count];
        for (int unit = 0; unit < units; unit++) {
            List<Integer> inputs = chosen(random, fan, count);
            for (int tries = 1; !taken.add(inputs) && tries < TRIES; tries++) {
                inputs = chosen(random, fan, count);
            }
            for (int k = 0; k < count; k++) {
                int input = inputs.get(k);
                at[unit * count + k] = input / inner * units * inner + unit * inner + input % inner;
            }
        }
        Arrays.sort(at);
        float[] values = new float[at.length];
        for (int i = 0; i < values.length && !asked.zero(); i++) {
            values[i] = (float) (asked.kappa() * random.nextGaussian());
        }
        return new Entries(at, values);
    }

    /** So many of the numbers below n, in order. */
    private static List<Integer> chosen(RandomGenerator random, int n, int count) {
        int[] all = new int[n];
        Arrays.setAll(all, i -> i);
        List<Integer> chosen = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int other = k + random.nextInt(n - k);
            chosen.add(all[other]);
            all[other] = all[k];
        }
        chosen.sort(null);
        return chosen;
    }

    /** How many entries are fixed. */
    long count() {
        return index.numel();
    }

    /** The Graph with these entries where they belong. */
    Graph in(Graph graph) {
        Map<String, TensorData> changed = new LinkedHashMap<>();
        entries.forEach((name, own) -> {
            TensorData data = graph.parameter(name).orElseThrow();
            float[] numbers = data.toFloats().clone();
            for (int i = 0; i < own.at().length; i++) {
                numbers[own.at()[i]] = own.values()[i];
            }
            changed.put(name, TensorData.of(numbers, data.dims()));
        });
        return graph.replacing(changed);
    }

    /** Puts them back into the weights, bit for bit. */
    void restore() {
        try (PointerScope inner = new PointerScope()) {
            weights.values().index_copy_(0, index, values);
        }
    }

    /** Says that the loss does not depend on them. */
    void still(Tensor gradients) {
        try (PointerScope inner = new PointerScope()) {
            gradients.index_fill_(0, index, new Scalar(0.0));
        }
    }

    @Override
    public void close() {
        scope.deallocate();
    }
}
