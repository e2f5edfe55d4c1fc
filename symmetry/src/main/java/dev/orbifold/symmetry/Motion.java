package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Reals;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Elements of many Spaces gathered by parameter, so that every parameter is read once, moved by all of them in doubles,
 * rounded once and written once, several parameters at a time.
 *
 * <p>
 * Coordinates are mixed first, in the order in which the elements were added, and units are exchanged and scaled after
 * that. The other way round would be wrong: which coordinates mix depends on the values of constants, such as a table of
 * rotary angles, and these move with the units. Which units can be exchanged depends on no value that mixing moves.
 */
final class Motion {
    /** What one parameter goes through. */
    private record Plan(Map<Integer, AxisMap> units, List<Step> mixing) {
        Plan() {
            this(new HashMap<>(), new ArrayList<>());
        }
    }

    private sealed interface Step permits Add, Mix, Scale, Fill {
    }

    /** Numbers are added to the parameter as it was, before anything mixes. */
    private record Add(double[] numbers) implements Step {
    }

    private record Mix(LinearSlot slot, int n, List<LinearMap> maps) implements Step {
    }

    /** Entries at index i of an axis are multiplied by factors[i]. */
    private record Scale(int axis, double[] factors) implements Step {
    }

    private record Fill(double value) implements Step {
    }

    private final Graph graph;
    private final Map<String, TensorData> tensors;
    private final Map<String, Plan> plans = new LinkedHashMap<>();

    Motion(Graph graph) {
        this.graph = graph;
        this.tensors = Tensors.real(graph);
    }

    /** The Graph that is moved. */
    Graph graph() {
        return graph;
    }

    /** Adds numbers to a parameter, one per element, row-major: they mix and move with the rest. */
    void displace(String parameter, double[] numbers) {
        plan(parameter).mixing.add(0, new Add(numbers));
    }

    /** Adds what happens along an axis of a parameter. */
    void exchange(String parameter, int axis, AxisMap map) {
        plan(parameter).units.merge(axis, map, AxisMap::then);
    }

    /** Adds the folding of a norm's scale into what reads it. */
    void fold(LinearFold fold) {
        double[] scale = new Mover(0).mixed(tensor(fold.scale()), plan(fold.scale()));
        for (LinearSlot slot : fold.slots()) {
            double[] factors = Arrays.stream(slot.coordinate())
                    .mapToDouble(c -> c < 0 ? 1 : slot.dual() ? scale[c] : 1 / scale[c]).toArray();
            plan(slot.parameter()).mixing.add(new Scale(slot.axis(), factors));
        }
        plan(fold.scale()).mixing.add(new Fill(1));
    }

    /** Adds maps that mix the coordinates of a Slot. */
    void mix(LinearSlot slot, int n, List<LinearMap> maps) {
        plan(slot.parameter()).mixing.add(new Mix(slot, n, maps));
    }

    private Plan plan(String parameter) {
        tensor(parameter);
        return plans.computeIfAbsent(parameter, p -> new Plan());
    }

    private TensorData tensor(String parameter) {
        // A bias of one number carries no units, but takes back what others leave.
        TensorData tensor = tensors.getOrDefault(parameter, graph.parameters().get(parameter));
        if (tensor == null) {
            throw new SymmetryException("the Graph lacks the parameter " + parameter);
        }
        return tensor;
    }

    /** The moved Graph, with its parameters on the heap. */
    Graph onHeap() {
        return apply((size, alignment) -> MemorySegment.ofArray(new byte[Math.toIntExact(size)]));
    }

    /**
     * The moved Graph.
     *
     * @param memory where moved parameters go, used by several threads at once; file pages of parameters that have been
     *            read are given back
     */
    Graph apply(SegmentAllocator memory) {
        List<String> names = new ArrayList<>(plans.keySet());
        names.sort(Comparator.comparingLong((String name) -> tensor(name).elements()).reversed());
        Map<String, TensorData> moved = new ConcurrentHashMap<>();
        AtomicInteger next = new AtomicInteger();
        int largest = names.stream().filter(name -> !plan(name).mixing.isEmpty())
                .mapToInt(name -> Math.toIntExact(tensor(name).elements())).max().orElse(0);
        IntStream.range(0, Math.min(names.size(), ForkJoinPool.getCommonPoolParallelism() + 1)).parallel()
                .forEach(worker -> {
                    Mover mover = new Mover(largest);
                    for (int i = next.getAndIncrement(); i < names.size(); i = next.getAndIncrement()) {
                        TensorData tensor = tensor(names.get(i));
                        moved.put(names.get(i), mover.moved(tensor, plan(names.get(i)), memory));
                        tensor.release();
                    }
                });
        Map<String, TensorData> ordered = new LinkedHashMap<>();
        plans.keySet().forEach(name -> ordered.put(name, Objects.requireNonNull(moved.get(name))));
        return Tensors.replace(graph, ordered);
    }

    /** Moves parameters one after another. */
    private static final class Mover {
        private final AxisMover exchange = new AxisMover();
        private final Mixing mixing = new Mixing();
        private final Reals reals = new Reals();
        private double[] scratch;

        Mover(int largest) {
            scratch = new double[largest];
        }

        TensorData moved(TensorData tensor, Plan plan, SegmentAllocator memory) {
            MemorySegment bytes = memory.allocate(tensor.bytes().byteSize(), Long.BYTES);
            AxisMover.Rows rows = (row, length, place) -> reals.write(row, 0, length, tensor.type(), bytes, place);
            if (plan.mixing.isEmpty()) {
                exchange.move((first, to, at, count) -> reals.read(tensor, first, to, at, count), tensor.dims(),
                        plan.units, rows);
            } else {
                double[] mixed = mixed(tensor, plan);
                exchange.move((first, to, at, count) -> System.arraycopy(mixed, (int) first, to, at, count),
                        tensor.dims(), plan.units, rows);
            }
            return new TensorData(tensor.type(), tensor.dims(), bytes);
        }

        /** The elements with coordinates mixed, in an array that is used again and may be longer. */
        double[] mixed(TensorData tensor, Plan plan) {
            int size = Math.toIntExact(tensor.elements());
            if (scratch.length < size) {
                scratch = new double[size];
            }
            reals.read(tensor, 0, scratch, 0, size);
            for (Step step : plan.mixing) {
                switch (step) {
                    case Add add -> add(add.numbers);
                    case Fill fill -> Arrays.fill(scratch, 0, size, fill.value);
                    case Scale scale -> scale(scale, tensor.dims(), size);
                    case Mix mix -> mixing.apply(mix.slot, mix.n, mix.maps, tensor.dims(), scratch, size);
                }
            }
            return scratch;
        }

        private void add(double[] numbers) {
            for (int i = 0; i < numbers.length; i++) {
                scratch[i] += numbers[i];
            }
        }

        private void scale(Scale scale, long[] dims, int size) {
            int stride = Mixing.stride(dims, scale.axis);
            for (int row = 0; row * stride < size; row++) {
                double factor = scale.factors[row % scale.factors.length];
                for (int k = row * stride; k < (row + 1) * stride; k++) {
                    scratch[k] *= factor;
                }
            }
        }
    }
}
