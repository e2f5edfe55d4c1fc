package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Chains of shape arithmetic behind a Shape node, against ONNX Runtime. */
class HostKernelsTest {
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> constants = new LinkedHashMap<>();
    private final List<ValueInfo> outputs = new ArrayList<>();

    private String constant(long[] values, long... dims) {
        String name = "c" + constants.size();
        constants.put(name, TensorData.of(values, dims));
        return name;
    }

    private String vector(long... values) {
        return constant(values, values.length);
    }

    private String inner(String op, Map<String, Attribute> attributes, String... inputs) {
        String name = op + nodes.size();
        nodes.add(Node.of(name, op, List.of(inputs), List.of(name), attributes));
        return name;
    }

    private String add(String op, Map<String, Attribute> attributes, String... inputs) {
        return output(inner(op, attributes, inputs), DataType.INT64);
    }

    private String add(String op, String... inputs) {
        return add(op, Map.of(), inputs);
    }

    private String output(String name, DataType type) {
        outputs.add(new ValueInfo(name, Optional.of(type), Optional.empty()));
        return name;
    }

    private static Map<String, Attribute> integer(String key, long value) {
        return Map.of(key, new Attribute.Int(value));
    }

    @Test
    void agreesWithOnnxRuntime() {
        String shape = add("Shape", "x");
        add("Size", "x");
        add("Shape", integer("start", -2), "x");
        String first = add("Gather", shape, constant(new long[] {0}));
        String last = add("Gather", shape, constant(new long[] {-1}));
        add("Gather", shape, vector(2, 0));
        String tail = add("Slice", shape, vector(1), vector(Long.MAX_VALUE));
        add("Slice", shape, vector(-1), vector(Long.MIN_VALUE), vector(0), vector(-1));
        String product = add("Mul", first, last);
        add("Add", shape, product);
        add("Sub", product, shape);
        add("Div", product, constant(new long[] {-4}));
        add("Min", tail, vector(3, 3));
        add("Max", tail, vector(3, 3));
        add("Neg", tail);
        add("ReduceProd", shape);
        add("ReduceSum", integer("keepdims", 0), shape);
        String column = add("Unsqueeze", first, vector(0));
        add("Squeeze", column);
        add("Squeeze", column, vector(0));
        String joined = add("Concat", integer("axis", 0), column, vector(-1), tail);
        add("Reshape", shape, vector(-1, 1));
        add("Add", add("Reshape", tail, vector(2, 1)), shape);
        String minusOnes =
                add("ConstantOfShape", Map.of("value", new Attribute.Tensor(TensorData.of(new long[] {-1}, 1))),
                        inner("Shape", Map.of(), joined));
        String open = output(inner("Equal", Map.of(), joined, minusOnes), DataType.BOOL);
        String filled = add("Where", open, add("Gather", shape, vector(0, 0, 1, 2)), joined);
        output(inner("Greater", Map.of(), filled, first), DataType.BOOL);
        output(inner("LessOrEqual", Map.of(), filled, first), DataType.BOOL);
        String narrow = output(inner("Cast", integer("to", DataType.INT32.code()), filled), DataType.INT32);
        add("Cast", integer("to", DataType.INT64.code()), narrow);
        output(inner("Cast", integer("to", DataType.FLOAT.code()), filled), DataType.FLOAT);
        output(inner("Cast", integer("to", DataType.BOOL.code()), filled), DataType.BOOL);
        add("Range", first, product, last);
        output(inner("Expand", Map.of(), "x", filled), DataType.FLOAT);

        Graph graph = new Graph("shapes", Map.of("", 17),
                List.of(ValueInfo.of("x", DataType.FLOAT, Shape.of(-1, -1, -1))), outputs, nodes, constants, List.of(),
                Graph.Origin.NONE);
        try (OnnxRuntime runtime = OnnxRuntime.open(graph, 1); Program program = Program.compile(graph, Device.cpu())) {
            for (long[] dims : new long[][] {{2, 3, 4}, {1, 1, 5}, {3, 2, 1}}) {
                TensorData x = OperatorCase.floats(new Seed(4).generator(), dims);
                Map<String, TensorData> expected = runtime.run(Map.of("x", x));
                assertFalse(expected.isEmpty());
                try (PointerScope scope = new PointerScope()) {
                    Map<String, Tensor> found = program.run(Map.of("x", Tensors.of(x, Device.cpu())), Mode.EVALUATION);
                    assertEquals(expected.keySet(), found.keySet());
                    expected.forEach(
                            (name, value) -> OperatorCase.assertClose(value, Tensors.toData(found.get(name)), 0, name));
                }
            }
        }
    }
}
