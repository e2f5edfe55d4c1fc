package dev.orbifold.constraint;

import java.util.Arrays;

/**
 * Steers one λ per unit so that a cost is met at the end of the constrained phase, without anybody naming λ. Every unit
 * is priced by the loss it carries per cost it causes: the value is the running mean of (p·∂L/∂p)², the squared change of
 * a batch's loss when its gate moves, to first order. At every steering step an {@link Auction} gives up the units that
 * carry the least for what they cost until the rest fits the budget of the moment; those are pushed onto their mirrors
 * by a growing λ, all others are released (λ = 0), so that no penalty is left on what survives.
 *
 * <p>
 * A pushed unit's own gradient works against the push, and a unit whose price recovers before its gate has closed is
 * released again.
 */
public final class Steering {
    /**
     * How to steer.
     *
     * @param memory the factor the running mean keeps per step
     * @param most the largest share of a Space's open units that is pushed at a time, so that its readers can follow
     * @param pushSteps how many steps a push takes from an open gate to an exact zero, when nothing works against it
     */
    public record Options(double memory, double most, int pushSteps) {
    }

    private final GateLayout layout;
    private final Auction auction;
    private final Gates gates;
    private final Options options;
    private final double[] value;
    private final boolean[] pushed;
    private double weight;

    /** Steers the gates of a layout. */
    public Steering(GateLayout layout, Auction auction, Gates gates, Options options) {
        this.layout = layout;
        this.auction = auction;
        this.gates = gates;
        this.options = options;
        this.value = new double[layout.size()];
        this.pushed = new boolean[layout.size()];
    }

    /**
     * Takes in one batch.
     *
     * @param gradient ∂L/∂p per unit
     */
    public void observe(float[] gradient) {
        weight = options.memory() * weight + (1 - options.memory());
        for (int u = 0; u < value.length; u++) {
            double change = gates.product(u) * gradient[u];
            value[u] = options.memory() * value[u] + (1 - options.memory()) * change * change;
        }
    }

    /** What a unit carries: the running mean of its squared first-order effect on the loss. */
    public double value(int unit) {
        return weight == 0 ? 0 : value[unit] / weight;
    }

    /** Carries a value over from before Spaces shrank. */
    public void inherit(int unit, double carried) {
        value[unit] = carried;
        weight = 1;
    }

    /**
     * Chooses anew which units are pushed, so that the others cost no more than the budget.
     *
     * @param last whether this is the last choice: then no share holds it back
     */
    public void steer(double budget, boolean last) {
        boolean[] gone = new boolean[value.length];
        double[] current = new double[value.length];
        for (int u = 0; u < value.length; u++) {
            gone[u] = gates.closed(u);
            current[u] = value(u);
        }
        Arrays.fill(pushed, false);
        int[] room = widths();
        for (int s = 0; s < room.length; s++) {
            room[s] = last ? room[s] : (int) Math.ceil(options.most() * room[s]);
        }
        for (int u : auction.lose(current, gone, budget)) {
            pushed[u] = room[layout.spaceOf(u)]-- > 0;
        }
    }

    /**
     * What each of a unit's D factors shrinks by in one step: λ expressed so that it does not depend on the learning rate.
     * In terms of λ: η·2λ/D = 1 − shrinkage.
     */
    public double shrinkage() {
        return Math.exp(Math.log(Gates.ZERO) / (gates.depth() * (double) options.pushSteps()));
    }

    /** The factor each unit's ω is multiplied with this step: {@link #shrinkage} for pushed units, else 1. */
    public double[] factors() {
        double[] factors = new double[pushed.length];
        for (int u = 0; u < factors.length; u++) {
            factors[u] = pushed[u] && !gates.closed(u) ? shrinkage() : 1;
        }
        return factors;
    }

    /** The weight decay on each unit's gates that shrinks them alike at the learning rate. */
    public double[] decay(double rate) {
        double[] decay = new double[pushed.length];
        for (int u = 0; u < decay.length; u++) {
            decay[u] = pushed[u] ? (1 - shrinkage()) / rate : 0;
        }
        return decay;
    }

    /** Closes every gate that is still being pushed. */
    public void closePushed() {
        for (int u = 0; u < pushed.length; u++) {
            if (pushed[u]) {
                gates.close(u);
            }
        }
    }

    /** Whether the unit is being pushed onto its mirror. */
    public boolean pushed(int unit) {
        return pushed[unit];
    }

    /** How many units are being pushed and have not closed yet. */
    public int pushing() {
        int n = 0;
        for (int u = 0; u < pushed.length; u++) {
            n += pushed[u] && !gates.closed(u) ? 1 : 0;
        }
        return n;
    }

    /** How many units are still open in each Space. */
    public int[] widths() {
        int[] widths = new int[layout.spaces().size()];
        for (int s = 0; s < widths.length; s++) {
            for (int u = layout.offsets()[s]; u < layout.offsets()[s + 1]; u++) {
                widths[s] += gates.closed(u) ? 0 : 1;
            }
        }
        return widths;
    }

    /** The numbers a checkpoint needs. */
    public double[] state() {
        double[] all = new double[2 * value.length + 1];
        System.arraycopy(value, 0, all, 0, value.length);
        for (int u = 0; u < pushed.length; u++) {
            all[value.length + u] = pushed[u] ? 1 : 0;
        }
        all[2 * value.length] = weight;
        return all;
    }

    /** Restores what {@link #state} gave. */
    public void restore(double[] state) {
        if (state.length != 2 * value.length + 1) {
            throw new ConstraintException(
                    "a state of " + state.length + " numbers does not fit " + value.length + " units");
        }
        System.arraycopy(state, 0, value, 0, value.length);
        for (int u = 0; u < pushed.length; u++) {
            pushed[u] = state[value.length + u] != 0;
        }
        weight = state[2 * value.length];
    }
}
