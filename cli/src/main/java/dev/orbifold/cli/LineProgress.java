package dev.orbifold.cli;

import dev.orbifold.report.Units;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Progress for logs: a line when something happened, and one when nothing was said for ten seconds. */
final class LineProgress implements LiveProgress {
    private static final long SILENCE_NANOS = 10_000_000_000L;

    private final BooleanSupplier stop;
    private final Consumer<String> say;
    private long spoken = System.nanoTime();
    private long begun = spoken;
    private long from = -1;
    private long most;

    LineProgress(BooleanSupplier stop, Consumer<String> say) {
        this.stop = stop;
        this.say = say;
    }

    @Override
    public synchronized void message(String text) {
        say.accept(text);
        spoken = System.nanoTime();
    }

    @Override
    public synchronized void step(String phase, long step, long steps, double accuracy, double macs) {
        long now = System.nanoTime();
        if (from < 0 || steps != most || step < from) {
            from = step;
            most = steps;
            begun = now;
        }
        if (now - spoken >= SILENCE_NANOS) {
            double left = (now - begun) * 1e-9 * (steps - step) / Math.max(1, step - from);
            String standing = LiveProgress.standing(accuracy, macs);
            message(phase + ": step " + step + " of " + steps + ", " + Units.seconds(left) + " left"
                    + (standing.isEmpty() ? "" : ", " + standing));
        }
    }

    @Override
    public boolean stopping() {
        return stop.getAsBoolean();
    }

    @Override
    public void close() {
    }
}
