package dev.orbifold.collapse;

import dev.orbifold.engine.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** One batch, run forward and backward; its gradient can be differentiated again as often as is wanted. */
final class LossPass implements AutoCloseable {
    private final PointerScope scope = new PointerScope().extend();
    private final Map<String, Tensor> leaves;
    private final Tensor flat;
    private final TensorVector wanted;
    private final TensorVector gradients;
    private final double loss;

    /**
     * Runs a batch.
     *
     * @param leaves the parameters
     * @param flat all parameters as one vector [P]: what results are shaped like
     * @param again whether to keep what a second derivative needs
     * @param run gives the loss, a scalar
     */
    LossPass(Map<String, Tensor> leaves, Tensor flat, boolean again, Supplier<Tensor> run) {
        this.leaves = leaves;
        this.flat = flat;
        try {
            Tensor result = run.get();
            wanted = vector(List.copyOf(leaves.values()));
            loss = result.item_double();
            // A loss that depends on no parameter has no graph to go back through.
            gradients = result.requires_grad()
                    ? torch.grad(vector(List.of(result)), wanted, vector(List.of(torch.ones_like(result))),
                            new BoolOptional(again), again, true)
                    : vector(leaves.values().stream().map(t -> torch.zeros_like(t).detach()).toList());
        } finally {
            scope.close();
        }
    }

    private static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.toArray(new Tensor[0]));
    }

    double loss() {
        return loss;
    }

    /** The gradient [P]; belongs to the caller's pointer scope. */
    Tensor gradient() {
        return joined(gradients);
    }

    /** ∂(gradient · v)/∂θ, for v and the result [P]; belongs to the caller's pointer scope. */
    Tensor product(Tensor v) {
        List<Tensor> functions = new ArrayList<>();
        List<Tensor> duals = new ArrayList<>();
        long at = 0;
        int p = 0;
        for (Tensor leaf : leaves.values()) {
            Tensor gradient = gradients.get(p++);
            if (gradient.defined() && gradient.requires_grad()) {
                functions.add(gradient);
                duals.add(v.narrow(0, at, leaf.numel()).view(Tensors.dims(leaf)));
            }
            at += leaf.numel();
        }
        return functions.isEmpty() ? torch.zeros_like(flat) : joined(again(functions, duals));
    }

    private TensorVector again(List<Tensor> functions, List<Tensor> duals) {
        try {
            return torch.grad(vector(functions), wanted, vector(duals), new BoolOptional(true), false, true);
        } catch (RuntimeException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
            throw new CollapseException("the loss cannot be differentiated twice: " + reason
                    + "; central differences need only gradients (LossCurvature.Method.DIFFERENCES)", e);
        }
    }

    /** Parts per parameter as one vector; zeros for what nothing depends on. */
    private Tensor joined(TensorVector parts) {
        Tensor joined = torch.zeros_like(flat);
        long at = 0;
        int p = 0;
        for (Tensor leaf : leaves.values()) {
            Tensor part = parts.get(p++);
            if (part.defined()) {
                joined.narrow(0, at, leaf.numel()).copy_(part.detach().reshape(-1));
            }
            at += leaf.numel();
        }
        return joined;
    }

    @Override
    public void close() {
        scope.deallocate();
    }
}
