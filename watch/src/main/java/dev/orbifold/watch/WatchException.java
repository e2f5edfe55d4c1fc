package dev.orbifold.watch;

/** A Run cannot be watched as it was asked for. */
public final class WatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
