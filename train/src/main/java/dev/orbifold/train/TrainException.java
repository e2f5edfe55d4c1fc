package dev.orbifold.train;

/** Training cannot start or go on; the message says what, where, and what to try. */
public class TrainException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public TrainException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public TrainException(String message, Throwable cause) {
        super(message, cause);
    }
}
