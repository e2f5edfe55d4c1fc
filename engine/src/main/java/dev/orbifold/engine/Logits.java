package dev.orbifold.engine;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Shapes and types that losses want. */
final class Logits {
    /** The mean over all elements or targets, in libtorch's numbering of reductions. */
    static final int MEAN = 1;
    /** A class that no target has. */
    static final long NO_CLASS = -100;

    private Logits() {
    }

    /** Logits with classes on axis 1: tokens become rows. */
    static Tensor rows(Tensor outputs, Tensor targets) {
        long rank = outputs.dim();
        if (rank >= 2 && targets.dim() == rank - 1 && targets.size(0) == outputs.size(0)) {
            boolean last = rank == 3 && outputs.size(1) == targets.size(1);
            return wide(last ? outputs.reshape(-1, outputs.size(2)) : outputs);
        }
        if (rank == 2 && targets.dim() == 2 && targets.numel() == outputs.size(0)) {
            return wide(outputs);
        }
        throw new EngineException("logits of shape " + Arrays.toString(Tensors.dims(outputs))
                + " do not fit classes of shape " + Arrays.toString(Tensors.dims(targets)));
    }

    /** The same in float32, or in float64 if it is. */
    static Tensor wide(Tensor outputs) {
        ScalarType type = outputs.scalar_type().intern();
        return type == ScalarType.Double || type == ScalarType.Float ? outputs : outputs.to(ScalarType.Float);
    }

    /** Targets in shape and type of the outputs. */
    static Tensor alike(Tensor targets, Tensor outputs) {
        if (targets.numel() != outputs.numel()) {
            throw new EngineException("outputs of shape " + Arrays.toString(Tensors.dims(outputs))
                    + " do not fit targets of shape " + Arrays.toString(Tensors.dims(targets)));
        }
        return targets.to(outputs.scalar_type()).view_as(outputs);
    }
}
