package dev.orbifold.engine;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Learning from another model's answers beside the targets (Hinton, Vinyals, Dean, arXiv 1503.02531): (1 − α)·hard +
 * α·T²·KL(softmax(teacher/T) ‖ softmax(outputs/T)), in nats per target. T² keeps the gradients of both in balance.
 *
 * @param hard the loss against the targets
 * @param alpha α, from 0 to 1
 * @param temperature T, positive
 * @param corrected whether the truth takes the place of answers whose likeliest class is wrong, so that a weak teacher
 *        does not hold back who learns from it
 */
public record Distillation(Loss hard, double alpha, double temperature, boolean corrected) {
    /** Learning from every answer as it is. */
    public Distillation(Loss hard, double alpha, double temperature) {
        this(hard, alpha, temperature, false);
    }

    /** Checks the numbers. */
    public Distillation {
        if (!(alpha >= 0 && alpha <= 1) || !(temperature > 0)) {
            throw new EngineException("distillation needs a share in [0, 1] and a positive temperature, found "
                    + alpha + " and " + temperature);
        }
    }

    /**
     * The loss of a batch; for a regression the teacher's outputs are the targets of the second term, without T.
     *
     * @param outputs of the model that learns
     * @param teacher outputs of the model it learns from, same shape; no gradient flows into them
     */
    public Tensor of(Tensor outputs, Tensor targets, Tensor teacher) {
        if (alpha == 0) {
            return hard.of(outputs, targets);
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor soft = hard.isClassification() ? divergence(outputs, targets, teacher.detach())
                    : hard.of(outputs, hard instanceof Loss.BinaryCrossEntropy ? teacher.detach().sigmoid()
                            : teacher.detach());
            Tensor mixed = alpha == 1 ? soft
                    : hard.of(outputs, targets).mul(new Scalar(1 - alpha)).add(soft, new Scalar(alpha));
            return Tensors.adopt(mixed, scope);
        }
    }

    private Tensor divergence(Tensor outputs, Tensor targets, Tensor teacher) {
        Scalar cooled = new Scalar(1 / temperature);
        Tensor student = Logits.rows(outputs, targets).mul(cooled).log_softmax(1);
        Tensor answers = Logits.rows(teacher, targets).mul(cooled).log_softmax(1);
        Tensor shares = answers.exp();
        if (corrected) {
            Tensor truth = (student.dim() == 2 ? targets.reshape(-1) : targets).unsqueeze(1);
            Tensor wrong = answers.argmax(new LongOptional(1), true).ne(truth);
            Tensor certain = torch.zeros_like(shares).scatter_(1, truth, new Scalar(1.0));
            shares = torch.where(wrong, certain, shares);
        }
        Tensor sum = torch.xlogy(shares, shares).sub(shares.mul(student)).sum();
        double count = (double) student.numel() / student.size(1);
        return sum.mul(new Scalar(temperature * temperature / count));
    }
}
