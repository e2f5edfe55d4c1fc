package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The smaller Graph that is left when units are taken out of Spaces: every Slot loses the units' indices, and every number
 * in the Graph that spells a width follows. Exact if the units are silent ({@link DeadUnits}); otherwise it is plain
 * removal. Inputs and outputs of the Graph never change.
 *
 * @param graph the smaller Graph
 * @param removed the Spaces that lost units
 * @param findings what the user should know
 */
public record Quotient(Graph graph, List<Removed> removed, List<Finding> findings) {
    /**
     * A Space that lost units.
     *
     * @param space its name
     * @param from units before
     * @param to units after
     */
    public record Removed(String space, int from, int to) {
    }

    /** Copies the lists. */
    public Quotient {
        removed = List.copyOf(removed);
        findings = List.copyOf(findings);
    }

    /**
     * Takes units out.
     *
     * @param symmetries the Graph and its Spaces
     * @param keep per Space, by id, the units that stay; at least one each
     * @throws StructureException if a Space that cannot shrink would, or would lose all units, or a node cannot follow
     */
    public static Quotient of(Symmetries symmetries, List<BitSet> keep) {
        List<Removed> removed = check(symmetries, keep);
        if (removed.isEmpty()) {
            return new Quotient(symmetries.graph(), List.of(), List.of());
        }
        Axes axes = new Axes(symmetries);
        Kept kept = new Kept(axes, keep);
        GraphEdit edit = new GraphEdit(symmetries.graph());
        kept.shrinkingParameters().forEach((name, gone) -> edit.parameter(name, shrunk(name, gone, axes)));
        Resizing resizing = new Resizing(axes, kept, edit);
        for (int n = 0; n < edit.size(); n++) {
            resizing.node(n);
        }
        Graph graph = declaring(edit.done(), axes, kept);
        try {
            Graph settled = Numbers.frozen(graph, axes, kept);
            verify(settled, axes, kept);
            return new Quotient(settled, removed, List.of());
        } catch (GraphException e) {
            throw new StructureException("the smaller Graph would contradict itself: " + e.getMessage(), e);
        }
    }

    private static List<Removed> check(Symmetries symmetries, List<BitSet> keep) {
        if (keep.size() != symmetries.spaces().size()) {
            throw new StructureException("units to keep are given for " + keep.size() + " Spaces, the Graph has "
                    + symmetries.spaces().size());
        }
        List<Removed> removed = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            BitSet units = keep.get(space.id());
            int to = units.cardinality();
            if (units.length() > space.dimension()) {
                throw new StructureException("Space " + space.name() + " has " + space.dimension() + " units, unit "
                        + (units.length() - 1) + " is to be kept");
            }
            if (to == space.dimension()) {
                continue;
            }
            if (!space.shrinkable()) {
                throw new StructureException("units cannot be taken out of Space " + space.name() + ": "
                        + space.kept().orElse(""));
            }
            if (to == 0) {
                throw new StructureException("Space " + space.name() + " would lose all its " + space.dimension()
                        + " units; at least one must stay");
            }
            removed.add(new Removed(space.name(), space.dimension(), to));
        }
        return removed;
    }

    private static TensorData shrunk(String name, Map<Integer, BitSet> gone, Axes axes) {
        TensorData tensor = axes.constant(name)
                .orElseThrow(() -> new StructureException("parameter " + name + " is not in the Graph"));
        for (Map.Entry<Integer, BitSet> axis : gone.entrySet()) {
            int length = Math.toIntExact(tensor.dim(axis.getKey()));
            int[] stay = IntStream.range(0, length).filter(i -> !axis.getValue().get(i)).toArray();
            tensor = tensor.select(axis.getKey(), stay);
        }
        return tensor;
    }

    /** Lets declared shapes of inner values follow. */
    private static Graph declaring(Graph graph, Axes axes, Kept kept) {
        List<ValueInfo> declared = new ArrayList<>();
        boolean changed = false;
        for (ValueInfo info : graph.declared()) {
            Optional<Shape> shape = info.shape();
            if (shape.isPresent() && kept.shrinks(info.name())) {
                List<Dim> dims = new ArrayList<>(shape.get().dims());
                for (int a = 0; a < dims.size(); a++) {
                    if (dims.get(a).isFixed() && kept.shrinks(info.name(), a)) {
                        dims.set(a, Dim.of(kept.size(info.name(), a)));
                    }
                }
                declared.add(new ValueInfo(info.name(), info.type(), Optional.of(new Shape(dims))));
                changed = true;
            } else {
                declared.add(info);
            }
        }
        return changed ? graph.withDeclared(declared) : graph;
    }

    /** Infers the shapes of the smaller Graph and compares them with what they have to be. */
    private static void verify(Graph graph, Axes axes, Kept kept) {
        Shapes shapes = Shapes.of(graph);
        for (Node node : graph.nodes()) {
            for (String value : node.outputs()) {
                Optional<Shape> now = value.isEmpty() ? Optional.empty() : shapes.shape(value);
                if (now.isPresent() && axes.rank(value) == now.get().rank()) {
                    compare(node, value, now.get(), axes, kept);
                }
            }
        }
    }

    private static void compare(Node node, String value, Shape now, Axes axes, Kept kept) {
        boolean real = axes.shapes().type(value).map(DataType::isReal).orElse(false);
        for (int a = 0; a < now.rank() && real; a++) {
            int expected = kept.size(value, a);
            Dim found = now.dim(a);
            if (expected >= 0 && found.isFixed() && found.size() != expected) {
                throw new StructureException("axis " + a + " of " + value + " (" + node.label() + ") would be "
                        + found.size() + " long instead of " + expected
                        + "; the node does not follow its Space: exclude the Space, and report the model");
            }
        }
    }
}
