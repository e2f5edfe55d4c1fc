package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShapesTest {
    private final List<ValueInfo> inputs = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private int opset = 17;

    private static Shape shape(Object... dims) {
        return new Shape(Arrays.stream(dims)
                .map(d -> d instanceof Integer i ? Dim.of(i) : Dim.named((String) d)).toList());
    }

    private ShapesTest input(String name, Object... dims) {
        inputs.add(ValueInfo.of(name, DataType.FLOAT, shape(dims)));
        return this;
    }

    private ShapesTest weights(String name, long... dims) {
        long count = 1;
        for (long d : dims) {
            count *= d;
        }
        parameters.put(name, TensorData.of(new float[(int) count], dims));
        return this;
    }

    private ShapesTest integers(String name, long... values) {
        parameters.put(name, TensorData.of(values, values.length));
        return this;
    }

    private ShapesTest scalar(String name, long value) {
        parameters.put(name, TensorData.of(new long[] {value}));
        return this;
    }

    /** Adds a node whose inputs are space-separated names, {@code _} for an omitted one, and whose output is named. */
    private ShapesTest node(String op, String in, String out, Object... attributes) {
        Map<String, Attribute> map = new LinkedHashMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            map.put((String) attributes[i], switch (attributes[i + 1]) {
                case Integer v -> new Attribute.Int(v);
                case String v -> new Attribute.Text(v);
                case Attribute v -> v;
                case List<?> v -> new Attribute.Ints(v.stream().map(Long.class::cast).toList());
                default -> throw new IllegalArgumentException(String.valueOf(attributes[i + 1]));
            });
        }
        List<String> names = in.isEmpty() ? List.of() : List.of(in.replace("_", "~").split(" "));
        nodes.add(Node.of("n" + nodes.size(), op, names.stream().map(n -> n.equals("~") ? "" : n).toList(),
                List.of(out.split(" ")), map));
        return this;
    }

    private static List<Long> list(long... values) {
        return Arrays.stream(values).boxed().toList();
    }

    private Graph graph() {
        return new Graph("test", Map.of("", opset), inputs, List.of(), nodes, parameters, List.of(), Graph.Origin.NONE);
    }

    private void gives(String value, Object... dims) {
        assertEquals(Optional.of(shape(dims)), Shapes.of(graph()).shape(value));
    }

    private void fails(String... parts) {
        GraphException error = assertThrows(GraphException.class, () -> Shapes.of(graph()));
        for (String part : parts) {
            assertTrue(error.getMessage().contains(part), error.getMessage());
        }
    }

    @Test
    void convolutionsFollowTheFormula() {
        input("x", "batch", 3, 224, "w").weights("k", 8, 3, 7, 7)
                .node("Conv", "x k", "a", "strides", list(2, 2), "pads", list(3, 3, 3, 3))
                .node("Conv", "x k", "b", "auto_pad", "SAME_UPPER", "strides", list(2, 2))
                .node("Conv", "x k", "c", "dilations", list(2, 1), "pads", list(0, 3, 0, 3));
        // (224 + 6 - 7) / 2 + 1 = 112; 224 / 2 = 112; 224 - 13 + 1 = 212.
        gives("a", "batch", 8, 112, "(((w-1)/2)+1)");
        gives("c", "batch", 8, 212, "w");
        assertEquals(Dim.of(112), Shapes.of(graph()).shape("b").orElseThrow().dim(2));
    }

    @Test
    void transposedConvolutionsUndoStrides() {
        input("x", "n", 4, 5, 6).weights("k", 4, 3, 3, 3)
                .node("ConvTranspose", "x k", "y", "group", 2, "strides", list(2, 2), "pads", list(1, 1, 1, 1),
                        "output_padding", list(1, 0))
                .node("ConvTranspose", "x k", "z", "output_shape", list(9, 11));
        // 2 (5 - 1) + 3 - 2 + 1 = 10 and 2 (6 - 1) + 3 - 2 = 11.
        gives("y", "n", 6, 10, 11);
        gives("z", "n", 3, 9, 11);
    }

    @Test
    void poolingRoundsUpOnlyToWindowsThatBeginInside() {
        input("x", "n", 2, 6, 7).node("MaxPool", "x", "y", "kernel_shape", list(3, 3), "strides", list(2, 2))
                .node("MaxPool", "x", "z", "kernel_shape", list(3, 3), "strides", list(2, 2), "ceil_mode", 1)
                .node("MaxPool", "x", "w", "kernel_shape", list(1, 1), "strides", list(4, 4), "ceil_mode", 1, "pads",
                        list(0, 0, 2, 2));
        gives("y", "n", 2, 2, 3);
        gives("z", "n", 2, 3, 3);
        gives("w", "n", 2, 2, 2);
    }

    @Test
    void aBatchGoesThroughReshapesSymbolically() {
        input("x", "batch", 64, 128).integers("heads", 0, 0, 4, 32).integers("rows", -1, 128).scalar("zero", 0)
                .scalar("one", 1).integers("first", 0).integers("tail", -1, 32)
                .node("Reshape", "x heads", "split").node("Reshape", "x rows", "flat")
                .node("Shape", "x", "shape").node("Gather", "shape zero", "n").node("Gather", "shape one", "length")
                .node("Mul", "n length", "product").node("Unsqueeze", "product first", "listed")
                .node("Concat", "listed tail", "target", "axis", 0).node("Reshape", "x target", "back");
        gives("split", "batch", 64, 4, 32);
        gives("flat", "64*batch", 128);
        gives("back", "64*batch", 4, 32);
    }

    @Test
    void divisionUndoesMultiplication() {
        input("x", "n", 6, 10).integers("a", -1, 5).integers("b", 0).scalar("three", 3).integers("c", -1)
                .integers("d", 10).node("Reshape", "x a", "rows").node("Shape", "rows", "s")
                .node("Gather", "s b", "count").node("Div", "count three", "part")
                .node("Concat", "part c d", "target", "axis", 0).node("Reshape", "x target", "y");
        gives("rows", "12*n", 5);
        // 60 n elements in 4 n rows of 10 columns leave 3 / 2, which cannot be: nothing is claimed.
        assertEquals(Dim.UNKNOWN, Shapes.of(graph()).shape("y").orElseThrow().dim(1));
        assertEquals(Dim.named("4*n"), Shapes.of(graph()).shape("y").orElseThrow().dim(0));
    }

    @Test
    void unnamedInputDimensionsGetNames() {
        inputs.add(ValueInfo.of("x", DataType.FLOAT, Shape.of(-1, 3)));
        node("Relu", "x", "y");
        gives("y", "x[0]", 3);
    }

    @Test
    void expandByAnExportedMinusOneTestKeepsAxes() {
        input("x", "n", 1, 8).integers("three", 3).integers("minus", -1, 5, -1)
                .node("ConstantOfShape", "three", "ones", "value",
                        new Attribute.Tensor(TensorData.of(new long[] {1}, 1)))
                .scalar("m", -1).node("Mul", "ones m", "negatives").node("Equal", "minus negatives", "is")
                .node("Where", "is ones minus", "target").node("Expand", "x target", "y");
        gives("y", "n", 5, 8);
    }

    @Test
    void slicesCountElements() {
        input("x", "n", 10, 7).integers("s", 1, -1).integers("e", 9, -100).integers("a", 1, 2).integers("step", 3, -2)
                .node("Slice", "x s e a step", "y").integers("zero", 0).integers("last", -1)
                .node("Slice", "x zero last zero", "z");
        // 1, 4, 7 and 6, 4, 2, 0.
        gives("y", "n", 3, 4);
        gives("z", "(n-1)", 10, 7);
    }

    @Test
    void splitsByAttributeInputAndEqualParts() {
        opset = 18;
        input("x", "n", 7).integers("parts", 3, 4).node("Split", "x parts", "a b", "axis", 1)
                .node("Split", "x", "c d e", "axis", 1, "num_outputs", 3);
        gives("b", "n", 4);
        gives("c", "n", 3);
        gives("e", "n", 1);
    }

    @Test
    void productsAgreeOrFail() {
        input("x", "n", 4, 5).input("q", "n", 2, 3, 8).input("k", "n", 2, 6, 8).weights("w", 5, 9)
                .node("MatMul", "x w", "y").node("Einsum", "q k", "s", "equation", "bhid,bhjd->bhij")
                .node("Einsum", "x w", "t", "equation", "...i,ij->...j")
                .node("Attention", "q k k", "o");
        gives("y", "n", 4, 9);
        gives("s", "n", 2, 3, 6);
        gives("t", "n", 4, 9);
        gives("o", "n", 2, 3, 8);
        node("MatMul", "w x", "bad");
        fails("MatMul n4", "9", "4");
    }

    @Test
    void contradictionsNameNodeExpectedAndFound() {
        input("x", "n", 3, 8, 8).weights("k", 4, 5, 3, 3).node("Conv", "x k", "y");
        fails("Conv n0", "3", "5");
        nodes.clear();
        weights("v", 7).node("Add", "x v", "y");
        fails("Add n0", "8 against 7");
        nodes.clear();
        weights("w", 2, 2).weights("u", 3, 2).node("Concat", "w u", "y", "axis", 1);
        fails("Concat n0", "2 and 3");
        nodes.clear();
        integers("five", 5, 5).node("Reshape", "w five", "y");
        fails("Reshape n0", "4 elements against 25");
        nodes.clear();
        weights("wide", 1, 3, 20, 20).node("Conv", "x wide", "y");
        fails("larger than the padded input");
    }

    @Test
    void unknownOperatorsAreLeftToTheFile() {
        input("x", "n", 3).node("NoSuchOperator", "x", "y").node("Relu", "y", "z");
        assertEquals(Optional.empty(), Shapes.of(graph()).shape("z"));
        ValueInfo declared = ValueInfo.of("y", DataType.FLOAT, shape("n", 4));
        Shapes shapes = Shapes.of(graph().withDeclared(List.of(declared)));
        assertEquals(Optional.of(shape("n", 4)), shapes.shape("z"));
        assertEquals(Optional.of(DataType.FLOAT), shapes.type("z"));
    }

    @Test
    void constantsAreFolded() {
        scalar("start", 0).scalar("end", 6).scalar("one", 1).integers("grid", 2, 3).integers("rows", 1, 0)
                .node("Range", "start end one", "r").node("Reshape", "r grid", "g")
                .node("Transpose", "g", "t").node("Gather", "g rows", "swapped")
                .node("Cast", "t", "f", "to", 1).node("ReduceSum", "f one", "sum", "keepdims", 0);
        Shapes shapes = Shapes.of(graph());
        assertArrayEquals(new long[] {0, 3, 1, 4, 2, 5}, shapes.constant("t").orElseThrow().toLongs());
        assertArrayEquals(new long[] {3, 4, 5, 0, 1, 2}, shapes.constant("swapped").orElseThrow().toLongs());
        assertArrayEquals(new float[] {3, 5, 7}, shapes.constant("sum").orElseThrow().toFloats());
    }

    @Test
    void reductionsTakeAxesFromAttributeOrInput() {
        opset = 18;
        input("x", "n", 4, 5).integers("axes", -1, 1).node("ReduceMean", "x axes", "y", "keepdims", 0)
                .node("ReduceMax", "x", "z", "axes", list(2)).node("ArgMax", "x", "w", "axis", 1);
        gives("y", "n");
        gives("z", "n", 4, 1);
        gives("w", "n", 1, 5);
        assertEquals(Optional.of(DataType.INT64), Shapes.of(graph()).type("w"));
    }

    @Test
    void resizePadAndTileScaleAxes() {
        input("x", "n", 3, 5, 5).integers("pads", 0, 0, 1, 2, 0, 0, 3, 4).integers("times", 1, 2, 1, 3);
        parameters.put("scales", TensorData.of(new float[] {1, 1, 2.5f, 2}, 4));
        node("Resize", "x _ scales", "y").node("Pad", "x pads", "z").node("Tile", "x times", "w");
        gives("y", "n", 3, 12, 10);
        gives("z", "n", 3, 9, 11);
        gives("w", "n", 6, 5, 15);
    }
}
