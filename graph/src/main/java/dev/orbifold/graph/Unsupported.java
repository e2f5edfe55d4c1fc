package dev.orbifold.graph;

import java.util.Map;
import java.util.Optional;

/** Says of Graphs that can be read, shown and written whether Orbifold can also work on their weights. */
public final class Unsupported {
    private Unsupported() {
    }

    /**
     * Why the Graph's weights cannot be worked on: it is quantized, or its weights are not float32 or float64.
     *
     * @return one sentence naming the first node or parameter in the way, and what to do; empty if nothing is
     */
    public static Optional<String> reason(Graph graph) {
        for (Node node : graph.nodes()) {
            String op = node.opType();
            if (op.startsWith("QLinear") || op.startsWith("QGemm") || op.startsWith("QAttention")
                    || op.endsWith("Integer") || op.endsWith("QuantizeLinear") || op.equals("DequantizeLinear")
                    || op.equals("MatMulNBits")) {
                return Optional.of("the model is quantized (" + node.label()
                        + "); compress the float32 model it was made from and quantize the result");
            }
        }
        for (Map.Entry<String, TensorData> entry : graph.parameters().entrySet()) {
            Optional<String> narrow = narrow("parameter '" + entry.getKey() + "'", entry.getValue().type());
            if (narrow.isPresent()) {
                return narrow;
            }
        }
        for (Node node : graph.nodes()) {
            if (node.opType().equals("Constant") && node.domain().isEmpty()) {
                Optional<String> narrow = GeneratorShapes.constant(node)
                        .flatMap(data -> narrow(node.label(), data.type()));
                if (narrow.isPresent()) {
                    return narrow;
                }
            }
        }
        for (ValueInfo input : graph.inputs()) {
            Optional<String> narrow = input.type().flatMap(t -> narrow("graph input '" + input.name() + "'", t));
            if (narrow.isPresent()) {
                return narrow;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> narrow(String what, DataType type) {
        return switch (type) {
            case FLOAT16, BFLOAT16, FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT4E2M1, INT4,
                    UINT4 -> Optional.of("the model is in " + type + " (" + what
                            + "), supported are float32 and float64; export it in float32");
            default -> Optional.empty();
        };
    }
}
