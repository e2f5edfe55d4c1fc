package dev.orbifold.symmetry;

import java.util.List;

/** A space of {@link Frames}, as far as it is known: what it is made of, what restricts it, what it was unified with. */
final class Frame {
    final int size;
    Frames.Kind kind = Frames.Kind.LEAF;
    List<Frames.Ref> parts = List.of();
    /** The caps of a leaf. */
    int caps;
    /** The space that stands for this one, or -1 if it stands for itself. */
    int parent = -1;
    /** Whether it is the parent's dual. */
    boolean flip;

    Frame(int size) {
        this.size = size;
    }
}
