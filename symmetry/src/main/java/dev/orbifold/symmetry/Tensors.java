package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** The real tensors of a Graph, whether they are initializers or sit in Constant nodes. */
final class Tensors {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private Tensors() {
    }

    /** Whether a node is a Constant of ONNX's own. */
    static boolean isConstant(Node node) {
        return node.opType().equals("Constant") && node.domain().isEmpty();
    }

    /** Every real tensor of more than one element, by the name nodes read it under. */
    static Map<String, TensorData> real(Graph graph) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        graph.parameters().forEach((name, tensor) -> {
            if (isWeight(tensor)) {
                tensors.put(name, tensor);
            }
        });
        for (Node node : graph.nodes()) {
            if (isConstant(node) && node.attributes().get("value") instanceof Attribute.Tensor value
                    && isWeight(value.value())) {
                tensors.put(node.output(0), value.value());
            }
        }
        return tensors;
    }

    /** The Graph with some of its tensors replaced, wherever they sit. */
    static Graph replace(Graph graph, Map<String, TensorData> changed) {
        Map<String, TensorData> initializers = new LinkedHashMap<>(changed);
        initializers.keySet().retainAll(graph.parameters().keySet());
        Graph moved = graph.replacing(initializers);
        return initializers.size() == changed.size() ? moved : moved.mapNodes(node -> {
            TensorData tensor = isConstant(node) ? changed.get(node.output(0)) : null;
            return tensor == null ? node : node.with("value", new Attribute.Tensor(tensor));
        });
    }

    private static boolean isWeight(TensorData tensor) {
        return tensor.type().isReal() && tensor.elements() > 1;
    }

    /** Numbers as a tensor of a real type, rounded to the nearest. */
    static TensorData encode(DataType type, double[] values, long[] dims) {
        if (type == DataType.DOUBLE) {
            return TensorData.of(values, dims);
        }
        if (type == DataType.FLOAT) {
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) values[i];
            }
            return TensorData.of(floats, dims);
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[2 * values.length]);
        for (int i = 0; i < values.length; i++) {
            float value = (float) values[i];
            int bits = Float.floatToRawIntBits(value);
            short half = type == DataType.FLOAT16 ? Float.floatToFloat16(value)
                    : (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
            bytes.setAtIndex(SHORT, i, half);
        }
        return new TensorData(type, dims, bytes);
    }
}
