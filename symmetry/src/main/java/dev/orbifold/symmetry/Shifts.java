package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The translations of a Graph's parameters that change nothing: what is added to one parameter is taken back by others further
 * on, or is not seen by a norm or a softmax (theory, 7). Each is followed by itself ({@link ShiftRules}), from a parameter to
 * those after it, so that the found ones are linearly independent. Only parameters that take all of it back, or all that a
 * norm or a softmax leaves, are found: a translation that two parameters would have to share is not looked for.
 */
public final class Shifts {
    private final ShiftFacts facts;
    private final ShiftCandidates candidates;
    private final List<Shift> shifts = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Map<String, NullSpace.Basis> bases = new HashMap<>();

    private Shifts(Graph graph, Shapes shapes, boolean trainable) {
        facts = new ShiftFacts(graph, shapes, trainable);
        candidates = new ShiftCandidates(facts);
        candidates.all().stream().sorted(Comparator.comparingInt(facts::order)).forEach(this::find);
    }

    /** The shifts of a Graph in evaluation mode; running means of batch norms move where that takes a shift back. */
    public static Shifts of(Graph graph) {
        return of(graph, Shapes.of(graph));
    }

    /** The shifts of a Graph, from shapes that are known already. */
    static Shifts of(Graph graph, Shapes shapes) {
        return new Shifts(graph, shapes, false);
    }

    /** The shifts that move weights alone, not running means. */
    public static Shifts trainable(Graph graph) {
        return new Shifts(graph, Shapes.of(graph), true);
    }

    /** The Graph. */
    public Graph graph() {
        return facts.graph();
    }

    /** The shifts, in the order in which their parameters are read. */
    public List<Shift> shifts() {
        return List.copyOf(shifts);
    }

    /** One {@code shift-not-sought} per parameter whose shift would be too large to work out. */
    public List<Finding> findings() {
        return List.copyOf(findings);
    }

    private void find(String parameter) {
        try {
            Offset start = Offset.identity(start(parameter));
            ShiftWalk walk = new ShiftWalk(facts, parameter, start).run();
            int dimension = start.elements();
            if (!walk.conditions().isEmpty()) {
                NullSpace space = new NullSpace(dimension);
                walk.conditions().forEach(c -> c.into(space));
                NullSpace.Basis basis = space.basis();
                dimension = basis.dimension();
                bases.put(parameter, basis);
            }
            if (dimension > 0) {
                List<Shift.Slot> slots = new ArrayList<>();
                slots.add(slot(parameter, facts.parameterDims(parameter), start));
                walk.absorbed().forEach(a -> slots.add(slot(a.operand().parameter(),
                        facts.parameterDims(a.operand().parameter()), a.change())));
                shifts.add(new Shift(shifts.size(), parameter, parameter, dimension, slots));
            }
        } catch (Offset.TooLarge e) {
            findings.add(new Finding(Finding.Severity.INFO, "shift-not-sought", parameter,
                    "whether " + parameter + " can be shifted was not worked out: " + e.getMessage()));
        }
    }

    private static Shift.Slot slot(String parameter, int[] dims, Offset change) {
        int[] own = IntStream.range(0, dims.length).filter(a -> dims[a] > 1).toArray();
        int shift = change.rank() - dims.length;
        // Behind a transposition axes lie elsewhere; then all that are longer than 1 are named.
        boolean aligned = Arrays.stream(own).allMatch(a -> a + shift >= 0
                && (change.dim(a + shift) == 1 || change.dim(a + shift) == dims[a]));
        List<Integer> axes = Arrays.stream(own).filter(a -> !aligned || change.varies(a + shift)).boxed().toList();
        return new Shift.Slot(parameter, axes);
    }

    /** The sizes of c: the parameter's; along the rows of a table that the data choose, all get the same. */
    private int[] start(String parameter) {
        int[] dims = facts.parameterDims(parameter);
        for (Node node : facts.readers(parameter)) {
            if (node.opType().equals("Gather") && node.domain().isEmpty() && node.input(0).equals(parameter)
                    && facts.integers(node.input(1)).isEmpty()) {
                dims[(int) Math.floorMod(node.integer("axis", 0), (long) dims.length)] = 1;
            }
        }
        return dims;
    }

    /**
     * What every parameter moves by, in float64, at the weights as they are: linear in z.
     *
     * @param shift one of {@link #shifts()}
     * @param z {@link Shift#dimension()} numbers, coordinates in an orthonormal basis of what may be added
     * @return per parameter that moves its displacement, row-major
     * @throws SymmetryException if z has another length
     */
    public Map<String, double[]> displacement(Shift shift, double[] z) {
        if (z.length != shift.dimension()) {
            throw new SymmetryException("a shift of " + shift.name() + " has " + shift.dimension()
                    + " numbers, found " + z.length);
        }
        String parameter = shift.parameter();
        Optional<NullSpace.Basis> basis = Optional.ofNullable(bases.get(parameter));
        double[] c = basis.map(b -> Arrays.stream(b.forms()).mapToDouble(f -> f.at(z)).toArray()).orElse(z);
        Offset start = new Offset(1, start(parameter), () -> Arrays.stream(c)
                .mapToObj(x -> Form.unit(0).times(x)).toArray(Form[]::new));
        Map<String, double[]> moved = new LinkedHashMap<>();
        int[] dims = facts.parameterDims(parameter);
        moved.put(parameter, new ShiftOperand(parameter, dims, Optional.empty()).displacement(start));
        for (ShiftWalk.Absorbed a : new ShiftWalk(facts, parameter, start).run().absorbed()) {
            moved.merge(a.operand().parameter(), a.operand().displacement(a.change()), Shifts::plus);
        }
        return moved;
    }

    private static double[] plus(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
    }

    /** Random numbers for a shift, which move what they move of its parameter by about the size of its own values. */
    public double[] random(Shift shift, Seed seed) {
        long moving = Optional.ofNullable(bases.get(shift.parameter()))
                .map(b -> Arrays.stream(b.forms()).filter(f -> !f.isZero()).count()).orElse((long) shift.dimension());
        double size = size(shift.parameter()) * Math.sqrt(moving / (double) shift.dimension());
        RandomGenerator random = seed.generator();
        return random.doubles(shift.dimension()).map(x -> size * random.nextGaussian()).toArray();
    }

    /** The root mean square of a parameter; where that is 0, of the other weights at the nodes that add it. */
    private double size(String parameter) {
        double own = rms(graph().parameter(parameter).stream().toList());
        if (own > 0) {
            return own;
        }
        List<TensorData> near = facts.readers(parameter).stream().flatMap(n -> n.inputs().stream())
                .flatMap(i -> facts.producer(i).map(p -> p.inputs().stream()).orElseGet(() -> List.of(i).stream()))
                .distinct().filter(facts::isWeight).flatMap(i -> graph().parameter(i).stream()).toList();
        double others = rms(near);
        return others > 0 ? others : 1;
    }

    private static double rms(List<TensorData> tensors) {
        double sum = 0;
        long count = 0;
        for (TensorData tensor : tensors) {
            for (double x : tensor.toDoubles()) {
                sum += x * x;
                count++;
            }
        }
        return count == 0 ? 0 : Math.sqrt(sum / count);
    }

    /** The Graph moved by random numbers for each of the shifts. */
    public Graph random(List<Shift> which, Seed seed) {
        Map<Shift, double[]> elements = new LinkedHashMap<>();
        which.forEach(s -> elements.put(s, random(s, seed.split(s.name()))));
        return apply(elements);
    }

    /**
     * The Graph moved by several shifts. Where one moves a weight that others pass, as a table that is also the last layer, they
     * are worked out again from the weights it leaves.
     *
     * @throws SymmetryException if a shift has another number of numbers
     */
    public Graph apply(Map<Shift, double[]> elements) {
        for (Shift shift : elements.keySet()) {
            if (elements.size() > 1 && !shift.slots().stream().allMatch(s -> candidates.onlyAdded(s.parameter()))) {
                Graph first = apply(Map.of(shift, elements.getOrDefault(shift, new double[0])));
                Map<Shift, double[]> rest = new LinkedHashMap<>(elements);
                rest.remove(shift);
                return new Shifts(first, Shapes.of(first), facts.trainable()).apply(rest);
            }
        }
        Map<String, double[]> sums = new LinkedHashMap<>();
        elements.forEach((shift, z) -> displacement(shift, z).forEach((p, d) -> sums.merge(p, d, Shifts::plus)));
        Map<String, TensorData> moved = new LinkedHashMap<>();
        sums.forEach((parameter, sum) -> graph().parameter(parameter).ifPresent(t -> moved.put(parameter,
                Tensors.encode(t.type(), plus(t.toDoubles(), sum), t.dims()))));
        return graph().replacing(moved);
    }
}
