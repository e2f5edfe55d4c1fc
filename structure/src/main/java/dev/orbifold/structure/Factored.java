package dev.orbifold.structure;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * A Graph in which a weight of low rank became two smaller ones: W = U V, with a layer for each. A convolution of low rank
 * becomes one to r channels and one of 1×1 behind it.
 *
 * @param graph the Graph, changed only where that is smaller
 * @param rank the numerical rank of the weight
 * @param findings what was done, or why not
 */
public record Factored(Graph graph, int rank, List<Finding> findings) {
    /** Singular values below this share of the largest count as lost; float32 rounding of a product leaves about 1e-7. */
    public static final double TOLERANCE = 1e-6;

    /**
     * Splits a weight.
     *
     * @param parameter its name
     * @param tolerance singular values below this share of the largest are left out
     * @throws StructureException if there is no such parameter, or it is no matrix and no kernel
     */
    public static Factored of(Graph graph, String parameter, double tolerance) {
        TensorData weight = graph.parameter(parameter)
                .orElseThrow(() -> new StructureException("the model has no parameter " + parameter));
        if (weight.rank() < 2) {
            throw new StructureException(parameter + " has the shape " + Arrays.toString(weight.dims())
                    + " and no rank to lose");
        }
        List<Node> users = graph.nodes().stream().filter(n -> n.inputs().contains(parameter)).toList();
        Optional<Layer> layer = users.size() == 1 ? layer(users.getFirst(), parameter, weight) : Optional.empty();
        if (layer.isEmpty()) {
            return kept(graph, parameter, -1, "it is used " + (users.size() == 1 ? "by " + users.getFirst().label()
                    + " in a way that is not split" : users.size() + " times"));
        }
        return layer.get().split(graph, parameter, tolerance);
    }

    private static Factored kept(Graph graph, String parameter, int rank, String reason) {
        return new Factored(graph, rank, List.of(new Finding(Finding.Severity.INFO, "rank-kept", parameter,
                "stays one matrix: " + reason)));
    }

    /** How a node uses a weight: as rows of outputs, or as columns, over kernel positions. */
    private record Layer(Node node, TensorData weight, boolean outputsFirst) {
        int outputs() {
            return (int) weight.dim(outputsFirst ? 0 : 1);
        }

        int rest() {
            return Math.toIntExact(weight.elements() / outputs());
        }

        DMatrixRMaj matrix() {
            DMatrixRMaj matrix = new DMatrixRMaj(outputs(), rest());
            for (int o = 0; o < outputs(); o++) {
                for (int i = 0; i < rest(); i++) {
                    matrix.set(o, i, weight.doubleAt(outputsFirst ? (long) o * rest() + i : (long) i * outputs() + o));
                }
            }
            return matrix;
        }

        Factored split(Graph graph, String parameter, double tolerance) {
            SingularValueDecomposition_F64<DMatrixRMaj> svd =
                    DecompositionFactory_DDRM.svd(outputs(), rest(), true, true, true);
            if (!svd.decompose(matrix())) {
                return kept(graph, parameter, -1, "its singular values were not found");
            }
            double[] values = svd.getSingularValues();
            Integer[] order = new Integer[values.length];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Double.compare(values[b], values[a]));
            double largest = values[order[0]];
            int rank = (int) Arrays.stream(values).filter(s -> s > tolerance * largest).count();
            long apart = (long) rank * (outputs() + rest());
            if (rank == 0 || apart >= weight.elements()) {
                return kept(graph, parameter, rank, "of rank " + rank + " of " + Math.min(outputs(), rest())
                        + ", it would be larger as two");
            }
            DMatrixRMaj left = svd.getU(null, false);
            DMatrixRMaj right = svd.getV(null, false);
            float[] out = new float[outputs() * rank];
            float[] in = new float[rank * rest()];
            for (int k = 0; k < rank; k++) {
                double root = Math.sqrt(values[order[k]]);
                for (int o = 0; o < outputs(); o++) {
                    out[outputsFirst ? o * rank + k : k * outputs() + o] = (float) (root * left.get(o, order[k]));
                }
                for (int i = 0; i < rest(); i++) {
                    in[outputsFirst ? k * rest() + i : i * rank + k] = (float) (root * right.get(i, order[k]));
                }
            }
            Graph changed = replaced(graph, parameter, rank, in, out);
            return new Factored(changed, rank, List.of(new Finding(Finding.Severity.INFO, "rank-split", parameter,
                    "rank " + rank + " of " + Math.min(outputs(), rest()) + ": " + weight.elements()
                            + " entries became " + apart)));
        }

        private Graph replaced(Graph graph, String parameter, int rank, float[] in, float[] out) {
            Set<String> taken = new HashSet<>(graph.parameters().keySet());
            graph.nodes().forEach(n -> taken.addAll(n.outputs()));
            String first = free(parameter + ".first", taken);
            String second = free(parameter + ".second", taken);
            String between = free(parameter + ".rank", taken);
            Map<String, TensorData> parameters = new LinkedHashMap<>();
            graph.parameters().forEach((name, data) -> {
                if (name.equals(parameter)) {
                    parameters.put(first, TensorData.of(in, inner(rank)));
                    parameters.put(second, TensorData.of(out, outer(rank)));
                } else {
                    parameters.put(name, data);
                }
            });
            List<Node> nodes = new ArrayList<>();
            for (Node other : graph.nodes()) {
                if (other != node) {
                    nodes.add(other);
                    continue;
                }
                List<String> inputs = new ArrayList<>(node.inputs());
                int at = inputs.indexOf(parameter);
                nodes.add(new Node(node.name() + "/first", node.opType(), node.domain(),
                        List.of(node.input(0), first), List.of(between), node.attributes()));
                inputs.set(0, between);
                inputs.set(at, second);
                nodes.add(new Node(node.name(), node.opType(), node.domain(), inputs, node.outputs(),
                        node.opType().equals("Conv") ? Map.of("kernel_shape",
                                new Attribute.Ints(java.util.Collections.nCopies(weight.rank() - 2, 1L)))
                                : node.attributes()));
            }
            return graph.withNodes(nodes).withParameters(parameters);
        }

        private long[] inner(int rank) {
            long[] dims = weight.dims().clone();
            dims[outputsFirst ? 0 : 1] = rank;
            return dims;
        }

        private long[] outer(int rank) {
            if (!outputsFirst) {
                return new long[] {rank, outputs()};
            }
            long[] dims = new long[weight.rank()];
            Arrays.fill(dims, 1);
            dims[0] = outputs();
            dims[1] = rank;
            return dims;
        }
    }

    private static String free(String wanted, Set<String> taken) {
        String name = wanted;
        for (int i = 2; !taken.add(name); i++) {
            name = wanted + i;
        }
        return name;
    }

    private static Optional<Layer> layer(Node node, String parameter, TensorData weight) {
        boolean second = node.inputs().indexOf(parameter) == 1 && node.inputs().lastIndexOf(parameter) == 1;
        if (!second) {
            return Optional.empty();
        }
        return switch (node.opType()) {
            case "MatMul" -> weight.rank() == 2 ? Optional.of(new Layer(node, weight, false)) : Optional.empty();
            case "Gemm" -> node.integer("transA", 0) == 0 && node.real("alpha", 1) == 1
                    && (!node.hasInput(2) || node.real("beta", 1) == 1)
                            ? Optional.of(new Layer(node, weight, node.integer("transB", 0) != 0))
                            : Optional.empty();
            case "Conv" -> node.integer("group", 1) == 1 ? Optional.of(new Layer(node, weight, true))
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    /**
     * The Graph in which Parameters that hold the same bytes are one: ties that hold at the end of training.
     *
     * @param parameters names; those that differ from the first, or are gone, stay
     */
    public static Graph shared(Graph graph, List<String> parameters) {
        Map<String, String> by = new LinkedHashMap<>();
        TensorData first = graph.parameters().get(parameters.getFirst());
        for (String name : parameters.subList(1, parameters.size())) {
            TensorData other = graph.parameters().get(name);
            if (first != null && other != null && first.type() == other.type()
                    && Arrays.equals(first.dims(), other.dims()) && first.bytes().mismatch(other.bytes()) < 0) {
                by.put(name, parameters.getFirst());
            }
        }
        if (by.isEmpty()) {
            return graph;
        }
        Map<String, TensorData> left = new LinkedHashMap<>(graph.parameters());
        by.keySet().forEach(left::remove);
        return graph.mapNodes(n -> n.inputs().stream().anyMatch(by::containsKey)
                ? n.withInputs(n.inputs().stream().map(i -> by.getOrDefault(i, i)).toList())
                : n).withParameters(left);
    }
}
