package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shapes;

/** Dropout as exported networks have it. */
final class Dropouts {
    private Dropouts() {
    }

    /**
     * Whether a Dropout drops anything: not in evaluation mode, and not with a ratio of 0, which exporters leave in training
     * mode.
     */
    static boolean drop(Node dropout, Shapes shapes) {
        boolean trains = dropout.hasInput(2)
                && shapes.constant(dropout.input(2)).map(t -> t.longAt(0) != 0).orElse(true);
        boolean never = dropout.hasInput(1)
                && shapes.constant(dropout.input(1)).map(t -> t.doubleAt(0) == 0).orElse(false);
        return trains && !never;
    }
}
