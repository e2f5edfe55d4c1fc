package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.structure.Quotient;
import dev.orbifold.structure.StructureException;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The units of a Space whose positive scales cancel, each as a small network of its own: whatever operators stand between
 * its weights, convolutions, norms, poolings, gates. What a unit adds to what reads it is linear in its out-weights and
 * commutes with positive scales of its in-weights, so that its pulls are gradients of Σ g·y through the unit alone, with g
 * the gradient of the loss by y where the unit is taken out.
 */
final class UnitBranches implements AutoCloseable {
    /** Samples that are run at once. */
    private static final int SAMPLES = 128;
    /** Steps that an ascent takes as a rule. */
    private static final double ASCENT = 140;
    /** Of the pulls, the share by which the value may differ seen from both sides: Euler's rule, in float32. */
    private static final double EULER = 1e-3;

    /** Says why the units of a Space cannot be looked at one by one. */
    static final class Inseparable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Inseparable(String reason) {
            super(reason);
        }
    }

    private final Symmetries symmetries;
    private final Graph graph;
    private final Space space;
    private final Scaling scaling;
    private final DataLoss loss;
    private final Set<String> in = new LinkedHashSet<>();
    private final Set<String> out = new LinkedHashSet<>();
    private final List<String> met;
    private final double[] theta;
    private final UnitEntries entries;
    private final BranchParts parts;
    private final Program whole;

    /**
     * Finds where the units lie.
     *
     * @throws Inseparable if its units cannot be separated; the message says why
     */
    UnitBranches(Symmetries symmetries, Space space, Scaling scaling, DataLoss loss) {
        this.symmetries = symmetries;
        this.graph = symmetries.graph();
        this.space = space;
        this.scaling = scaling;
        this.loss = loss;
        if (!space.shrinkable()) {
            throw new Inseparable("units cannot be taken out of it: " + space.kept().orElse(""));
        }
        Set<String> all = new LinkedHashSet<>();
        for (int s = 0; s < space.slots().size(); s++) {
            double[] powers = scaling.powers().get(s);
            String parameter = space.slots().get(s).parameter();
            all.add(parameter);
            if (Arrays.stream(powers).anyMatch(p -> p != 0 && Math.abs(p) != 1)) {
                throw new Inseparable("scales act on " + parameter + " by another power than one");
            }
            boolean writes = Arrays.stream(powers).anyMatch(p -> p > 0);
            boolean reads = Arrays.stream(powers).anyMatch(p -> p < 0);
            if (writes && !in.add(parameter) || reads && !out.add(parameter)) {
                throw new Inseparable("it meets " + parameter + " twice");
            }
        }
        if (in.isEmpty() || out.isEmpty() || in.stream().anyMatch(out::contains)) {
            throw new Inseparable("its in-weights and out-weights are not parameters of their own");
        }
        met = Stream.concat(in.stream(), out.stream()).toList();
        theta = LossCurvature.flat(graph, met);
        entries = new UnitEntries(graph, space, met);
        parts = BranchParts.of(graph, all, in, out);
        List<String> wanted = new ArrayList<>(parts.y());
        parts.x().stream().filter(x -> graph.inputs().stream().noneMatch(i -> i.name().equals(x)))
                .forEach(wanted::add);
        whole = Program.compile(Cut.of(graph, List.of(), wanted, true), Device.cpu());
    }

    /** In-weights of a unit, in the order of its {@link UnitBranch}. */
    double[] input(int unit) {
        return weights(unit, true);
    }

    /** Out-weights of a unit. */
    double[] output(int unit) {
        return weights(unit, false);
    }

    private double[] weights(int unit, boolean input) {
        return Arrays.stream(entries.places(unit, scaling, input)).mapToDouble(i -> theta[i]).toArray();
    }

    /**
     * One unit, at the nearest point of its mirror, without data.
     *
     * @throws Inseparable if it cannot be separated; the message says why
     */
    UnitBranch unit(int unit) {
        Graph small = alone(unit);
        List<Slot> slots = space.slots().stream().map(slot -> alone(slot, unit)).toList();
        UnitEntries own = new UnitEntries(small, slots, 1, met);
        BranchParts inside = BranchParts.of(small, all(), in, out);
        if (!inside.x().equals(parts.x()) || !inside.y().equals(parts.y())) {
            throw new Inseparable("one unit alone reads " + inside.x() + ", all of them " + parts.x());
        }
        return new UnitBranch(small, met, inside, own.places(0, scaling, true), own.places(0, scaling, false));
    }

    /**
     * Gives a unit all data.
     *
     * @param data batches of one size
     * @throws Inseparable if what it adds has another shape than what pulls, or does not commute with scales
     */
    void feed(UnitBranch branch, int unit, List<Examples> data) {
        for (List<Examples> some : together(data)) {
            feed(branch, unit, some, (double) some.size() / data.size());
        }
        check(branch, unit);
    }

    /** The value −b·c(a) of each batch alone at directions of length 1; the branch ends without data. */
    double[] perBatch(UnitBranch branch, int unit, List<Examples> data, UnitPulls.Point at) {
        double[] values = new double[data.size()];
        for (int batch = 0; batch < values.length; batch++) {
            branch.forget();
            feed(branch, unit, List.of(data.get(batch)), 1);
            values[batch] = branch.at(at.a(), at.b()).value()[0];
        }
        branch.forget();
        return values;
    }

    /**
     * About how long one unit takes, in seconds, by a look at the first one.
     *
     * @throws Inseparable as the units themselves
     */
    double seconds(List<Examples> data) {
        List<Examples> some = together(data).get(0);
        try (UnitBranch branch = unit(0)) {
            long begun = System.nanoTime();
            feed(branch, 0, some);
            long fed = System.nanoTime();
            check(branch, 0);
            long checked = System.nanoTime();
            return 1e-9 * data.size() / some.size() * (2 * (fed - begun) + ASCENT * (checked - fed));
        }
    }

    private Set<String> all() {
        Set<String> all = new LinkedHashSet<>();
        space.slots().forEach(slot -> all.add(slot.parameter()));
        return all;
    }

    private Graph alone(int unit) {
        List<BitSet> keep = new ArrayList<>();
        for (Space other : symmetries.spaces()) {
            BitSet units = new BitSet();
            if (other.id() == space.id()) {
                units.set(unit);
            } else {
                units.set(0, other.dimension());
            }
            keep.add(units);
        }
        try {
            return Quotient.of(symmetries, keep).graph();
        } catch (StructureException e) {
            throw new Inseparable("one of them alone is no network: " + e.getMessage());
        }
    }

    /** The Slot of the one unit that is left. */
    private static Slot alone(Slot slot, int unit) {
        int[] stay = IntStream.range(0, slot.unit().length).filter(i -> slot.unit()[i] < 0 || slot.unit()[i] == unit)
                .toArray();
        return new Slot(slot.parameter(), slot.axis(), slot.role(),
                Arrays.stream(stay).map(i -> slot.unit()[i] < 0 ? -1 : 0).toArray(),
                Arrays.stream(stay).map(i -> slot.leg()[i]).toArray(), slot.exponent());
    }

    /** Batches that are run together, up to {@link #SAMPLES}. */
    private static List<List<Examples>> together(List<Examples> data) {
        int count = (int) Math.max(1, SAMPLES / data.get(0).targets().dim(0));
        return IntStream.iterate(0, from -> from < data.size(), from -> from + count)
                .mapToObj(from -> data.subList(from, Math.min(from + count, data.size()))).toList();
    }

    /** Runs the network without the unit, and gives the branch what comes in and what pulls. */
    private void feed(UnitBranch branch, int unit, List<Examples> data, double share) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            data.get(0).inputs().keySet().forEach(name -> inputs.put(name,
                    SiteData.joined(data.stream().map(d -> d.inputs().get(name)).toList())));
            Map<String, Tensor> given = new LinkedHashMap<>(inputs);
            given.putAll(without(unit));
            Map<String, Tensor> found = whole.run(given, Mode.EVALUATION);
            TensorVector ends = new TensorVector(parts.y().stream().map(found::get).toArray(Tensor[]::new));
            Tensor value = loss.of(found, SiteData.joined(data.stream().map(Examples::targets).toList()));
            TensorVector gradients = torch.grad(new TensorVector(value), ends,
                    new TensorVector(torch.ones_like(value)), new BoolOptional(false), false, true);
            Map<String, Tensor> x = new LinkedHashMap<>();
            parts.x().forEach(name -> x.put(name, Optional.ofNullable(found.get(name)).orElseGet(
                    () -> inputs.get(name)).detach()));
            Map<String, Tensor> g = new LinkedHashMap<>();
            for (int i = 0; i < parts.y().size(); i++) {
                Tensor gradient = gradients.get(i);
                Tensor end = found.get(parts.y().get(i));
                g.put(parts.y().get(i), gradient.defined() ? gradient.detach() : torch.zeros_like(end).detach());
            }
            branch.feed(x, g, share);
        }
    }

    /** Its parameters with the unit's entries at 0; those that read it ask for gradients, and with them all behind. */
    private Map<String, Tensor> without(int unit) {
        double[] near = theta.clone();
        Arrays.stream(entries.places(unit, scaling, true)).forEach(i -> near[i] = 0);
        Arrays.stream(entries.places(unit, scaling, false)).forEach(i -> near[i] = 0);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        int at = 0;
        for (String name : met) {
            TensorData old = graph.parameter(name).orElseThrow();
            double[] part = Arrays.copyOfRange(near, at, at + Math.toIntExact(old.elements()));
            at += part.length;
            Tensor tensor = Tensors.of(TensorData.of(part, old.dims()), Device.cpu())
                    .to(Tensors.scalarType(old.type()));
            tensors.put(name, out.contains(name) ? tensor.set_requires_grad(true) : tensor);
        }
        return tensors;
    }

    /** Euler's rule: what commutes with scales on either side has one value from both. */
    private void check(UnitBranch branch, int unit) {
        double[] a = orOnes(input(unit));
        double[] b = orOnes(output(unit));
        UnitPulls.Point point = branch.at(new double[][] {a}, new double[][] {b});
        double difference = Math.abs(Vectors.dot(point.alongA()[0], a) - point.value()[0]);
        double size = Math.max(Vectors.length(point.alongA()[0]), Vectors.length(point.alongB()[0]));
        if (!(difference <= EULER * size)) {
            throw new Inseparable("what they add does not commute with their scales");
        }
    }

    private static double[] orOnes(double[] v) {
        double[] unit = v.clone();
        if (Vectors.length(unit) == 0) {
            Arrays.fill(unit, 1);
        }
        Vectors.scale(unit, 1 / Vectors.length(unit));
        return unit;
    }

    @Override
    public void close() {
        whole.close();
    }
}
