package dev.orbifold.train;

/** Asks to stop once a step is reached. */
final class StopAt implements Progress {
    private final long stop;
    private long now;

    StopAt(long stop) {
        this.stop = stop;
    }

    @Override
    public void step(String phase, long step, long steps, double accuracy, double macs) {
        now = step;
    }

    @Override
    public boolean stopping() {
        return now >= stop;
    }
}
