package dev.orbifold.symmetry;

/** A Graph's symmetries cannot be read off or applied; the message says what is wrong and where. */
public class SymmetryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** Creates the exception with its one-sentence message. */
    public SymmetryException(String message) {
        super(message);
        this.reason = message;
    }

    /** Creates the exception with its one-sentence message and what led to it. */
    public SymmetryException(String message, Throwable cause) {
        super(message, cause);
        this.reason = message;
    }

    /** The message. */
    String reason() {
        return reason;
    }
}
