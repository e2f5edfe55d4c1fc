package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Sums and means along axes end the mixing along those and pass the others. */
final class LinearReductions {
    private LinearReductions() {
    }

    static void reduce(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        Optional<long[]> axes = node.hasInput(1) ? in.integers(node.input(1)) : node.integers("axes");
        if (node.hasInput(1) && axes.isEmpty()) {
            in.endAll(node);
            return;
        }
        boolean[] reduced = new boolean[rank];
        if (axes.orElse(new long[0]).length == 0) {
            Arrays.fill(reduced, node.integer("noop_with_empty_axes", 0) == 0);
        }
        for (long axis : axes.orElse(new long[0])) {
            reduced[Math.toIntExact(Math.floorMod(axis, (long) rank))] = true;
        }
        boolean keep = node.integer("keepdims", 1) != 0;
        List<Optional<Ref>> out = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            if (!reduced[a]) {
                out.add(type.get(a));
            } else if (keep) {
                out.add(Optional.empty());
            }
        }
        for (int a = 0; a < rank; a++) {
            if (reduced[a]) {
                type.get(a).ifPresent(in::end);
                LinearAxes.gone(in, type.get(a), out);
            }
        }
        in.define(node.output(0), out);
    }

    static void pool(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        List<Optional<Ref>> out = new ArrayList<>(type);
        for (int axis = 2; axis < type.size(); axis++) {
            type.get(axis).ifPresent(in::end);
            out.set(axis, Optional.empty());
        }
        in.define(node.output(0), out);
    }
}
