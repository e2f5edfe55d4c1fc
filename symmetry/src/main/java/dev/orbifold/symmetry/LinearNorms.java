package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import dev.orbifold.symmetry.LinearAxes.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Norms leave isometries, centred ones those that keep the vector of ones; their scales may fold into what reads them. */
final class LinearNorms {
    private LinearNorms() {
    }

    /** LayerNormalization and RMSNormalization as nodes. */
    static void norm(Node node, LinearInference in, boolean centred) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        boolean last = Math.floorMod(node.integer("axis", -1), (long) rank) == rank - 1;
        Optional<Ref> ref = type.get(rank - 1);
        if (!last || ref.isEmpty()) {
            in.endAll(node);
            in.define(node.output(0), type);
            return;
        }
        Ref out = normalized(in, ref.get(), centred);
        if (node.hasInput(1)) {
            out = scaled(in, out, node.input(1));
        }
        if (node.hasInput(2) && !in.isZero(node.input(2))) {
            Side shift = LinearAxes.sides(in, List.of(node.input(2)), rank - 1, rank).get(0);
            LinearAxes.equal(in, List.of(new Side("", Optional.of(out), in.frames().size(out)), shift));
        }
        LinearAxes.endOthers(in, type);
        List<Optional<Ref>> types = new ArrayList<>(type);
        types.set(rank - 1, Optional.of(out));
        in.define(node.output(0), types);
    }

    /** A norm spelled out as several nodes. */
    static void composite(Composites.Norm norm, Node node, LinearInference in) {
        List<Optional<Ref>> type = new ArrayList<>(in.type(norm.input()));
        Optional<Ref> ref = type.get(type.size() - 1);
        if (ref.isPresent()) {
            Ref out = normalized(in, ref.get(), norm.centred());
            if (norm.scale().isPresent()) {
                out = scaled(in, out, norm.scale().get());
            }
            type.set(type.size() - 1, Optional.of(out));
        }
        LinearAxes.endOthers(in, type);
        in.define(node.output(0), type);
    }

    private static Ref normalized(LinearInference in, Ref ref, boolean centred) {
        in.frames().cap(ref, Frames.ISOMETRY | (centred ? Frames.ONES : 0));
        return ref;
    }

    /** Past a norm's scale lies another space, which becomes one with the space before if the scale folds into its readers. */
    private static Ref scaled(LinearInference in, Ref normalized, String scale) {
        in.type(scale).forEach(axis -> axis.ifPresent(in::end));
        Ref after = in.frames().fresh(in.frames().size(normalized));
        in.fold(scale, normalized, after);
        return after;
    }
}
