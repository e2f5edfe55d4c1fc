package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The Jacobian J = ∂(outputs on data)/∂θ of a Graph, in float64 and evaluation mode: as a linear map that is never formed, or
 * as a matrix. Rows are the elements of all real outputs, batch by batch; columns are the elements of the parameters, one
 * after the other, each in row-major order.
 */
public final class Jacobian implements AutoCloseable {
    private final Graph graph;
    private final Program program;
    private final List<String> parameters;
    private final List<Map<String, TensorData>> batches;
    private final PointerScope scope;
    private final Map<String, Tensor> leaves = new LinkedHashMap<>();
    private final List<Kept> kept = new ArrayList<>();
    private final int columns;
    private int rows = -1;

    /**
     * A batch that has been run.
     *
     * @param outputs its real outputs, with the graph of operations that made them
     * @param duals one tensor per output, shaped like it: what the outputs are multiplied with
     * @param products J transposed times the duals, per parameter, differentiable in them; undefined where nothing depends
     *            on a parameter
     */
    private record Kept(List<Tensor> outputs, List<Tensor> duals, List<Tensor> products) {
    }

    private Jacobian(Graph graph, List<String> parameters, List<Map<String, TensorData>> batches) {
        this.graph = graph;
        this.parameters = List.copyOf(parameters);
        this.batches = List.copyOf(batches);
        program = Program.compile(graph, Device.cpu(), DataType.DOUBLE);
        // Extended: what is made here lives until close, whatever scope the caller is in.
        scope = new PointerScope().extend();
        try {
            long all = 0;
            for (String name : parameters) {
                TensorData data = graph.parameter(name)
                        .orElseThrow(() -> new EngineException("the graph has no parameter " + name));
                leaves.put(name, leaf(data));
                all += data.elements();
            }
            columns = Math.toIntExact(all);
        } finally {
            scope.close();
        }
    }

    /** A float64 copy to differentiate by. */
    static Tensor leaf(TensorData data) {
        return Tensors.of(TensorData.of(data.toDoubles(), data.dims()), Device.cpu()).set_requires_grad(true);
    }

    /**
     * A Jacobian. Nothing is run before it is asked for.
     *
     * @param parameters names of real initializers: the columns
     * @param batches the inputs of each batch by name; a matrix is made quickest from batches of one sample, products from few
     *            large ones
     * @throws EngineException if a name is unknown
     * @throws UnsupportedOperatorsException if the engine lacks operators
     */
    public static Jacobian of(Graph graph, List<String> parameters, List<Map<String, TensorData>> batches) {
        Natives.load();
        return new Jacobian(graph, parameters, batches);
    }

    /** The number of parameter elements. */
    public int columns() {
        return columns;
    }

    /** The number of output elements over all batches. */
    public int rows() {
        if (rows < 0) {
            int all = 0;
            for (Map<String, TensorData> batch : batches) {
                try (PointerScope inner = new PointerScope()) {
                    all += outputs(batch).stream().mapToInt(t -> (int) t.numel()).sum();
                }
            }
            rows = all;
        }
        return rows;
    }

    private List<Tensor> outputs(Map<String, TensorData> batch) {
        Map<String, Tensor> given = new LinkedHashMap<>(leaves);
        batch.forEach((name, data) -> given.put(name, Tensors.of(data, Device.cpu())));
        return program.run(given, Mode.EVALUATION).values().stream().filter(Tensor::is_floating_point).toList();
    }

    /** The matrix, rows × columns, in float64; it belongs to the caller's pointer scope. */
    public Tensor matrix() {
        Tensor matrix = Tensors.empty(ScalarType.Double, Device.cpu(), rows(), columns);
        int row = 0;
        for (Map<String, TensorData> batch : batches) {
            try (PointerScope inner = new PointerScope()) {
                for (Tensor output : outputs(batch)) {
                    int size = (int) output.numel();
                    if (output.requires_grad()) {
                        rows(output, size, matrix, row);
                    } else {
                        matrix.narrow(0, row, size).zero_();
                    }
                    row += size;
                }
            }
        }
        return matrix;
    }

    private void rows(Tensor output, int size, Tensor matrix, int first) {
        TensorVector wanted = vector(List.copyOf(leaves.values()));
        TensorVector flat = vector(List.of(output.reshape(-1)));
        Tensor unit = torch.zeros_like(flat.get(0));
        MemorySegment memory = Tensors.segment(unit);
        for (int i = 0; i < size; i++) {
            try (PointerScope inner = new PointerScope()) {
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, 1);
                TensorVector gradients =
                        torch.grad(flat, wanted, vector(List.of(unit)), new BoolOptional(true), false, true);
                write(gradients, matrix.get(first + i));
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, 0);
            }
        }
    }

    /** Writes gradients, zeros for what nothing depends on, into a row of length {@link #columns}. */
    private void write(TensorVector gradients, Tensor row) {
        long at = 0;
        int p = 0;
        for (Tensor leaf : leaves.values()) {
            Tensor gradient = gradients.get(p++);
            Tensor place = row.narrow(0, at, leaf.numel());
            if (gradient.defined()) {
                place.copy_(gradient.reshape(-1));
            } else {
                place.zero_();
            }
            at += leaf.numel();
        }
    }

    static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.toArray(new Tensor[0]));
    }

    /** Runs every batch once and keeps what products need. */
    private List<Kept> kept() {
        if (kept.isEmpty()) {
            try (PointerScope inner = new PointerScope()) {
                for (Map<String, TensorData> batch : batches) {
                    List<Tensor> outputs = outputs(batch).stream().filter(Tensor::requires_grad).toList();
                    List<Tensor> duals = outputs.stream()
                            .map(o -> torch.zeros_like(o).detach().set_requires_grad(true)).toList();
                    TensorVector gradients = torch.grad(vector(outputs), vector(List.copyOf(leaves.values())),
                            vector(duals), new BoolOptional(true), true, true);
                    List<Tensor> products = new ArrayList<>();
                    for (int p = 0; p < leaves.size(); p++) {
                        products.add(new Tensor(gradients.get(p)));
                    }
                    for (List<Tensor> list : List.of(outputs, duals, products)) {
                        list.forEach(t -> {
                            scope.attach(t);
                            inner.detach(t);
                        });
                    }
                    kept.add(new Kept(outputs, duals, products));
                }
            }
        }
        return kept;
    }

    /**
     * J v, by differentiating Jᵀu twice.
     *
     * @param v one number per column
     * @return one number per row; outputs that depend on no parameter are left out
     */
    public double[] times(double[] v) {
        checkLength(v.length, columns, "columns");
        List<double[]> parts = new ArrayList<>();
        for (Kept batch : kept()) {
            try (PointerScope inner = new PointerScope()) {
                List<Tensor> functions = new ArrayList<>();
                List<Tensor> weights = new ArrayList<>();
                Tensor all = Tensors.of(TensorData.of(v, v.length), Device.cpu());
                long at = 0;
                int p = 0;
                for (Tensor leaf : leaves.values()) {
                    Tensor product = batch.products().get(p++);
                    if (product.defined() && product.requires_grad()) {
                        functions.add(product);
                        weights.add(all.narrow(0, at, leaf.numel()).view(Tensors.dims(leaf)));
                    }
                    at += leaf.numel();
                }
                TensorVector result = torch.grad(vector(functions), vector(batch.duals()), vector(weights),
                        new BoolOptional(true), false, true);
                for (int i = 0; i < batch.duals().size(); i++) {
                    Tensor part = result.get(i);
                    parts.add(part.defined() ? Tensors.toData(part).toDoubles()
                            : new double[(int) batch.duals().get(i).numel()]);
                }
            }
        }
        return joined(parts);
    }

    private static double[] joined(List<double[]> parts) {
        double[] all = new double[parts.stream().mapToInt(p -> p.length).sum()];
        int at = 0;
        for (double[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /**
     * Jᵀu.
     *
     * @param u one number per row of {@link #times}
     * @return one number per column
     */
    public double[] transposedTimes(double[] u) {
        double[] sum = new double[columns];
        int at = 0;
        for (Kept batch : kept()) {
            try (PointerScope inner = new PointerScope()) {
                List<Tensor> weights = new ArrayList<>();
                for (Tensor output : batch.outputs()) {
                    int size = (int) output.numel();
                    double[] part = new double[size];
                    System.arraycopy(u, at, part, 0, size);
                    weights.add(Tensors.of(TensorData.of(part, Tensors.dims(output)), Device.cpu()));
                    at += size;
                }
                TensorVector gradients = torch.grad(vector(batch.outputs()), vector(List.copyOf(leaves.values())),
                        vector(weights), new BoolOptional(true), false, true);
                Tensor row = Tensors.empty(ScalarType.Double, Device.cpu(), columns);
                write(gradients, row);
                double[] values = Tensors.toData(row).toDoubles();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += values[i];
                }
            }
        }
        checkLength(u.length, at, "rows");
        return sum;
    }

    private static void checkLength(int found, int expected, String what) {
        if (found != expected) {
            throw new EngineException("the Jacobian has " + expected + " " + what + ", found " + found + " numbers");
        }
    }

    /** The Graph it is of. */
    public Graph graph() {
        return graph;
    }

    /** The names of the parameters, in the order of the columns. */
    public List<String> parameters() {
        return parameters;
    }

    /** Frees its tensors. */
    @Override
    public void close() {
        kept.clear();
        scope.deallocate();
        program.close();
    }
}
