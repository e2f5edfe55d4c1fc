package dev.orbifold.constraint;

import java.nio.ByteBuffer;
import org.bytedeco.pytorch.Tensor;

/**
 * λ as PILoT lets it run (Jacobs and Burkholz, "Mask in the Mirror: Implicit Sparsification", ICLR 2025, arXiv 2408.09966):
 * in the first half of training it is raised while the training accuracy holds and ‖z‖₁ exceeds a budget; then it decays to
 * 0, so that nothing is biased towards zero at the end.
 *
 * <p>
 * The constants are this project's own. λ is decided about every hundredth of training and can rise to 10 000 times its
 * first value, which then matters little. Accuracy holds where its mean since the last decision is at most one point below
 * the best such mean; where there is none, as in a regression, the loss must be at most 5 % above the least. The decay is a
 * straight line that ends after nine tenths of training; what is not zero then heals without a penalty.
 */
public final class PilotSchedule {
    private static final double HALF = 0.5;
    private static final double OFF = 0.9;
    private static final int DECISIONS = 100;
    /** By how much λ can rise in the first half. */
    private static final double RISE = 1e4;
    /** Points of accuracy. */
    private static final double SLACK = 1;
    /** Of the least loss. */
    private static final double LOSS_SLACK = 0.05;
    private static final int NUMBERS = 7;

    private final double share;
    private final long steps;
    private final long every;
    private double initial;
    private double lambda;
    private double best = Double.NaN;
    private double loss;
    private double accuracy;
    private double count;
    private double peak;

    /**
     * Begins a schedule.
     *
     * @param share the budget: ‖z‖₁ over that of the start, above 0 to 1
     * @param first λ at the start, above 0
     * @param steps of the whole training
     * @param sizes |z| of all cells at the start
     * @throws ConstraintException if share or λ are out of range
     */
    public PilotSchedule(double share, double first, long steps, Tensor sizes) {
        if (!(share > 0 && share <= 1)) {
            throw new ConstraintException("a budget is a share of the start's ‖w‖₁, above 0 and at most 1, found "
                    + share);
        }
        if (!(first > 0 && Double.isFinite(first))) {
            throw new ConstraintException("λ must start above 0 to be raised, found " + first);
        }
        this.share = share;
        this.steps = steps;
        this.every = Math.max(1, steps / DECISIONS);
        this.lambda = first;
        this.initial = sizes.sum().item_double();
    }

    /** λ of the next step. */
    public double lambda() {
        return lambda;
    }

    /**
     * Takes note of a step, and decides where it is time.
     *
     * @param step its number, from 0
     * @param seen loss of its batch
     * @param right accuracy of its batch in percent, NaN where there is none
     * @param form whose ‖z‖₁ has a budget
     */
    public void after(long step, double seen, double right, Steerable form) {
        long taken = step + 1;
        double progress = taken / (double) steps;
        if (progress > HALF) {
            lambda = peak * Math.max(0, OFF - progress) / (OFF - HALF);
            return;
        }
        loss += seen;
        accuracy += right;
        count++;
        peak = lambda;
        if (taken % every == 0) {
            if (holds() && form.sizes().sum().item_double() > share * initial) {
                lambda *= Math.pow(RISE, every / (HALF * steps));
                peak = lambda;
            }
            loss = 0;
            accuracy = 0;
            count = 0;
        }
    }

    /** Compares what was seen since the last decision with the best so far. */
    private boolean holds() {
        boolean regression = Double.isNaN(accuracy);
        double mean = (regression ? loss : accuracy) / count;
        boolean held = Double.isNaN(best)
                || (regression ? mean <= best + LOSS_SLACK * Math.abs(best) : mean >= best - SLACK);
        best = Double.isNaN(best) ? mean : regression ? Math.min(best, mean) : Math.max(best, mean);
        return held;
    }

    /** What a checkpoint needs. */
    public byte[] state() {
        ByteBuffer state = ByteBuffer.allocate(NUMBERS * Double.BYTES);
        for (double number : new double[] {initial, lambda, best, loss, accuracy, count, peak}) {
            state.putDouble(number);
        }
        return state.array();
    }

    /** Restores what {@link #state} gave, bit for bit. */
    public void restore(byte[] state) {
        if (state.length != NUMBERS * Double.BYTES) {
            throw new ConstraintException("a state of " + state.length + " bytes does not fit a schedule");
        }
        ByteBuffer numbers = ByteBuffer.wrap(state);
        initial = numbers.getDouble();
        lambda = numbers.getDouble();
        best = numbers.getDouble();
        loss = numbers.getDouble();
        accuracy = numbers.getDouble();
        count = numbers.getDouble();
        peak = numbers.getDouble();
    }
}
