package dev.orbifold.collapse;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A dense layer's units between what they read and what reads them: x → weight, bias → activation → reader → y. There what
 * a unit adds to y is w·act(u·x), and the gradient of the loss by it is the gradient by y.
 *
 * @param x the value that the units read
 * @param writer the name of their in-weights
 * @param writes the Slot of these
 * @param bias their bias, if there is one
 * @param v the value of the units, which one operator reads
 * @param y what that operator computes
 * @param reader the name of the weights that read the units
 * @param reads the Slot of these
 * @param slopes of the activation at 0
 */
record UnitSite(String x, String writer, Slot writes, Optional<Slot> bias, String v, String y, String reader,
        Slot reads,
        UnitThreshold.Slopes slopes) {
    private static final Set<String> DENSE = Set.of("Gemm", "MatMul");
    /** The slope at 0 of odd activations. */
    private static final Map<String, Double> ODD = Map.of("Tanh", 1.0, "Sin", 1.0, "Asinh", 1.0, "Atan", 1.0, "Erf",
            2 / Math.sqrt(Math.PI), "Softsign", 1.0, "Sinh", 1.0, "Identity", 1.0);

    /** A site, or why there is none. */
    record Found(Optional<UnitSite> site, String reason) {
        static Found not(String reason) {
            return new Found(Optional.empty(), reason);
        }
    }

    /** Looks at the Slots of a Space, and at the operators between them. */
    static Found of(Symmetries symmetries, Space space, Scaling scaling) {
        List<Slot> wide = new ArrayList<>();
        List<Slot> narrow = new ArrayList<>();
        List<Slot> reading = new ArrayList<>();
        Graph graph = symmetries.graph();
        for (Slot slot : space.slots()) {
            int rank = graph.parameter(slot.parameter()).map(TensorData::rank).orElse(0);
            switch (slot.role()) {
                case READS -> reading.add(slot);
                case WRITES -> (rank > 1 ? wide : narrow).add(slot);
                default -> {
                    return Found.not("parameters beside weights and biases belong to it");
                }
            }
        }
        if (wide.size() != 1 || narrow.size() > 1 || reading.size() != 1
                || symmetries.scalings(space).size() != 1) {
            return Found.not("it is written by " + wide.size() + " weights and " + narrow.size()
                    + " biases or scales, and read by " + reading.size() + " weights");
        }
        Slot writes = wide.get(0);
        Slot reads = reading.get(0);
        if (!oneEach(writes, space) || !oneEach(reads, space) || narrow.stream().anyMatch(s -> !oneEach(s, space))) {
            return Found.not("a unit has several places there");
        }
        return chain(graph, writes, narrow.stream().findFirst(), reads,
                scaling.diagonal() == Group.Diagonal.POSITIVE);
    }

    /** Whether every unit has one index on the axis, and every index a unit. */
    private static boolean oneEach(Slot slot, Space space) {
        if (slot.unit().length != space.dimension()) {
            return false;
        }
        boolean[] seen = new boolean[space.dimension()];
        for (int unit : slot.unit()) {
            if (unit < 0 || seen[unit]) {
                return false;
            }
            seen[unit] = true;
        }
        return true;
    }

    private static Found chain(Graph graph, Slot writes, Optional<Slot> bias, Slot reads, boolean rectified) {
        Optional<Node> first = reader(graph, writes.parameter());
        Optional<Node> last = reader(graph, reads.parameter());
        if (first.isEmpty() || last.isEmpty() || !dense(first.get(), writes.parameter())
                || !dense(last.get(), reads.parameter())) {
            return Found.not("its weights are not those of one dense layer each");
        }
        if (graph.parameter(writes.parameter()).orElseThrow().rank() != 2
                || graph.parameter(reads.parameter()).orElseThrow().rank() != 2) {
            return Found.not("its weights are no matrices");
        }
        String at = first.get().output(0);
        boolean open = bias.isPresent() && !first.get().inputs().contains(bias.get().parameter());
        double below = 1;
        double above = 1;
        boolean activated = false;
        while (true) {
            Optional<Node> next = only(graph, at);
            if (next.isEmpty()) {
                return Found.not(at + " is read at several places, or shown");
            }
            Node node = next.get();
            if (node.output(0).equals(last.get().output(0))) {
                break;
            }
            if (open && node.opType().equals("Add") && node.inputs().contains(bias.get().parameter())) {
                open = false;
            } else if (!activated && rectified && node.opType().equals("Relu")) {
                activated = true;
                below = 0;
            } else if (!activated && rectified && node.opType().equals("LeakyRelu")) {
                activated = true;
                below = node.real("alpha", 0.01f);
            } else if (!rectified && ODD.containsKey(node.opType())) {
                below *= ODD.get(node.opType());
                above = below;
            } else {
                return Found.not(node.opType() + " stands between its weights");
            }
            at = node.output(0);
        }
        if (open) {
            return Found.not("its bias is added elsewhere");
        }
        String x = first.get().input(0);
        return new Found(Optional.of(new UnitSite(x, writes.parameter(), writes, bias, at, last.get().output(0),
                reads.parameter(), reads, new UnitThreshold.Slopes(below, above))), "");
    }

    private static boolean dense(Node node, String weight) {
        boolean plain = node.opType().equals("MatMul")
                || node.real("alpha", 1) == 1 && node.real("beta", 1) == 1 && node.integer("transA", 0) == 0;
        return node.domain().isEmpty() && DENSE.contains(node.opType()) && plain && node.input(1).equals(weight);
    }

    /** The one node that reads a value; none where there are several, or where it is an output of the Graph. */
    private static Optional<Node> only(Graph graph, String value) {
        boolean shown = graph.outputs().stream().anyMatch(o -> o.name().equals(value));
        return shown ? Optional.empty() : reader(graph, value);
    }

    private static Optional<Node> reader(Graph graph, String value) {
        List<Node> readers = graph.nodes().stream().filter(n -> n.inputs().contains(value)).toList();
        return readers.size() == 1 ? Optional.of(readers.get(0)) : Optional.empty();
    }

    /** In-weights of every unit [units][d], with the bias last where there is one. */
    double[][] inputs(Graph graph) {
        double[][] weights = rows(graph, writer, writes);
        if (bias.isEmpty()) {
            return weights;
        }
        double[] shifts = graph.parameter(bias.get().parameter()).orElseThrow().toDoubles();
        double[][] all = new double[weights.length][];
        for (int i = 0; i < shifts.length; i++) {
            int unit = bias.get().unit()[i];
            all[unit] = java.util.Arrays.copyOf(weights[unit], weights[unit].length + 1);
            all[unit][weights[unit].length] = shifts[i];
        }
        return all;
    }

    /** Out-weights of every unit [units][outputs]. */
    double[][] outputs(Graph graph) {
        return rows(graph, reader, reads);
    }

    private static double[][] rows(Graph graph, String parameter, Slot slot) {
        TensorData matrix = graph.parameter(parameter).orElseThrow();
        double[] values = matrix.toDoubles();
        int columns = (int) matrix.dim(1);
        int other = (int) matrix.dim(1 - slot.axis());
        double[][] rows = new double[slot.unit().length][other];
        for (int i = 0; i < rows.length; i++) {
            for (int k = 0; k < other; k++) {
                rows[slot.unit()[i]][k] = slot.axis() == 0 ? values[i * columns + k] : values[k * columns + i];
            }
        }
        return rows;
    }
}
