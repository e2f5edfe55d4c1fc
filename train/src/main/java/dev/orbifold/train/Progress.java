package dev.orbifold.train;

/** Hears how training goes; every method may be called often and must return quickly. */
public interface Progress {
    /** Hears nothing. */
    Progress SILENT = new Progress() {
    };

    /** One line about something that happened. */
    default void message(String text) {
    }

    /**
     * A phase begins or goes on.
     *
     * @param phase its name
     * @param step how many of all steps are done
     * @param steps how many there are in all
     * @param accuracy held-out accuracy in percent, NaN before the first measurement
     * @param macs multiply-adds of the network as it is now
     */
    default void step(String phase, long step, long steps, double accuracy, double macs) {
    }

    /** Whether the user has asked to stop; training then saves a checkpoint and throws {@link InterruptedRun}. */
    default boolean stopping() {
        return false;
    }
}
