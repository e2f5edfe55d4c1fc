package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The units of a network that hardly answer, and how they start anew (ReDo; Sokar et al., ICML 2023): with s a unit's mean
 * |activation| where the Space is read, over the mean of that over the Space's units, s ≤ τ is dormant. What writes such a
 * unit is drawn as at the start of training, what reads it becomes 0, and so do their momenta. A unit whose activation is 0
 * on all data starts anew without changing an output.
 *
 * <p>
 * Spaces are followed whose units can be taken out, and which nothing meets but trained Parameters that no constraint holds
 * and running statistics.
 */
final class DormantUnits implements AutoCloseable {
    /** Activations are measured on at least so many samples, if there are so many. */
    private static final int SAMPLES = 2048;
    private static final int BATCH = 256;
    private static final Set<String> PASSING =
            Set.of("Identity", "Transpose", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze");

    /** An axis of a value where the units of a Space are read: for every index its unit, -1 for none. */
    private record Sight(String value, int axis, int[] unit) {
    }

    private record Watched(Space space, List<Sight> sights) {
    }

    private final Graph graph;
    private final FlatWeights weights;
    private final Map<String, FlatWeights.Place> places = new LinkedHashMap<>();
    private final List<Watched> watched = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Program program;
    private final Device device;

    /**
     * Finds what can be followed.
     *
     * @param held Parameters that somebody else moves
     */
    DormantUnits(Symmetries symmetries, FlatWeights weights, Set<String> held, Device device) {
        this.graph = symmetries.graph();
        this.weights = weights;
        this.device = device;
        weights.places().forEach(p -> places.put(p.name(), p));
        Map<String, String> roots = roots();
        for (Space space : symmetries.spaces()) {
            List<Sight> sights = sights(symmetries, space, roots);
            boolean own = space.slots().stream().allMatch(s -> weights.state().containsKey(s.parameter())
                    || places.containsKey(s.parameter()) && !held.contains(s.parameter()));
            if (space.shrinkable() && own && !sights.isEmpty() && writes(space)) {
                watched.add(new Watched(space, sights));
            } else {
                findings.add(new Finding(Finding.Severity.INFO, "reset-not-followed", space.name(),
                        "dormant units of this Space are left as they are: " + reason(space, own)));
            }
        }
        this.program = Program.compile(observed(), device);
    }

    private static String reason(Space space, boolean own) {
        return space.kept().orElse(own ? "nothing trained writes or reads it directly"
                : "it meets a parameter that is held by a constraint or not trained");
    }

    private boolean writes(Space space) {
        return space.slots().stream().anyMatch(s -> s.role() == Slot.Role.WRITES && places.containsKey(s.parameter())
                && places.get(s.parameter()).dims().length > 1);
    }

    /** Every value that only rearranges a Parameter, with the Parameter. */
    private Map<String, String> roots() {
        Map<String, String> roots = new HashMap<>();
        graph.parameters().keySet().forEach(name -> roots.put(name, name));
        for (Node node : graph.nodes()) {
            if (PASSING.contains(node.opType()) && roots.containsKey(node.input(0))) {
                roots.put(node.output(0), roots.get(node.input(0)));
            }
        }
        return roots;
    }

    private List<Sight> sights(Symmetries symmetries, Space space, Map<String, String> roots) {
        List<String> readers = space.slots().stream().filter(s -> s.role() == Slot.Role.READS).map(Slot::parameter)
                .toList();
        List<Sight> sights = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.inputs().stream().noneMatch(i -> readers.contains(roots.get(i)))) {
                continue;
            }
            for (String value : node.inputs()) {
                List<Optional<AxisType>> axes = symmetries.axes().getOrDefault(value, List.of());
                for (int axis = 0; axis < axes.size() && !roots.containsKey(value); axis++) {
                    int[] unit = axes.get(axis).map(t -> units(t, space.id())).orElse(new int[0]);
                    if (Arrays.stream(unit).anyMatch(u -> u >= 0)) {
                        sights.add(new Sight(value, axis, unit));
                    }
                }
            }
        }
        return sights;
    }

    private static int[] units(AxisType type, int space) {
        return IntStream.range(0, type.space().length).map(i -> type.space()[i] == space ? type.unit()[i] : -1)
                .toArray();
    }

    private Graph observed() {
        return showing(graph, watched.stream().flatMap(w -> w.sights().stream()).map(Sight::value).distinct().toList());
    }

    /** The Graph with further values among its outputs. */
    static Graph showing(Graph graph, List<String> values) {
        List<ValueInfo> outputs = new ArrayList<>(graph.outputs());
        values.stream().filter(v -> outputs.stream().noneMatch(o -> o.name().equals(v)))
                .filter(v -> graph.inputs().stream().noneMatch(i -> i.name().equals(v)))
                .forEach(v -> outputs.add(new ValueInfo(v, Optional.empty(), Optional.empty())));
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), outputs, graph.nodes(), graph.parameters(),
                graph.declared(), graph.origin());
    }

    /** Spaces that are not followed, each with the reason. */
    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /**
     * The scores of all units that are followed: the largest over the places where a Space is read.
     *
     * @param values the weights and statistics by name
     * @param seed which samples are taken
     */
    Map<String, double[]> scores(String input, Map<String, Tensor> values, Part part, Seed seed) {
        Map<Sight, double[]> sums = new HashMap<>();
        try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard();
                Loader loader = Loader.training(part, BATCH, seed, Augmentation.NONE, device);
                Loader.Epoch batches = loader.epoch(0)) {
            int seen = 0;
            while (seen < SAMPLES && batches.hasNext()) {
                Batch batch = batches.next();
                seen += (int) batch.inputs().size(0);
                try (PointerScope inner = new PointerScope()) {
                    Map<String, Tensor> given = new HashMap<>(values);
                    given.put(input, batch.inputs());
                    Map<String, Tensor> found = program.run(given, Mode.EVALUATION);
                    for (Watched one : watched) {
                        for (Sight sight : one.sights()) {
                            add(sums.computeIfAbsent(sight, s -> new double[s.unit().length]),
                                    found.getOrDefault(sight.value(), batch.inputs()), sight);
                        }
                    }
                }
            }
        }
        Map<String, double[]> scores = new LinkedHashMap<>();
        for (Watched one : watched) {
            double[] most = new double[one.space().dimension()];
            for (Sight sight : one.sights()) {
                double[] own = scores(sums.getOrDefault(sight, new double[sight.unit().length]), sight, most.length);
                Arrays.setAll(most, u -> Math.max(most[u], own[u]));
            }
            scores.put(one.space().name(), most);
        }
        return scores;
    }

    private static void add(double[] sums, Tensor value, Sight sight) {
        Tensor rows = value.to(ScalarType.Double).abs().movedim(sight.axis(), 0).reshape(sight.unit().length, -1);
        double[] means = Tensors.toData(rows.sum(1)).toDoubles();
        Arrays.setAll(sums, i -> sums[i] + means[i]);
    }

    private static double[] scores(double[] sums, Sight sight, int units) {
        double[] own = new double[units];
        for (int i = 0; i < sums.length; i++) {
            if (sight.unit()[i] >= 0) {
                own[sight.unit()[i]] += sums[i];
            }
        }
        double mean = Arrays.stream(own).average().orElse(0);
        return mean == 0 ? new double[units] : Arrays.stream(own).map(s -> s / mean).toArray();
    }

    /**
     * Starts units anew.
     *
     * @param scores as {@link #scores} gives them
     * @param most τ
     * @param moments the optimizer's, laid out like the weights
     * @param seed of what is drawn
     * @return how many units, by Space; Spaces without any are left out
     */
    Map<String, Integer> reset(Map<String, double[]> scores, double most, List<Tensor> moments, Seed seed) {
        Map<String, Integer> reset = new LinkedHashMap<>();
        for (Watched one : watched) {
            double[] own = scores.getOrDefault(one.space().name(), new double[0]);
            boolean[] dormant = new boolean[one.space().dimension()];
            int count = 0;
            for (int u = 0; u < own.length; u++) {
                dormant[u] = own[u] <= most;
                count += dormant[u] ? 1 : 0;
            }
            if (count > 0) {
                reset.put(one.space().name(), count);
                // A parameter may write and read the same Space: what reads is set last, so that it is 0.
                one.space().slots().stream().filter(s -> s.role() != Slot.Role.READS)
                        .forEach(s -> start(s, dormant, moments, seed));
                one.space().slots().stream().filter(s -> s.role() == Slot.Role.READS)
                        .forEach(s -> silence(s, dormant, moments));
            }
        }
        return reset;
    }

    private static long[] at(Slot slot, boolean[] dormant) {
        return IntStream.range(0, slot.unit().length).filter(i -> slot.unit()[i] >= 0 && dormant[slot.unit()[i]])
                .asLongStream().toArray();
    }

    private void start(Slot slot, boolean[] dormant, List<Tensor> moments, Seed seed) {
        long[] at = at(slot, dormant);
        try (PointerScope scope = new PointerScope()) {
            Tensor index = Tensors.of(device, at, at.length);
            Tensor statistic = weights.state().get(slot.parameter());
            FlatWeights.Place place = places.get(slot.parameter());
            if (statistic != null) {
                statistic.index_fill_(slot.axis(), index, new Scalar(Networks.statistic(graph, slot.parameter())));
            } else if (place != null) {
                Tensor drawn = Tensors.of(Networks.weight(graph, slot.parameter(), seed.split(slot.parameter())),
                        device);
                view(weights.values(), place).index_copy_(slot.axis(), index, drawn.index_select(slot.axis(), index));
                forget(place, slot, index, moments);
            }
        }
    }

    private void silence(Slot slot, boolean[] dormant, List<Tensor> moments) {
        long[] at = at(slot, dormant);
        try (PointerScope scope = new PointerScope()) {
            Tensor index = Tensors.of(device, at, at.length);
            FlatWeights.Place place = places.get(slot.parameter());
            if (place != null) {
                view(weights.values(), place).index_fill_(slot.axis(), index, new Scalar(0.0));
                forget(place, slot, index, moments);
            }
        }
    }

    private static void forget(FlatWeights.Place place, Slot slot, Tensor index, List<Tensor> moments) {
        moments.forEach(m -> view(m, place).index_fill_(slot.axis(), index, new Scalar(0.0)));
    }

    private static Tensor view(Tensor flat, FlatWeights.Place place) {
        return flat.narrow(0, place.offset(), place.elements()).view(place.dims());
    }

    @Override
    public void close() {
        program.close();
    }
}
