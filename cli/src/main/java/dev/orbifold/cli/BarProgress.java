package dev.orbifold.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress for a terminal: one bar that redraws itself, with messages above it. */
final class BarProgress implements LiveProgress {
    private static final int UPDATE_MILLIS = 200;
    private static final String CLEAR_LINE = "\r\033[K";

    private final BooleanSupplier stop;
    private final PrintStream err = Main.errorStream();
    private Optional<ProgressBar> bar = Optional.empty();
    private long drawn = System.nanoTime();

    BarProgress(BooleanSupplier stop) {
        this.stop = stop;
    }

    @Override
    public synchronized void message(String text) {
        err.print((bar.isPresent() ? CLEAR_LINE : "") + text + "\n");
        bar.ifPresent(ProgressBar::refresh);
    }

    @Override
    public synchronized void step(String phase, long step, long steps, double accuracy, double macs) {
        if (bar.isEmpty() || bar.get().getMax() != steps || bar.get().getCurrent() > step) {
            close();
            bar = Optional.of(open(step, steps));
        }
        ProgressBar shown = bar.get();
        shown.stepTo(step);
        long now = System.nanoTime();
        if (now - drawn > UPDATE_MILLIS * 1_000_000L || step == steps) {
            String standing = LiveProgress.standing(accuracy, macs);
            shown.setExtraMessage(" " + phase + (standing.isEmpty() ? "" : ": " + standing));
            drawn = now;
        }
    }

    private ProgressBar open(long step, long steps) {
        return new ProgressBarBuilder().setTaskName("").setInitialMax(steps).setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(UPDATE_MILLIS).startsFrom(step, Duration.ZERO)
                .setConsumer(new ConsoleProgressBarConsumer(err, Terminal.columns() - 1)).build();
    }

    @Override
    public boolean stopping() {
        return stop.getAsBoolean();
    }

    @Override
    public synchronized void close() {
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }
}
