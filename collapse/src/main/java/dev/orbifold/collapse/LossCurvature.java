package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
     * @param step h, {@value #FLOAT_STEP} of ‖θ‖ in float32 and {@value #DOUBLE_STEP} in float64, with ‖θ‖ read as 1 where
     *            it is 0. For a smooth loss larger steps would balance rounding ~ε/h with the third derivative ~h²; in trained
     *            networks a single kink between the points costs more than the per cent that rounding does
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

    /** ε^⅔ of float32: on LeNet-300 and MNIST, hardly any kink lies between the points. */
    private static final double FLOAT_STEP = 2.4e-5;
    /** ε^½ of float64. */
    private static final double DOUBLE_STEP = 1.5e-8;

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
        if (parameters.isEmpty()) {
            throw new CollapseException("the model has no weights that could be trained, and so no curvature");
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

    /** On the device, in the type that is computed in. */
    private Tensor vector(double[] values) {
        Tensor host = Tensors.empty(ScalarType.Double, Device.cpu(), values.length);
        MemorySegment.copy(values, 0, Tensors.segment(host), ValueLayout.JAVA_DOUBLE, 0, values.length);
        return host.to(device.torch(), Tensors.scalarType(program.real()));
    }

    private static double[] host(Tensor vector) {
        return Tensors.segment(vector.cpu()).toArray(ValueLayout.JAVA_DOUBLE);
    }

    /** Zeros [P] in float64: what batches are added up in. */
    private Tensor zeros() {
        return torch.zeros_like(flat).to(ScalarType.Double);
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
        try (PointerScope scope = new PointerScope()) {
            Tensor sum = zeros();
            for (int b = 0; b < batches.size(); b++) {
                try (PointerScope inner = new PointerScope()) {
                    sum.add_(gradient(b), new Scalar(batches.get(b).share()));
                }
            }
            return host(sum);
        }
    }

    /** The gradient [P] of one batch's own mean loss. */
    public double[] gradientOfBatch(int batch) {
        if (batch < 0 || batch >= batches.size()) {
            throw new CollapseException("there are " + batches.size() + " batches, found number " + batch);
        }
        try (PointerScope scope = new PointerScope()) {
            return host(gradient(batch).to(ScalarType.Double));
        }
    }

    private Tensor gradient(int batch) {
        try (LossPass pass = pass(batch, false)) {
            return pass.gradient();
        }
    }

    @Override
    public double[][] times(double[][] vectors) {
        return times(IntStream.range(0, batches.size()).toArray(), vectors, method, step());
    }

    /** The Hessian of one batch's own mean loss: what a step of SGD on that batch sees. */
    public SymmetricOperator ofBatch(int batch) {
        if (batch < 0 || batch >= batches.size()) {
            throw new CollapseException("there are " + batches.size() + " batches, found number " + batch);
        }
        return vectors -> times(new int[] {batch}, vectors, method, step());
    }

    /** Products with the mean over some batches. */
    private double[][] times(int[] some, double[][] vectors, Method by, double step) {
        double all = Arrays.stream(some).mapToDouble(b -> batches.get(b).share()).sum();
        try (PointerScope scope = new PointerScope()) {
            List<Tensor> given = new ArrayList<>();
            List<Tensor> sums = new ArrayList<>();
            for (double[] v : vectors) {
                check(v);
                given.add(vector(v));
                sums.add(zeros());
            }
            for (int b : some) {
                Scalar share = new Scalar(batches.get(b).share() / all);
                if (by == Method.DIFFERENCES) {
                    for (int k = 0; k < vectors.length; k++) {
                        try (PointerScope inner = new PointerScope()) {
                            sums.get(k).add_(difference(b, given.get(k), Vectors.length(vectors[k]), step), share);
                        }
                    }
                } else if (by == Method.EXACT_KEPT) {
                    products(kept.computeIfAbsent(b, number -> pass(number, true)), given, sums, share);
                } else {
                    try (LossPass pass = pass(b, true)) {
                        products(pass, given, sums, share);
                    }
                }
            }
            return sums.stream().map(LossCurvature::host).toArray(double[][]::new);
        }
    }

    private static void products(LossPass pass, List<Tensor> given, List<Tensor> sums, Scalar share) {
        for (int k = 0; k < sums.size(); k++) {
            try (PointerScope inner = new PointerScope()) {
                sums.get(k).add_(pass.product(given.get(k)), share);
            }
        }
    }

    private double step() {
        double size = Vectors.length(weights);
        return (program.real() == DataType.DOUBLE ? DOUBLE_STEP : FLOAT_STEP) * (size > 0 ? size : 1);
    }

    private Tensor difference(int batch, Tensor v, double size, double step) {
        if (size == 0) {
            return torch.zeros_like(v);
        }
        Tensor before = flat.clone();
        try {
            flat.add_(v, new Scalar(step / size));
            Tensor up = gradient(batch);
            flat.copy_(before);
            flat.add_(v, new Scalar(-step / size));
            return up.sub(gradient(batch)).mul(new Scalar(size / (2 * step)));
        } finally {
            flat.copy_(before);
        }
    }

    /** A product by differences, whatever the method is, with an estimate of its error: four gradients. */
    public Difference difference(double[] vector) {
        drop();
        int[] all = IntStream.range(0, batches.size()).toArray();
        double step = step();
        double[] near = times(all, new double[][] {vector}, Method.DIFFERENCES, step)[0];
        double[] far = times(all, new double[][] {vector}, Method.DIFFERENCES, 2 * step)[0];
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
