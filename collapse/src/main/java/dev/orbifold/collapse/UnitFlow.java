package dev.orbifold.collapse;

import java.util.Arrays;

/**
 * Gradient flow of small balanced units with the gradients g held: directions turn at the rate of what pulls them aside,
 * sizes grow at the rate −b·c(a) − wd (theory, 1.6). A unit that nothing pulls dies before it has turned to its maximum.
 */
final class UnitFlow {
    /** Steps along the flow; what is left of the time then goes straight on. */
    private static final int STEPS = 150;
    /** Into how many parts the time is divided at least. */
    private static final int PARTS = 20;
    /** How far a direction turns per step, in radians. */
    private static final double TURN = 0.15;

    /**
     * Where units are after a time.
     *
     * @param grown of each the logarithm of the factor that its size ends with
     * @param value of each −b·c(a) at its last direction, before g is multiplied
     * @param error the standard error of each value, from the spread over samples
     */
    record End(double[] grown, double[] value, double[] error) {
    }

    private UnitFlow() {
    }

    /**
     * Follows units.
     *
     * @param inputs in-weights of each unit, [d] each, not 0
     * @param outputs out-weights of each unit, [outputs] each, not 0
     * @param decay wd
     * @param time steps times learning rate
     * @param share what g is multiplied by
     */
    static End of(UnitThreshold units, double[][] inputs, double[][] outputs, double decay, double time,
            double share) {
        return of(units, inputs, outputs, decay, time, share, 1);
    }

    /** The same in finer steps: growth is known to the first order of a step, some tenths of an e-fold at 1. */
    static End of(UnitThreshold units, double[][] inputs, double[][] outputs, double decay, double time,
            double share, int finer) {
        double[][] a = units.unitInputs(inputs);
        double[][] b = units.unitOutputs(outputs);
        double[] passed = new double[a.length];
        double[] grown = new double[a.length];
        UnitPulls.Point now = units.at(a, b);
        for (int step = 1;; step++) {
            for (int k = 0; k < a.length; k++) {
                double[] turnA = UnitThreshold.tangent(now.alongA()[k], a[k]);
                double[] turnB = UnitThreshold.tangent(now.alongB()[k], b[k]);
                double turn = share * Math.max(Vectors.length(turnA), Vectors.length(turnB));
                double left = time - passed[k];
                double dt = step == finer * STEPS ? left
                        : Math.min(Math.min(left, time / (finer * PARTS)), TURN / finer / turn);
                grown[k] += dt * (share * now.value()[k] - decay);
                a[k] = UnitThreshold.moved(a[k], turnA, share * dt);
                b[k] = UnitThreshold.moved(b[k], turnB, share * dt);
                passed[k] += dt;
            }
            if (step == finer * STEPS || Arrays.stream(passed).allMatch(t -> t >= time * (1 - 1e-9))) {
                double[] error = new double[a.length];
                for (int k = 0; k < error.length; k++) {
                    error[k] = units.error(new UnitThreshold.Maximum(now.value()[k], now.a()[k], now.b()[k], 1), k);
                }
                return new End(grown, now.value(), error);
            }
            now = units.at(a, b);
        }
    }
}
