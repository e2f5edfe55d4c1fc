package dev.orbifold.train;

/**
 * How much a network may cost at each step: from its own cost down to the target's by a smooth curve in the logarithm,
 * so that every stretch removes about the same share of what is left, slower towards the end where units carry most.
 *
 * @param from the cost at the start
 * @param to the cost to reach
 * @param begin the first step at which anything may go
 * @param end the step at which the target must hold
 */
record Budget(double from, double to, long begin, long end) {
    /** The cost allowed at a step. */
    double at(long step) {
        if (step >= end) {
            return to;
        }
        double left = 1 - Math.max(0, step - begin) / (double) Math.max(1, end - begin);
        return to * Math.exp(Math.log(from / to) * left * left);
    }
}
