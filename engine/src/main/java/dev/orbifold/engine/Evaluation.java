package dev.orbifold.engine;

import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * How well a model answers.
 *
 * @param accuracy in percent of the targets, 0 to 100; empty where targets are no classes
 * @param loss the mean per target (nats for the entropies)
 * @param targets how many were judged
 */
public record Evaluation(OptionalDouble accuracy, double loss, long targets) {
    /**
     * Judges a model on every item of a part, without gradients.
     *
     * @param batchSize items at once
     * @param forward inputs to outputs; called within a pointer scope of its own
     */
    public static Evaluation of(Part part, int batchSize, Device device, Loss loss, UnaryOperator<Tensor> forward) {
        double sum = 0;
        long correct = 0;
        long items = 0;
        try (Loader loader = Loader.evaluation(part, batchSize, device)) {
            for (Batch batch : loader.epoch(0)) {
                try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                    Tensor outputs = forward.apply(batch.inputs());
                    sum += loss.of(outputs, batch.targets()).item_double() * batch.size();
                    correct += loss.isClassification() ? Loss.correct(outputs, batch.targets()) : 0;
                    items += batch.size();
                }
            }
        }
        long targets = items * (loss.isClassification() ? part.targetsPerItem() : 1);
        OptionalDouble accuracy = loss.isClassification() ? OptionalDouble.of(100.0 * correct / targets)
                : OptionalDouble.empty();
        return new Evaluation(accuracy, sum / items, targets);
    }
}
