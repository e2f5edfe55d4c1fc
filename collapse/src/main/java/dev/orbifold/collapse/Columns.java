package dev.orbifold.collapse;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Normal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What mirrors of a Graph take to zero, on its parameters as one vector [P], one parameter after the other. */
public final class Columns {
    /** Entries are numbered in digits of this base, which float32 holds exactly. */
    private static final int BASE = 1 << 12;

    private Columns() {
    }

    /**
     * The subspace of a mirror that changes places and signs of entries: the sign of a unit, or a pair of units. The reflection
     * is asked where it takes every entry.
     *
     * @param graph the Graph whose mirror it is
     * @param parameters names of the parameters that the vector is made of; what the mirror moves beside them (running
     *            statistics) is left out
     * @throws CollapseException if the mirror mixes entries
     */
    public static Subspace of(Mirror mirror, Graph graph, List<String> parameters) {
        double[][] target = new double[parameters.size()][];
        double[][] sign = new double[parameters.size()][];
        for (int p = 0; p < target.length; p++) {
            target[p] = new double[Math.toIntExact(data(graph, parameters.get(p)).elements())];
            sign[p] = new double[target[p].length];
        }
        long digits = 1;
        for (long reach = BASE; reach < largest(graph, parameters); reach *= BASE) {
            digits++;
        }
        long place = 1;
        for (int digit = 0; digit < digits; digit++, place *= BASE) {
            Graph answer = mirror.reflect(numbered(graph, parameters, place));
            for (int p = 0; p < target.length; p++) {
                String name = parameters.get(p);
                double[] found = data(answer, name).toDoubles();
                for (int i = 0; i < found.length; i++) {
                    double value = Math.abs(found[i]) - 1;
                    if (value != Math.rint(value) || value < 0 || value >= BASE) {
                        throw new CollapseException(mirror + " mixes the entries of " + name
                                + "; give its Space and its normals instead");
                    }
                    target[p][i] += value * place;
                    sign[p][i] = Math.signum(found[i]);
                }
            }
        }
        List<Normal> columns = new ArrayList<>();
        int offset = 0;
        for (int p = 0; p < target.length; p++) {
            double[] to = target[p];
            double[] signs = sign[p];
            for (int i = 0; i < to.length; i++) {
                int j = (int) to[i];
                if (j == i && signs[i] < 0) {
                    columns.add(Normal.unit(offset + i));
                } else if (j > i) {
                    double half = Math.sqrt(0.5);
                    columns.add(new Normal(new int[] {offset + i, offset + j}, new double[] {half, -signs[i] * half}));
                }
            }
            offset += to.length;
        }
        return Subspace.of(offset, columns);
    }

    private static long largest(Graph graph, List<String> parameters) {
        return parameters.stream().mapToLong(name -> data(graph, name).elements()).max().orElse(1);
    }

    private static TensorData data(Graph graph, String name) {
        return graph.parameter(name).orElseThrow(() -> new CollapseException("the graph has no parameter " + name));
    }

    /** The Graph with one digit of its number, plus one, in place of each entry. */
    private static Graph numbered(Graph graph, List<String> parameters, long place) {
        Map<String, TensorData> numbers = new LinkedHashMap<>();
        for (String name : parameters) {
            TensorData tensor = data(graph, name);
            if (tensor.type() != DataType.FLOAT && tensor.type() != DataType.DOUBLE) {
                throw new CollapseException("parameter " + name + " is " + tensor.type() + "; only FLOAT and DOUBLE"
                        + " are differentiated");
            }
            double[] values = new double[Math.toIntExact(tensor.elements())];
            Arrays.setAll(values, i -> 1 + (i / place) % BASE);
            numbers.put(name, tensor.type() == DataType.DOUBLE ? TensorData.of(values, tensor.dims())
                    : TensorData.of(floats(values), tensor.dims()));
        }
        return graph.replacing(numbers);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /**
     * The subspace of the mirror of a Space whose coordinates mix. Norm scales that the Space folds count as folded: take the
     * curvature at {@link Mirror#project}, which folds them.
     *
     * @param copy which copy of the Space
     * @param normals of the mirror, over the coordinates of the Space
     * @param graph the Graph
     * @param parameters names of the parameters that the vector is made of
     */
    public static Subspace of(LinearSpace space, int copy, List<Normal> normals, Graph graph,
            List<String> parameters) {
        List<List<Normal>> slots = slots(space, copy, normals, graph, parameters);
        int ambient = Math.toIntExact(parameters.stream().mapToLong(name -> data(graph, name).elements()).sum());
        // Two axes of one parameter: the normals of one are not at right angles to those of the other.
        Set<String> met = new HashSet<>();
        boolean once = space.slots().stream().map(LinearSlot::parameter).filter(parameters::contains)
                .allMatch(met::add);
        return once ? Subspace.of(ambient, slots.stream().flatMap(List::stream).toList())
                : Subspace.ofReflections(ambient, slots);
    }

    /** The normals at every Slot of a Space whose parameter is in the vector; for any normals in the same order. */
    static List<List<Normal>> slots(LinearSpace space, int copy, List<Normal> normals, Graph graph,
            List<String> parameters) {
        Map<String, Integer> offsets = new LinkedHashMap<>();
        int ambient = 0;
        for (String name : parameters) {
            offsets.put(name, ambient);
            ambient += Math.toIntExact(data(graph, name).elements());
        }
        List<List<Normal>> slots = new ArrayList<>();
        for (LinearSlot slot : space.slots()) {
            Integer offset = offsets.get(slot.parameter());
            if (offset != null) {
                slots.add(
                        columns(slot, copy, normals, space.dimension(), data(graph, slot.parameter()).dims(), offset));
            }
        }
        return slots;
    }

    /** The normals along one axis of one parameter, one for every place beside the axis and every occurrence. */
    private static List<Normal> columns(LinearSlot slot, int copy, List<Normal> normals, int n, long[] dims,
            int offset) {
        int size = (int) dims[slot.axis()];
        int inner = 1;
        for (int axis = slot.axis() + 1; axis < dims.length; axis++) {
            inner *= (int) dims[axis];
        }
        int stride = inner;
        int all = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        List<Normal> columns = new ArrayList<>();
        for (int outer = 0; outer < all / (size * inner); outer++) {
            for (int in = 0; in < inner; in++) {
                int first = outer * size * inner + in;
                int start = offset + first;
                int beside = 0;
                for (LinearSlot.Along along : slot.along()) {
                    beside += along.copy()[index(first, dims, along.axis())];
                }
                Map<Integer, List<Integer>> rows = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    if (slot.coordinate()[i] >= 0 && slot.copy()[i] + beside == copy) {
                        rows.computeIfAbsent(slot.row()[i], r -> new ArrayList<>()).add(i);
                    }
                }
                for (List<Integer> row : rows.values()) {
                    int[] at = row.stream().mapToInt(i -> start + i * stride).toArray();
                    for (Normal normal : normals) {
                        double[] v = normal.vector(n);
                        double[] values = row.stream().mapToDouble(i -> v[slot.coordinate()[i]]).toArray();
                        columns.add(new Normal(at, values));
                    }
                }
            }
        }
        return columns;
    }

    private static int index(int flat, long[] dims, int axis) {
        int rest = flat;
        for (int a = dims.length - 1; a > axis; a--) {
            rest /= (int) dims[a];
        }
        return rest % (int) dims[axis];
    }

    static double dot(Normal column, double[] w) {
        double sum = 0;
        for (int k = 0; k < column.coordinate().length; k++) {
            sum += column.value()[k] * w[column.coordinate()[k]];
        }
        return sum;
    }

    static void add(double[] w, double factor, Normal column) {
        for (int k = 0; k < column.coordinate().length; k++) {
            w[column.coordinate()[k]] += factor * column.value()[k];
        }
    }
}
