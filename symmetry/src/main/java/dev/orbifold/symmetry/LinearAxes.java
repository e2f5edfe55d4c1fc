package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the linear rules share: the spaces of several operands along one axis of a result, and what is left of them. */
final class LinearAxes {
    private LinearAxes() {
    }

    /** The spaces of an operand along one axis of a broadcast result. */
    record Side(String value, Optional<Ref> ref, long size) {
        boolean absent() {
            return ref.isEmpty() && size == 1;
        }
    }

    /** The operands along one axis of a result of the given rank. */
    static List<Side> sides(LinearInference in, List<String> values, int axis, int rank) {
        List<Side> sides = new ArrayList<>();
        for (String value : values) {
            List<Optional<Ref>> type = in.type(value);
            int at = axis - (rank - type.size());
            sides.add(at < 0 ? new Side(value, Optional.empty(), 1)
                    : new Side(value, type.get(at), in.dims(value)[at]));
        }
        return sides;
    }

    /** The rank of the values broadcast against each other. */
    static int rank(LinearInference in, List<String> values) {
        return values.stream().mapToInt(v -> in.type(v).size()).max().orElse(0);
    }

    /** All sides carry the same space; one that has positions there, or the same number everywhere, ends the mixing. */
    static Optional<Ref> equal(LinearInference in, List<Side> sides) {
        List<Ref> refs = sides.stream().flatMap(s -> s.ref().stream()).toList();
        if (refs.isEmpty()) {
            return Optional.empty();
        }
        refs.forEach(ref -> in.frames().unify(refs.get(0), ref));
        if (refs.size() < sides.size()) {
            in.end(refs.get(0));
        }
        return Optional.of(refs.get(0));
    }

    /** Multiplied position by position: the positions correspond and are not mixed. */
    static Optional<Ref> aligned(LinearInference in, List<Side> sides) {
        Optional<Ref> out = equal(in, sides);
        out.ifPresent(in::end);
        return out;
    }

    /** What remains cannot be moved in a way that depends on what has been summed over. */
    static void gone(LinearInference in, Optional<Ref> contracted, List<Optional<Ref>> out) {
        contracted.ifPresent(c -> out.forEach(o -> o.ifPresent(ref -> in.frames().exclude(ref, c))));
    }

    /** What is done along the last axis keeps the positions along the others apart: it is not linear in them. */
    static void endOthers(LinearInference in, List<Optional<Ref>> type) {
        type.subList(0, type.size() - 1).forEach(axis -> axis.ifPresent(in::end));
    }
}
