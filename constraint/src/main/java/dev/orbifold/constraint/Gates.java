package dev.orbifold.constraint;

import java.util.Arrays;

/**
 * The gates of a {@link GateLayout} in D-gating (Kolb et al., arXiv 2509.23898; theory, 2): a unit's written entries are
 * ω · Π_{d&lt;D} γ_d. All D − 1 gates of a unit start equal and see the same gradient, so they stay equal, and one number
 * γ per unit with product p = γ^{D−1} says it all; ∂L/∂γ_d = γ^{D−2} ∂L/∂p.
 */
public final class Gates {
    /** Products below this, float32's epsilon, are snapped to exact zero, where they stay (balanced zero absorbs). */
    public static final double ZERO = 1.19e-7;

    private final int depth;
    private final double[] factor;
    private final double[] velocity;

    /**
     * Open gates: every γ is 1.
     *
     * @param size the number of units
     * @param depth D, the number of factors with ω included; 2 to 4
     */
    public Gates(int size, int depth) {
        if (depth < 2 || depth > 4) {
            throw new ConstraintException("D-gating is built for D = 2, 3, 4; asked for D = " + depth);
        }
        this.depth = depth;
        this.factor = new double[size];
        this.velocity = new double[size];
        Arrays.fill(factor, 1);
    }

    /** D. */
    public int depth() {
        return depth;
    }

    /** The number of units. */
    public int size() {
        return factor.length;
    }

    /** The product of the unit's gates: what its written entries are multiplied with. */
    public double product(int unit) {
        return Math.pow(factor[unit], depth - 1);
    }

    /** All products, with the constant 1 of {@link GateLayout} behind them. */
    public float[] products() {
        float[] all = new float[factor.length + 1];
        for (int i = 0; i < factor.length; i++) {
            all[i] = (float) product(i);
        }
        all[factor.length] = 1;
        return all;
    }

    /** Whether the unit is on its mirror: exactly zero. */
    public boolean closed(int unit) {
        return factor[unit] == 0;
    }

    /**
     * One step of gradient descent with momentum on every open gate; what falls below {@link #ZERO}, or would cross its
     * mirror, is closed for good. A unit's whole product, ω included, is taken to have shrunk like its gates: γ^D.
     *
     * @param gradient ∂L/∂p per unit (more entries are ignored)
     * @param rate the learning rate η
     * @param momentum μ
     * @param decay per unit, the weight decay wd on each of its gates, part of the gradient (coupled)
     */
    public void step(float[] gradient, double rate, double momentum, double[] decay) {
        for (int i = 0; i < factor.length; i++) {
            if (factor[i] == 0) {
                continue;
            }
            velocity[i] = momentum * velocity[i] + Math.pow(factor[i], depth - 2) * gradient[i] + decay[i] * factor[i];
            double next = factor[i] - rate * velocity[i];
            if (next <= 0 || Math.pow(next, depth) < ZERO) {
                close(i);
            } else {
                factor[i] = next;
            }
        }
    }

    /** Closes a gate. */
    public void close(int unit) {
        factor[unit] = 0;
        velocity[unit] = 0;
    }

    /** The numbers a checkpoint needs: factors, then velocities. */
    public double[] state() {
        double[] all = Arrays.copyOf(factor, 2 * factor.length);
        System.arraycopy(velocity, 0, all, factor.length, velocity.length);
        return all;
    }

    /** Restores what {@link #state} gave. */
    public void restore(double[] state) {
        if (state.length != 2 * factor.length) {
            throw new ConstraintException(
                    "a state of " + state.length + " numbers does not fit " + factor.length + " gates");
        }
        System.arraycopy(state, 0, factor, 0, factor.length);
        System.arraycopy(state, factor.length, velocity, 0, factor.length);
    }
}
