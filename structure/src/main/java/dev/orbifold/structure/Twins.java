package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Units of one Space that say the same: everything that writes the second is what writes the first times a number that
 * the Space's Group allows (1, a sign, a scale). They lie on a permutation mirror, up to the Group. The second can hand
 * what it is read with to the first, and then nothing reads it.
 *
 * @param pairs per Space, by id, the pairs; a class of k units gives k − 1 pairs with the same first unit
 */
public record Twins(List<List<Pair>> pairs) {
    /** Two directions this close are one: float32 keeps seven digits, and scaling a row rounds each entry once. */
    private static final double SAME = 2e-6;

    /**
     * Two units that say the same.
     *
     * @param first the unit that stays
     * @param second the unit that repeats it
     * @param factor what writes the second is this times what writes the first
     */
    public record Pair(int first, int second, double factor) {
    }

    /** Copies the lists. */
    public Twins {
        pairs = pairs.stream().map(List::copyOf).toList();
    }

    /** Looks for them in every Space. Units that nothing writes are dead, not twins. */
    public static Twins of(Symmetries symmetries) {
        Axes axes = new Axes(symmetries);
        return new Twins(symmetries.spaces().stream().map(s -> search(symmetries, axes, s)).toList());
    }

    /** How many units repeat another one. */
    public int count() {
        return pairs.stream().mapToInt(List::size).sum();
    }

    private static List<Pair> search(Symmetries symmetries, Axes axes, Space space) {
        double[][] written = written(axes, space);
        if (written.length == 0) {
            return List.of();
        }
        Optional<Scaling> scaling = scaling(symmetries, space);
        int n = space.dimension();
        double[] size = new double[n];
        for (int u = 0; u < n; u++) {
            size[u] = normalized(written[u], scaling);
        }
        double[] direction = directions(written[0].length);
        double[] shadow = Arrays.stream(written).mapToDouble(w -> dot(w, direction)).toArray();
        Integer[] order = IntStream.range(0, n).filter(u -> size[u] != 0).boxed()
                .sorted(Comparator.comparingDouble(u -> shadow[u])).toArray(Integer[]::new);
        int[] head = IntStream.range(0, n).toArray();
        double norm = Math.sqrt(dot(direction, direction));
        for (int i = 0; i < order.length; i++) {
            double length = Math.sqrt(dot(written[order[i]], written[order[i]]));
            for (int j = i + 1; j < order.length
                    && shadow[order[j]] - shadow[order[i]] <= SAME * norm * length; j++) {
                if (distance(written[order[i]], written[order[j]]) <= SAME * length) {
                    int first = Math.min(head[order[i]], head[order[j]]);
                    head[order[i]] = first;
                    head[order[j]] = first;
                }
            }
        }
        List<Pair> pairs = new ArrayList<>();
        for (int u = 0; u < n; u++) {
            int first = u;
            while (head[first] != first) {
                first = head[first];
            }
            if (first != u) {
                pairs.add(new Pair(first, u, size[u] / size[first]));
            }
        }
        return pairs;
    }

    /** Per unit all entries that write or follow it; empty where a parameter is not known. */
    private static double[][] written(Axes axes, Space space) {
        List<List<double[]>> all = new ArrayList<>();
        IntStream.range(0, space.dimension()).forEach(u -> all.add(new ArrayList<>()));
        boolean any = false;
        for (Slot slot : space.slots()) {
            if (slot.role() == Slot.Role.READS) {
                continue;
            }
            Optional<TensorData> tensor = axes.constant(slot.parameter()).filter(t -> t.type().isReal());
            if (tensor.isEmpty()) {
                return new double[0][];
            }
            any |= slot.role() == Slot.Role.WRITES;
            double[][] entries = entries(tensor.get(), slot, space.dimension());
            for (int u = 0; u < entries.length; u++) {
                all.get(u).add(entries[u]);
            }
        }
        return any ? all.stream().map(l -> l.stream().flatMapToDouble(Arrays::stream).toArray()).toArray(double[][]::new)
                : new double[0][];
    }

    /** The entries of a slot that belong to each unit, legs in order. */
    private static double[][] entries(TensorData tensor, Slot slot, int units) {
        double[] values = tensor.toDoubles();
        int length = slot.unit().length;
        int inner = inner(tensor, slot.axis());
        int outer = values.length / (length * inner);
        Integer[] order = IntStream.range(0, length).filter(i -> slot.unit()[i] >= 0).boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> slot.leg()[i]).thenComparing(i -> i))
                .toArray(Integer[]::new);
        int[] count = new int[units];
        for (int i : order) {
            count[slot.unit()[i]]++;
        }
        double[][] entries = new double[units][];
        for (int u = 0; u < units; u++) {
            entries[u] = new double[count[u] * outer * inner];
            count[u] = 0;
        }
        for (int i : order) {
            int unit = slot.unit()[i];
            for (int o = 0; o < outer; o++) {
                System.arraycopy(values, (o * length + i) * inner, entries[unit], count[unit], inner);
                count[unit] += inner;
            }
        }
        return entries;
    }

    private static int inner(TensorData tensor, int axis) {
        int inner = 1;
        for (int a = axis + 1; a < tensor.rank(); a++) {
            inner *= Math.toIntExact(tensor.dim(a));
        }
        return inner;
    }

    /** The scaling under which everything that writes a unit is multiplied alike; empty where there is none. */
    private static Optional<Scaling> scaling(Symmetries symmetries, Space space) {
        return symmetries.scalings(space).stream().filter(s -> IntStream.range(0, space.slots().size())
                .filter(i -> space.slots().get(i).role() != Slot.Role.READS)
                .allMatch(i -> Arrays.stream(s.powers().get(i)).allMatch(p -> p == 1))).findFirst();
    }

    /** Divides a unit's entries by the number the Group allows, and gives that number; 0 for a unit of zeros. */
    private static double normalized(double[] entries, Optional<Scaling> scaling) {
        double norm = Math.sqrt(dot(entries, entries));
        if (norm == 0 || scaling.isEmpty()) {
            return norm == 0 ? 0 : 1;
        }
        Group.Diagonal diagonal = scaling.get().diagonal();
        double largest = 0;
        for (double e : entries) {
            largest = Math.abs(e) > Math.abs(largest) * (1 + SAME) ? e : largest;
        }
        double factor = (diagonal == Group.Diagonal.SIGNS ? 1 : norm)
                * (diagonal != Group.Diagonal.POSITIVE && largest < 0 ? -1 : 1);
        for (int i = 0; i < entries.length; i++) {
            entries[i] /= factor;
        }
        return factor;
    }

    /** One fixed random direction; that two units look alike along it decides nothing, it only finds candidates. */
    private static double[] directions(int length) {
        RandomGenerator random = new dev.orbifold.graph.Seed(0x5EED).generator();
        return random.doubles(length).map(x -> random.nextGaussian()).toArray();
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum);
    }

    /**
     * The Graph in which every second twin is read by nothing, and every first one by what read both.
     *
     * @param symmetries the Spaces these were found in
     * @param leaving per Space, by id, the second twins that may go
     */
    Graph handedOver(Symmetries symmetries, List<BitSet> leaving) {
        Axes axes = new Axes(symmetries);
        Map<String, TensorData> changed = new LinkedHashMap<>();
        for (Space space : symmetries.spaces()) {
            List<Pair> here = pairs.get(space.id()).stream().filter(p -> leaving.get(space.id()).get(p.second()))
                    .toList();
            List<Slot> readers = space.slots().stream().filter(s -> s.role() == Slot.Role.READS).toList();
            for (Slot slot : here.isEmpty() ? List.<Slot>of() : readers) {
                TensorData tensor = Optional.ofNullable(changed.get(slot.parameter()))
                        .or(() -> axes.constant(slot.parameter())).filter(t -> t.type() == DataType.FLOAT)
                        .orElseThrow(() -> new StructureException(
                                slot.parameter() + " reads " + space.name() + " and is no float32 parameter"));
                double[] powers = scaling(symmetries, space)
                        .map(s -> s.powers().get(space.slots().indexOf(slot))).orElse(new double[0]);
                changed.put(slot.parameter(), handed(tensor, slot, here, powers));
            }
        }
        if (changed.isEmpty()) {
            return symmetries.graph();
        }
        GraphEdit edit = new GraphEdit(symmetries.graph());
        changed.forEach(edit::parameter);
        return edit.done();
    }

    private static TensorData handed(TensorData tensor, Slot slot, List<Pair> pairs, double[] powers) {
        float[] values = tensor.toFloats();
        int length = slot.unit().length;
        int inner = inner(tensor, slot.axis());
        Map<Long, Integer> places = new LinkedHashMap<>();
        for (int i = 0; i < length; i++) {
            places.put(((long) slot.unit()[i] << 32) | slot.leg()[i], i);
        }
        Map<Integer, Pair> bySecond = new LinkedHashMap<>();
        pairs.forEach(p -> bySecond.put(p.second(), p));
        for (int i = 0; i < length; i++) {
            Pair pair = bySecond.get(slot.unit()[i]);
            Integer to = pair == null ? null : places.get(((long) pair.first() << 32) | slot.leg()[i]);
            if (pair == null || to == null) {
                continue;
            }
            double power = powers.length == 0 ? 0 : powers[slot.leg()[i]];
            double factor = Math.pow(Math.abs(pair.factor()), -power)
                    * (pair.factor() < 0 && Math.abs(power) % 2 == 1 ? -1 : 1);
            for (int o = 0; o < values.length / (length * inner); o++) {
                for (int k = 0; k < inner; k++) {
                    int from = (o * length + i) * inner + k;
                    values[(o * length + to) * inner + k] += (float) (factor * values[from]);
                    values[from] = 0;
                }
            }
        }
        return TensorData.of(values, tensor.dims());
    }
}
