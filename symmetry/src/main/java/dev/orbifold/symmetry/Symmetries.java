package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The symmetries read off a Graph by type inference over its axes.
 *
 * @param graph the Graph
 * @param shapes what is known of its values
 * @param spaces every Space with more than the trivial Group, and those that could only not be shrunk
 * @param axes the type of every axis that carries a Space, by value name (parameters included); one entry per axis
 * @param scalings the diagonal maps of the Spaces, beside their permutations
 * @param findings what was not understood, with node names
 */
public record Symmetries(Graph graph, Shapes shapes, List<Space> spaces, Map<String, List<Optional<AxisType>>> axes,
        List<Scaling> scalings, List<Finding> findings) {
    /** Copies the lists. */
    public Symmetries {
        spaces = List.copyOf(spaces);
        scalings = List.copyOf(scalings);
        findings = List.copyOf(findings);
    }

    /**
     * Infers the symmetries of a Graph. A parameter read at several places ties them; {@link Unshare} first where the
     * sharing is the exporter's.
     */
    public static Symmetries of(Graph graph) {
        return of(graph, Shapes.of(graph));
    }

    /** The same, with the Graph's shapes known. */
    static Symmetries of(Graph graph, Shapes shapes) {
        Inference inference = new Inference(graph, shapes);
        inference.run();
        Symmetries symmetries = new SpaceBuilder(inference).build();
        return inference.repeats() ? symmetries.with(Sharers.of(symmetries)) : symmetries;
    }

    /**
     * As {@link #of}, but where a reshape splits an axis into heads, units are not the heads but the coordinates that all
     * heads have: what can be taken out of every head at once.
     */
    public static Symmetries ofCoordinates(Graph graph) {
        Inference inference = new Inference(graph, Shapes.of(graph), Inference.View.COORDINATES);
        inference.run();
        return new SpaceBuilder(inference).build();
    }

    /**
     * The same symmetries of the same network with other weights.
     *
     * @param graph the Graph, with other contents of its parameters
     */
    public Symmetries on(Graph graph) {
        return new Symmetries(graph, Shapes.of(graph), spaces, axes, scalings, findings);
    }

    private Symmetries with(List<Space> more) {
        List<Space> all = new ArrayList<>(spaces);
        all.addAll(more);
        return new Symmetries(graph, shapes, all, axes, scalings, findings);
    }

    /** The diagonal maps of one Space. */
    public List<Scaling> scalings(Space space) {
        return scalings.stream().filter(s -> s.space() == space.id()).toList();
    }

    /**
     * How the units on an axis of a parameter move: a direct sum ({@link Group#sum}) where several Spaces lie one behind the
     * other, as behind a concatenation. A Space counts where each of its units has one index here, in a single run; other
     * indices count as Trivial. Exchanges and scales of one Space are those its Slot on this axis sees.
     *
     * @throws SymmetryException if the Graph lacks the parameter or the axis
     */
    public Group group(String parameter, int axis) {
        long[] dims = graph.parameter(parameter).map(TensorData::dims).orElse(new long[0]);
        if (axis < 0 || axis >= dims.length) {
            throw new SymmetryException("the Graph has no axis " + axis + " of a parameter " + parameter);
        }
        return new AxisGroup(this, parameter, axis).of(Math.toIntExact(dims[axis]));
    }
}
