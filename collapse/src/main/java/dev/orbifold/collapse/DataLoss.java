package dev.orbifold.collapse;

import dev.orbifold.engine.Loss;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** What is minimised: one number for a batch, the mean over its targets, from all outputs of a Graph. */
@FunctionalInterface
public interface DataLoss {
    /**
     * The loss of a batch, a differentiable scalar; belongs to the caller's pointer scope.
     *
     * @param outputs of the Graph by name
     * @param targets of the batch
     */
    Tensor of(Map<String, Tensor> outputs, Tensor targets);

    /**
     * A loss on one output.
     *
     * @param output its name
     * @param loss of that output
     */
    static DataLoss of(String output, Loss loss) {
        return (outputs, targets) -> {
            Tensor answer = outputs.get(output);
            if (answer == null) {
                throw new CollapseException("the Graph has no output " + output + "; it has " + outputs.keySet());
            }
            return loss.of(answer, targets);
        };
    }
}
