package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;

/** What one operator does to the types of its inputs. */
@FunctionalInterface
interface Rule {
    /**
     * Ties the coordinates the operator lines up, caps their scales, and types its outputs; outputs left out are fixed.
     *
     * @throws SymmetryException if this use of the operator is not understood; nothing then moves what it reads
     */
    void apply(Node node, Inference in);
}
