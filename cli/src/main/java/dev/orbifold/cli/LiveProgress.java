package dev.orbifold.cli;

import dev.orbifold.report.Units;
import dev.orbifold.train.Progress;

/** Progress shown while a command works, until it is closed. */
sealed interface LiveProgress extends Progress, AutoCloseable permits QuietProgress, LineProgress, BarProgress {
    /** How the network stands: accuracy, where it is known, and multiply-adds. */
    static String standing(double accuracy, double macs) {
        String cost = macs > 0 ? Units.count(macs) + " MACs" : "";
        if (Double.isNaN(accuracy)) {
            return cost;
        }
        return Units.percent(accuracy) + (cost.isEmpty() ? "" : ", " + cost);
    }

    @Override
    void close();
}
