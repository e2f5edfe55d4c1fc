package dev.orbifold.train;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.structure.Equality;
import dev.orbifold.structure.Quotient;
import dev.orbifold.structure.Shrink;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.symmetry.Symmetries;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * One removal of exact zeros from a Graph whose gates are folded: the quotient, which units stayed, and the proof that
 * nothing changed.
 *
 * @param graph the smaller Graph
 * @param keep per Space of the Graph before, by id, the units that stayed
 * @param equality the Graphs before and after compared by the independent runtime
 * @param findings what had to stay, and why
 */
record Removal(Graph graph, List<BitSet> keep, Equality equality, List<Finding> findings) {

    /**
     * Takes out what is exactly zero.
     *
     * @param folded the Graph with its gates folded
     * @param options what may not go
     * @param witness the independent runtime
     * @param samples data to compare on
     */
    static Removal of(Graph folded, ShrinkOptions options, Evaluator.Factory witness,
            List<Map<String, TensorData>> samples) {
        Shrink.Round round = Shrink.round(folded, options);
        Equality equality = Equality.check(folded, round.graph(), witness, samples);
        return new Removal(round.graph(), round.keep(), equality, round.findings());
    }

    /** Takes the same units out of a Graph with the same structure that carries other numbers, such as momenta. */
    Graph alike(Graph other) {
        return Quotient.of(Symmetries.of(other), keep).graph();
    }
}
