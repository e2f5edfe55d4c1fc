package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Steers a constraint without anybody naming λ: by the end of the push a given share of its cells are exact zeros. Every
 * few steps the smallest cells are chosen; those are pushed, all their factors by the same share each step, so that they
 * reach float32's epsilon in a given number of steps unless their gradients hold against it. All others feel no penalty.
 * How many are chosen follows a quadratic in the logarithm of what is left, as {@code compress} does it.
 */
public final class Aim {
    /**
     * What to reach.
     *
     * @param zero the share of cells that end at zero, above 0, at most 1
     * @param competing numbers of consecutive cells that compete with each other, in each of which the share goes; empty
     *        for all cells
     * @param begin the step at which the first cells are chosen
     * @param chosen the step from which the choice is final
     * @param end the step at which what is chosen must be zero
     * @param every how many steps between two choices
     */
    public record Goal(double zero, List<Integer> competing, long begin, long chosen, long end, int every) {
        /** Checks the numbers. */
        public Goal {
            if (!(zero > 0 && zero <= 1)) {
                throw new ConstraintException("the share of zeros to reach must lie above 0 and at most at 1, found "
                        + zero);
            }
            if (begin > chosen || chosen > end || every < 1) {
                throw new ConstraintException("a push from step " + begin + " to " + chosen + " and " + end
                        + ", chosen every " + every + " steps, cannot be followed");
            }
        }
    }

    /** A push is taken in at least so many turns. */
    private static final int TURNS = 50;
    /** The most steps between two turns: a push passes over all factors, which costs about as much as a step of the optimizer. */
    private static final int APART = 4;

    private final Goal goal;
    private final Steerable form;
    private final Device device;
    private final boolean[] pushed;
    private final float[] factors;

    /** Aims at a goal. */
    public Aim(Goal goal, Steerable form, Device device) {
        this.goal = goal;
        this.form = form;
        this.device = device;
        long cells = form.cells();
        long held = goal.competing().stream().mapToLong(Integer::longValue).sum();
        if (!goal.competing().isEmpty() && held != cells) {
            throw new ConstraintException("cells that compete in parts of " + held + " in all are not " + cells);
        }
        this.pushed = new boolean[Math.toIntExact(cells)];
        this.factors = new float[pushed.length];
    }

    /** The share of cells that should be gone, or going, at a step. */
    double share(long step) {
        if (step >= goal.chosen()) {
            return goal.zero();
        }
        double left = 1 - Math.max(0, step - goal.begin()) / (double) Math.max(1, goal.chosen() - goal.begin());
        double kept = Math.max(1 - goal.zero(), 0.5 / pushed.length);
        return Math.min(goal.zero(), 1 - kept * Math.exp(-Math.log(kept) * left * left));
    }

    /**
     * Acts after a step of training: now and then chooses anew, every few steps pushes.
     *
     * @param step the number of the step that was taken, from 0
     * @return whether factors changed
     */
    public boolean after(long step) {
        if (step < goal.begin() || step > goal.end()) {
            return false;
        }
        if (step % goal.every() == 0 || step == goal.chosen()) {
            choose(share(step));
        }
        boolean last = step >= goal.end();
        boolean snaps = last || step % goal.every() == 0;
        long apart = Math.clamp(pushSteps() / TURNS, 1, APART);
        boolean pushes = last || step % apart == 0;
        if (pushes) {
            float shrink = last ? 0
                    : (float) Math.exp(apart * Math.log(Scheme.ZERO) / (form.depth() * (double) pushSteps()));
            for (int c = 0; c < factors.length; c++) {
                factors[c] = pushed[c] ? shrink : 1;
            }
            try (PointerScope scope = new PointerScope()) {
                form.push(Tensors.of(device, factors, factors.length));
            }
        }
        if (snaps) {
            form.snap();
        }
        return pushes || snaps;
    }

    /** Which cells are pushed, 0 or 1 for each: what a checkpoint needs. */
    public byte[] state() {
        byte[] state = new byte[pushed.length];
        for (int c = 0; c < state.length; c++) {
            state[c] = (byte) (pushed[c] ? 1 : 0);
        }
        return state;
    }

    /** Restores what {@link #state} gave. */
    public void restore(byte[] state) {
        if (state.length != pushed.length) {
            throw new ConstraintException("a state of " + state.length + " cells does not fit " + pushed.length);
        }
        for (int c = 0; c < state.length; c++) {
            pushed[c] = state[c] != 0;
        }
    }

    /** How many of so many cells a share is: never more than the share. */
    static int going(double share, int cells) {
        return (int) Math.floor(share * cells + 1e-9);
    }

    /** The fewest cells that are zero when the goal is reached. */
    public long least() {
        return goal.competing().isEmpty() ? going(goal.zero(), pushed.length)
                : goal.competing().stream().mapToLong(n -> going(goal.zero(), n)).sum();
    }

    private long pushSteps() {
        return Math.max(1, goal.end() - goal.chosen());
    }

    private void choose(double share) {
        form.align();
        float[] sizes;
        try (PointerScope scope = new PointerScope()) {
            sizes = Tensors.toData(form.sizes().to(torch.ScalarType.Float)).toFloats();
        }
        Arrays.fill(pushed, false);
        int from = 0;
        for (int block : goal.competing().isEmpty() ? List.of(sizes.length) : goal.competing()) {
            smallest(sizes, from, from + block, going(share, block));
            from += block;
        }
    }

    /** Marks the smallest of a part as pushed; of equal ones the first. */
    private void smallest(float[] sizes, int from, int to, int count) {
        if (count == 0) {
            return;
        }
        float[] ordered = Arrays.copyOfRange(sizes, from, to);
        Arrays.sort(ordered);
        float bound = ordered[count - 1];
        int left = count;
        for (int c = from; c < to; c++) {
            if (Float.compare(sizes[c], bound) < 0) {
                pushed[c] = true;
                left--;
            }
        }
        for (int c = from; c < to && left > 0; c++) {
            if (Float.compare(sizes[c], bound) == 0) {
                pushed[c] = true;
                left--;
            }
        }
    }
}
