package dev.orbifold.engine;

import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Normalizations. */
final class Norms {
    private Norms() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("BatchNormalization", Norms::batch);
        table.put("LayerNormalization", Norms::layer);
        table.put("RMSNormalization", Norms::rootMeanSquare);
        table.put("GroupNormalization", Norms::group);
        table.put("InstanceNormalization", Norms::instance);
        table.put("LpNormalization", Norms::lp);
        table.put("LRN", Norms::localResponse);
    }

    /**
     * libtorch's momentum is the weight of the new value, ONNX's of the old one. A node that is itself in training mode
     * takes the batch's statistics always and makes the running ones anew, as the operator specification says.
     */
    private static Kernel batch(Site site) {
        double epsilon = site.node().real("epsilon", 1e-5f);
        double momentum = 1 - (double) site.node().real("momentum", 0.9f);
        boolean always = site.node().integer("training_mode", 0) != 0;
        int x = site.in(0);
        int scale = site.in(1);
        int shift = site.in(2);
        int mean = site.in(3);
        int variance = site.in(4);
        int y = site.out(0);
        int newMean = site.out(1);
        int newVariance = site.out(2);
        if (!always && newMean != Frame.NONE) {
            throw site.unsupported("training outputs without training_mode = 1 are not supported");
        }
        return f -> {
            Tensor t = f.tensor(x);
            boolean batch = always || f.training();
            boolean known = !batch || (f.training() && f.isGiven(mean) && f.isGiven(variance));
            if (newMean != Frame.NONE || newVariance != Frame.NONE) {
                remade(f, t, momentum, new int[] {mean, newMean}, new int[] {variance, newVariance});
            }
            f.set(y, torch.batch_norm(t, f.optional(scale), f.optional(shift), f.optional(known ? mean : Frame.NONE),
                    f.optional(known ? variance : Frame.NONE), batch, momentum, epsilon, true));
        };
    }

    /** running·(1 − momentum) + current·momentum with the batch's biased variance. */
    private static void remade(Frame f, Tensor x, double momentum, int[] mean, int[] variance) {
        long[] axes = new long[(int) x.dim() - 1];
        Arrays.setAll(axes, i -> i == 0 ? 0 : i + 1L);
        var both = torch.var_mean(x, axes, false, false);
        Scalar kept = new Scalar(1 - momentum);
        Scalar fresh = new Scalar(momentum);
        f.set(mean[1], f.tensor(mean[0]).mul(kept).add(both.get1().mul(fresh)));
        f.set(variance[1], f.tensor(variance[0]).mul(kept).add(both.get0().mul(fresh)));
    }

    private static Kernel layer(Site site) {
        double epsilon = site.node().real("epsilon", 1e-5f);
        int axis = (int) site.node().integer("axis", -1);
        int x = site.in(0);
        int scale = site.in(1);
        int shift = site.optional(2);
        int y = site.out(0);
        int mean = site.out(1);
        int deviation = site.out(2);
        return f -> {
            Tensor t = f.tensor(x);
            long[] shape = trailing(t, axis);
            boolean fits =
                    Arrays.equals(f.dims(scale), shape) && (shift == Frame.NONE || Arrays.equals(f.dims(shift), shape));
            TensorOptional weight = f.optional(fits ? scale : Frame.NONE);
            TensorOptional bias = f.optional(fits ? shift : Frame.NONE);
            Tensor normal = torch.layer_norm(t, shape, weight, bias, epsilon, false);
            if (mean != Frame.NONE || deviation != Frame.NONE) {
                // libtorch's own are not differentiable.
                long[] axes = new long[shape.length];
                Arrays.setAll(axes, i -> i - (long) shape.length);
                var both = torch.var_mean(t, axes, false, true);
                f.set(mean, new Tensor(both.get1()));
                f.set(deviation, both.get0().add(new Scalar(epsilon)).rsqrt());
            }
            if (!fits) {
                Tensor scaled = normal.mul(f.tensor(scale));
                normal = shift == Frame.NONE ? scaled : scaled.add(f.tensor(shift));
            }
            f.set(y, normal);
        };
    }

    private static long[] trailing(Tensor x, int axis) {
        long[] dims = Tensors.dims(x);
        return Arrays.copyOfRange(dims, axis < 0 ? axis + dims.length : axis, dims.length);
    }

    private static Kernel rootMeanSquare(Site site) {
        DoubleOptional epsilon = new DoubleOptional(site.node().real("epsilon", 1e-5f));
        int axis = (int) site.node().integer("axis", -1);
        int x = site.in(0);
        int scale = site.in(1);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            long[] shape = trailing(t, axis);
            boolean fits = Arrays.equals(f.dims(scale), shape);
            Tensor normal = torch.rms_norm(t, shape, f.optional(fits ? scale : Frame.NONE), epsilon);
            f.set(y, fits ? normal : normal.mul(f.tensor(scale)));
        };
    }

    /** Scale and shift are per group in operator set 18 and per channel from 21. */
    private static Kernel group(Site site) {
        double epsilon = site.node().real("epsilon", 1e-5f);
        long groups = site.node().integer("num_groups", 0);
        if (groups < 1) {
            throw site.unsupported("num_groups = " + groups + " is not supported");
        }
        boolean perGroup = site.opset() < 21;
        int x = site.in(0);
        int scale = site.in(1);
        int shift = site.in(2);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            TensorOptional weight;
            TensorOptional bias;
            if (perGroup) {
                long each = t.size(1) / groups;
                weight = new TensorOptional(f.tensor(scale).repeat_interleave(each));
                bias = new TensorOptional(f.tensor(shift).repeat_interleave(each));
            } else {
                weight = f.optional(scale);
                bias = f.optional(shift);
            }
            f.set(y, torch.group_norm(t, groups, weight, bias, epsilon, true));
        };
    }

    private static Kernel instance(Site site) {
        double epsilon = site.node().real("epsilon", 1e-5f);
        int x = site.in(0);
        int scale = site.in(1);
        int shift = site.in(2);
        int y = site.out(0);
        return f -> f.set(y, torch.group_norm(f.tensor(x), f.tensor(x).size(1), f.optional(scale), f.optional(shift),
                epsilon, true));
    }

    private static Kernel lp(Site site) {
        long p = site.node().integer("p", 2);
        long[] axis = {site.node().integer("axis", -1)};
        if (p != 1 && p != 2) {
            throw site.unsupported("p = " + p + " is not supported, only 1 and 2");
        }
        ScalarOptional order = new ScalarOptional(site.scalar(p));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            f.set(y, t.div(torch.norm(t, order, axis, true)));
        };
    }

    /** x / (bias + alpha/size · Σ x²)^beta, the sum over size neighbouring channels. */
    private static Kernel localResponse(Site site) {
        long size = site.node().integer("size", 1);
        double beta = site.node().real("beta", 0.75f);
        Scalar factor = site.scalar(site.node().real("alpha", 1e-4f) / (double) size);
        Scalar bias = site.scalar(site.node().real("bias", 1));
        Scalar power = site.scalar(beta);
        long[] pads = {0, 0, (size - 1) / 2, size - 1 - (size - 1) / 2};
        long[] one = {1};
        long[] none = {0};
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            Tensor squares = t.mul(t).reshape(t.size(0), 1, t.size(1), -1);
            Tensor window = torch.torch_ones(new long[] {1, 1, size, 1}, t.options());
            Tensor sums = torch.convolution(torch.constant_pad_nd(squares, pads), window, new TensorOptional(), one,
                    none, one,
                    false, none, 1);
            f.set(y, t.div(sums.reshape(Tensors.dims(t)).mul(factor).add(bias).pow(power)));
        };
    }
}
