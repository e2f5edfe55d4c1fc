package dev.orbifold.collapse;

/** A prediction that cannot be made; the message says why and what to do. */
public final class CollapseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason. */
    public CollapseException(String message) {
        super(message);
    }

    /** With the reason, and what failed. */
    public CollapseException(String message, Throwable cause) {
        super(message, cause);
    }
}
