package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.TensorData;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An orthonormal basis of what differs among c numbers, applied in O(c): y_k = (x_0 + … + x_{k−1} − k x_k)/√(k(k+1)) for k
 * = 1 … c − 1, and their sum over √c (Helmert's contrasts). It acts on the rows of a matrix [any, c]. Equal numbers have
 * y = 0, and y = 0 gives numbers that are equal to the last bit.
 */
final class Helmert {
    private final int size;
    private final Tensor order;
    private final Tensor scale;

    /** @param size c, at least 2 */
    Helmert(int size, ScalarType type, Device device) {
        this.size = size;
        double[] k = new double[size - 1];
        double[] s = new double[size - 1];
        for (int i = 1; i < size; i++) {
            k[i - 1] = i;
            s[i - 1] = 1 / Math.sqrt(i * (i + 1.0));
        }
        this.order = Tensors.of(TensorData.of(k, k.length), device).to(device.torch(), type);
        this.scale = Tensors.of(TensorData.of(s, s.length), device).to(device.torch(), type);
    }

    /** The differences y [any, c − 1] of rows x [any, c]. */
    Tensor differences(Tensor rows) {
        Tensor before = rows.narrow(1, 0, size - 1).cumsum(1);
        return before.sub(rows.narrow(1, 1, size - 1).mul(order)).mul(scale);
    }

    /** The sums over √c, [any, 1]. */
    Tensor sums(Tensor rows) {
        return rows.sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                .mul(new Scalar(1 / Math.sqrt(size)));
    }

    /** The rows that have these differences and sums. */
    Tensor rows(Tensor differences, Tensor sums) {
        Tensor y = differences.mul(scale);
        Tensor behind = y.flip(1).cumsum(1).flip(1);
        Tensor none = torch.zeros_like(y.narrow(1, 0, 1));
        Tensor from = torch.cat(new TensorVector(behind, none), 1);
        Tensor own = torch.cat(new TensorVector(none, y.mul(order)), 1);
        return from.sub(own).add(sums.mul(new Scalar(1 / Math.sqrt(size))));
    }
}
