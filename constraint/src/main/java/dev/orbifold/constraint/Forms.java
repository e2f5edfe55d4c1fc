package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * From what a user asks for to charts and schemes: which Parameters of a Graph a {@link Constraint} is about, how their
 * entries are seen, and what goes to zero together.
 */
public final class Forms {
    /**
     * One thing to train.
     *
     * @param name of the constraint, and of the Parameter where it has several
     * @param parameters in order
     * @param chart how their entries are seen; its tensors belong to the caller's pointer scope
     * @param scheme how the coordinates are made
     * @param among cells that compete with each other under a goal; 0 for all
     */
    public record Form(String name, List<String> parameters, Chart chart, Scheme scheme, int among) {
    }

    private final Graph graph;
    private final Symmetries symmetries;
    private final List<String> trainable;
    private final ScalarType type;
    private final Device device;

    /**
     * @param symmetries of the Graph that is trained
     * @param trainable names of the Parameters that are trained
     * @param type of their elements
     */
    public Forms(Symmetries symmetries, List<String> trainable, ScalarType type, Device device) {
        this.graph = symmetries.graph();
        this.symmetries = symmetries;
        this.trainable = List.copyOf(trainable);
        this.type = type;
        this.device = device;
    }

    /**
     * Everything that a constraint asks to train.
     *
     * @throws ConstraintException if a name fits nothing, or a condition does not fit what it is put on
     */
    public List<Form> of(Constraint constraint) {
        try {
            return made(constraint);
        } catch (ConstraintException e) {
            throw new ConstraintException("constraint " + constraint.name() + ": " + e.getMessage());
        }
    }

    /**
     * The Spaces whose rank a constraint is about.
     *
     * @throws ConstraintException if none fits
     */
    public List<LinearSpace> pairs(Constraint constraint) {
        if (!(constraint.condition() instanceof Condition.PairRanks ranks)) {
            return List.of();
        }
        List<LinearSpace> all = LinearSymmetries.of(graph).spaces();
        List<LinearSpace> chosen = all.stream()
                .filter(s -> s.group() instanceof Group.General
                        && ranks.spaces().stream().anyMatch(g -> WeightAxes.fits(g, s.name())))
                .toList();
        if (chosen.isEmpty()) {
            throw new ConstraintException("constraint " + constraint.name() + ": " + ranks.spaces()
                    + " fits no Space whose coordinates mix freely; there are " + all.stream()
                            .filter(s -> s.group() instanceof Group.General).map(LinearSpace::name).distinct()
                            .toList());
        }
        return chosen;
    }

    private List<Form> made(Constraint constraint) {
        return switch (constraint.condition()) {
            case Condition.PairRanks ranks -> List.of();
            case Condition.Units units -> List.of(units(constraint, chosen(units.spaces())));
            case Condition.Clones clones -> List.of(clones(constraint, chosen(clones.spaces()), clones.share()));
            case Condition.Ties.Shared shared -> List.of(shared(constraint));
            case Condition.Sets sets -> List.of(listed(constraint, sets.group()));
            case Condition.Ties.Listed listed -> List.of(classes(constraint, listed.classes()));
            case Condition.Matrix matrix -> List.of(matrix(constraint, matrix));
            default -> each(constraint);
        };
    }

    private List<String> names(Constraint constraint) {
        List<String> names = WeightAxes.matching(trainable, constraint.parameters());
        if (names.isEmpty()) {
            throw new ConstraintException(constraint.parameters() + " fits no Parameter that is trained; there are "
                    + trainable);
        }
        return names;
    }

    /** Those of rank 2 and more, as weight decay and pruning count weights; biases and norms only where named in full. */
    private List<String> weights(Constraint constraint) {
        List<String> names = names(constraint).stream()
                .filter(n -> data(n).rank() >= 2 || constraint.parameters().contains(n)).toList();
        if (names.isEmpty()) {
            throw new ConstraintException(constraint.parameters() + " fits only biases and scales; name them in full to"
                    + " constrain them: " + names(constraint));
        }
        return names;
    }

    private TensorData data(String name) {
        return graph.parameter(name).orElseThrow();
    }

    private List<Form> each(Constraint constraint) {
        List<String> names = weights(constraint);
        List<Form> forms = new ArrayList<>();
        if (constraint.condition() instanceof Condition.Rank rank && names.size() > 1 && alike(names)) {
            long[] shape = data(names.getFirst()).dims();
            Matrix matrix = new Matrix(names.getFirst(), axes(names.getFirst()), shape);
            if (matrix.unitsFirst()) {
                Scheme scheme = new Ranked(constraint.depth(), names.size(), matrix.units(), matrix.columns(),
                        matrix.rank(rank.most()));
                return List.of(new Form(constraint.name(), names, new Whole(scheme.coordinates()), scheme,
                        Math.toIntExact(matrix.rank(rank.most()))));
            }
        }
        for (String name : names) {
            forms.add(one(constraint, names.size() == 1 ? constraint.name() : constraint.name() + "/" + name, name));
        }
        return forms;
    }

    private boolean alike(List<String> names) {
        return names.stream().map(n -> Arrays.toString(data(n).dims())).distinct().count() == 1;
    }

    private WeightAxes axes(String name) {
        return WeightAxes.of(graph, name).orElseThrow(() -> new ConstraintException("it is not clear which axis of "
                + name + " counts units: no operator that is understood uses it, or two that disagree"));
    }

    /** A Parameter as units times everything else. */
    private record Matrix(String name, WeightAxes axes, long[] dims) {
        long units() {
            return dims[axes.units()];
        }

        long columns() {
            return Arrays.stream(dims).reduce(1, Math::multiplyExact) / units();
        }

        long rank(double most) {
            return Math.max(1, (long) Math.floor(most * Math.min(units(), columns()) + 1e-9));
        }

        boolean unitsFirst() {
            return axes.units() == 0 && (axes.inputs() == 1 || dims.length == 2);
        }

        /** The chart in the order units, inputs, kernel. */
        Chart turned(Chart inner) {
            if (unitsFirst()) {
                return inner;
            }
            long[] order =
                    LongStream.concat(LongStream.of(axes.units(), axes.inputs()), LongStream.range(0, dims.length)
                            .filter(a -> a != axes.units() && a != axes.inputs())).toArray();
            return new Turned(dims, order, inner);
        }
    }

    private Form one(Constraint constraint, String name, String parameter) {
        TensorData data = data(parameter);
        long[] dims = data.dims();
        long n = data.elements();
        int depth = constraint.depth();
        List<String> own = List.of(parameter);
        if (constraint.condition() instanceof Condition.Elements) {
            return new Form(name, own, new Whole(n), new Elementwise(depth, n), 0);
        }
        if (data.rank() < 2) {
            throw new ConstraintException(parameter + " has the shape " + Arrays.toString(dims)
                    + "; this condition needs units and inputs");
        }
        Matrix matrix = new Matrix(parameter, axes(parameter), dims);
        long rows = matrix.units();
        long columns = matrix.columns();
        return switch (constraint.condition()) {
            case Condition.Pattern pattern -> {
                divides(parameter, "inputs", columns, pattern.of());
                yield new Form(name, own, matrix.turned(new Whole(n)), new Elementwise(depth, n), pattern.of());
            }
            case Condition.Slices slices -> {
                boolean[] kept = new boolean[dims.length];
                kept[matrix.axes().units()] = slices.by() != Condition.Slice.INPUTS;
                kept[matrix.axes().inputs()] = slices.by() != Condition.Slice.UNITS;
                yield new Form(name, own, new Whole(n), new Gated(depth, new Groups.Aligned(dims, kept)), 0);
            }
            case Condition.Blocks blocks -> {
                divides(parameter, "units", rows, blocks.units());
                divides(parameter, "inputs", columns, blocks.inputs());
                Groups groups = new Groups.Aligned(
                        new long[] {rows / blocks.units(), blocks.units(), columns / blocks.inputs(), blocks.inputs()},
                        new boolean[] {true, false, true, false});
                yield new Form(name, own, matrix.turned(new Whole(n)), new Gated(depth, groups), 0);
            }
            case Condition.Rank rank -> new Form(name, own, matrix.turned(new Whole(n)),
                    new Ranked(depth, 1, rows, columns, matrix.rank(rank.most())), 0);
            case Condition.TuckerRank tucker -> {
                List<Long> shape = Arrays.stream(dims).boxed().toList();
                List<Long> ranks = shape.stream().map(d -> Math.max(1, (long) Math.floor(tucker.most() * d + 1e-9)))
                        .toList();
                yield new Form(name, own, new Whole(n), new Tucker(tucker.layers(), shape, ranks), 0);
            }
            case Condition.ZeroSums sums -> new Form(name, own,
                    matrix.turned(new Sums(rows, Math.toIntExact(columns), type, device)), new Elementwise(depth, rows),
                    0);
            case Condition.Pieces pieces -> {
                long run = pieces.run() == 0 ? columns : pieces.run();
                divides(parameter, "inputs", columns, run);
                Differences chart = new Differences(rows * columns / run, run, 1);
                yield new Form(name, own, matrix.turned(chart), new Elementwise(depth, chart.coordinates()), 0);
            }
            case Condition.Ties ties -> {
                Chart chart = Classes.of(n, TiePatterns.of(ties, rows, columns), type, device);
                yield new Form(name, own, matrix.turned(chart), new Elementwise(depth, chart.coordinates()), 0);
            }
            default -> throw new ConstraintException(constraint.condition() + " is not put on one Parameter");
        };
    }

    private static void divides(String parameter, String what, long all, long part) {
        if (all % part != 0) {
            throw new ConstraintException(parameter + " has " + all + " " + what + ", which " + part
                    + " does not divide");
        }
    }

    private Form shared(Constraint constraint) {
        List<String> names = weights(constraint);
        if (names.size() < 2 || !alike(names)) {
            throw new ConstraintException("weights are shared by two or more Parameters of one shape; " + names
                    + " have " + names.stream().map(n -> Arrays.toString(data(n).dims())).toList());
        }
        int each = Math.toIntExact(data(names.getFirst()).elements());
        List<int[]> classes = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            int at = i;
            classes.add(java.util.stream.IntStream.range(0, names.size()).map(p -> p * each + at).toArray());
        }
        Chart chart = Classes.of((long) each * names.size(), classes, type, device);
        return new Form(constraint.name(), names, chart, new Elementwise(constraint.depth(), chart.coordinates()), 0);
    }

    private long entries(List<String> names) {
        return names.stream().mapToLong(n -> data(n).elements()).sum();
    }

    private Form listed(Constraint constraint, int[] group) {
        List<String> names = names(constraint);
        fits(names, group.length);
        return grouped(constraint, names, group);
    }

    private void fits(List<String> names, long given) {
        if (entries(names) != given) {
            throw new ConstraintException("a list of " + given + " numbers does not fit the " + entries(names)
                    + " entries of " + names);
        }
    }

    private Form grouped(Constraint constraint, List<String> names, int[] group) {
        long[] chosen = LongStream.range(0, group.length).filter(i -> group[(int) i] >= 0).toArray();
        int[] own = Arrays.stream(group).filter(g -> g >= 0).toArray();
        Chart chart = chosen.length == group.length ? new Whole(group.length)
                : Chosen.of(group.length, chosen, device);
        return new Form(constraint.name(), names, chart,
                new Gated(constraint.depth(), new Groups.Listed(own, device)), 0);
    }

    private Form classes(Constraint constraint, int[] of) {
        List<String> names = names(constraint);
        fits(names, of.length);
        return tied(constraint, names, of);
    }

    private Form tied(Constraint constraint, List<String> names, int[] of) {
        Chart chart = Classes.of(of.length, TiePatterns.listed(of), type, device);
        return new Form(constraint.name(), names, chart, new Elementwise(constraint.depth(), chart.coordinates()), 0);
    }

    private Form matrix(Constraint constraint, Condition.Matrix matrix) {
        List<String> names = names(constraint);
        if (entries(names) != matrix.columns().entries()) {
            throw new ConstraintException("O has " + matrix.columns().entries() + " rows, but " + names + " have "
                    + entries(names) + " entries");
        }
        Chart chart = Span.of(matrix.columns(), type, device);
        long z = chart.coordinates();
        Scheme scheme = matrix.together()
                ? new Gated(constraint.depth(), new Groups.Aligned(new long[] {1, z}, new boolean[] {true, false}))
                : new Elementwise(constraint.depth(), z);
        return new Form(constraint.name(), names, chart, scheme, 0);
    }

    private List<Space> chosen(List<String> globs) {
        List<Space> chosen = symmetries.spaces().stream().filter(s -> s.shrinkable() && s.dimension() > 1)
                .filter(s -> globs.stream().anyMatch(g -> WeightAxes.fits(g, s.name()))).toList();
        if (chosen.isEmpty()) {
            throw new ConstraintException(globs + " fits no Space that can shrink; there are "
                    + symmetries.spaces().stream().filter(Space::shrinkable).map(Space::name).toList());
        }
        return chosen;
    }

    /** Per entry of all Parameters that write the Spaces, what the gate layout puts on it. */
    private Form units(Constraint constraint, List<Space> spaces) {
        GateLayout layout = layout(spaces);
        List<String> names = layout.gated().stream().map(GateLayout.GatedAxis::parameter).distinct().toList();
        return grouped(constraint, names, spread(layout, names));
    }

    private GateLayout layout(List<Space> spaces) {
        return GateLayout.of(symmetries, s -> spaces.stream().anyMatch(c -> c.id() == s.id()));
    }

    private int[] spread(GateLayout layout, List<String> names) {
        int[] group = new int[Math.toIntExact(entries(names))];
        Arrays.fill(group, -1);
        for (GateLayout.GatedAxis axis : layout.gated()) {
            int from = Math.toIntExact(entries(names.subList(0, names.indexOf(axis.parameter()))));
            long[] dims = data(axis.parameter()).dims();
            int inner = 1;
            for (int a = axis.axis() + 1; a < dims.length; a++) {
                inner *= (int) dims[a];
            }
            int n = axis.gate().length;
            int all = Math.toIntExact(data(axis.parameter()).elements());
            for (int i = 0; i < all; i++) {
                int gate = axis.gate()[i / inner % n];
                if (gate < layout.size()) {
                    if (group[from + i] >= 0) {
                        throw new ConstraintException(axis.parameter() + " writes units of two Spaces at once;"
                                + " constrain one of them");
                    }
                    group[from + i] = gate;
                }
            }
        }
        return group;
    }

    /** Entry k of unit 2i and entry k of unit 2i + 1 are a class, in everything that writes the Spaces. */
    private Form clones(Constraint constraint, List<Space> spaces, double share) {
        GateLayout layout = layout(spaces);
        List<String> names = layout.gated().stream().map(GateLayout.GatedAxis::parameter).distinct().toList();
        int[] unit = spread(layout, names);
        int[] seen = new int[layout.size()];
        int[] size = new int[layout.size()];
        Arrays.stream(unit).filter(u -> u >= 0).forEach(u -> size[u]++);
        List<int[]> pairs = new ArrayList<>();
        for (int s = 0; s < layout.spaces().size(); s++) {
            int paired = (int) Math.floor(share * layout.spaces().get(s).dimension() / 2 + 1e-9);
            for (int p = 0; p < paired; p++) {
                int first = layout.offsets()[s] + 2 * p;
                pairs.add(new int[] {first, first + 1});
            }
        }
        if (pairs.isEmpty()) {
            throw new ConstraintException("a share of " + share + " pairs no two units");
        }
        int[] classOf = new int[unit.length];
        Arrays.fill(classOf, -1);
        int[] from = new int[layout.size()];
        int next = 0;
        for (int[] pair : pairs) {
            if (size[pair[0]] != size[pair[1]]) {
                throw new ConstraintException("two units of one Space are written by different numbers of weights");
            }
            from[pair[0]] = next;
            from[pair[1]] = next;
            next += size[pair[0]];
        }
        boolean[] tied = new boolean[layout.size()];
        pairs.forEach(p -> {
            tied[p[0]] = true;
            tied[p[1]] = true;
        });
        for (int i = 0; i < unit.length; i++) {
            if (unit[i] >= 0 && tied[unit[i]]) {
                classOf[i] = from[unit[i]] + seen[unit[i]]++;
            }
        }
        return tied(constraint, names, classOf);
    }
}
