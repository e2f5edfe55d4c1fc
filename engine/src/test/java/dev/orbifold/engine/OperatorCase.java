package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** One node with random inputs: its values are compared with ONNX Runtime's, its gradients with finite differences. */
final class OperatorCase {
    /** Float32 sums of some hundred terms in different orders, relative to the output's range. */
    static final double VALUES = 2e-5;
    /** Central differences with step 1e-5 in float64 are good to about 1e-9 times third derivatives. */
    static final double GRADIENTS = 2e-6;
    private static final double STEP = 1e-5;
    /** Finite differences cost two runs per element, so only some elements are tried. */
    private static final int TRIED = 6;

    private final String operator;
    private final int opset;
    private final Map<String, Attribute> attributes = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();
    private final Map<String, TensorData> data = new LinkedHashMap<>();
    private final Set<String> initializers = new LinkedHashSet<>();
    private final List<DataType> outputs = new ArrayList<>();
    private boolean differentiable = true;
    private String label = "";
    private double tolerance = VALUES;

    OperatorCase(String operator, int opset) {
        this.operator = operator;
        this.opset = opset;
    }

    OperatorCase with(String key, Attribute value) {
        attributes.put(key, value);
        return this;
    }

    OperatorCase with(String key, long value) {
        return with(key, new Attribute.Int(value));
    }

    OperatorCase with(String key, double value) {
        return with(key, new Attribute.Real((float) value));
    }

    OperatorCase with(String key, String value) {
        return with(key, new Attribute.Text(value));
    }

    OperatorCase with(String key, long... values) {
        return with(key, new Attribute.Ints(Arrays.stream(values).boxed().toList()));
    }

    /** A value fed when running. */
    OperatorCase in(TensorData value) {
        String name = "x" + names.size();
        names.add(name);
        data.put(name, value);
        return this;
    }

    /** A value stored in the Graph. */
    OperatorCase stored(TensorData value) {
        in(value);
        initializers.add(names.getLast());
        return this;
    }

    OperatorCase omitted() {
        names.add("");
        return this;
    }

    OperatorCase out(DataType type) {
        outputs.add(type);
        return this;
    }

    OperatorCase withoutGradient() {
        differentiable = false;
        return this;
    }

    OperatorCase within(double of) {
        tolerance = of;
        return this;
    }

    OperatorCase seeded(Object seed) {
        label = " (seed " + seed + ")";
        return this;
    }

    Graph graph() {
        List<DataType> types = outputs.isEmpty() ? List.of(DataType.FLOAT) : outputs;
        List<ValueInfo> results = new ArrayList<>();
        List<String> made = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            made.add("y" + i);
            results.add(new ValueInfo("y" + i, java.util.Optional.of(types.get(i)), java.util.Optional.empty()));
        }
        List<ValueInfo> inputs = new ArrayList<>();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        data.forEach((name, value) -> {
            if (initializers.contains(name)) {
                parameters.put(name, value);
            } else {
                inputs.add(ValueInfo.of(name, value.type(), Shape.of(value.dims())));
            }
        });
        Node node = Node.of("node", operator, names, made, attributes);
        return new Graph("case", Map.of("", opset), inputs, results, List.of(node), parameters, List.of(),
                Graph.Origin.NONE);
    }

    /** Compares values, and gradients where they are asked for. */
    void check() {
        Graph graph = graph();
        Map<String, TensorData> fed = new LinkedHashMap<>(data);
        fed.keySet().removeAll(initializers);
        Map<String, TensorData> expected;
        try (OnnxRuntime runtime = OnnxRuntime.open(graph, 1)) {
            expected = runtime.run(fed);
        }
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, Device.cpu())) {
            Map<String, Tensor> given = new LinkedHashMap<>();
            fed.forEach((name, value) -> given.put(name, Tensors.of(value, Device.cpu())));
            Map<String, Tensor> found = program.run(given, Mode.EVALUATION);
            expected.forEach(
                    (name, value) -> assertClose(value, Tensors.toData(found.get(name)), tolerance, this + " " + name));
        }
        if (differentiable) {
            checkGradients(graph);
        }
    }

    private void checkGradients(Graph graph) {
        try (PointerScope scope = new PointerScope();
                Program program = Program.compile(graph, Device.cpu(), DataType.DOUBLE)) {
            Map<String, Tensor> given = new LinkedHashMap<>();
            List<String> moved = new ArrayList<>();
            data.forEach((name, value) -> {
                boolean settable = !initializers.contains(name)
                        || (program.parameterNames().contains(name) && !program.state().contains(name));
                if (value.type() == DataType.FLOAT && settable) {
                    given.put(name, Tensors.of(TensorData.of(value.toDoubles(), value.dims()), Device.cpu())
                            .set_requires_grad(true));
                    moved.add(name);
                } else if (!initializers.contains(name)) {
                    given.put(name, Tensors.of(value, Device.cpu()));
                }
            });
            Map<String, Tensor> results = program.run(given, Mode.EVALUATION);
            List<Tensor> weights = new ArrayList<>();
            Tensor loss = loss(results, weights);
            if (!loss.requires_grad()) {
                fail(this + ": the result does not depend on anything differentiable");
            }
            TensorVector gradients = torch.grad(new TensorVector(loss),
                    new TensorVector(moved.stream().map(given::get).toArray(Tensor[]::new)), new TensorVector(),
                    new org.bytedeco.pytorch.BoolOptional(), false, true);
            for (int i = 0; i < moved.size(); i++) {
                Tensor gradient = gradients.get(i);
                compare(program, given, moved.get(i),
                        gradient.defined() ? Tensors.toData(gradient).toDoubles() : new double[0],
                        weights);
            }
        }
    }

    /** A random weighted sum of all real outputs; the weights are drawn on the first call. */
    private static Tensor loss(Map<String, Tensor> results, List<Tensor> weights) {
        Tensor sum = Tensors.of(TensorData.of(new double[] {0}), Device.cpu());
        int at = 0;
        for (Tensor result : results.values()) {
            if (!result.is_floating_point()) {
                continue;
            }
            if (weights.size() <= at) {
                double[] values = new double[(int) result.numel()];
                Arrays.setAll(values, i -> Math.cos(1.0 + 2.3 * i));
                weights.add(Tensors.of(TensorData.of(values, Tensors.dims(result)), Device.cpu()));
            }
            sum = sum.add(result.mul(weights.get(at)).sum());
            at++;
        }
        return sum;
    }

    private void compare(Program program, Map<String, Tensor> given, String name, double[] gradient,
            List<Tensor> weights) {
        double[] values = data.get(name).toDoubles();
        double scale = Math.max(1, Arrays.stream(gradient).map(Math::abs).max().orElse(0));
        int stride = Math.max(1, values.length / TRIED);
        for (int i = 0; i < values.length; i += stride) {
            double[] sides = new double[2];
            for (int side = 0; side < 2; side++) {
                try (PointerScope scope = new PointerScope()) {
                    double[] there = values.clone();
                    there[i] += side == 0 ? STEP : -STEP;
                    Map<String, Tensor> changed = new LinkedHashMap<>(given);
                    changed.put(name, Tensors.of(TensorData.of(there, data.get(name).dims()), Device.cpu()));
                    sides[side] = loss(program.run(changed, Mode.EVALUATION), weights).item_double();
                }
            }
            double expected = (sides[0] - sides[1]) / (2 * STEP);
            double found = gradient.length == 0 ? 0 : gradient[i];
            if (!(Math.abs(expected - found) <= GRADIENTS * scale)) {
                fail(this + ": gradient of " + name + "[" + i + "] is " + found + ", finite differences say "
                        + expected);
            }
        }
    }

    static TensorData floats(RandomGenerator random, long... dims) {
        float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return TensorData.of(values, dims);
    }

    static TensorData longs(long... values) {
        return TensorData.of(values, values.length);
    }

    static TensorData bools(RandomGenerator random, long... dims) {
        byte[] values = new byte[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) random.nextInt(2);
        }
        return new TensorData(DataType.BOOL, dims, MemorySegment.ofArray(values));
    }

    static void assertClose(TensorData expected, TensorData found, double ofRange, String where) {
        assertArrayEquals(expected.dims(), found.dims(), where + ": shapes");
        double[] e = expected.toDoubles();
        double[] v = found.toDoubles();
        if (!expected.type().isReal()) {
            assertEquals(expected.type(), found.type(), where + ": types");
            assertArrayEquals(expected.toLongs(), found.toLongs(), where);
            return;
        }
        double range = Math.max(1, Arrays.stream(e).filter(Double::isFinite).map(Math::abs).max().orElse(1));
        for (int i = 0; i < e.length; i++) {
            boolean same = Double.compare(e[i], v[i]) == 0 || Math.abs(e[i] - v[i]) <= ofRange * range;
            int at = i;
            assertTrue(same,
                    () -> where + ": element " + at + " is " + v[at] + ", ONNX Runtime says " + e[at] + " (range "
                            + range
                            + ")");
        }
    }

    @Override
    public String toString() {
        return operator + "-" + opset + attributes + " on "
                + names.stream().map(n -> n.isEmpty() ? "none" : Arrays.toString(data.get(n).dims())).toList() + label;
    }
}
