package dev.orbifold.train;

/** Training stopped because it was asked to; its Run can be resumed. */
public final class InterruptedRun extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public InterruptedRun(String message) {
        super(message);
    }
}
