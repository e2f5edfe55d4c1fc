package dev.orbifold.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The two-factor problem of least squares, with one factor eliminated: min over w = v ⊙ u of ½‖Xw − y‖² + (μ/2)(‖v‖² +
 * ‖u‖²), whose minimum is that of ½‖Xw − y‖² + μ Σ‖w_g‖ (theory, 2; v has one entry per group g). For fixed v the best u
 * is a ridge regression, solved exactly; what is left is a smooth function of v alone, without spurious minima (Poon and
 * Peyré, "Smooth bilevel programming for sparse regularization", NeurIPS 2021, arXiv 2106.01429). It is minimised by
 * L-BFGS until the duality gap is as small as wanted. All tensors are float64.
 */
public final class VariableProjection {
    private static final int MEMORY = 20;
    private static final double DECREASE = 1e-4;
    private static final double SMALLEST_STEP = 1e-10;
    private static final int BETWEEN_CHECKS = 10;

    /**
     * The problem.
     *
     * @param x X [samples, features]
     * @param y y [samples]
     * @param groups which features go together; groups of one are the lasso
     * @param mu μ, above 0
     */
    public record Problem(Tensor x, Tensor y, Groups groups, double mu) {
        /** Checks μ and the shapes. */
        public Problem {
            if (!(mu > 0 && Double.isFinite(mu))) {
                throw new ConstraintException("μ must be a positive number, found " + mu);
            }
            if (x.dim() != 2 || y.numel() != x.size(0) || groups.coordinates() != x.size(1)) {
                throw new ConstraintException("X of " + x.size(0) + " × " + x.size(1) + " does not fit " + y.numel()
                        + " targets and " + groups.coordinates() + " grouped features");
            }
        }
    }

    /**
     * Where it stands.
     *
     * @param iterations of L-BFGS
     * @param objective ½‖Xw − y‖² + μ Σ‖w_g‖ at the present w
     * @param gap the duality gap: the objective is at most so far above its minimum
     */
    public record State(int iterations, double objective, double gap) {
        /** The gap over the objective. */
        public double relative() {
            return objective == 0 ? 0 : gap / objective;
        }
    }

    private record Value(double value, Tensor gradient) {
    }

    private final Problem problem;
    private final Tensor xt;
    private final boolean wide;

    private VariableProjection(Problem problem) {
        this.problem = problem;
        this.xt = problem.x().t();
        this.wide = problem.x().size(1) > problem.x().size(0);
    }

    /**
     * Solves.
     *
     * @param most iterations at the most
     * @param tolerance the relative duality gap at which it stops
     * @param said hears where it stands, now and then
     * @return w [features], with exact zeros where the gap proves them; belongs to the caller's pointer scope
     */
    public static Tensor solve(Problem problem, int most, double tolerance, Consumer<State> said) {
        return new VariableProjection(problem).minimised(most, tolerance, said);
    }

    private Tensor minimised(int most, double tolerance, Consumer<State> said) {
        Tensor result = torch.zeros_like(problem.x().select(0, 0));
        try (PointerScope scope = new PointerScope()) {
            Tensor v = problem.groups().total(torch.ones_like(problem.x().select(0, 0))).fill_(Scalars.ONE);
            Deque<Tensor[]> pairs = new ArrayDeque<>();
            Value now = value(v);
            for (int iteration = 1; iteration <= most; iteration++) {
                try (PointerScope inner = new PointerScope()) {
                    Tensor direction = direction(now.gradient(), pairs);
                    double slope = dot(direction, now.gradient());
                    if (!(slope < 0)) {
                        pairs.clear();
                        direction = now.gradient().neg();
                        slope = dot(direction, now.gradient());
                    }
                    double step = 1;
                    Tensor next = v.add(direction);
                    Value found = value(next);
                    while (found.value() > now.value() + DECREASE * step * slope && step > SMALLEST_STEP) {
                        step /= 2;
                        next = v.add(direction, new Scalar(step));
                        found = value(next);
                    }
                    Tensor moved = next.sub(v);
                    Tensor bent = found.gradient().sub(now.gradient());
                    List<Tensor> kept = new ArrayList<>(List.of(next, found.gradient()));
                    if (dot(moved, bent) > 0) {
                        pairs.addLast(new Tensor[] {moved, bent});
                        kept.add(moved);
                        kept.add(bent);
                        if (pairs.size() > MEMORY) {
                            pairs.removeFirst();
                        }
                    }
                    keep(scope, inner, kept);
                    boolean still = step <= SMALLEST_STEP;
                    v = next;
                    now = found;
                    if (iteration % BETWEEN_CHECKS == 0 || still || iteration == most) {
                        Tensor w = weights(v);
                        State state = state(w, iteration);
                        said.accept(state);
                        if (still || state.relative() <= tolerance || iteration == most) {
                            result.copy_(screened(w, state.gap()));
                            return result;
                        }
                    }
                }
            }
            result.copy_(weights(v));
        }
        return result;
    }

    /** Lets tensors outlive an inner scope. */
    private static void keep(PointerScope outer, PointerScope inner, List<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            outer.attach(tensor);
            inner.detach(tensor);
        }
    }

    private static double dot(Tensor a, Tensor b) {
        return a.mul(b).sum().item_double();
    }

    /** a with (X V² Xᵀ + μ) a = y, by the smaller of two systems. */
    private Tensor dual(Tensor v) {
        Tensor spread = problem.groups().spread(v);
        Tensor scaled = problem.x().mul(spread);
        if (wide) {
            Tensor system = scaled.matmul(scaled.t());
            system.diagonal().add_(new Scalar(problem.mu()));
            return solved(system, problem.y());
        }
        Tensor system = scaled.t().matmul(scaled);
        system.diagonal().add_(new Scalar(problem.mu()));
        Tensor u = solved(system, scaled.t().matmul(problem.y()));
        return problem.y().sub(scaled.matmul(u)).div(new Scalar(problem.mu()));
    }

    private static Tensor solved(Tensor system, Tensor right) {
        Tensor lower = torch.linalg_cholesky(system);
        return torch.cholesky_solve(right.unsqueeze(1), lower).squeeze(1);
    }

    /** μ/2·(yᵀa + ‖v‖²), and its gradient μ v (1 − ‖X_gᵀa‖²). */
    private Value value(Tensor v) {
        Tensor a = dual(v);
        Tensor correlations = xt.matmul(a);
        Tensor squares = problem.groups().total(correlations.mul(correlations));
        double value = problem.mu() / 2 * (dot(problem.y(), a) + dot(v, v));
        return new Value(value, v.mul(squares.neg().add(Scalars.ONE)).mul(new Scalar(problem.mu())));
    }

    private static Tensor direction(Tensor gradient, Deque<Tensor[]> pairs) {
        Tensor q = gradient.clone();
        List<Double> along = new ArrayList<>();
        for (Tensor[] pair : pairs.reversed()) {
            double alpha = dot(pair[0], q) / dot(pair[0], pair[1]);
            along.add(alpha);
            q.add_(pair[1], new Scalar(-alpha));
        }
        if (pairs.isEmpty()) {
            q.mul_(new Scalar(1 / Math.max(1e-12, gradient.norm().item_double())));
        } else {
            Tensor[] last = pairs.getLast();
            q.mul_(new Scalar(dot(last[0], last[1]) / dot(last[1], last[1])));
        }
        int i = along.size() - 1;
        for (Tensor[] pair : pairs) {
            double beta = dot(pair[1], q) / dot(pair[0], pair[1]);
            q.add_(pair[0], new Scalar(along.get(i--) - beta));
        }
        return q.neg_();
    }

    /** w = V² Xᵀ a. */
    private Tensor weights(Tensor v) {
        Tensor spread = problem.groups().spread(v);
        return spread.mul(spread).mul(xt.matmul(dual(v)));
    }

    private State state(Tensor w, int iteration) {
        Tensor residual = problem.y().sub(problem.x().matmul(w));
        double half = dot(residual, residual) / 2;
        double norms = problem.groups().total(w.mul(w)).sqrt().sum().item_double();
        double objective = half + problem.mu() * norms;
        double share = share(residual);
        Tensor apart = problem.y().sub(residual, new Scalar(share));
        double below = (dot(problem.y(), problem.y()) - dot(apart, apart)) / 2;
        return new State(iteration, objective, Math.max(0, objective - below));
    }

    /** What the residual is multiplied with to be feasible for the dual: ‖X_gᵀθ‖ ≤ μ for every group. */
    private double share(Tensor residual) {
        double most = lengths(residual).max().item_double();
        return most == 0 ? 1 : Math.min(1, problem.mu() / most);
    }

    private Tensor lengths(Tensor residual) {
        Tensor correlations = xt.matmul(residual);
        return problem.groups().total(correlations.mul(correlations)).sqrt();
    }

    /**
     * Sets to 0 what is 0 at the minimum for certain: groups whose correlation with the dual point stays below μ within the
     * ball that the gap leaves (gap safe screening, Ndiaye, Fercoq, Gramfort and Salmon, JMLR 2017).
     */
    private Tensor screened(Tensor w, double gap) {
        Tensor residual = problem.y().sub(problem.x().matmul(w));
        double share = share(residual);
        double radius = Math.sqrt(2 * gap);
        // ‖X_g‖ is at most the root of the sum of its columns' squares.
        Tensor sizes = problem.groups().total(problem.x().mul(problem.x()).sum(0)).sqrt();
        Tensor bound = lengths(residual).mul(new Scalar(share)).add(sizes, new Scalar(radius));
        Tensor gone = bound.lt(new Scalar(problem.mu())).to(w.scalar_type());
        return w.masked_fill(problem.groups().spread(gone).ne(Scalars.ZERO), Scalars.ZERO);
    }
}
