package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The type of a value: which of its axes carry coordinates. Axes without a part are fixed (batch, place in an image or
 * in a sequence).
 *
 * @param rank the number of axes
 * @param parts what its axes carry, no axis in two parts
 */
record Typed(int rank, List<Part> parts) {
    /** Copies the parts. */
    Typed {
        parts = List.copyOf(parts);
    }

    /** A value none of whose axes carries coordinates. */
    static Typed fixed(int rank) {
        return new Typed(rank, List.of());
    }

    /** The part on an axis. */
    Optional<Part> at(int axis) {
        return parts.stream().filter(p -> p.indexOf(axis) >= 0).findFirst();
    }

    /** The positions of an axis that is carried alone. */
    Optional<Elements> elements(int axis) {
        return at(axis).filter(p -> !p.joint()).map(Part::elements);
    }

    /** The same type with every part mapped. */
    Typed map(UnaryOperator<Part> change) {
        return new Typed(rank, parts.stream().map(change).toList());
    }

    /** The same type without what lies on an axis. */
    Typed without(int axis) {
        return new Typed(rank, parts.stream().filter(p -> p.indexOf(axis) < 0).toList());
    }

    /** The same type with a part more. */
    Typed with(Part part) {
        List<Part> more = new ArrayList<>(parts);
        more.add(part);
        return new Typed(rank, more);
    }
}
