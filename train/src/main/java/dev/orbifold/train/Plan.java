package dev.orbifold.train;

/**
 * What happens at which step: the constrained phase, in which units are pushed and removed, then healing; one learning
 * rate curve over both.
 *
 * @param perEpoch steps in one epoch
 * @param steps steps in all
 * @param warm steps of warm-up
 * @param begin the first step at which a unit may be pushed
 * @param chosen the step at which the last unit must be chosen
 * @param end the step at which the constrained phase ends
 * @param rate the highest learning rate
 */
record Plan(long perEpoch, long steps, long warm, long begin, long chosen, long end, double rate) {
    /** Shares of all steps; docs/design.md has the comparison they come from. */
    private static final double WARM = 0.03;
    private static final double BEGIN = 0.03;
    private static final double END = 0.5;
    /** The steps a push needs, as {@link #pushSteps} gives them, lie between the last choice and the end. */
    private static final int PUSH = 200;
    /** The most steps between two choices. */
    private static final int STEER = 20;

    static Plan of(long perEpoch, int epochs, double rate) {
        long steps = perEpoch * epochs;
        long end = Math.max(1, Math.round(END * steps));
        long push = pushSteps(steps);
        return new Plan(perEpoch, steps, Math.max(1, Math.round(WARM * steps)), Math.round(BEGIN * steps),
                Math.max(0, end - push - push / 4), end, rate);
    }

    /** How many steps a push takes from open to exactly zero. */
    static int pushSteps(long steps) {
        return (int) Math.max(2, Math.min(PUSH, steps / 20));
    }

    int push() {
        return pushSteps(steps);
    }

    /** Every how many steps units are chosen anew: often enough that the last choice is made before the end. */
    int steerEvery() {
        return (int) Math.clamp((end - chosen) / 2, 1, STEER);
    }

    /** The learning rate at a step: linear warm-up, then cosine down to zero at the end. */
    double rateAt(long step) {
        double rising = Math.min(1, (step + 1) / (double) warm);
        double done = Math.max(0, step - warm) / (double) Math.max(1, steps - warm);
        return rate * rising * 0.5 * (1 + Math.cos(Math.PI * done));
    }

    boolean constrained(long step) {
        return step < end;
    }

}
