package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The Hessian H of the data loss at given weights, over a fixed set of batches, as a map on flat vectors [P]: the trainable
 * parameters one after the other, each in row-major order. The loss is the mean over all targets; weight decay is not in
 * it. Products are exact, by differentiating twice, or differences of gradients ({@link Method}).
 *
 * <p>
 * Where the loss has no second derivative, at the kink of a ReLU or the tie of a max pooling, autograd takes the second
 * derivative as 0, and the first one from one side; H is then that of the linear piece which autograd chose. Differences
 * see the kinks that lie between their two points: a few of them put a product off by a jump of the gradient over the step,
 * which the stated error shows, many of them add the bend that the loss has on average.
 */
public final class LossCurvature implements SymmetricOperator, AutoCloseable {
    /** How products are made. */
    public enum Method {
        /**
         * Double backward. Every product runs all batches forward and backward; several vectors at once share that and cost
         * one more backward pass each.
         */
        EXACT,
        /**
         * Double backward with the graphs of all batches kept: only the second backward pass is left for a product. Memory
         * for the activations of all batches, twice.
         */
        EXACT_KEPT,
        /** Two gradients per product and vector; see {@link #difference}. */
        DIFFERENCES
    }

    /**
     * A product by central differences, (∇L(θ + hu) − ∇L(θ − hu))·‖v‖/2h with u = v/‖v‖.
     *
     * @param product Hv
     * @param step h: ε^⅓·‖θ‖ with ε the rounding unit of the type computed in (‖θ‖ read as 1 where it is 0), which
     *            balances rounding ~ε/h with the third derivative ~h²
     * @param error the length of what the product with step 2h differs by: three times the part that shrinks as h², plus what
     *            rounding makes of both; an estimate, not a bound
     */
    public record Difference(double[] product, double step, double error) {
    }

    /**
     * A batch on the device.
     *
     * @param share of all targets
     */
    private record Held(Map<String, Tensor> inputs, Tensor targets, double share) {
    }

    private final Program program;
    private final DataLoss loss;
    private final Mode mode;
    private final Method method;
    private final Device device;
    private final PointerScope scope;
    private final Map<String, Tensor> leaves = new LinkedHashMap<>();
    private final List<String> parameters;
    private final List<Held> batches = new ArrayList<>();
    private final Map<Integer, LossPass> kept = new LinkedHashMap<>();
    private final Tensor flat;
    private final int dimension;
    private double[] weights;

    private LossCurvature(Graph graph, List<String> parameters, List<Examples> data, DataLoss loss, Mode mode,
            Method method, Device device, DataType real) {
        this.loss = loss;
        this.mode = mode;
        this.method = method;
        this.device = device;
        this.parameters = List.copyOf(parameters);
        weights = flat(graph, parameters);
        dimension = weights.length;
        program = Program.compile(graph, device, real);
        // Extended: what is made here lives until close, whatever scope the caller is in.
        scope = new PointerScope().extend();
        try {
            flat = vector(weights);
            long at = 0;
            for (String name : parameters) {
                TensorData tensor = parameter(graph, name);
                leaves.put(name, flat.narrow(0, at, tensor.elements()).view(tensor.dims()).detach()
                        .set_requires_grad(true));
                at += tensor.elements();
            }
            double all = data.stream().mapToDouble(d -> d.targets().elements()).sum();
            for (Examples examples : data) {
                Map<String, Tensor> inputs = new LinkedHashMap<>();
                examples.inputs().forEach((name, tensor) -> inputs.put(name, Tensors.of(tensor, device)));
                batches.add(new Held(inputs, target(examples.targets()), examples.targets().elements() / all));
            }
        } finally {
            scope.close();
        }
    }

    /**
     * The Hessian at the Graph's weights. Nothing is run before it is asked for.
     *
     * @param parameters names of real initializers, in the order of the coordinates; {@link Program#trainable()} as a rule
     * @param data the batches, at least one
     * @param mode {@link Mode#TRAINING} takes the statistics of each batch where there is batch norm; running ones stay
     * @param real FLOAT, or DOUBLE to compute everything in float64
     * @throws CollapseException if a name is unknown or there are no data
     * @throws dev.orbifold.engine.UnsupportedOperatorsException if the engine lacks operators
     */
    public static LossCurvature of(Graph graph, List<String> parameters, List<Examples> data, DataLoss loss, Mode mode,
            Method method, Device device, DataType real) {
        if (data.isEmpty() || data.stream().anyMatch(d -> d.targets().elements() == 0)) {
            throw new CollapseException("curvature needs data: at least one batch, and targets in each");
        }
        Natives.load();
        return new LossCurvature(graph, parameters, data, loss, mode, method, device, real);
    }

    private static TensorData parameter(Graph graph, String name) {
        return graph.parameter(name)
                .orElseThrow(() -> new CollapseException("the graph has no parameter " + name));
    }

    /** Parameters of a Graph as one vector [P]. */
    static double[] flat(Graph graph, List<String> parameters) {
        long all = parameters.stream().mapToLong(name -> parameter(graph, name).elements()).sum();
        double[] flat = new double[Math.toIntExact(all)];
        int at = 0;
        for (String name : parameters) {
            double[] part = parameter(graph, name).toDoubles();
            System.arraycopy(part, 0, flat, at, part.length);
            at += part.length;
        }
        return flat;
    }

    private Tensor vector(double[] values) {
        return Tensors.of(TensorData.of(values, values.length), device).to(Tensors.scalarType(program.real()));
    }

    /** Real targets in the type that is computed in; classes as they are. */
    private Tensor target(TensorData targets) {
        Tensor tensor = Tensors.of(targets, device);
        return tensor.is_floating_point() ? tensor.to(Tensors.scalarType(program.real())) : tensor;
    }

    /** P, how many numbers the parameters have. */
    public int dimension() {
        return dimension;
    }

    /** The names of the parameters, in the order of the coordinates. */
    public List<String> parameters() {
        return parameters;
    }

    /** How many batches there are. */
    public int batches() {
        return batches.size();
    }

    /** The weights θ [P] that the Hessian is taken at. */
    public double[] weights() {
        return weights.clone();
    }

    /** Takes the Hessian at other weights θ [P] from now on. What is not among the parameters stays. */
    public void moveTo(double[] theta) {
        check(theta);
        drop();
        weights = theta.clone();
        put(weights);
    }

    private void put(double[] theta) {
        try (PointerScope inner = new PointerScope()) {
            flat.copy_(vector(theta));
        }
    }

    private void drop() {
        kept.values().forEach(LossPass::close);
        kept.clear();
    }

    private void check(double[] vector) {
        if (vector.length != dimension) {
            throw new CollapseException("the parameters have " + dimension + " numbers, found " + vector.length);
        }
    }

    /** The loss, the mean over all targets. */
    public double loss() {
        double sum = 0;
        for (int b = 0; b < batches.size(); b++) {
            try (LossPass pass = pass(b, false)) {
                sum += pass.loss() * batches.get(b).share();
            }
        }
        return sum;
    }

    /** The gradient [P] of the loss. */
    public double[] gradient() {
        double[] sum = new double[dimension];
        for (int b = 0; b < batches.size(); b++) {
            Vectors.add(sum, batches.get(b).share(), gradient(b));
        }
        return sum;
    }

    private double[] gradient(int batch) {
        try (LossPass pass = pass(batch, false)) {
            return pass.gradient();
        }
    }

    @Override
    public double[][] times(double[][] vectors) {
        double[][] sum = new double[vectors.length][dimension];
        for (int b = 0; b < batches.size(); b++) {
            double[][] part = times(b, vectors);
            for (int k = 0; k < vectors.length; k++) {
                Vectors.add(sum[k], batches.get(b).share(), part[k]);
            }
        }
        return sum;
    }

    /** The Hessian of one batch's own mean loss: what a step of SGD on that batch sees. */
    public SymmetricOperator ofBatch(int batch) {
        if (batch < 0 || batch >= batches.size()) {
            throw new CollapseException("there are " + batches.size() + " batches, found number " + batch);
        }
        return vectors -> times(batch, vectors);
    }

    private double[][] times(int batch, double[][] vectors) {
        for (double[] v : vectors) {
            check(v);
        }
        double[][] products = new double[vectors.length][];
        switch (method) {
            case DIFFERENCES -> {
                for (int k = 0; k < products.length; k++) {
                    products[k] = difference(batch, vectors[k], step());
                }
            }
            case EXACT -> {
                try (LossPass pass = pass(batch, true)) {
                    for (int k = 0; k < products.length; k++) {
                        products[k] = pass.product(vectors[k]);
                    }
                }
            }
            case EXACT_KEPT -> {
                LossPass pass = kept.computeIfAbsent(batch, b -> pass(b, true));
                for (int k = 0; k < products.length; k++) {
                    products[k] = pass.product(vectors[k]);
                }
            }
        }
        return products;
    }

    private double step() {
        double unit = program.real() == DataType.DOUBLE ? Math.ulp(1.0) : Math.ulp(1f);
        double size = Vectors.length(weights);
        return Math.cbrt(unit) * (size > 0 ? size : 1);
    }

    private double[] difference(int batch, double[] v, double step) {
        double size = Vectors.length(v);
        if (size == 0) {
            return new double[dimension];
        }
        double[] moved = weights.clone();
        try {
            Vectors.add(moved, step / size, v);
            put(moved);
            double[] up = gradient(batch);
            Vectors.add(moved, -2 * step / size, v);
            put(moved);
            Vectors.add(up, -1, gradient(batch));
            Vectors.scale(up, size / (2 * step));
            return up;
        } finally {
            put(weights);
        }
    }

    /** A product by differences, whatever the method is, with an estimate of its error: four gradients. */
    public Difference difference(double[] vector) {
        check(vector);
        drop();
        double step = step();
        double[] near = new double[dimension];
        double[] far = new double[dimension];
        for (int b = 0; b < batches.size(); b++) {
            Vectors.add(near, batches.get(b).share(), difference(b, vector, step));
            Vectors.add(far, batches.get(b).share(), difference(b, vector, 2 * step));
        }
        return new Difference(near, step, Vectors.length(Vectors.difference(far, near)));
    }

    private LossPass pass(int batch, boolean again) {
        Held held = batches.get(batch);
        return new LossPass(leaves, flat, again, () -> {
            Map<String, Tensor> values = new LinkedHashMap<>(leaves);
            values.putAll(held.inputs());
            return loss.of(program.run(values, mode), held.targets());
        });
    }

    /** Frees its tensors. */
    @Override
    public void close() {
        drop();
        scope.deallocate();
        program.close();
    }
}
