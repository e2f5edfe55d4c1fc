package dev.orbifold.constraint;

import dev.orbifold.constraint.Forms.Form;
import dev.orbifold.engine.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Conditions on the entries of several Parameters, one behind the other: lists of groups and classes, any O. */
final class OnParameters {
    private final Named named;
    private final ScalarType type;
    private final Device device;

    OnParameters(Named named, ScalarType type, Device device) {
        this.named = named;
        this.type = type;
        this.device = device;
    }

    /** Parameters of one shape hold the same numbers. */
    Form shared(Constraint constraint) {
        List<String> names = named.weights(constraint);
        if (names.size() < 2 || !named.alike(names)) {
            throw new ConstraintException("weights are shared by two or more Parameters of one shape; " + names
                    + " have " + names.stream().map(n -> Arrays.toString(named.data(n).dims())).toList());
        }
        int each = Math.toIntExact(named.data(names.getFirst()).elements());
        List<int[]> classes = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            int at = i;
            classes.add(IntStream.range(0, names.size()).map(p -> p * each + at).toArray());
        }
        Chart chart = Classes.of((long) each * names.size(), classes, type, device);
        return new Form(constraint.name(), names, chart, new Elementwise(constraint.depth(), chart.coordinates()), 0);
    }

    /** Groups by list. */
    Form listed(Constraint constraint, int[] group) {
        List<String> names = named.of(constraint);
        named.fits(names, group.length);
        return grouped(constraint, names, group);
    }

    /** Groups of the named Parameters: per entry its group, or −1 for none. */
    Form grouped(Constraint constraint, List<String> names, int[] group) {
        long[] chosen = LongStream.range(0, group.length).filter(i -> group[(int) i] >= 0).toArray();
        int[] own = Arrays.stream(group).filter(g -> g >= 0).toArray();
        Chart chart = chosen.length == group.length ? new Whole(group.length)
                : Chosen.of(group.length, chosen, device);
        return new Form(constraint.name(), names, chart,
                new Gated(constraint.depth(), new Groups.Listed(own, device)), 0);
    }

    /** Classes by list. */
    Form classes(Constraint constraint, int[] of) {
        List<String> names = named.of(constraint);
        named.fits(names, of.length);
        return tied(constraint, names, of);
    }

    /** Classes of the named Parameters: per entry its class, or −1 for none. */
    Form tied(Constraint constraint, List<String> names, int[] of) {
        Chart chart = Classes.of(of.length, TiePatterns.listed(of), type, device);
        return new Form(constraint.name(), names, chart, new Elementwise(constraint.depth(), chart.coordinates()), 0);
    }

    /** Any O. */
    Form matrix(Constraint constraint, Condition.Matrix matrix) {
        List<String> names = named.of(constraint);
        if (named.entries(names) != matrix.columns().entries()) {
            throw new ConstraintException("O has " + matrix.columns().entries() + " rows, but " + names + " have "
                    + named.entries(names) + " entries");
        }
        Chart chart = Span.of(matrix.columns(), type, device);
        long z = chart.coordinates();
        if (z == named.entries(names)) {
            throw new ConstraintException("O has rank " + z + " and leaves nothing of " + names
                    + " free: all of it would have to be 0");
        }
        Scheme scheme = matrix.together()
                ? new Gated(constraint.depth(), new Groups.Aligned(new long[] {1, z}, new boolean[] {true, false}))
                : new Elementwise(constraint.depth(), z);
        return new Form(constraint.name(), names, chart, scheme, 0);
    }
}
