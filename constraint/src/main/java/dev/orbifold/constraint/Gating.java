package dev.orbifold.constraint;

import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Puts the gates of a {@link GateLayout} on weight tensors: w = ω · p, unit by unit, differentiable in both. All gates
 * live in one vector; one index per gated parameter axis picks its entries out of it.
 */
public final class Gating implements AutoCloseable {
    private final List<Gated> gated = new ArrayList<>();
    private final List<Tensor> indices = new ArrayList<>();
    private final int size;
    private final Tensor vector;
    private final Tensor decay;
    private final Scalar one;

    private record Gated(String parameter, Tensor index, int key, long[] shape) {
    }

    /**
     * Prepares the indices on the device where the weights are.
     *
     * @param layout which gate goes where
     * @param weights the tensors that will be gated, by parameter name
     */
    public Gating(GateLayout layout, Map<String, Tensor> weights) {
        this.size = layout.size();
        if (layout.gated().isEmpty()) {
            throw new ConstraintException("no parameter can be gated");
        }
        Device device = of(weights, layout.gated().getFirst().parameter()).device();
        Map<List<Integer>, Integer> known = new HashMap<>();
        try (PointerScope scope = new PointerScope()) {
            for (GateLayout.GatedAxis axis : layout.gated()) {
                Tensor weight = of(weights, axis.parameter());
                List<Integer> content = Arrays.stream(axis.gate()).boxed().toList();
                int key = known.computeIfAbsent(content, k -> known.size());
                if (key == indices.size()) {
                    long[] positions = content.stream().mapToLong(Integer::longValue).toArray();
                    indices.add(lasting(Tensor.create(positions, positions.length).to(device, torch.ScalarType.Long)
                            .clone()));
                }
                long[] shape = new long[(int) weight.dim()];
                Arrays.fill(shape, 1);
                shape[axis.axis()] = axis.gate().length;
                gated.add(new Gated(axis.parameter(), indices.get(key), key, shape));
            }
            Tensor host = Tensor.create(new float[size + 1], size + 1);
            this.vector = lasting(host.to(device, torch.ScalarType.Float).clone());
            vector.set_requires_grad(true);
            this.decay = lasting(host.to(device, torch.ScalarType.Float).clone());
            this.one = new Scalar(1.0f);
            one.retainReference();
        }
    }

    /** Keeps a tensor beyond the scope it was made in, until it is closed. */
    private static Tensor lasting(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }

    /**
     * The gated tensors, by parameter name: ω · p.
     *
     * @param weights all ω by parameter name
     * @param products p per unit, with the constant 1 behind them
     */
    public Map<String, Tensor> effective(Map<String, Tensor> weights, float[] products) {
        write(vector, products);
        Map<Integer, Tensor> picked = new HashMap<>();
        Map<String, Tensor> result = new LinkedHashMap<>();
        for (Gated g : gated) {
            Tensor p = picked.computeIfAbsent(g.key(), k -> vector.index_select(0, g.index()));
            Tensor w = result.getOrDefault(g.parameter(), of(weights, g.parameter()));
            result.put(g.parameter(), w.mul(p.view(g.shape())));
        }
        return result;
    }

    /** ∂L/∂p per unit after a backward pass through {@link #effective}; clears it. */
    public float[] gradient() {
        Tensor gradient = vector.grad();
        if (!gradient.defined()) {
            return new float[size];
        }
        float[] all = read(gradient);
        gradient.zero_();
        return Arrays.copyOf(all, size);
    }

    /**
     * Adds wd·ω to the gradients of the written entries (coupled decay, which the equivalences need).
     *
     * @param weights all ω by parameter name, with their gradients
     * @param perUnit wd per unit
     */
    public void addDecay(Map<String, Tensor> weights, double[] perUnit) {
        float[] values = new float[size + 1];
        for (int i = 0; i < size; i++) {
            values[i] = (float) perUnit[i];
        }
        write(decay, values);
        Map<Integer, Tensor> picked = new HashMap<>();
        for (Gated g : gated) {
            Tensor d = picked.computeIfAbsent(g.key(), k -> decay.index_select(0, g.index()));
            Tensor w = of(weights, g.parameter());
            w.grad().addcmul_(w.detach(), d.view(g.shape()), one);
        }
    }

    /**
     * Multiplies the written entries ω of units: one step of decay that no momentum carries on.
     *
     * @param weights all ω by parameter name
     * @param perUnit the factor per unit, 1 to leave a unit alone
     */
    public void scale(Map<String, Tensor> weights, double[] perUnit) {
        float[] values = new float[size + 1];
        boolean some = false;
        for (int i = 0; i < size; i++) {
            values[i] = (float) perUnit[i];
            some |= perUnit[i] != 1;
        }
        if (!some) {
            return;
        }
        values[size] = 1;
        write(decay, values);
        Map<Integer, Tensor> picked = new HashMap<>();
        for (Gated g : gated) {
            Tensor d = picked.computeIfAbsent(g.key(), k -> decay.index_select(0, g.index()));
            of(weights, g.parameter()).detach().mul_(d.view(g.shape()));
        }
    }

    private static <T> T of(Map<String, T> byName, String parameter) {
        T found = byName.get(parameter);
        if (found == null) {
            throw new ConstraintException("parameter " + parameter + " is gated but not among those trained: "
                    + byName.keySet());
        }
        return found;
    }

    private static void write(Tensor to, float[] values) {
        Tensor host = Tensor.create(values, values.length);
        to.detach().copy_(host);
    }

    private static float[] read(Tensor from) {
        Tensor host = from.detach().cpu().contiguous();
        float[] values = new float[(int) host.numel()];
        host.data_ptr_float().get(values);
        return values;
    }

    /**
     * Folds gates into plain weights on the host, exactly as the engine multiplies them: float32 products.
     *
     * @param layout which gate goes where
     * @param parameters the weights ω by name; others pass through untouched
     * @param products p per unit, with the constant 1 behind them
     */
    public static Map<String, TensorData> fold(GateLayout layout, Map<String, TensorData> parameters,
            float[] products) {
        Map<String, TensorData> folded = new LinkedHashMap<>(parameters);
        for (GateLayout.GatedAxis axis : layout.gated()) {
            TensorData weight = of(folded, axis.parameter());
            float[] values = weight.toFloats();
            long[] dims = weight.dims();
            int inner = 1;
            for (int a = axis.axis() + 1; a < dims.length; a++) {
                inner *= (int) dims[a];
            }
            int n = axis.gate().length;
            for (int i = 0; i < values.length; i++) {
                float p = products[axis.gate()[i / inner % n]];
                values[i] = p == 0 ? 0 : values[i] * p;
            }
            folded.put(axis.parameter(), TensorData.of(values, dims));
        }
        return folded;
    }

    @Override
    public void close() {
        indices.forEach(Tensor::releaseReference);
        vector.releaseReference();
        decay.releaseReference();
        one.releaseReference();
    }
}
