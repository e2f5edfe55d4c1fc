package dev.orbifold.train;

import dev.orbifold.constraint.Groups;
import dev.orbifold.constraint.VariableProjection;
import dev.orbifold.constraint.Whole;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Graph;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Solves a linear model under two factors by variable projection, in the place of training it step by step. */
final class Projected {
    /** The share of the asked gap that is solved for; the rest is for writing float32. */
    private static final double SPARE = 0.5;
    private static final int MOST = 5000;

    private Projected() {
    }

    /**
     * Checks that a recipe can be solved so.
     *
     * @throws TrainException if not; says why
     */
    static LinearModel require(Recipe recipe, Graph graph, List<Placement.Held> held) {
        LinearModel linear = LinearModel.of(graph).filter(LinearModel::outputsFirst).orElseThrow(
                () -> new TrainException("varpro solves one dense layer; this network is more than that"));
        boolean one = graph.parameter(linear.weight()).orElseThrow().dim(0) == 1;
        if (recipe.loss() != CompressOptions.LossKind.MSE || !one) {
            throw new TrainException("varpro solves least squares: it needs loss mse and one output");
        }
        if (held.size() != 1 || !held.getFirst().form().parameters().equals(List.of(linear.weight()))
                || !(held.getFirst().form().chart() instanceof Whole)
                || held.getFirst().form().scheme().depth() != 2
                || Groups.of(held.getFirst().form().scheme()).isEmpty()
                || held.getFirst().asked().constraint().goal().isPresent()
                || held.getFirst().raised().isPresent()) {
            throw new TrainException(
                    "varpro solves for one constraint of depth 2 with a lambda, sparse elements or sparse"
                            + " groups, on the layer's weight");
        }
        return linear;
    }

    /** Solves, and leaves the solution in the weights. */
    static void fit(LinearModel linear, Learner learner, Recipe recipe, Part fit, Progress progress) {
        Placement.Held held = learner.placement().held().getFirst();
        double lambda = held.asked().lambda().at(1);
        held.term().form().lambda(lambda);
        try (PointerScope scope = new PointerScope()) {
            Tensor x = LinearModel.inputs(fit);
            Tensor y = LinearModel.targets(fit, 1, recipe.loss()).reshape(-1);
            Tensor level = x.mean(new long[] {0}, false, new org.bytedeco.pytorch.ScalarTypeOptional());
            double mean = y.mean().item_double();
            if (linear.bias().isPresent()) {
                x = x.sub(level);
                y = y.sub(new Scalar(mean));
            }
            // The mean of squares is 2/n times half their sum.
            double mu = lambda * fit.size() / 2;
            Tensor w = VariableProjection.solve(
                    new VariableProjection.Problem(x, y, Groups.of(held.form().scheme()).orElseThrow(), mu), MOST,
                    SPARE * recipe.projected().orElseThrow(),
                    s -> progress
                            .message(String.format(Locale.ROOT, "iteration %d: objective %.8g, duality gap %.1e of it",
                                    s.iterations(), s.objective() * 2 / fit.size(), s.relative())));
            held.term().form().reset(w.to(ScalarType.Float));
            linear.bias().ifPresent(b -> Optional.ofNullable(learner.weights().views().get(b)).orElseThrow()
                    .detach()
                    .fill_(new Scalar(mean - level.mul(w).sum().item_double())));
            learner.constrained().write();
        }
    }
}
