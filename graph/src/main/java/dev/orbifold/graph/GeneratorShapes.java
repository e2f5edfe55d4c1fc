package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shape rules of operators that make values: constants, ranges, random numbers. */
final class GeneratorShapes {
    private GeneratorShapes() {
    }

    static void lines(Map<String, Line> table) {
        table.put("Constant", new Line(Type.OWN, n -> constant(n.node()).ifPresent(data -> n.constant(0, data))));
        table.put("ConstantOfShape", new Line(Type.OWN, GeneratorShapes::constantOfShape));
        table.put("Range", new Line(Type.SAME, GeneratorShapes::range));
        table.put("EyeLike", new Line(Type.SAME, GeneratorShapes::like));
        for (String op : List.of("RandomNormalLike", "RandomUniformLike", "Bernoulli")) {
            table.put(op, new Line(Type.SAME, GeneratorShapes::like));
        }
        for (String op : List.of("RandomNormal", "RandomUniform")) {
            table.put(op, new Line(Type.FLOAT, n -> {
                type(n);
                n.shape(0, Shape.of(n.node().integers("shape").orElseThrow(() -> n.fail("shape is missing"))));
            }));
        }
    }

    /** The tensor of a Constant node, unless it is sparse or holds strings. */
    static Optional<TensorData> constant(Node node) {
        for (Map.Entry<String, Attribute> entry : node.attributes().entrySet()) {
            Optional<TensorData> data = switch (entry.getValue()) {
                case Attribute.Tensor(TensorData t) -> Optional.of(t);
                case Attribute.Int(long v) when entry.getKey().equals("value_int")
                        -> Optional.of(TensorData.of(new long[] {v}));
                case Attribute.Ints(List<Long> v) when entry.getKey().equals("value_ints")
                        -> Optional.of(TensorData.of(v.stream().mapToLong(Long::longValue).toArray(), v.size()));
                case Attribute.Real(float v) when entry.getKey().equals("value_float")
                        -> Optional.of(TensorData.of(new float[] {v}));
                case Attribute.Reals(List<Float> v) when entry.getKey().equals("value_floats") -> {
                    float[] values = new float[v.size()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = v.get(i);
                    }
                    yield Optional.of(TensorData.of(values, values.length));
                }
                default -> Optional.empty();
            };
            if (data.isPresent()) {
                return data;
            }
        }
        return Optional.empty();
    }

    private static void type(NodeFacts n) {
        long code = n.node().integer("dtype", 0);
        if (code != 0) {
            n.type(0, DataType.of((int) code));
        }
    }

    private static void like(NodeFacts n) {
        type(n);
        ElementwiseShapes.same(n);
    }

    private static void constantOfShape(NodeFacts n) {
        Optional<TensorData> value = n.node().attribute("value")
                .flatMap(a -> a instanceof Attribute.Tensor(TensorData t) ? Optional.of(t) : Optional.empty());
        DataType type = value.map(TensorData::type).orElse(DataType.FLOAT);
        n.type(0, type);
        List<Size> sizes = n.content(0);
        List<Dim> dims = sizes.stream().map(Size::dim).toList();
        n.shape(0, dims);
        if (dims.size() == 1 && dims.get(0).isFixed() && NodeFacts.isInteger(type)) {
            Size each = Size.of(value.map(v -> v.longAt(0)).orElse(0L));
            n.content(0, Collections.nCopies((int) Math.min(dims.get(0).size(), 1 << 20), each));
        }
    }

    private static void range(NodeFacts n) {
        n.shape(0, List.of(Dim.UNKNOWN));
        List<Size> ends = Arrays.asList(Size.UNKNOWN, Size.UNKNOWN, Size.UNKNOWN);
        for (int i = 0; i < 3; i++) {
            ends.set(i, n.maybeContent(i).filter(c -> c.size() == 1).map(c -> c.get(0)).orElse(Size.UNKNOWN));
        }
        if (ends.get(2).equals(Size.of(1))) {
            n.shape(0, List.of(ends.get(1).minus(ends.get(0)).dim()));
        }
    }
}
