package dev.orbifold.train;

import dev.orbifold.constraint.DualityGap;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * A Graph that is one dense layer, z = x Wᵀ + b: training it under two factors is a convex problem, of which the duality
 * gap tells how well it was solved.
 *
 * @param weight W's name
 * @param bias b's name, if there is one
 * @param outputsFirst whether W is stored [outputs, features]
 */
record LinearModel(String weight, Optional<String> bias, boolean outputsFirst) {
    /** The Graph as one dense layer; empty where it is more than that. */
    static Optional<LinearModel> of(Graph graph) {
        List<Node> nodes = graph.nodes().stream()
                .filter(n -> !n.opType().equals("Flatten") && !n.opType().equals("Identity")).toList();
        if (nodes.size() != 1 || graph.outputs().size() != 1) {
            return Optional.empty();
        }
        Node node = nodes.getFirst();
        boolean gemm = node.opType().equals("Gemm") && node.integer("transA", 0) == 0 && node.real("alpha", 1) == 1
                && node.real("beta", 1) == 1;
        if (!gemm && !node.opType().equals("MatMul") || node.inputs().size() < 2
                || !graph.parameters().containsKey(node.input(1)) || graph.parameters().containsKey(node.input(0))) {
            return Optional.empty();
        }
        return Optional.of(new LinearModel(node.input(1),
                node.hasInput(2) ? Optional.of(node.input(2)) : Optional.empty(),
                gemm && node.integer("transB", 0) != 0));
    }

    /** W as [outputs, features], float64. */
    Tensor weight(Graph graph) {
        TensorData data = graph.parameter(weight).orElseThrow();
        Tensor w = doubles(data);
        return outputsFirst ? w : w.t().contiguous();
    }

    /** b [outputs], zeros where there is none. */
    Tensor bias(Graph graph) {
        TensorData w = graph.parameter(weight).orElseThrow();
        return bias.map(b -> doubles(graph.parameter(b).orElseThrow()).reshape(-1))
                .orElseGet(() -> doubles(TensorData.of(new double[(int) w.dim(outputsFirst ? 0 : 1)],
                        w.dim(outputsFirst ? 0 : 1))));
    }

    private static Tensor doubles(TensorData data) {
        return Tensors.of(TensorData.of(data.toDoubles(), data.dims()), Device.cpu());
    }

    /** All items of a part [samples, features], float64. */
    static Tensor inputs(Part part) {
        int wide = Math.toIntExact(Arrays.stream(part.itemShape()).reduce(1, Math::multiplyExact));
        MemorySegment item = MemorySegment.ofArray(new byte[Math.toIntExact(part.itemBytes())]);
        double[] all = new double[Math.multiplyExact(part.size(), wide)];
        for (int i = 0; i < part.size(); i++) {
            part.read(i, item, 0);
            for (int k = 0; k < wide; k++) {
                all[i * wide + k] = part.inputType() == DataType.FLOAT
                        ? item.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * k)
                        : item.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * k);
            }
        }
        return Tensors.of(TensorData.of(all, part.size(), wide), Device.cpu());
    }

    /** All targets [samples, outputs]: numbers, whole ones too where the loss compares numbers, or one-hot classes. */
    static Tensor targets(Part part, int outputs, CompressOptions.LossKind loss) {
        double[] all = new double[Math.multiplyExact(part.size(), outputs)];
        boolean numbers = part.targetType().isReal();
        MemorySegment item = MemorySegment.ofArray(new byte[numbers ? 4 * outputs : 8]);
        for (int i = 0; i < part.size(); i++) {
            part.readTarget(i, item, 0);
            if (numbers) {
                for (int k = 0; k < outputs; k++) {
                    all[i * outputs + k] = item.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * k);
                }
            } else if (loss != CompressOptions.LossKind.CROSS_ENTROPY) {
                all[i * outputs] = item.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            } else {
                all[i * outputs + (int) item.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)] = 1;
            }
        }
        return Tensors.of(TensorData.of(all, part.size(), outputs), Device.cpu());
    }

    /** The loss of a recipe as a duality gap needs it. */
    static DualityGap.Loss loss(CompressOptions.LossKind kind) {
        return switch (kind) {
            case MSE -> DualityGap.Loss.SQUARED;
            case BCE -> DualityGap.Loss.LOGISTIC;
            case CROSS_ENTROPY -> DualityGap.Loss.SOFTMAX;
        };
    }
}
