package dev.orbifold.constraint;

import java.util.List;
import java.util.Optional;

/**
 * What a user asks for: a condition on Parameters, how it is factored, and how strongly it is pushed.
 *
 * @param name for messages and results
 * @param parameters names or globs; empty where the condition names Spaces
 * @param condition what is taken to zero
 * @param depth D
 * @param lambda λ at the start; 0 where a goal steers
 * @param goal the share of cells to take to zero, steered
 * @param start how factors begin
 */
public record Constraint(String name, List<String> parameters, Condition condition, int depth, double lambda,
        Optional<Double> goal, Start start) {
    /** Checks the numbers. */
    public Constraint {
        parameters = List.copyOf(parameters);
        Depths.check(depth);
        if (!(lambda >= 0 && Double.isFinite(lambda))) {
            throw new ConstraintException("λ must be a number from 0 up, found " + lambda);
        }
        if (goal.isPresent() && !(goal.get() > 0 && goal.get() <= 1)) {
            throw new ConstraintException("the share of zeros to reach must lie above 0 and at most at 1, found "
                    + goal.get());
        }
    }
}
