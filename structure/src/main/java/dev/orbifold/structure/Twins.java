package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
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
 * what it is read with to the first, and then nothing reads it. Where signs come with a bias correction, as of opposite
 * sigmoid units, the second is turned first, so that biases take back what that leaves.
 *
 * @param pairs per Space, by id, the pairs; a class of k units gives k − 1 pairs with the same first unit
 */
public record Twins(List<List<Pair>> pairs) {
    /** Two directions this close are one: float32 keeps seven digits, and scaling a row rounds each entry once. */
    private static final double SAME = 5e-7;
    /** The same where a parameter is float64, which keeps fifteen digits. */
    private static final double SAME_DOUBLE = 1e-14;
    /** What merging a pair that is only nearly equal may change of what a parameter that reads both carries. */
    private static final double SEEN = 1e-5;

    /**
     * Two units that say the same.
     *
     * @param first the unit that stays
     * @param second the unit that repeats it
     * @param factors per scaling of the Space the factor that makes the second the first
     * @param apart how far apart what writes them is, as a share of its length: 0, or what rounding may leave
     */
    public record Pair(int first, int second, List<Double> factors, double apart) {
        /** Copies the list. */
        public Pair {
            factors = List.copyOf(factors);
        }
    }

    /** Copies the lists. */
    public Twins {
        pairs = pairs.stream().map(List::copyOf).toList();
    }

    /** Looks for them in every Space. Units that nothing writes are dead, not twins. */
    public static Twins of(Symmetries symmetries) {
        return of(symmetries, Gauge.all(symmetries));
    }

    /** The same, with the gauge of every Space known. */
    static Twins of(Symmetries symmetries, List<Optional<Gauge>> gauges) {
        return new Twins(symmetries.spaces().parallelStream().map(s -> search(gauges.get(s.id()), s)).toList());
    }

    /** How many units repeat another one. */
    public int count() {
        return pairs.stream().mapToInt(List::size).sum();
    }

    private static List<Pair> search(Optional<Gauge> known, Space space) {
        if (known.isEmpty()) {
            return List.of();
        }
        Gauge gauge = known.get();
        int n = space.dimension();
        double[][] factors = IntStream.range(0, n).mapToObj(gauge::fixing).toArray(double[][]::new);
        double[][] by = IntStream.range(0, n).mapToObj(gauge::normal).toArray(double[][]::new);
        double[] shadow = new double[n];
        double[] squares = new double[n];
        double direction = 0;
        for (int g = 0; g < gauge.groups(); g++) {
            for (int u = 0; u < n; u++) {
                shadow[u] += by[u][g] * gauge.group(g).shadow(u);
                squares[u] += by[u][g] * by[u][g] * gauge.group(g).squares(u);
            }
            direction += gauge.group(g).directionSquared();
        }
        double norm = Math.sqrt(direction);
        double close = IntStream.range(0, gauge.groups()).anyMatch(g -> gauge.group(g).type() == DataType.DOUBLE)
                ? SAME_DOUBLE
                : SAME;
        Integer[] order = IntStream.range(0, n).filter(u -> squares[u] != 0).boxed()
                .sorted(Comparator.comparingDouble(u -> shadow[u])).toArray(Integer[]::new);
        int[] head = IntStream.range(0, n).toArray();
        for (int i = 0; i < order.length; i++) {
            double length = Math.sqrt(squares[order[i]]);
            for (int j = i + 1; j < order.length
                    && shadow[order[j]] - shadow[order[i]] <= close * norm * length; j++) {
                if (distance(gauge, order[i], order[j], by, close * length) <= close * length) {
                    int x = root(head, order[i]);
                    int y = root(head, order[j]);
                    head[Math.max(x, y)] = Math.min(x, y);
                }
            }
        }
        List<Pair> pairs = new ArrayList<>();
        for (int u = 0; u < n; u++) {
            int first = root(head, u);
            if (first != u) {
                int second = u;
                pairs.add(new Pair(first, u, IntStream.range(0, factors[u].length)
                        .mapToObj(k -> factors[second][k] / factors[first][k]).toList(),
                        distance(gauge, first, u, by, Double.MAX_VALUE) / Math.sqrt(squares[first])));
            }
        }
        return pairs;
    }

    private static int root(int[] head, int unit) {
        int at = unit;
        while (head[at] != at) {
            at = head[at];
        }
        return at;
    }

    /** One fixed random direction; that two units look alike along it decides nothing, it only finds candidates. */
    static double[] direction(int length) {
        RandomGenerator random = new dev.orbifold.graph.Seed(0x5EED).generator();
        return random.doubles(length).map(x -> random.nextGaussian()).toArray();
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** How far apart two units are; from {@code limit} on only that it is more. */
    private static double distance(Gauge gauge, int unit, int other, double[][] by, double limit) {
        double distance = 0;
        for (int g = 0; g < gauge.groups() && distance <= limit * limit; g++) {
            distance = gauge.group(g).distance(distance, unit, by[unit][g], other, by[other][g], limit * limit);
        }
        return Math.sqrt(distance);
    }

    /**
     * Whether a pair that rounding tells apart is read so strongly, with opposite weights, that merging it would be seen: what
     * the second is read with, times how far apart they are, is no small share of what the parameter then reads of all units.
     */
    static boolean seen(Symmetries symmetries, Space space, Pair pair) {
        Axes axes = new Axes(symmetries);
        for (int i = 0; i < space.slots().size() && pair.apart() > 0; i++) {
            Slot slot = space.slots().get(i);
            int number = i;
            Optional<TensorData> tensor = axes.constant(slot.parameter()).filter(Twins::adds);
            if (slot.role() != Slot.Role.READS || tensor.isEmpty()) {
                continue;
            }
            List<double[]> powers = symmetries.scalings(space).stream().map(x -> x.powers().get(number)).toList();
            double left = norm(handed(tensor.get(), slot, List.of(pair), powers).toDoubles());
            double[] squares = Entries.squares(tensor.get(), slot.axis());
            double second = Math.sqrt(IntStream.range(0, squares.length).filter(k -> slot.unit()[k] == pair.second())
                    .mapToDouble(k -> squares[k]).sum());
            if (second * pair.apart() > SEEN * left) {
                return true;
            }
        }
        return false;
    }

    private static double norm(double[] values) {
        return Math.sqrt(dot(values, values));
    }

    /**
     * The Graph in which every second twin is read by nothing, and every first one by what read both.
     *
     * @param symmetries the Spaces these were found in
     * @param leaving per Space, by id, the second twins that may go
     */
    Graph handedOver(Symmetries symmetries, List<BitSet> leaving) {
        Graph turned = turned(symmetries, leaving);
        Axes axes = new Axes(turned == symmetries.graph() ? symmetries : symmetries.on(turned));
        Map<String, TensorData> changed = new LinkedHashMap<>();
        for (Space space : symmetries.spaces()) {
            List<Pair> here = pairs.get(space.id()).stream().filter(p -> leaving.get(space.id()).get(p.second()))
                    .toList();
            List<Slot> readers = space.slots().stream().filter(s -> s.role() == Slot.Role.READS).toList();
            for (Slot slot : here.isEmpty() ? List.<Slot>of() : readers) {
                TensorData tensor = Optional.ofNullable(changed.get(slot.parameter()))
                        .or(() -> axes.constant(slot.parameter())).filter(Twins::adds)
                        .orElseThrow(() -> new StructureException(
                                slot.parameter() + " reads " + space.name()
                                        + " and is no float32 or float64 parameter"));
                List<double[]> powers = symmetries.scalings(space).stream()
                        .map(x -> x.powers().get(space.slots().indexOf(slot))).toList();
                changed.put(slot.parameter(), handed(tensor, slot, alike(symmetries, space, here), powers));
            }
        }
        if (changed.isEmpty()) {
            return turned;
        }
        GraphEdit edit = new GraphEdit(turned);
        changed.forEach(edit::parameter);
        return edit.done();
    }

    /** The Graph in which the signs that come with a bias correction have been turned, so that the second twins repeat the first. */
    private Graph turned(Symmetries symmetries, List<BitSet> leaving) {
        List<Transform.Element> elements = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            List<Scaling> scalings = symmetries.scalings(space);
            int n = space.dimension();
            List<double[]> factors = scalings.stream().map(s -> {
                double[] ones = new double[n];
                Arrays.fill(ones, 1);
                return ones;
            }).toList();
            boolean turns = false;
            for (Pair pair : pairs.get(space.id())) {
                for (int s = 0; s < scalings.size() && leaving.get(space.id()).get(pair.second()); s++) {
                    if (scalings.get(s).affine() && pair.factors().get(s) < 0) {
                        factors.get(s)[pair.second()] = -1;
                        turns = true;
                    }
                }
            }
            if (turns) {
                elements.add(new Transform.Element(space, IntStream.range(0, n).toArray(), factors));
            }
        }
        return elements.isEmpty() ? symmetries.graph() : Transform.apply(symmetries, elements);
    }

    /** The pairs after their signs have been {@link #turned}. */
    private static List<Pair> alike(Symmetries symmetries, Space space, List<Pair> pairs) {
        List<Scaling> scalings = symmetries.scalings(space);
        return pairs.stream().map(p -> new Pair(p.first(), p.second(), IntStream.range(0, scalings.size())
                .mapToObj(s -> scalings.get(s).affine() ? Math.abs(p.factors().get(s)) : p.factors().get(s)).toList(),
                p.apart()))
                .toList();
    }

    /** Whether every reader of a Space is a parameter that sums can be written to. */
    static boolean mergeable(Symmetries symmetries, Space space) {
        Axes axes = new Axes(symmetries);
        return space.slots().stream().filter(s -> s.role() == Slot.Role.READS)
                .allMatch(s -> axes.constant(s.parameter()).filter(Twins::adds).isPresent());
    }

    private static boolean adds(TensorData tensor) {
        return tensor.type() == DataType.FLOAT || tensor.type() == DataType.DOUBLE;
    }

    private static TensorData handed(TensorData tensor, Slot slot, List<Pair> pairs, List<double[]> powers) {
        double[] values = tensor.toDoubles();
        int length = slot.unit().length;
        int inner = Gauge.inner(tensor, slot.axis());
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
            double factor = 1;
            for (int k = 0; k < powers.size(); k++) {
                factor *= Gauge.power(pair.factors().get(k), powers.get(k)[slot.leg()[i]]);
            }
            for (int o = 0; o < values.length / (length * inner); o++) {
                for (int k = 0; k < inner; k++) {
                    int from = (o * length + i) * inner + k;
                    values[(o * length + to) * inner + k] += factor * values[from];
                    values[from] = 0;
                }
            }
        }
        if (tensor.type() == DataType.DOUBLE) {
            return TensorData.of(values, tensor.dims());
        }
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) values[i];
        }
        return TensorData.of(rounded, tensor.dims());
    }
}
