package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import dev.orbifold.symmetry.LinearAxes.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Element by element: sums carry one space, products pass an axis that one factor alone has. */
final class LinearElementwise {
    private LinearElementwise() {
    }

    static void same(Node node, LinearInference in) {
        in.define(node.output(0), in.type(node.input(0)));
    }

    static void dropout(Node node, LinearInference in) {
        if (Dropouts.drop(node, in.shapes())) {
            in.endAll(node);
        }
        same(node, in);
    }

    static void cast(Node node, LinearInference in) {
        if (in.shapes().type(node.output(0)).map(DataType::isReal).orElse(false)
                && !Precision.raises(node, in.graph(), in.shapes())) {
            same(node, in);
        } else {
            in.endAll(node);
        }
    }

    static void sum(Node node, LinearInference in) {
        in.define(node.output(0), summed(in, node.inputs()));
    }

    private static List<Optional<Ref>> summed(LinearInference in, List<String> values) {
        int rank = LinearAxes.rank(in, values);
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            List<Side> sides = LinearAxes.sides(in, values, axis, rank);
            out.add(LinearAxes.equal(in, sides.stream().filter(s -> !in.isZero(s.value())).toList()));
        }
        return out;
    }

    static void product(Node node, LinearInference in) {
        in.define(node.output(0), multiplied(in, node.inputs(), node.inputs().size()));
    }

    static void quotient(Node node, LinearInference in) {
        in.define(node.output(0), multiplied(in, node.inputs(), 1));
    }

    /** Products: an axis passes where one operand alone has it and may be mixed; the divisor's axes may not. */
    private static List<Optional<Ref>> multiplied(LinearInference in, List<String> values, int linear) {
        int rank = LinearAxes.rank(in, values);
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            List<Side> sides = LinearAxes.sides(in, values, axis, rank);
            List<Side> there = sides.stream().filter(s -> !s.absent()).toList();
            boolean passes = there.size() == 1 && sides.indexOf(there.get(0)) < linear;
            out.add(passes ? there.get(0).ref() : LinearAxes.aligned(in, there));
        }
        return out;
    }

    static void where(Node node, LinearInference in) {
        List<String> branches = node.inputs().subList(1, 3);
        int rank = LinearAxes.rank(in, node.inputs());
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            Side condition = LinearAxes.sides(in, node.inputs(), axis, rank).get(0);
            Optional<Ref> ref = LinearAxes.equal(in, LinearAxes.sides(in, branches, axis, rank).stream()
                    .filter(s -> !in.isZero(s.value())).toList());
            condition.ref().ifPresent(in::end);
            if (!condition.absent()) {
                ref.ifPresent(in::end);
            }
            out.add(ref);
        }
        in.define(node.output(0), out);
    }
}
