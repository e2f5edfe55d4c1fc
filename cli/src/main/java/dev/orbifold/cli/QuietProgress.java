package dev.orbifold.cli;

import java.util.function.BooleanSupplier;

/** Shows nothing, and still stops when asked to. */
record QuietProgress(BooleanSupplier stop) implements LiveProgress {
    @Override
    public boolean stopping() {
        return stop.getAsBoolean();
    }

    @Override
    public void close() {
    }
}
