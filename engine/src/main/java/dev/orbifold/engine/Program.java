package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A Graph made ready to run and differentiate on libtorch. Compiled once: attributes are parsed, constants folded, values
 * numbered; a run walks an array of steps. A Program holds no state of a run: several threads may run it at once.
 */
public final class Program implements AutoCloseable {
    /**
     * @param freed slots whose value nobody reads after this step
     */
    record Step(Kernel kernel, String label, int[] inputs, int[] outputs, int[] freed) {
        Step freeing(int[] slots) {
            return new Step(kernel, label, inputs, outputs, slots);
        }
    }

    /**
     * @param fresh whether a step makes the value for this output alone; others get a handle of their own
     */
    private record Output(String name, int slot, boolean fresh) {
    }

    private final Graph graph;
    private final Device device;
    private final DataType real;
    private final PointerScope scope;
    private final Map<String, Integer> inputs;
    private final List<Output> results;
    private final Map<String, Integer> parameters;
    private final @Nullable Tensor[] own;
    private final @Nullable HostValue[] hosts;
    private final List<Step> steps;
    private final Kernel[] kernels;
    private final int[][] freed;
    private final Roles roles;

    Program(Graph graph, Device device, DataType real, PointerScope scope, Map<String, Integer> inputs,
            Map<String, Integer> outputs, Map<String, Integer> parameters, @Nullable Tensor[] own,
            @Nullable HostValue[] hosts,
            List<Step> steps) {
        this.graph = graph;
        this.device = device;
        this.real = real;
        this.scope = scope;
        this.inputs = inputs;
        this.results = results(outputs, steps);
        this.parameters = parameters;
        this.own = own;
        this.hosts = hosts;
        this.steps = steps;
        this.kernels = steps.stream().map(Step::kernel).toArray(Kernel[]::new);
        this.freed = steps.stream().map(Step::freed).toArray(int[][]::new);
        this.roles = Roles.of(graph, parameters.keySet());
    }

    private static List<Output> results(Map<String, Integer> outputs, List<Step> steps) {
        Set<Integer> made = new HashSet<>();
        steps.forEach(step -> Arrays.stream(step.outputs()).forEach(made::add));
        List<Output> results = new ArrayList<>();
        outputs.forEach((name, slot) -> results.add(new Output(name, slot, made.remove(slot))));
        return List.copyOf(results);
    }

    /**
     * Compiles a Graph in float32.
     *
     * @throws UnsupportedOperatorsException if the engine lacks operators or uses of them; all are named
     */
    public static Program compile(Graph graph, Device device) {
        return compile(graph, device, DataType.FLOAT);
    }

    /**
     * Compiles a Graph.
     *
     * @param real the type float32 stands for: FLOAT, or DOUBLE to compute everything in float64
     * @throws UnsupportedOperatorsException if the engine lacks operators or uses of them; all are named
     */
    public static Program compile(Graph graph, Device device, DataType real) {
        if (real != DataType.FLOAT && real != DataType.DOUBLE) {
            throw new EngineException("a Program computes in FLOAT or DOUBLE, not in " + real);
        }
        Natives.load();
        // Extended: what is made now lives until the Program is closed.
        try (PointerScope scope = new PointerScope().extend()) {
            try {
                return new Compiler(graph, device, real).compile(scope);
            } catch (RuntimeException e) {
                scope.deallocate();
                throw e;
            }
        }
    }

    /** The same Graph compiled in float64, for gradient checks and certificates. */
    public Program inFloat64() {
        return compile(graph, device, DataType.DOUBLE);
    }

    /** The Graph this was compiled from. */
    public Graph graph() {
        return graph;
    }

    /** Where it runs. */
    public Device device() {
        return device;
    }

    /** The type it computes in: FLOAT or DOUBLE. */
    public DataType real() {
        return real;
    }

    /** Names of the real-valued initializers the outputs depend on, in file order; {@link #run} takes any of them. */
    public List<String> parameterNames() {
        return roles.all();
    }

    /**
     * The parameters that are weights: of rank 1 or more, and used, directly or through Identity, Transpose, Cast,
     * Reshape, Flatten, Squeeze or Unsqueeze, as an operand of Conv, ConvTranspose, Gemm, MatMul or Einsum, as scale or
     * shift of a normalization, as slope of a PRelu, as table of a Gather, or as an operand with more than one element of
     * an Add or Mul. A mask (an addend with entries that are not finite or at most −10⁴) and a table of frequencies (an
     * operand whose product only a sine or cosine reads, or two tables whose squares add up to one) are not weights. A name in {@link #state()} is not in here.
     */
    public List<String> trainable() {
        return roles.trainable();
    }

    /** The running means and variances of batch normalization: updated by training runs, never by a gradient. */
    public List<String> state() {
        return roles.state();
    }

    /** The parameters that are neither trainable nor state: epsilons, masks, factors. */
    public List<String> constants() {
        return roles.constants();
    }

    /**
     * Runs once. In {@link Mode#TRAINING}, BatchNormalization updates the running mean and variance passed in
     * {@code values} in place, as PyTorch does (unbiased variance; ONNX's momentum is what is kept); those not passed stay
     * as they are.
     *
     * @param values every graph input, and tensors to use in the place of parameters, by name; on the Program's device. A
     *        Program in float64 converts what is not.
     * @return the outputs by name, differentiable with respect to everything passed that requires a gradient; they belong
     *         to the caller's pointer scope
     * @throws EngineException if an input is missing, a name is unknown, or a node fails; the message names the node and
     *         the shapes it got
     */
    public Map<String, Tensor> run(Map<String, Tensor> values, Mode mode) {
        Natives.load();
        try (PointerScope inner = new PointerScope()) {
            Frame frame = new Frame(device, mode == Mode.TRAINING, own, hosts);
            give(frame, values);
            int i = 0;
            try {
                for (; i < kernels.length; i++) {
                    kernels[i].run(frame);
                    for (int slot : freed[i]) {
                        frame.free(slot);
                    }
                }
            } catch (RuntimeException e) {
                throw failure(steps.get(i), frame, e);
            }
            return collect(frame, inner);
        }
    }

    private void give(Frame frame, Map<String, Tensor> values) {
        int given = 0;
        for (Map.Entry<String, Tensor> value : values.entrySet()) {
            Integer slot = inputs.get(value.getKey());
            if (slot != null) {
                given++;
            } else {
                slot = parameters.get(value.getKey());
            }
            if (slot != null) {
                frame.set(slot, converted(value.getValue()));
            } else if (!graph.parameters().containsKey(value.getKey())) {
                throw new EngineException(
                        "the graph has no input and no parameter named " + value.getKey() + "; its inputs are "
                                + inputs.keySet());
            }
        }
        if (given < inputs.size()) {
            Set<String> missing = new HashSet<>(inputs.keySet());
            missing.removeAll(values.keySet());
            throw new EngineException("no value is given for the graph's inputs " + missing);
        }
    }

    private Tensor converted(Tensor value) {
        boolean convert = real == DataType.DOUBLE && value.is_floating_point() && value.element_size() != 8;
        return convert ? value.to(ScalarType.Double) : value;
    }

    private Map<String, Tensor> collect(Frame frame, PointerScope inner) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (Output output : results) {
            Tensor tensor = frame.tensor(output.slot());
            found.put(output.name(), Tensors.adopt(output.fresh() ? tensor : new Tensor(tensor), inner));
        }
        return found;
    }

    private EngineException failure(Step step, Frame frame, RuntimeException cause) {
        List<String> shapes = new ArrayList<>();
        for (int slot : step.inputs()) {
            if (slot == Frame.NONE) {
                shapes.add("none");
            } else {
                shapes.add(frame.has(slot) ? Arrays.toString(frame.dims(slot)) : "?");
            }
        }
        String reason = String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason given");
        return new EngineException(
                "node " + step.label() + " fails on inputs of shapes " + String.join(", ", shapes) + ": "
                        + reason,
                cause);
    }

    /** How many steps a run takes, after folding. */
    int steps() {
        return kernels.length;
    }

    /** Frees the Program's own tensors; it cannot run afterwards. */
    @Override
    public void close() {
        scope.deallocate();
    }
}
