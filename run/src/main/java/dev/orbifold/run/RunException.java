package dev.orbifold.run;

/** A Run folder cannot be created, read or written; the message says which file, why, and what to do. */
public class RunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public RunException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public RunException(String message, Throwable cause) {
        super(message, cause);
    }
}
