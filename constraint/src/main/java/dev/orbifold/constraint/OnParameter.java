package dev.orbifold.constraint;

import dev.orbifold.constraint.Forms.Form;
import dev.orbifold.engine.Device;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Conditions that each Parameter meets by itself: which chart and which scheme its shape and its operator give. */
final class OnParameter {
    private final Named named;
    private final ScalarType type;
    private final Device device;

    OnParameter(Named named, ScalarType type, Device device) {
        this.named = named;
        this.type = type;
        this.device = device;
    }

    /** A Form for each Parameter; one for a stack of matrices of one shape. */
    List<Form> of(Constraint constraint) {
        List<String> names = named.weights(constraint);
        List<Form> forms = new ArrayList<>();
        if (constraint.condition() instanceof Condition.Rank rank && names.size() > 1 && named.alike(names)) {
            long[] shape = named.data(names.getFirst()).dims();
            Matrix matrix = new Matrix(names.getFirst(), named.axes(names.getFirst()), shape);
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
        TensorData data = named.data(parameter);
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
        Matrix matrix = new Matrix(parameter, named.axes(parameter), dims);
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
}
